"""Firms and segments of a scenario as rows, seller nodes and buyer nodes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from market_abm.economy.paths import decaying, series
from market_abm.economy.world import Buyers, Floats, Rows, Sellers, Upstream
from market_abm.scenario.calendar import quarter_index
from market_abm.units import musd_per_khq, ordered_sum, quarterly_rate


def compile_rows(drawn: Any, start: int, horizon: int) -> Rows:
    keys = tuple(sorted([*drawn.firms, *drawn.segments]))
    place = {key: i for i, key in enumerate(keys)}
    n = len(keys)
    owner = tuple(_owner(drawn, key) for key in keys)
    names = sorted(set(owner))
    omega = float(drawn.behaviour.omega)
    interest, harm = np.zeros((n, n)), np.zeros((n, n))
    labs = {key for key, firm in drawn.firms.items() if firm.lab is not None}
    for key, firm in drawn.firms.items():
        for other in labs:
            if owner[place[key]] == owner[place[other]]:
                interest[place[key], place[other]] = 1.0
        for other, stake in firm.stakes.items():
            if other in labs and owner[place[key]] != owner[place[other]]:
                interest[place[key], place[other]] = omega * float(stake)
        for other, weight in firm.rival_harm.items():
            harm[place[key], place[other]] = float(weight)
    firms = [drawn.firms.get(key) for key in keys]

    def column(name: str, default: float = 0.0) -> Floats:
        return np.array([default if f is None else float(getattr(f, name)) for f in firms])

    return Rows(
        key=keys,
        kind=tuple("segment" if f is None else f.kind for f in firms),
        owner=owner,
        owner_code=np.array([names.index(o) for o in owner], dtype=np.int64),
        aggregate_of=column("aggregate_of", 1.0),
        cash=column("cash"),
        debt=column("debt"),
        wacc=quarterly_rate(column("wacc", 0.10)),
        other_cash_flow=column("other_cash_flow"),
        inflow=np.array(
            [np.zeros(horizon) if f is None else series(f.equity_inflow, start, horizon) for f in firms]
        ).reshape(n, horizon),
        interest=interest,
        rival_harm=harm,
    )


def _owner(drawn: Any, key: str) -> str:
    """Ultimate owner: of a captive segment its firm's, of an open segment nobody but itself."""
    if key in drawn.firms:
        return drawn.firms[key].owner or key
    owner = drawn.segments[key].owner
    if owner is None:
        return f"users: {key}"
    return (drawn.firms[owner].owner or owner) if owner in drawn.firms else owner


def _sellable(central: Any, keys: tuple[str, ...], start: int, default: float) -> Floats:
    """Share of each fleet that can be allocated, (S,).

    A fleet whose opening book is on file (contracts, and leases of the timeline that hold at the start) can
    allocate what it allocates; the rest is its deployment buffer (repair, burn-in, idle) and stays one.
    Central values, so that scenarios which use a fleet differently still own the same one.
    """
    used = dict.fromkeys(keys, 0.0)
    leases = [e for e in central.timeline if e.kind == "lease" and quarter_index(e.quarter) <= start]
    opening = [*central.contracts.values(), *(e.contract for e in leases)]
    for contract in opening:
        if contract.start is None or quarter_index(contract.start) <= start:
            used[contract.supplier] += float(contract.volume)
    online = [float(central.firms[key].fleet.online) for key in keys]
    return np.array(
        [min(used[k] / o, 1.0) if o > 0 and used[k] > 0.5 * o else default for k, o in zip(keys, online)]
    )


