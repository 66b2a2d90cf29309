"""From a drawn scenario to the world's columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from market_abm import rng
from market_abm.economy import book as books
from market_abm.economy.links import build_links
from market_abm.economy.state import opening_stock
from market_abm.economy.world import NEVER, Buyers, Floats, Rows, Sellers, Upstream, World
from market_abm.elementary import log
from market_abm.scenario.calendar import quarter_index
from market_abm.units import musd_per_khq, ordered_sum, quarterly_rate

PLANNED_BEYOND = 14
"""Quarters for which plans are kept beyond the last simulated one: the longest lead time, and a bit."""


def compile_world(scenario: Any, seed: int, *, pin: bool = False) -> World:
    """Draw the scenario's guesses under ``seed`` and lay the world out in columns.

    Parameters
    ----------
    scenario : Scenario
        As loaded; every number with a range is drawn (triangular) unless ``pin``.
    seed : int
        Seed of every keyed draw.
    pin : bool
        Hold every number at its central value.
    """
    drawn = scenario.drawn(seed, pin)
    start = quarter_index(drawn.horizon.start)
    quarters = int(drawn.horizon.quarters)
    horizon = quarters + PLANNED_BEYOND
    rows = _rows(drawn, start, horizon)
    upstream = _upstream(drawn, start, horizon)
    book_scale = _opening_scale(scenario, drawn)
    sellers = _sellers(drawn, scenario, rows, upstream, start, horizon)
    buyers = _buyers(drawn, rows, horizon)
    p = drawn.product
    revenue = [drawn.firms[k].lab.revenue or 0.0 for k, keep in zip(buyers.key, buyers.product) if keep]
    market = float(ordered_sum(revenue)) / (1.0 - float(p.outside_share)) if revenue else 0.0
    index_price = float(musd_per_khq(drawn.behaviour.index_price))
    links = build_links(drawn, rows, sellers, buyers, seed, index_price)
    book = _book(drawn, sellers, buyers, start, horizon, book_scale)
    buyers = _with_use_of_book(buyers, book, scenario, drawn)
    world = World(
        name=drawn.name,
        seed=seed,
        start=start,
        quarters=quarters,
        horizon=horizon,
        scenario=drawn,
        rows=rows,
        sellers=sellers,
        buyers=buyers,
        links=links,
        upstream=upstream,
        stagger=rng.uniforms(seed, "stagger", buyers.key),
        market_growth=decaying(p.market_growth, p.growth_floor, p.growth_half_life, horizon),
        market_revenue=market,
        index_price=index_price,
        book=book,
    )
    return _with_stated_capability(world)


def _with_stated_capability(world: World) -> World:
    """Where a scenario states a lab's capability, what its R&D compute does not explain is a head start."""
    stated = np.array(
        [
            np.nan if not lab or (level := world.scenario.firms[key].lab.capability) is None else float(level)
            for key, lab in zip(world.buyers.key, world.buyers.lab)
        ]
    )
    explained = float(world.scenario.behaviour.alpha) * log(opening_stock(world))
    head_start = np.where(np.isnan(stated), 0.0, stated - explained)
    return replace(world, buyers=replace(world.buyers, head_start=head_start))


def decaying(start: float, floor: float, half_life: float, horizon: int) -> Floats:
    """A rate that halves its distance to a floor every ``half_life`` quarters, (T,)."""
    t = np.arange(horizon, dtype=np.float64)
    floor = min(float(start), float(floor))
    return floor + (float(start) - floor) * 0.5 ** (t / max(float(half_life), 1e-9))


def series(values: Mapping[str, float], start: int, horizon: int) -> Floats:
    """A dated mapping as a vector over the run, zero where it is silent."""
    out = np.zeros(horizon)
    for quarter, value in values.items():
        t = quarter_index(quarter) - start
        if 0 <= t < horizon:
            out[t] = float(value)
    return out


