"""Oracle concepts of clearing and bargaining that `market_abm.market` answers: translation of inputs only."""

from __future__ import annotations

import numpy as np

from market_abm.market import (
    TradeProblem,
    bargain,
    clear,
    competitive_interval,
    marginal_contributions,
)
from market_abm.market.bargaining import core_interval, hold, market_game, market_shapley, myerson, shapley
from market_abm.market.bargaining.competitive import competitive_payoffs
from market_abm.market.bargaining.games import Game
from market_abm.market.bargaining.nash import (
    deal_me_out,
    nash_in_nash_by_number,
    rubinstein,
    rubinstein_limit,
    split_difference,
)
from market_abm.market.bargaining.posted import posted_prices, posted_volumes
from market_abm.market.spot import clear_unit_auction


def _blocks(buyers) -> tuple[np.ndarray, np.ndarray]:
    """Blocks [value, quantity] a buyer, padded: quantities and values (B, K)."""
    width = max(len(blocks) for blocks in buyers)
    quantity, value = np.zeros((len(buyers), width)), np.zeros((len(buyers), width))
    for i, blocks in enumerate(buyers):
        ordered = sorted(blocks, key=lambda block: -block[0])
        for k, (worth, size) in enumerate(ordered):
            quantity[i, k], value[i, k] = size, worth
    return quantity, value


def _linked(inputs, sellers, buyers) -> np.ndarray | None:
    """Links come as [buyer, seller]; all when absent."""
    if inputs.get("links") is None:
        return None
    linked = np.zeros((sellers, buyers), dtype=bool)
    for i, j in inputs["links"]:
        linked[j, i] = True
    return linked


def _market(inputs) -> TradeProblem:
    quantity, value = _blocks(inputs["buyer_blocks"])
    sellers = len(inputs["cap"])
    return TradeProblem(
        np.asarray(inputs["cap"], float),
        np.asarray(inputs.get("cost", np.zeros(sellers)), float),
        quantity,
        value,
        switching=np.asarray(inputs.get("switching_cost_per_unit", 0.0), float),
        linked=_linked(inputs, sellers, len(quantity)),
    )


def _buyers_first(seller, buyer) -> list:
    return [*np.asarray(buyer).tolist(), *np.asarray(seller).tolist()]


def _turn(sellers, array) -> list:
    """A list of sellers, then buyers, put buyers first."""
    return _buyers_first(array[:sellers], array[sellers:])


def transport_market(inputs) -> dict:
    """Everything that is asked of a market with blocks."""
    problem = _market(inputs)
    allocation = clear(problem)

    def contributions():
        lost = marginal_contributions(allocation, links=False)
        return _buyers_first(lost.seller, lost.buyer)

    def competitive():
        seller_low, seller_high, buyer_low, buyer_high = competitive_payoffs(allocation)
        seller, buyer = zip(seller_low, seller_high), zip(buyer_low, buyer_high)
        return [[float(a), float(b)] for a, b in [*buyer, *seller]]

    def core():
        solved = core_interval(problem)
        low, high = _turn(problem.sellers, solved.low), _turn(problem.sellers, solved.high)
        return [[a, b] for a, b in zip(low, high)]

    low, high = competitive_interval(allocation)
    selling = allocation.flow.sum(axis=1) > 0

    def common_price():
        spread = np.append(low[selling], high[selling])
        return float(spread[0]) if np.ptp(spread) < 1e-9 else float("nan")

    return {
        "total_surplus": allocation.surplus,
        "flow": allocation.flow,
        "served": allocation.served,
        "marginal_contribution": contributions,
        "competitive_minmax": competitive,
        "core_minmax": core,
        "core_min": lambda: [a for a, _ in core()],
        "core_max": lambda: [b for _, b in core()],
        "shapley": lambda: _turn(problem.sellers, market_shapley(problem).payoff),
        "marginal_value_unit_capacity_seller": low - problem.unit_cost,
        "price_min": low,
        "price_max": high,
        "common_price": common_price,
    }


def comparative_statics(inputs) -> dict:
    """The same before and after a change."""
    return {name: lambda given=given: transport_market(given) for name, given in inputs.items()}


