"""Named checks that a healthy model passes and a planted bug fails."""

from __future__ import annotations

import numpy as np

from market_abm.market import TradeProblem, bargain, clear
from market_abm.model import ComputeMarket
from tests.model.planted import pair, provider, run, users, world
from tests.model.spying import first_wedges
from tests.model.tables import cell

SIGNS = {
    ("SpaceX/xAI", "Anthropic"): 1,
    ("SpaceX/xAI", "OpenAI"): 1,
    ("Google", "OpenAI"): 1,
    ("Microsoft", "Anthropic"): 1,
    ("Microsoft", "OpenAI"): -1,
    ("Amazon", "Anthropic"): -1,
}
"""Signs of the strategic wedge by seller and buyer."""


def wedge_signs() -> None:
    """Sign table of kappa on the firms of colossus-lease."""
    found = first_wedges("colossus-lease", *{seller for seller, _ in SIGNS})
    for (seller, buyer), sign in SIGNS.items():
        kappa = found[seller][buyer]
        assert np.sign(kappa) == sign, f"wedge signs: {seller} to {buyer} is {kappa:+.4f}"


def incumbents_keep_ties() -> None:
    """Among equal suppliers the one that served last quarter serves again, whatever the seeded keys."""
    blocks = (np.array([[5.0]]), np.array([[4.0]]))
    for incumbent in (0, 1):
        for key in ([[0.1], [0.9]], [[0.9], [0.1]]):
            served = np.zeros((2, 1))
            served[incumbent] = 5.0
            problem = TradeProblem(
                np.array([5.0, 5.0]), np.array([1.0, 1.0]), *blocks, incumbent=served, tie_key=np.array(key)
            )
            flow = clear(problem).flow
            assert np.array_equal(flow, served), (
                f"incumbents keep ties: {flow.ravel()} after {served.ravel()}"
            )


def incumbents_keep_their_users() -> None:
    """In the model: whichever of equal sellers served the users at the start serves them in every quarter."""
    names = ("Seller", "Other", "Third")
    for incumbent in names:
        book = {"R": {"supplier": incumbent, "buyer": "Users", "kind": "rolling", "volume": 10, "price": 2.0}}
        firms = {name: provider() for name in names}
        model = run(world(firms, segments={"Users": users(10, [4.5, 10])}, contracts=book), 4)
        for t in range(4):
            sold = {name: float(cell(model, t, "firms", "sold_khq", firm=name)) for name in names}
            assert abs(sold[incumbent] - 10.0) < 1e-6, f"incumbents keep ties: {incumbent} served, now {sold}"


def floor_below_ceiling() -> None:
    """On a tie-free market the floor is at most the ceiling and the price lies between them, under every beta."""
    rng = np.random.default_rng(7)
    for _ in range(20):
        sellers, buyers, blocks = 3, 4, 3
        problem = TradeProblem(
            rng.uniform(2, 6, sellers), rng.uniform(0.5, 1.5, sellers),
            rng.uniform(1, 3, (buyers, blocks)), -np.sort(-rng.uniform(2, 9, (buyers, blocks)), axis=1),
        )  # fmt: skip
        for beta in (0.0, 0.5, 1.0):
            deal = bargain(problem, clear(problem), protocol="split", beta=beta)
            known = np.isfinite(deal.price)
            floor, ceiling, price = deal.floor[known], deal.ceiling[known], deal.price[known]
            assert (floor <= ceiling + 2e-6).all(), "floor below ceiling: a floor exceeds its ceiling"
            inside = (floor - 2e-6 <= price) & (price <= ceiling + 2e-6)
            assert inside.all(), "floor below ceiling: a price lies outside"
            placed = np.allclose(price, floor + beta * (ceiling - floor), atol=2e-6)
            assert placed, f"floor below ceiling: beta {beta} does not lead from floor to ceiling"
    link = {"supplier": "Seller", "buyer": "Buyer"}
    prices = [
        cell(run(pair(behaviour={"beta": beta})), 0, "links", "new_price_usd_per_gpu_hour", **link)
        for beta in (0.0, 1.0)
    ]
    assert np.allclose(prices, [0.5, 4.5], atol=1e-5), f"floor below ceiling: beta 0 and 1 give {prices}"


def at_the_credit_limit() -> ComputeMarket:
    """A seller that loses more than lenders lend."""
    data = world(
        {"Seller": provider() | {"cash": 10, "other_cash_flow": -5000}}, segments={"Users": users(10)}
    )
    return run(data, 2)