def held_then_growing(values: Mapping[str, float], growth: float, start: int, horizon: int) -> Floats:
    """A dated path that holds between its dates and grows after the last one."""
    dated = sorted((quarter_index(q) - start, float(v)) for q, v in values.items())
    out = np.zeros(horizon)
    last, level = dated[-1]
    for t in range(horizon):
        known = [v for when, v in dated if when <= t]
        out[t] = known[-1] if known else dated[0][1]
        if t > last:
            out[t] = level * (1.0 + float(growth)) ** (t - last)
    return out


def _rows(drawn: Any, start: int, horizon: int) -> Rows:
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


def _opening_scale(scenario: Any, drawn: Any) -> dict[str, float]:
    """Drawn over central online capacity of each fleet: a supplier's opening book moves with its fleet."""
    scale = {}
    for key, firm in drawn.firms.items():
        if firm.fleet is not None:
            central = float(scenario.firms[key].fleet.online)
            scale[key] = float(firm.fleet.online) / central if central > 0 else 1.0
    return scale


def _sellable(central: Any, keys: tuple[str, ...], start: int, default: float) -> Floats:
    """Share of each fleet that can be allocated, (S,).

    A fleet whose opening book is on file (contracts, and leases of the timeline that hold at the start) can
    allocate what it allocates; the rest is its deployment buffer (repair, burn-in, idle) and stays one. Central
    values, so that scenarios which use a fleet differently still own the same one.
    """
    used = dict.fromkeys(keys, 0.0)
    opening = [*central.contracts.values(), *(e.contract for e in central.timeline if e.kind == "lease")]
    for contract in opening:
        if contract.start is None or quarter_index(contract.start) <= start:
            used[contract.supplier] += float(contract.volume)
    online = [float(central.firms[key].fleet.online) for key in keys]
    return np.array(
        [min(used[k] / o, 1.0) if o > 0 and used[k] > 0.5 * o else default for k, o in zip(keys, online)]
    )


def _sellers(
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
        silicon[s] = _shares(fleet.chips, upstream.chip, upstream.deliveries[:, 0])
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


def _buyers(drawn: Any, rows: Rows, horizon: int) -> Buyers:
    keys = tuple(k for k in rows.key if k in drawn.segments or drawn.firms[k].lab is not None)
    parts = [drawn.segments[k] if k in drawn.segments else drawn.firms[k].lab for k in keys]
    is_lab = np.array([k in drawn.firms for k in keys], dtype=bool)
    row = np.array([rows.row(k) for k in keys], dtype=np.int64)

    def column(name: str, default: float = 0.0) -> Floats:
        values = [getattr(p, name, default) for p in parts]
        return np.array([default if v is None else float(v) for v in values])

    product = np.array(
        [lab and getattr(p, "product_share", None) is not None for lab, p in zip(is_lab, parts)], dtype=bool
    )
    share = np.where(product, column("product_share"), 0.0)
    inside = float(ordered_sum(share))
    if inside > 0:
        share = share / inside * (1.0 - float(drawn.product.outside_share))
    revenue = np.where(is_lab, column("revenue"), 0.0)
    market = float(ordered_sum(np.where(product, revenue, 0.0))) / (1.0 - float(drawn.product.outside_share))
    with np.errstate(divide="ignore", invalid="ignore"):
        monetisation = np.where(product & (share > 0) & (market > 0), revenue / (market * share), 1.0)
    captive = np.array([getattr(p, "kind", "") == "captive" for p in parts], dtype=bool)
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
        label=tuple((getattr(p, "label", None) or k) for k, p in zip(keys, parts)),
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
        blocks=tuple(getattr(p, "blocks", None) for p in parts),
    )