def assignment_game(inputs) -> dict:
    """One unit each; core and competitive payoffs coincide (Shapley and Shubik 1971)."""
    surplus = np.asarray(inputs["surplus_rows_sellers_cols_buyers"], float)
    costs = np.asarray(inputs.get("seller_costs", np.zeros(len(surplus))), float)
    if "buyer_valuations" in inputs:
        values = np.array(list(inputs["buyer_valuations"].values()), float)  # rows buyers, columns sellers
    else:
        values = (surplus + costs[:, None]).T
    problem = _unit_demand(costs, values)
    allocation = clear(problem)
    low, high = competitive_interval(allocation)
    seller_low, seller_high, buyer_low, buyer_high = competitive_payoffs(allocation)
    return {
        "total_surplus": allocation.surplus,
        "matching_seller_to_buyer": [int(np.argmax(row)) if row.any() else -1 for row in allocation.flow],
        "seller_payoff_min": seller_low,
        "seller_payoff_max": seller_high,
        "buyer_payoff_min": buyer_low,
        "buyer_payoff_max": buyer_high,
        "price_min": low,
        "price_max": high,
        "tau_value_sellers": 0.5 * (seller_low + seller_high),
        "tau_value_buyers": 0.5 * (buyer_low + buyer_high),
    }


def _unit_demand(costs, values) -> TradeProblem:
    """Buyers who want one unit and value the sellers differently: the difference is a switching cost."""
    best = values.max(axis=1)
    return TradeProblem(
        np.ones(len(costs)),
        costs,
        np.ones((len(best), 1)),
        best[:, None],
        switching=(best[:, None] - values).T,
    )


def multi_item_auction(inputs) -> dict:
    """Smallest competitive prices of items without cost (Demange, Gale and Sotomayor 1986)."""
    values = np.asarray(inputs["values"], float)
    allocation = clear(_unit_demand(np.zeros(values.shape[1]), values))
    low, _ = competitive_interval(allocation)
    return {"min_prices": low, "total_value": allocation.surplus}


def glove_game(inputs) -> dict:
    """Left gloves buy right gloves at a value of 1."""
    left, right = inputs["left"], inputs["right"]
    problem = TradeProblem(np.ones(right), np.zeros(right), np.ones((left, 1)), np.ones((left, 1)))
    value = shapley(market_game(problem, limit=16))
    seller_low, seller_high, buyer_low, buyer_high = competitive_payoffs(problem)  # the core at unit demands
    return {
        "shapley_left": value[right],
        "shapley_right": value[0],
        "core_left": [float(buyer_low[0]), float(buyer_high[0])],
        "core_right": [float(seller_low[0]), float(seller_high[0])],
    }


def core_nonemptiness(inputs) -> dict:
    """Firm k owns lab k and fleet k."""
    quantity, value = _blocks(inputs["lab_blocks"])
    firms = len(inputs["cap"])
    problem = TradeProblem(np.asarray(inputs["cap"], float), np.zeros(firms), quantity, value)
    owners = [((k,), (k,)) for k in range(firms)]
    game = market_game(problem, owners)
    core = core_interval(game)
    return {
        "v_singletons": [game.worth[1 << k] for k in range(firms)],
        "v_N": game.worth[-1],
        "core_empty": core.empty,
        "core_minmax": [[a, b] for a, b in zip(core.low, core.high)],
    }


def core_emptiness(inputs) -> dict:
    """A coalition is worth its largest matching."""
    game = Game.matching(inputs["n"], inputs["pairs"], inputs.get("pair_value", 1.0))
    core = core_interval(game)
    return {"core_empty": core.empty, "least_core_epsilon": core.epsilon, "v_N": game.worth[-1]}


def spot_clearing(inputs) -> dict:
    """Unit bids and asks."""
    outcome = clear_unit_auction(inputs["buyer_values"], inputs["seller_costs"], k=inputs.get("k", 0.0))
    return {
        "units": outcome.quantity,
        "price_low": outcome.price_low,
        "price_high": outcome.price_high,
        "price": outcome.price,
        "total_surplus": outcome.surplus,
    }


def myerson_value(inputs) -> dict:
    """Coalitions by their members' digits, players from 1."""
    worth = {tuple(int(digit) - 1 for digit in name): value for name, value in inputs["v"].items()}
    game = Game.from_members(inputs["n"], worth)
    return {"value": myerson(game, [(a - 1, b - 1) for a, b in inputs["links"]])}


def nash_bargaining(inputs) -> dict:
    """Outside options as threat points and as constraints, or alternating offers."""
    if "delta_proposer" in inputs:
        share = rubinstein(inputs["delta_proposer"], inputs["delta_responder"])
        return {"proposer_share": share, "limit_symmetric": rubinstein_limit()}
    floor, ceiling = inputs["outside_seller"], inputs["surplus"] - inputs["outside_buyer"]
    beta = inputs["beta_seller"]
    return {
        "seller_split_difference": split_difference(floor, ceiling, beta),
        "seller_deal_me_out": deal_me_out(split_difference(0.0, inputs["surplus"], beta), floor, ceiling),
    }


