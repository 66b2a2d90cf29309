"""The sign table of the strategic wedge on the firms of colossus-lease, and what moves it."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from market_abm.economy.motives import cash_premium, own_use_value
from market_abm.measures.externality import diversion, neutral_stake
from market_abm.scenario import Scenario, load_scenario
from tests.model.spying import first_offers, first_wedges

SELLERS = ("SpaceX/xAI", "Google", "Microsoft", "Amazon")
POSITIVE = [
    ("SpaceX/xAI", "Anthropic"),
    ("SpaceX/xAI", "OpenAI"),
    ("Google", "OpenAI"),
    ("Microsoft", "Anthropic"),
]
NEGATIVE = [("Microsoft", "OpenAI"), ("Amazon", "Anthropic")]
EDGE = [("Google", "Anthropic"), ("Amazon", "OpenAI")]


@cache
def wedges() -> dict[str, dict[str, float]]:
    """Wedges of the shipped scenario."""
    return first_wedges("colossus-lease", *SELLERS)


def changed(changes: dict[str, Any]) -> Scenario:
    """The shipped scenario with keys set."""
    return load_scenario("colossus-lease").with_set(changes)


@pytest.mark.parametrize(("seller", "buyer"), POSITIVE)
def test_a_seller_asks_more_of_a_lab_whose_users_it_would_lose(seller: str, buyer: str) -> None:
    assert wedges()[seller][buyer] > 0


@pytest.mark.parametrize(("seller", "buyer"), NEGATIVE)
def test_a_seller_asks_less_of_a_lab_in_which_it_holds_a_stake(seller: str, buyer: str) -> None:
    assert wedges()[seller][buyer] < 0


@pytest.mark.parametrize(("seller", "buyer"), EDGE)
def test_on_the_edge_the_wedge_is_zero_at_the_neutral_stake_and_changes_sign_there(
    seller: str, buyer: str
) -> None:
    full = {"behaviour.omega": 1, f"firms.{seller}.stakes.{buyer}": 0.0}
    view, _ = first_offers(changed(full), seller)[seller]
    buyers, rows = view.world.buyers, view.world.rows
    labs = np.flatnonzero(buyers.product)
    at = [buyers.key[b] for b in labs].index(buyer)
    interest = rows.interest[rows.row(seller), buyers.row[labs]]
    margins = (buyers.margin * buyers.monetisation)[labs]
    neutral = float(neutral_stake(interest, buyers.share[labs], margins)[at])
    assert 0.0 < neutral < 1.0

    def wedge(stake: float) -> float:
        return first_wedges(changed(full | {f"firms.{seller}.stakes.{buyer}": stake}), seller)[seller][buyer]

    assert wedge(neutral) == pytest.approx(0.0, abs=1e-9)
    assert wedge(0.9 * neutral) > 0 > wedge(1.1 * neutral)


def test_wish_to_harm_the_buyer_itself_raises_the_wedge_by_its_weight_times_the_value() -> None:
    name = "firms.SpaceX/xAI.rival_harm.Anthropic"
    offers = first_offers(changed({name: 0.2}), "SpaceX/xAI")
    view, offer = offers["SpaceX/xAI"]
    now = float(offer.wedge[view.world.buyers.key.index("Anthropic")])
    assert now == pytest.approx(wedges()["SpaceX/xAI"]["Anthropic"] + 0.2 * view.price, rel=1e-12)


def test_wish_to_harm_a_rival_lowers_the_wedge_for_the_rivals_rival_by_diversion_to_it() -> None:
    harmed = changed({"firms.SpaceX/xAI.rival_harm.OpenAI": 0.2})
    view, offer = first_offers(harmed, "SpaceX/xAI")["SpaceX/xAI"]
    buyers = view.world.buyers
    i, k = buyers.key.index("Anthropic"), buyers.key.index("OpenAI")
    margin = buyers.margin * buyers.monetisation
    moved = diversion(buyers.share)[i, k] * margin[k] / margin[i]
    fall = float(offer.wedge[i]) - wedges()["SpaceX/xAI"]["Anthropic"]
    assert fall == pytest.approx(-0.2 * view.price * moved, rel=1e-9)


def test_each_motive_can_be_switched_off_by_itself() -> None:
    harm = {"firms.SpaceX/xAI.rival_harm.OpenAI": 0.2}
    both = first_wedges(changed(harm), "SpaceX/xAI")["SpaceX/xAI"]["Anthropic"]
    only = {
        motive: first_wedges(changed(harm | {f"behaviour.motives.{motive}": False}), "SpaceX/xAI")
        for motive in ("wedge", "rival_harm")
    }
    assert only["rival_harm"]["SpaceX/xAI"]["Anthropic"] == wedges()["SpaceX/xAI"]["Anthropic"]
    without_wedge = only["wedge"]["SpaceX/xAI"]["Anthropic"]
    assert without_wedge < 0
    assert without_wedge + wedges()["SpaceX/xAI"]["Anthropic"] == pytest.approx(both, rel=1e-9)


def moved_users(points: float) -> dict[str, Any]:
    """OpenAI gains product share (and revenue with it) from Google; nobody else's changes."""
    firms = load_scenario("colossus-lease").firms
    changes: dict[str, Any] = {"firms.SpaceX/xAI.rival_harm.OpenAI": 0.2}
    for name, by in (("OpenAI", points), ("Google", -points)):
        lab = firms[name].lab
        assert lab is not None and lab.revenue is not None and lab.product_share is not None
        share = float(lab.product_share)
        changes[f"firms.{name}.lab.product_share"] = share + by
        changes[f"firms.{name}.lab.revenue"] = float(lab.revenue) * (share + by) / share
    return changes


def test_only_rival_harm_varies_with_diversion_to_its_target() -> None:
    views = [first_offers(changed(moved_users(by)), "SpaceX/xAI")["SpaceX/xAI"] for by in (0.0, 0.05)]
    (before, offered), (after, offers) = views
    buyers = before.world.buyers
    i, k = buyers.key.index("Anthropic"), buyers.key.index("OpenAI")
    assert diversion(after.world.buyers.share)[i, k] > diversion(buyers.share)[i, k] + 0.03
    assert offers.wedge[i] < offered.wedge[i] - 0.02 * before.price * 0.2
    seller = before.world.sellers.key.index("SpaceX/xAI")
    row = before.world.sellers.row[seller]
    assert own_use_value(after)[seller] == pytest.approx(own_use_value(before)[seller], rel=1e-9)
    assert cash_premium(after)[row] == pytest.approx(cash_premium(before)[row], rel=1e-9)