def compile_sellers(
    drawn: Any, central: Any, rows: Rows, upstream: Upstream, start: int, horizon: int
) -> Sellers:
    keys = tuple(k for k in rows.key if k in drawn.firms and drawn.firms[k].fleet is not None)
    fleets = [drawn.firms[k].fleet for k in keys]
    row = np.array([rows.row(k) for k in keys], dtype=np.int64)

    def column(name: str) -> Floats:
        return np.array([float(getattr(f, name)) for f in fleets])

    def enters(value: str | None) -> int:
        if value is None:
            return 0
        return -1 if value == "npv" else max(quarter_index(value) - start, 0)

    online = column("online")
    sellable = _sellable(central, keys, start, float(drawn.behaviour.sellable_share))
    silicon = np.zeros((len(keys), len(upstream.chip)))
    power = np.zeros((len(keys), len(upstream.region)))
    for s, fleet in enumerate(fleets):
        silicon[s] = _shares(
            fleet.chips, upstream.chip, upstream.deliveries[:, 0] * upstream.serves[:, row[s]]
        )
        power[s] = _shares(fleet.regions, upstream.region, upstream.power[:, 0])
    capex = column("capex")
    for s, fleet in enumerate(fleets):
        own = [drawn.upstream.chips[u].capex for u in upstream.chip]
        if fleet.chips and all(v is not None for v in own):
            capex[s] = float(ordered_sum(silicon[s] * np.array([float(v) for v in own])))
    return Sellers(
        row=row,
        key=keys,
        owner_code=rows.owner_code[row],
        aggregate_of=rows.aggregate_of[row],
        online=online,
        pipeline=np.array([series(f.pipeline, start, horizon) for f in fleets]).reshape(len(keys), horizon),
        unit_cost=musd_per_khq(column("unit_cost")),
        capex=capex,
        kw=column("power_kw_per_h100e"),
        power_cap=np.array([np.inf if f.power_cap is None else float(f.power_cap) for f in fleets]),
        sells=np.array([bool(f.sells) for f in fleets], dtype=bool),
        sellable=sellable,
        term=np.array([int(f.offer_term) for f in fleets], dtype=np.int64),
        notice=np.array([int(f.offer_notice) for f in fleets], dtype=np.int64),
        growth_cap=column("growth_cap"),
        lead_time=np.rint(column("lead_time")).astype(np.int64),
        wacc=rows.wacc[row],
        enters=np.array([enters(f.enters) for f in fleets], dtype=np.int64),
        chips=silicon,
        regions=power,
    )


def _shares(given: Mapping[str, float], names: tuple[str, ...], supply: Floats) -> Floats:
    """Shares by name that sum to one; where nothing is given, by supply."""
    if given:
        weights = np.array([float(given.get(name, 0.0)) for name in names])
    else:
        weights = np.asarray(supply, dtype=np.float64)
    total = float(ordered_sum(weights)) if len(weights) else 0.0
    return weights / total if total > 0 else weights


def compile_buyers(drawn: Any, rows: Rows, horizon: int) -> Buyers:
    keys = tuple(k for k in rows.key if k in drawn.segments or drawn.firms[k].lab is not None)
    parts = [drawn.segments[k] if k in drawn.segments else drawn.firms[k].lab for k in keys]
    is_lab = np.array([k in drawn.firms for k in keys], dtype=bool)
    row = np.array([rows.row(k) for k in keys], dtype=np.int64)

    def told(name: str) -> list[Any]:
        """A field by part, None where a part has no such field: labs and segments have some in common."""
        return [getattr(part, name) if name in type(part).model_fields else None for part in parts]

    def column(name: str, default: float = 0.0) -> Floats:
        return np.array([default if v is None else float(v) for v in told(name)])

    product = is_lab & np.array([share is not None for share in told("product_share")], dtype=bool)
    share = np.where(product, column("product_share"), 0.0)
    inside = float(ordered_sum(share))
    if inside > 0:
        share = share / inside * (1.0 - float(drawn.product.outside_share))
    revenue = np.where(is_lab, column("revenue"), 0.0)
    market = float(ordered_sum(np.where(product, revenue, 0.0))) / (1.0 - float(drawn.product.outside_share))
    with np.errstate(divide="ignore", invalid="ignore"):
        monetisation = np.where(product & (share > 0) & (market > 0), revenue / (market * share), 1.0)
    captive = np.array([kind == "captive" for kind in told("kind")], dtype=bool)
    open_segment = ~is_lab & ~captive
    growth = np.ones((len(keys), horizon))
    for b, part in enumerate(parts):
        if not is_lab[b]:
            rates = decaying(part.growth, part.growth_floor, part.half_life, horizon)
            growth[b, 1:] = np.cumprod(1.0 + rates[:-1])
    own, cloud = float(drawn.behaviour.own_rollover), float(drawn.behaviour.cloud_rollover)
    return Buyers(
        row=row,
        key=keys,
        label=tuple([label or k for k, label in zip(keys, told("label"))]),
        owner_code=rows.owner_code[row],
        lab=is_lab,
        product=product,
        captive=captive,
        index=open_segment if open_segment.any() else np.ones(len(keys), dtype=bool),
        inference=np.where(is_lab, column("inference"), 0.0),
        rnd=np.where(is_lab, column("rnd"), 0.0),
        use=np.where(is_lab, 0.0, column("use")),
        unmet=column("unmet"),
        share=share,
        monetisation=monetisation,
        margin=column("margin", 0.9),
        head_start=np.zeros(len(keys)),
        growth_cap=column("growth_cap", 10.0),
        elasticity=column("elasticity", 1.0),
        growth=growth,
        rollover=np.where(is_lab, cloud, np.where(captive, own, column("rollover", cloud))),
        blocks=tuple(told("blocks")),
    )
