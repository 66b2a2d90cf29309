"""Planted bugs, each caught by a check that has a name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from market_abm.market.bargaining import base, competitive, nash, rational
from tests.market.bargains import (
    bilateral,
    check_bilateral_formula,
    check_pair_is_ordered,
    check_pair_of_the_duel,
    check_weight_helps_the_seller,
    duel,
)

MARKET = duel(third=1.5)


def test_the_checks_pass_without_a_bug():
    check_pair_is_ordered(MARKET)
    check_pair_of_the_duel()
    check_weight_helps_the_seller(MARKET)
    for protocol in ("split", "nash_in_nash", "nntr", "competitive"):
        check_bilateral_formula(bilateral(), protocol, 0.3)


def test_floor_and_ceiling_swapped(monkeypatch):
    original = base.rational_pair

    def swapped(*arguments):
        pair = original(*arguments)
        return replace(pair, floor=pair.ceiling, ceiling=pair.floor)

    monkeypatch.setattr(base, "rational_pair", swapped)
    with pytest.raises(AssertionError):
        check_pair_is_ordered(MARKET)
    with pytest.raises(AssertionError):
        check_weight_helps_the_seller(MARKET)
    with pytest.raises(AssertionError):
        check_bilateral_formula(bilateral(), "split", 0.3)


def test_buyer_keeps_the_freed_capacity_in_its_replacement(monkeypatch):
    """rho without K_j - x_ij: the market would simply use the other links of j."""
    from market_abm.market import marginal_contributions

    def lax(allocation, seller, buyer):
        links = marginal_contributions(allocation, sellers=False, buyers=False).link
        return links[seller, buyer], original(allocation, seller, buyer)[1]

    original = rational._loss_and_gain
    monkeypatch.setattr(rational, "_loss_and_gain", lax)
    with pytest.raises(AssertionError):
        check_pair_of_the_duel()


def test_a_buyer_bids_against_itself(monkeypatch):
    original = rational.best_excluded

    def everybody(problem, flow, served, seller, buyer):
        return original(problem, flow, np.zeros_like(served), seller, np.full_like(buyer, problem.buyers - 1))

    monkeypatch.setattr(rational, "best_excluded", everybody)
    with pytest.raises(AssertionError):
        check_pair_of_the_duel()


def test_seller_forgets_its_wedge(monkeypatch):
    original = base.rational_pair

    def blind(*arguments):
        pair = original(*arguments)
        return replace(pair, floor=pair.floor - pair.wedge)

    monkeypatch.setattr(base, "rational_pair", blind)
    with pytest.raises(AssertionError):
        check_bilateral_formula(bilateral(), "split", 0.3)


def test_one_solver_dual_taken_for_the_competitive_interval(monkeypatch):
    original = competitive.competitive_interval

    def one_dual(allocation):
        low, _ = original(allocation)
        return low, low

    monkeypatch.setattr(competitive, "competitive_interval", one_dual)
    with pytest.raises(AssertionError):
        check_bilateral_formula(bilateral(), "competitive", 0.3)


def test_bargaining_weight_given_to_the_buyer(monkeypatch):
    monkeypatch.setattr(nash, "split_difference", lambda low, high, beta: high - beta * (high - low))
    with pytest.raises(AssertionError):
        check_weight_helps_the_seller(MARKET)
    with pytest.raises(AssertionError):
        check_bilateral_formula(bilateral(), "split", 0.3)