def _upstream(drawn: Any, start: int, horizon: int) -> Upstream:
    up = drawn.upstream
    chip, region = tuple(sorted(up.chips)), tuple(sorted(up.regions))
    t = np.arange(horizon, dtype=np.float64)
    kw = np.full(horizon, np.nan)
    if up.kw_per_h100e:
        kw = held_then_growing(up.kw_per_h100e, 0.0, start, horizon)
    return Upstream(
        chip=chip,
        region=region,
        deliveries=np.array(
            [
                held_then_growing(up.chips[u].deliveries, up.chips[u].growth_after, start, horizon)
                for u in chip
            ]
        ).reshape(len(chip), horizon),
        power=np.array(
            [
                held_then_growing(up.regions[r].power, up.regions[r].growth_after, start, horizon)
                for r in region
            ]
        ).reshape(len(region), horizon),
        capex_level=(1.0 - float(up.capex_decline)) ** t,
        kw=kw,
    )


def _book(
    drawn: Any, sellers: Sellers, buyers: Buyers, start: int, horizon: int, scale: dict[str, float]
) -> books.Book:
    records = [
        contract_record(key, contract, sellers, buyers, start, horizon, drawn, scale[contract.supplier])
        for key, contract in sorted(drawn.contracts.items())
    ]
    return books.rows(records, horizon)


def contract_record(
    key: str,
    contract: Any,
    sellers: Sellers,
    buyers: Buyers,
    start: int,
    horizon: int,
    drawn: Any,
    scale: float = 1.0,
) -> dict:
    """One contract of a scenario as a row of the book."""
    kind = books.KINDS.index(contract.kind)
    begins = 0 if contract.start is None else quarter_index(contract.start) - start
    ends = NEVER if contract.end is None else quarter_index(contract.end) - start
    if contract.firm_until is None:
        firm = begins + int(drawn.behaviour.firm_term_unknown) if kind == books.TERM else -1
    else:
        firm = quarter_index(contract.firm_until) - start
    dated = {max(begins, 0): float(contract.volume) * scale}
    dated |= {quarter_index(q) - start: float(v) * scale for q, v in contract.ramp.items()}
    path = np.zeros(horizon)
    for when in sorted(dated):
        path[max(when, 0) :] = dated[when]
    quarters = np.arange(horizon)
    path[(quarters < begins) | (quarters > ends)] = 0.0
    if contract.fee is not None:
        price = float(contract.fee) / max(max(dated.values()) / scale, 1e-9)
    else:
        price = 0.0 if contract.price is None else float(musd_per_khq(contract.price))
    return {
        "id": key,
        "supplier": sellers.key.index(contract.supplier),
        "buyer": buyers.key.index(contract.buyer),
        "kind": kind,
        "volume": path[0],
        "path": path,
        "price": price,
        "start": max(begins, 0),
        "ends": ends,
        "firm_until": min(firm, ends),
        "notice": int(contract.notice),
        "take_or_pay": float(contract.take_or_pay),
        "exclusive": bool(contract.exclusive),
        "recall": bool(contract.recall),
        "prepaid": float(contract.prepaid),
        "estimated": bool(contract.estimated),
    }


def _with_use_of_book(buyers: Buyers, book: books.Book, scenario: Any, drawn: Any) -> Buyers:
    """Scale what buyers use by what the drawn opening book delivers to them.

    Ranges of fleets are drawn before uses: a supplier found larger serves its users more, in proportion, so
    the opening state stays reconciled in every seed.
    """
    drawn_use, central_use = np.zeros(len(buyers.key)), np.zeros(len(buyers.key))
    for i in range(len(book)):
        contract = scenario.contracts[book.id[i]]
        if book.start[i] <= 0:
            drawn_use[book.buyer[i]] += book.volume[i]
            central_use[book.buyer[i]] += float(contract.volume)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(central_use > 0, drawn_use / central_use, 1.0)
    return replace(
        buyers,
        inference=buyers.inference * ratio,
        rnd=buyers.rnd * ratio,
        use=buyers.use * ratio,
        unmet=buyers.unmet * ratio,
    )
