"""Does a bargaining protocol keep the contract?"""

from __future__ import annotations

import numpy as np

from market_abm.conformance import markets
from market_abm.conformance.finding import CLOSE, Finding, Findings, close, same_bits
from market_abm.market.bargaining import Bargain, bargain, find_protocol
from market_abm.market.clearing import clear
from market_abm.market.problem import TradeProblem

BETA = 0.4
DUST = 1e-6
"""Loss of a party that is rounding, MUSD per MUSD at stake."""


def check_protocol(name: str) -> list[Finding]:
    """Findings on a registered protocol; empty where it conforms.

    * determinism: the same market gives the same bits, also after another market was priced, and the market
      is not written into;
    * budget: no seller is paid less than its costs and no buyer pays more than its purchases are worth, each
      over all its links, unless the protocol counts such links in ``notes["unwilling"]``;
    * relabelling: with rows in another order the same links have the same prices to 1e-9 (a protocol that
      iterates and says in ``notes["last_change"]`` how close it came is held to that);
    * limits: no trade, no capacity and the bilateral monopoly are priced, and no link that trades has NaN.

    Raises
    ------
    ValueError
        If no protocol has that name.
    """
    find_protocol(name)
    findings = Findings(f"protocol {name}")
    random = np.random.default_rng(7)
    problems = {f"market {n}": item for n, item in enumerate(markets.generic(), start=1)}
    first: dict[str, Bargain] = {}
    for where, problem in (problems | markets.limits()).items():
        deal = _priced(findings, name, where, problem)
        if deal is not None:
            first[where] = deal
            _limits(findings, where, deal)
            _budget(findings, where, problem, deal)
    for where, problem in reversed(list(problems.items())):
        if where in first:
            _determinism(findings, name, where, problem, first[where])
            _relabelling(findings, name, where, problem, first[where], random)
    return findings.found


def _priced(findings: Findings, name: str, where: str, problem: TradeProblem) -> Bargain | None:
    return findings.call("limits", where, lambda: bargain(problem, clear(problem), protocol=name, beta=BETA))


def _limits(findings: Findings, where: str, deal: Bargain) -> None:
    prices = deal.price[deal.pair.seller, deal.pair.buyer]
    bad = int((~np.isfinite(prices)).sum())
    if bad:
        findings.add("limits", f"{where}: {bad} of {len(prices)} links that trade have no finite price")


def _budget(findings: Findings, where: str, problem: TradeProblem, deal: Bargain) -> None:
    if deal.notes.get("unwilling"):
        return
    pair = deal.pair
    s, b = pair.seller, pair.buyer
    price, flow = np.nan_to_num(deal.price[s, b]), pair.quantity
    shape = deal.price.shape
    paid, cost, extra = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    paid[s, b] = price * flow
    cost[s, b] = (problem.unit_cost[s] + np.asarray(problem.wedge)[s, b]) * flow
    extra[s, b] = (np.asarray(problem.switching) + np.asarray(problem.tax))[s, b] * flow
    volume = np.zeros(shape)
    volume[s, b] = flow
    worth = markets.value_of_served(problem, volume.sum(axis=0))
    stake = 1.0 + float(worth.sum())
    loss = cost.sum(axis=1) - paid.sum(axis=1)
    for j in np.flatnonzero(loss > DUST * stake):
        findings.add("budget", f"{where}: seller {j} is paid {loss[j]:g} MUSD less than its costs")
    loss = paid.sum(axis=0) + extra.sum(axis=0) - worth
    for i in np.flatnonzero(loss > DUST * stake):
        findings.add("budget", f"{where}: buyer {i} pays {loss[i]:g} MUSD more than its purchases are worth")


def _determinism(findings: Findings, name: str, where: str, problem: TradeProblem, deal: Bargain) -> None:
    before = markets.contents(problem)
    again = _priced(findings, name, where, problem)
    if again is not None and not same_bits(deal.price, again.price):
        findings.add("determinism", f"{where}: priced twice, the prices differ")
    if not all(same_bits(a, b) for a, b in zip(before, markets.contents(problem))):
        findings.add("determinism", f"{where}: the protocol writes into the market")


def _relabelling(
    findings: Findings, name: str, where: str, problem: TradeProblem, deal: Bargain, random
) -> None:
    moved, s, b = markets.relabelled(problem, random)
    again = _priced(findings, name, where, moved)
    reached = max(CLOSE, float(deal.notes.get("last_change", 0.0)))
    if again is not None and not close(deal.price[np.ix_(s, b)], again.price, reached):
        gap = float(np.nanmax(np.abs(deal.price[np.ix_(s, b)] - again.price), initial=0.0))
        findings.add(
            "relabelling", f"{where}: in another order of rows prices differ by up to {gap:g} MUSD/kHQ"
        )