def nash_in_nash(inputs) -> dict:
    """One buyer and identical suppliers, by number."""
    worth = inputs["V_by_number"][: inputs["n_suppliers"] + 1]
    outcome = nash_in_nash_by_number(worth, inputs["beta_supplier"], inputs.get("unit_cost", 0.0))
    return {
        "gain_from_trade_per_link": outcome.gain_from_trade,
        "payment_per_supplier": outcome.payment,
        "sum_payments": outcome.total_payment,
        "buyer_payoff": outcome.buyer_payoff,
        "buyer_IR_violated": not outcome.feasible,
    }


def stole_zwiebel(inputs) -> dict:
    """The Shapley fallback of Nash-in-Nash by number."""
    outcome = nash_in_nash_by_number(inputs["F"])
    return {
        "buyer_payoff": outcome.fallback_buyer_payoff,
        "payment_per_supplier": outcome.fallback_payment,
    }


def nntr(inputs) -> dict:
    """An incumbent, whose trade is held, a replacement and perhaps an excluded buyer, as a market."""
    wtp = inputs.get("excluded_buyer_wtp")
    value, other = inputs["value_incumbent"], inputs["value_replacement"]
    free = TradeProblem(
        [0.0, 1.0],
        [inputs["cost_incumbent"], inputs["cost_replacement"]],
        [[0.0], [0.0 if wtp is None else 1.0]],
        [[value], [0.0 if wtp is None else wtp]],
        switching=[[0.0, 0.0], [value - other, 0.0]],
        linked=[[True, True], [True, False]],
    )
    trade = hold(clear(free), 0, 0, 1.0, [1.0], [value])
    beta = inputs["beta_supplier"]
    deal = bargain(trade.problem, trade, protocol="nntr", beta=beta)
    return {
        "p_nash_in_nash": bargain(trade.problem, trade, protocol="nash_in_nash", beta=beta).price[0, 0],
        "p_replacement_cap": deal.replacement[0, 0],
        "p_floor": deal.floor[0, 0],
        "p": deal.price[0, 0],
    }


def logit_pricing(inputs) -> dict:
    """Posted prices of single-product sellers with room for all, one unit of demand and an outside good."""
    alpha = inputs["alpha"]
    worth, cost = np.asarray(inputs["quality"], float) / alpha, np.asarray(inputs["mc"], float)
    extra, blocks = (worth.max() - worth)[:, None], (np.ones((1, 1)), np.full((1, 1), worth.max()))
    offered, room = np.ones(extra.shape, bool), np.full(len(cost), 9.0)
    price, _, _ = posted_prices(cost[:, None], extra, room, *blocks, offered, 1.0 / alpha)
    return {"price": price, "share": posted_volumes(price, extra, *blocks, offered, 1.0 / alpha)}


def transportation_problem(inputs) -> dict:
    """Cheapest way to meet demand, as a market in which every demand is worth more than any route."""
    cost = np.asarray(inputs["cost"], float)
    demand = np.asarray(inputs["demand"], float)
    prize = (1.0 + cost.max()) * sum(cost.shape)
    allocation = clear(
        TradeProblem(
            np.asarray(inputs["supply"], float),
            np.zeros(len(cost)),
            demand[:, None],
            np.full((len(demand), 1), prize),
            switching=cost,
        )
    )
    assert np.allclose(allocation.served, demand), "supply does not meet demand"
    return {
        "min_cost": prize * float(demand.sum()) - allocation.surplus,
        "flow": allocation.flow,
    }


CONCEPTS = {
    "assignment_game": assignment_game,
    "multi_item_auction": multi_item_auction,
    "glove_game": glove_game,
    "transport_market": transport_market,
    "core_vs_marginal_contribution": transport_market,
    "comparative_statics": comparative_statics,
    "core_nonemptiness": core_nonemptiness,
    "core_emptiness": core_emptiness,
    "spot_clearing": spot_clearing,
    "myerson_value": myerson_value,
    "nash_bargaining": nash_bargaining,
    "nash_in_nash": nash_in_nash,
    "nash_in_nash_nonexistence": nash_in_nash,
    "stole_zwiebel": stole_zwiebel,
    "nntr": nntr,
    "logit_pricing": logit_pricing,
    "transportation_problem": transportation_problem,
}
