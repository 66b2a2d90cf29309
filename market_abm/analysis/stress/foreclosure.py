"""Ability, incentive, effect: could a pivotal supplier refuse a rival of its lab, would it pay, what would it do?

Vertical arithmetic (Moresi and Salop 2013; Rogerson 2020). Ability is what the customer cannot replace; incentive sets
the margin lost upstream against the users that come to the supplier's own lab; effect is a run in which the supplier
stops serving the customer when its notice is over.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from market_abm.analysis.stress.plan import Plan
from market_abm.analysis.stress.simulate import OPEN, without
from market_abm.economy.contracting import DUST
from market_abm.measures.externality import diversion, vertical_arithmetic, vguppi_upstream
from market_abm.scenario.policies import ExportControl
from market_abm.units import ordered_sum

if TYPE_CHECKING:
    from market_abm.analysis.stress.simulate import Base

CUSTOMERS = 2
"""Customers of each supplier that are looked at: the labs that it serves most."""


def pivotal(base: Base, count: int) -> list[str]:
    """Owners without whom others lose most, among those who serve labs of others."""
    world, firms = base.model.world, base.before.record["firms"]
    lost: dict[str, float] = {}
    for row in world.sellers.row:
        value = float(firms["loss_of_others_share"][row])
        if _customers(base, world.rows.owner[row]) and not math.isnan(value):
            lost[world.rows.owner[row]] = max(lost.get(world.rows.owner[row], -math.inf), value)
    return sorted(lost, key=lambda name: (-lost[name], name))[:count]


def foreclosure(base: Base, plan: Plan) -> list[dict[str, Any]]:
    """One row a pivotal owner and customer."""
    rows = []
    for owner in pivotal(base, plan.firms):
        for s, b in _customers(base, owner)[:CUSTOMERS]:
            row = {"supplier": base.model.world.sellers.key[s], "owner": owner}
            row |= {"customer": base.model.world.buyers.key[b]}
            row |= _ability(base, s, b) | _incentive(base, owner, s, b) | _effect(base, owner, s, b)
            rows.append(row)
    return rows


def _customers(base: Base, owner: str) -> list[tuple[int, int]]:
    """Fleet and lab of every relation of an owner with a lab of somebody else, the largest first."""
    world, flow = base.model.world, base.before.quarter.delivery.contracted
    pairs = [
        (int(s), int(b))
        for s, b in np.argwhere(flow > DUST)
        if world.rows.owner[world.sellers.row[s]] == owner
        and world.buyers.lab[b]
        and world.rows.owner[world.buyers.row[b]] != owner
    ]
    return sorted(pairs, key=lambda pair: (-flow[pair], pair))


def _ability(base: Base, s: int, b: int) -> dict[str, float]:
    world, q = base.model.world, base.before.quarter
    links, flow = base.before.record["links"], q.delivery.contracted
    at = np.flatnonzero(
        (links["supplier"] == world.sellers.key[s]) & (links["buyer"] == world.buyers.key[b])
    )[0]
    return {
        "share_of_compute": float(flow[s, b] / max(float(q.delivery.used[b]), 1e-12)),
        "loss_before": float(links["dependence_before"][at]),
        "loss_after": float(links["dependence_after"][at]),
        "notice": float(links["notice_quarters"][at]),
    }


def _incentive(base: Base, owner: str, s: int, b: int) -> dict[str, Any]:
    """Margins on both sides, and the diversion from which on refusal pays.

    Twice: the freed capacity stands idle, or is sold at the going price.
    """
    world, q = base.model.world, base.before.quarter
    buyers, share = world.buyers, q.state.share
    ability = _ability(base, s, b)
    lost = ability["loss_after"] if not math.isnan(ability["loss_after"]) else ability["loss_before"]
    revenue = q.revenue
    own = [i for i in np.flatnonzero(buyers.product) if world.rows.owner[buyers.row[i]] == owner]
    flow = float(q.delivery.contracted[s, b])
    price = float(q.state.book.matrix(q.delivery.payment_by_contract, world.shape)[s, b]) / flow
    to_own = (
        diversion(np.where(buyers.product, share, 0.0))[b, own] if buyers.product[b] and own else np.zeros(0)
    )
    margin = float(np.mean(buyers.margin[own])) if own else 0.0
    at_stake = float(revenue[b]) * (0.0 if math.isnan(lost) else lost)
    diverted = float(ordered_sum(to_own)) if len(to_own) else 0.0
    columns: dict[str, Any] = {"own_lab": ", ".join(buyers.key[i] for i in own), "diversion": diverted}
    for name, fallback in (("idle", float(world.sellers.unit_cost[s])), ("resold", float(q.new_price))):
        kept = max(fallback, float(world.sellers.unit_cost[s]))
        found = vertical_arithmetic(max(price - kept, 0.0), flow, at_stake, diverted, margin)
        critical = found.critical_diversion if at_stake * margin > 0 else math.nan
        columns |= {f"critical_{name}": critical, f"net_gain_{name}_musd": found.net_gain,
                    f"pays_{name}": bool(found.pays)}  # fmt: skip
    per_khq = max((float(revenue[i]) / max(float(q.inference[i]), 1e-9) for i in own), default=0.0)
    columns["vguppi"] = float(vguppi_upstream(diverted, margin, per_khq, price)) if own else 0.0
    return columns


def _effect(base: Base, owner: str, s: int, b: int) -> dict[str, float]:
    """The window again without the relation, from the end of its notice on."""
    world = base.model.world
    notice = _ability(base, s, b)["notice"]
    refusal = ExportControl(
        quarter=world.quarter_name(base.onset), supplier=world.sellers.key[s], buyer=world.buyers.key[b],
        wind_down=0 if math.isnan(notice) else int(np.ceil(notice)),
    )  # fmt: skip
    looks = without(base, (refusal,), OPEN)
    own = [i for i in np.flatnonzero(world.buyers.product) if world.rows.owner[world.buyers.row[i]] == owner]
    missing = [
        1.0 - float(now.used[b]) / float(was.used[b])
        for was, now in zip(base.looks, looks)
        if was.used[b] > 0
    ]
    surplus = [(was.consumer_surplus, now.consumer_surplus) for was, now in zip(base.looks, looks)]
    before, after = (float(np.cumsum(column)[-1]) for column in zip(*surplus))
    first, last = base.looks[-1], looks[-1]
    return {
        "customer_loses_peak": max(missing, default=math.nan),
        "customer_share_change": float(last.share[b] - first.share[b])
        if world.buyers.product[b]
        else math.nan,
        "own_share_change": float(ordered_sum((last.share - first.share)[own])) if own else math.nan,
        "price_change": last.price / first.price - 1.0,
        "consumer_surplus_change": after / before - 1.0 if before > 0 else math.nan,
    }
