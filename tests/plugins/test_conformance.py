"""The suite passes what keeps the contract and finds each planted breach under its name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from market_abm.conformance import check, check_measure, check_protocol, check_strategy
from market_abm.market.bargaining import protocol, protocols
from market_abm.measures.registry import measure
from market_abm.strategies import get, names, strategy
from market_abm.strategies.view import VERBS


def properties(findings) -> set[str]:
    """Which properties were breached."""
    return {finding.property for finding in findings}


HOUSE = ("auction", "competitive", "myerson", "nash_in_nash", "nntr", "posted", "shapley", "split")


@pytest.mark.parametrize("name", HOUSE)
def test_protocols_of_the_house_conform(name: str) -> None:
    assert check_protocol(name) == []


def test_no_protocol_of_the_house_is_left_out() -> None:
    assert set(HOUSE) <= set(protocols())


@pytest.mark.parametrize("verb", VERBS)
def test_strategies_of_the_house_conform(verb: str) -> None:
    for name in names(verb):
        function = get(verb, name)
        if function.__module__.startswith("market_abm."):
            assert check_strategy(verb, name) == []


def _random(talks):
    return talks.pair.floor + np.random.default_rng().random(len(talks.pair.floor)) * 1e-3


def _by_place(talks):
    return talks.pair.floor + 0.1 * (talks.pair.seller == 0) * (talks.pair.ceiling - talks.pair.floor)


def _greedy(talks):
    return talks.pair.value + 1.0


def _below_cost(talks):
    return talks.pair.unit_cost - 0.5


def _no_price_for_the_small(talks):
    return np.where(talks.pair.quantity < 1.0, np.nan, talks.pair.floor)


def _needs_links(talks):
    return talks.pair.floor + 0.0 * talks.pair.quantity[0]


def _writes(talks):
    for part in (talks.problem.capacity, talks.pair.floor):
        part[...] = 0.0
    return talks.pair.floor


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (_random, "determinism"),
        (_by_place, "relabelling"),
        (_greedy, "budget"),
        (_below_cost, "budget"),
        (_no_price_for_the_small, "limits"),
        (_needs_links, "limits"),
        (_writes, "limits"),
    ],
)
def test_a_protocol_with_a_planted_breach_is_found(registered, function, expected) -> None:
    registered("protocol", "planted")(protocol("planted"), function)
    assert expected in properties(check_protocol("planted"))


def _altered(verb: str, **changes):
    def decided(view, rows):
        result = get(verb, "default")(view, rows)
        return replace(result, **{name: change(view, rows, result) for name, change in changes.items()})

    return decided


STRATEGIES = {
    "offers more than it has": ("sell", "budget", _altered("sell", capacity=lambda v, r, x: 2.0 * x.capacity + 1)),
    "offers out of nothing": ("sell", "limits", _altered("sell", capacity=lambda v, r, x: x.capacity + 5.0)),
    "offers at random": (
        "sell", "determinism",
        _altered("sell", capacity=lambda v, r, x: x.capacity * np.random.default_rng().random()),
    ),
    "serves the first asked": (
        "sell", "relabelling", _altered("sell", capacity=lambda v, r, x: x.capacity * (np.arange(len(r)) > 0)),
    ),
    "holds back by row": (
        "sell", "relabelling", _altered("sell", capacity=lambda v, r, x: x.capacity * np.where(r == 0, 0.5, 1.0)),
    ),
    "a reserve price that is no number": (
        "sell", "limits", _altered("sell", reserve_price=lambda v, r, x: x.reserve_price * np.nan),
    ),
    "bids beyond its caps": ("buy", "budget", _altered("buy", quantity=lambda v, r, x: 3.0 * x.quantity + 1)),
    "values that rise": ("buy", "budget", _altered("buy", value=lambda v, r, x: x.value[:, ::-1])),
    "orders the moon": ("build", "budget", _altered("build", kh100e=lambda v, r, x: x.kh100e + 1e6)),
    "notice for others": ("renew", "budget", _altered("renew", give=lambda v, r, x: np.ones_like(x.give))),
    "of another shape": ("renew", "limits", _altered("renew", give=lambda v, r, x: x.give[:, :1])),
}  # fmt: skip


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_strategy_with_a_planted_breach_is_found(registered, name: str) -> None:
    verb, expected, function = STRATEGIES[name]
    registered("strategy", f"{verb} planted")(strategy(verb, "planted"), function)
    assert expected in properties(check_strategy(verb, "planted"))


def test_a_strategy_that_writes_into_its_view_is_found(registered) -> None:
    def spoiler(view, rows):
        answer = get("sell", "default")(view, rows)
        view.liquidity[...] = view.liquidity * 0.5
        return answer

    registered("strategy", "sell planted")(strategy("sell", "planted"), spoiler)
    assert check_strategy("sell", "planted") != []


def _idle(allocation):
    return allocation.problem.capacity.sum() - allocation.flow.sum()


MEASURES = {
    "random": ("determinism", lambda a: _idle(a) + np.random.default_rng().random()),
    "first row": ("relabelling", lambda a: a.flow[0].sum()),
    "no value though there is trade": ("limits", lambda a: float("nan")),
    "infinite": ("limits", lambda a: float("inf")),
    "divides by what is traded": ("limits", lambda a: 1 / int(a.flow.sum() > 0)),
}


@pytest.mark.parametrize("name", MEASURES)
def test_a_measure_with_a_planted_breach_is_found(registered, name: str) -> None:
    expected, function = MEASURES[name]
    registered("measure", "planted")(measure("planted", unit="1", meaning="planted"), function)
    assert expected in properties(check_measure("planted"))


def test_a_sound_measure_conforms_and_check_finds_it_by_name(registered) -> None:
    registered("measure", "idle")(measure("idle", unit="kHQ", meaning="Capacity that serves nobody"), _idle)
    assert check("idle") == check_measure("idle") == []


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(ValueError, match='no protocol, strategy or measure is called "nobody"'):
        check("nobody")
