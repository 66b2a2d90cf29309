"""Does a third party's measure keep the contract?"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from market_abm.conformance import markets
from market_abm.conformance.finding import Finding, Findings, close
from market_abm.market.clearing import clear
from market_abm.market.problem import TradeProblem
from market_abm.measures.registry import Function, find_measure


def check_measure(name: str) -> list[Finding]:
    """Findings on a registered measure; empty where it conforms.

    * determinism: the same market gives the same bits, and the allocation is not written into;
    * relabelling: rows in another order give the same value to 1e-9;
    * limits: no trade, no capacity and the bilateral monopoly have a finite value or NaN, and where there is
      trade it is not NaN.

    Raises
    ------
    ValueError
        If no measure has that name.
    """
    function = find_measure(name).function
    findings = Findings(f"measure {name}")
    random = np.random.default_rng(7)
    problems = {f"market {n}": item for n, item in enumerate(markets.generic(costs=False), start=1)}
    values = {
        where: _value(findings, function, where, problem)
        for where, problem in (problems | markets.limits(costs=False)).items()
    }
    for where, problem in reversed(list(problems.items())):
        again = _value(findings, function, where, problem)
        first = values[where]
        if None in (first, again):
            continue
        if first.hex() != again.hex():
            findings.add("determinism", f"{where}: measured twice, {first:g} and {again:g}")
        moved, _, _ = markets.relabelled(problem, random)
        other = _value(findings, function, where, moved)
        if other is not None and not close(first, other):
            findings.add("relabelling", f"{where}: {first:g}, but {other:g} in another order of rows")
    return findings.found


def _value(findings: Findings, function: Function, where: str, problem: TradeProblem) -> Any:
    """The value, None where there is none to speak of."""
    allocation = clear(problem)
    before = [*markets.contents(problem), allocation.flow.copy()]
    value = findings.call("limits", where, lambda: float(function(allocation)))
    after = [*markets.contents(problem), allocation.flow]
    if not all(a.tobytes() == b.tobytes() for a, b in zip(before, after)):
        findings.add("determinism", f"{where}: the measure writes into the allocation")
    if value is not None and math.isinf(value):
        findings.add("limits", f"{where}: the value is infinite; answer NaN where there is none")
    elif value is not None and math.isnan(value) and allocation.flow.any():
        findings.add("limits", f"{where}: the value is NaN though there is trade")
    return value
