"""The steps table: one row a quarter, the market."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from market_abm.economy.book import TERM
from market_abm.economy.marketwide import WholeMarket
from market_abm.economy.quarter import Quarter
from market_abm.economy.relations import Relations
from market_abm.economy.span import Span
from market_abm.economy.tables.shared import BOUNDS, NAN, Figures
from market_abm.economy.world import Bools, Floats
from market_abm.elementary import log
from market_abm.measures import concentration
from market_abm.units import ordered_sum, totals, usd_per_gpu_hour


def steps(
    span: Span,
    markets: list[WholeMarket],
    links: Relations,
    figures: Figures,
    grades: list[np.ndarray],
    graded: np.ndarray,
) -> list[dict[str, Any]]:
    """Of each quarter one row: the market."""
    world, book, of, count = span.world, span.book, span.stacked, len(span)
    online, sellable, free = (
        ordered_sum(held, axis=1) for held in (span.online, span.sellable, span.offered)
    )
    demand = ordered_sum(np.array([market.demand for market in markets]), axis=1)
    demand_going = np.array([market.demand_going for market in markets])
    served = ordered_sum(span.used, axis=1)

    def signed(values: Floats) -> Floats:
        """A column of the book added up over the term contracts in force, (T,)."""
        in_force = np.where(span.in_force & (book.kind == TERM), values, 0.0)
        return totals(span.book_quarter, in_force, count)

    def relations(chosen: Bools) -> list[int]:
        """How many relations of each quarter are chosen."""
        return np.bincount(links.quarter[chosen], minlength=count).tolist()

    contract_volume = signed(book.volume)
    estimated = signed(np.where(book.estimated, book.volume, 0.0))
    ranked = list(zip(figures.levels, figures.rankings))
    grade = [held.tolist() for held in grades]
    happened = [[event["kind"] for event in q.events] for q in span]
    columns: dict[str, Any] = {
        "price_index_usd_per_gpu_hour": usd_per_gpu_hour(of(lambda q: q.new_price)),
        "price_long_run_usd_per_gpu_hour": [usd_per_gpu_hour(market.long_run_price) for market in markets],
        "spot_price_usd_per_gpu_hour": usd_per_gpu_hour(of(lambda q: q.delivery.spot_price)),
        "contract_price_usd_per_gpu_hour": usd_per_gpu_hour(
            _ratio(signed(book.volume * book.price), contract_volume)
        ),
        "capacity_kh100e": online,
        "capacity_sellable_khq": sellable,
        "demand_long_run_khq": demand,
        "demand_going_price_khq": demand_going,
        "tightness": [market.tightness for market in markets],
        "tightness_going": _ratio(demand_going, sellable),
        "tight": [market.tight for market in markets],
        "free_share": _ratio(free, sellable),
        "utilisation": _ratio(served, sellable),
        "served_khq": served,
        **_concentration(span, figures),
        "rsi_min": [_least(values) for values in figures.rsi],
        "network_rsi_min": [_least(values) for values in figures.network_rsi],
        "pivotal_firms": [
            0 if market.pivotality is None else int(np.count_nonzero(market.pivotality.pivotal))
            for market in markets
        ],
        "surplus_resource_musd": [
            NAN if market.welfare is None else market.welfare.surplus for market in markets
        ],
        "chokepoint_firms": [held.count("chokepoint") + held.count("critical") for held in grade],
        "watch_firms": [held.count("watch") for held in grade],
        "relation_chokepoints": relations(graded),
        "relations": relations(np.isfinite(links.loss_before)),
        "leader": [world.buyers.key[ranking[0]] if ranking else "" for _, ranking in ranked],
        "capability_gap": [
            level[ranking[0]] - level[ranking[1]] if len(ranking) > 1 else NAN for level, ranking in ranked
        ],
        "velocity_mean": [_mean(q.velocity[world.buyers.lab]) for q in span],
        "frontier_velocity": [
            q.velocity[ranking[0]] if ranking else NAN for q, (_, ranking) in zip(span, ranked)
        ],
        "product_revenue_musd": ordered_sum(of(lambda q: q.revenue), axis=1),
        "consumer_surplus_musd": [consumer_surplus(q) for q in span],
        **_held_back(span, figures),
        "capex_musd": ordered_sum(of(lambda q: q.capex), axis=1),
        "ledger_residual_musd": [q.ledger.residual() for q in span],
        "compute_residual_khq": compute_residual(span),
        "estimated_volume_share": _ratio(estimated, contract_volume),
        **_splits(links, count),
        "out_of_line_relations": relations(links.out_of_line),
        "credit_limit_firms": np.add.reduce(of(lambda q: q.state.credit_limited), 1),
        "entries": [kinds.count("entry") for kinds in happened],
        "exits": [kinds.count("exit") for kinds in happened],
    }  # fmt: skip
    plain = {name: np.asarray(values).tolist() for name, values in columns.items()}
    return [{name: values[k] for name, values in plain.items()} for k in range(count)]


def _concentration(span: Span, figures: Figures) -> dict[str, Any]:
    """Concentration by ultimate owner on each base, aggregates split into equal owners."""
    names, held = list(figures.bases), np.array(list(figures.bases.values()))
    bases, quarters, sellers = held.shape
    hhi, cr4, largest = np.empty((bases, quarters)), np.empty(quarters), np.empty(quarters)
    for first, end in _of_same_owners(span):
        shares = concentration.owner_shares(
            held[:, first:end].reshape(-1, sellers), span.owner[first], span.world.sellers.aggregate_of
        )
        hhi[:, first:end] = concentration.hhi(shares).reshape(bases, -1)
        merchant = shares.reshape(bases, end - first, -1)[names.index("merchant")]
        cr4[first:end] = concentration.cr(merchant, 4)
        largest[first:end] = np.maximum.reduce(merchant, 1, initial=0.0)
    by_base = dict(zip(names, hhi.tolist()))
    return {
        "hhi_fleet": by_base["fleet"],
        "hhi_merchant": by_base["merchant"],
        "hhi_free": by_base["free"],
        "hhi_sales": by_base["sales"],
        "n_eff_merchant": [concentration.equal_firms(index) for index in by_base["merchant"]],
        "cr4_merchant": cr4,
        "max_share_merchant": largest,
    }


def _of_same_owners(span: Span) -> Iterator[tuple[int, int]]:
    """Stretches of quarters in which no seller changes its owner: the first quarter, and the first one after."""
    changes = np.logical_or.reduce(span.owner[1:] != span.owner[:-1], 1).nonzero()[0] + 1
    return pairwise([0, *changes.tolist(), len(span)])


def _held_back(span: Span, figures: Figures) -> dict[str, Floats]:
    """Share of the sellers that build, or would, whom each bound held back."""
    # Who would build: a fleet that pays, or capacity on its way. Nothing holds back a firm without any.
    would = span.stacked(lambda q: (q.outlook.q > 1.0) & (q.outlook.online > 0)) & span.active
    coming = span.stacked(lambda q: q.state.pipeline[:, q.state.t])
    building = (span.stacked(lambda q: q.orders) > 0) | (coming > 0) | would
    builders = np.add.reduce(building, 1)
    held = np.add.reduce(figures.held_back & building, 2)
    return {f"{name}_bind_share": _ratio(count, builders) for name, count in zip(BOUNDS, held)}


def _splits(links: Relations, count: int) -> dict[str, Floats]:
    """Averages of the leverage split over relations, by volume, (T,) each."""
    weight = np.where(np.isfinite(links.seller_secured), links.volume, 0.0)
    averages = {}
    for name, column in (
        ("seller_secured", links.seller_secured),
        ("buyer_secured", links.buyer_secured),
        ("contested", links.contested),
        ("realised_seller", links.realised),
    ):
        known = np.isfinite(column) & (weight > 0)
        total = totals(links.quarter, np.where(known, weight, 0.0), count)
        average = _ratio(totals(links.quarter, np.where(known, column * weight, 0.0), count), total)
        averages[f"{name}_share"] = average
    return averages


def compute_residual(span: Span) -> Floats:
    """Compute delivered beyond what can be allocated, or below zero, kHQ: zero when conserved, (T,)."""
    flow = span.flow
    over = np.maximum(ordered_sum(flow, axis=2) - span.sellable, 0.0)
    into = ordered_sum(ordered_sum(flow, axis=1), axis=1) - ordered_sum(span.used, axis=1)
    below = np.minimum(flow, 0.0).reshape(len(span), -1).sum(axis=1)
    return ordered_sum(over, axis=1) + np.abs(into) - below


def consumer_surplus(q: Quarter) -> float:
    """Static consumer surplus relative to the opening outside good: M / eta x -ln(outside share), MUSD.

    With logit demand the log-sum over the outside good is minus the log of its share (Small and Rosen 1981).
    """
    inside = float(ordered_sum(np.where(q.world.buyers.product, q.state.share, 0.0)))
    if inside <= 0:
        return NAN
    return q.state.market / float(q.world.scenario.product.eta) * -float(log(1.0 - inside))


def _ratio(part: Floats, whole: Floats) -> Floats:
    """Part of the whole, element by element; NaN where there is none."""
    return part / np.where(whole > 0, whole, NAN)


def _least(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known.min()) if len(known) else NAN


def _mean(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(ordered_sum(known)) / len(known) if len(known) else NAN
