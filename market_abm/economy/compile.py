"""From a drawn scenario to the world's columns."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from market_abm import rng
from market_abm.economy import book as books
from market_abm.economy.closing import closed
from market_abm.economy.links import build_links
from market_abm.economy.nodes import compile_buyers, compile_rows, compile_sellers
from market_abm.economy.paths import decaying, held_then_growing, held_then_slowing
from market_abm.economy.state import opening_stock
from market_abm.economy.world import NEVER, Buyers, Floats, Rows, Sellers, Upstream, World
from market_abm.elementary import log
from market_abm.scenario.calendar import quarter_index
from market_abm.units import musd_per_khq, ordered_sum

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
    drawn = closed(scenario, scenario.drawn(seed, pin))
    start = quarter_index(drawn.horizon.start)
    quarters = int(drawn.horizon.quarters)
    horizon = quarters + PLANNED_BEYOND
    rows = compile_rows(drawn, start, horizon)
    upstream = _upstream(drawn, rows, start, horizon)
    sellers = compile_sellers(drawn, scenario, rows, upstream, start, horizon)
    buyers = compile_buyers(drawn, rows, horizon)
    p = drawn.product
    revenue = [
        float(getattr(drawn.firms[k].lab, "revenue", None) or 0.0)
        for k, keep in zip(buyers.key, buyers.product)
        if keep
    ]
    market = float(ordered_sum(revenue)) / (1.0 - float(p.outside_share)) if revenue else 0.0
    index_price = float(musd_per_khq(drawn.behaviour.index_price))
    links = build_links(drawn, rows, sellers, buyers, seed, index_price)
    book = _book(drawn, sellers, buyers, start, horizon)
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


def _upstream(drawn: Any, rows: Rows, start: int, horizon: int) -> Upstream:
    up = drawn.upstream
    chip, region = tuple(sorted(up.chips)), tuple(sorted(up.regions))
    t = np.arange(horizon, dtype=np.float64)
    kw = np.full(horizon, np.nan)
    if up.kw_per_h100e:
        kw = held_then_growing(up.kw_per_h100e, 0.0, start, horizon)
    first = up.allocation == "priority"
    return Upstream(
        chip=chip,
        region=region,
        serves=np.array(
            [[up.chips[u].serves == "all" or key in up.chips[u].serves for key in rows.key] for u in chip],
            dtype=bool,
        ).reshape(len(chip), len(rows)),
        promised=np.array(
            [[float(up.chips[u].priority.get(key, 0.0)) * first for key in rows.key] for u in chip]
        ).reshape(len(chip), len(rows)),
        deliveries=np.array([_deliveries(up.chips[u], start, horizon) for u in chip]).reshape(
            len(chip), horizon
        ),
        power=np.array(
            [
                held_then_growing(up.regions[r].power, up.regions[r].growth_after, start, horizon)
                for r in region
            ]
        ).reshape(len(region), horizon),
        capex_level=(1.0 - float(up.capex_decline)) ** t,
        kw=kw,
    )


def _deliveries(chip: Any, start: int, horizon: int) -> Floats:
    """Deliveries of a chip supplier, (T,): dated, then growing, at a rate that decays where there is a floor."""
    if chip.growth_floor is None:
        return held_then_growing(chip.deliveries, chip.growth_after, start, horizon)
    pace = chip.growth_after, chip.growth_floor, chip.growth_half_life
    return held_then_slowing(chip.deliveries, *pace, start, horizon)


def _book(drawn: Any, sellers: Sellers, buyers: Buyers, start: int, horizon: int) -> books.Book:
    records = [
        contract_record(key, contract, sellers, buyers, start, horizon, drawn)
        for key, contract in sorted(drawn.contracts.items())
    ]
    return books.rows(records)


def contract_record(
    key: str,
    contract: Any,
    sellers: Sellers,
    buyers: Buyers,
    start: int,
    horizon: int,
    drawn: Any,
) -> dict:
    """One contract of a scenario as a row of the book."""
    kind = books.KINDS.index(contract.kind)
    begins = 0 if contract.start is None else quarter_index(contract.start) - start
    ends = NEVER if contract.end is None else quarter_index(contract.end) - start
    if contract.firm_until is None:
        firm = begins + int(drawn.behaviour.firm_term_unknown) if kind == books.TERM else -1
    else:
        firm = quarter_index(contract.firm_until) - start
    dated = {max(begins, 0): float(contract.volume)}
    ramp = None
    if contract.ramp:
        dated |= {quarter_index(q) - start: float(v) for q, v in contract.ramp.items()}
        ramp = np.zeros(horizon)
        for when in sorted(dated):
            ramp[max(when, 0) :] = dated[when]
    scheduled = float(contract.volume)
    if contract.fee is not None:
        price = float(contract.fee) / max(max(dated.values()), 1e-9)
    else:
        price = 0.0 if contract.price is None else float(musd_per_khq(contract.price))
    return {
        "id": key,
        "supplier": sellers.key.index(contract.supplier),
        "buyer": buyers.key.index(contract.buyer),
        "kind": kind,
        "volume": 0.0 if begins > 0 or ends < 0 else scheduled if ramp is None else ramp[0],
        "scheduled": scheduled,
        "ramp": ramp,
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
