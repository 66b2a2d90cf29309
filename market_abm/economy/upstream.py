"""Chips, power and the outlook of builders: stages 1 and 10 of the quarter.

Capacity announced or ordered for a quarter is paid for when it is delivered in it and online in the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from market_abm import rng
from market_abm.economy.conditions import Conditions
from market_abm.economy.demand import Demand
from market_abm.economy.ledger import Ledger
from market_abm.economy.state import State
from market_abm.economy.world import Floats, Ints, World, of_world
from market_abm.elementary import log, power
from market_abm.units import ordered_sum, totals

UNRATIONED = 1.0 - 1e-9


@dataclass(frozen=True)
class Outlook:
    """What a builder expects for capacity ordered now, columns of length S.

    ``price`` is the expected price after known pipelines have arrived (MUSD per kHQ), ``value`` the present
    value of margins of one kH100e over its life (MUSD), ``cost`` what it costs (MUSD), ``q`` their ratio
    (Tobin's q, Hayashi 1982). ``planned`` (S,) are arrivals already on order for that quarter.
    """

    price: Floats
    value: Floats
    cost: Floats
    q: Floats
    arrives: np.ndarray
    planned: Floats
    online: Floats
    growth_cap: Floats
    affordable: Floats
    powerable: Floats
    """New capacity that the firm's own power cap leaves room for, kH100e, (S,)."""
    permitted: Floats
    """New capacity that a cap on the owner's share leaves room for, kH100e, (S,); inf where there is none."""


def arrive(world: World, state: State, conditions: Conditions) -> tuple[State, Floats, np.ndarray]:
    """Stage 1: what was delivered last quarter comes online as far as power allows; assets retire.

    Returns the state, the arrivals (S,) and which sellers waited for power (S,).
    """
    t = state.t
    if t == 0:
        return state, np.zeros(len(world.sellers.key)), np.zeros(len(world.sellers.key), dtype=bool)
    waiting = state.power_queue + state.pipeline[:, t - 1]
    sellers, up = world.sellers, world.upstream
    kw = sellers.kw if np.isnan(up.kw[t - 1]) else up.kw[t - 1]
    total = ordered_sum((waiting * kw)[:, None] * sellers.regions, axis=0)
    supply = up.power[:, t - 1] * conditions.power if len(up.region) else np.zeros(0)
    ration = np.divide(supply, total, out=np.ones(len(total)), where=total > supply)
    share = np.where(sellers.in_region, ordered_sum(sellers.regions * ration, axis=1), 1.0)
    online = waiting * share
    fleet = state.fleet.copy()
    fleet[:, :t] *= 1.0 - float(world.scenario.behaviour.retirement)  # what starts now does not retire now
    fleet[:, t] += online
    held = (waiting > 0) & (share < UNRATIONED)
    return state.change(fleet=fleet, power_queue=waiting - online), online, held


def deliver_chips(
    world: World, state: State, conditions: Conditions, liquidity: Floats, ledger: Ledger
) -> tuple[State, Floats, np.ndarray, np.ndarray]:
    """Pay for what is delivered this quarter; what chips or money do not allow is put off.

    What money does not allow is due again in the next quarter. What a chip supplier failed to make is lost to it:
    the orders wait until its later deliveries exceed what is due.

    Returns the state, the spending (S,) and who was held back by chips and by finance (S,).
    """
    t, sellers = state.t, world.sellers
    due = state.pipeline[:, t]
    factor = _made(world, conditions)
    caught_up = _caught_up(world, state, conditions, factor)
    backlog = state.chip_backlog - caught_up + due * (1.0 - factor)
    by_chips = due * factor + caught_up
    unit = unit_capex(world, state, conditions)
    cost = by_chips * unit
    stopped = state.credit_limited[sellers.row]
    afford = np.minimum(1.0, liquidity[sellers.row] / np.maximum(cost, 1e-9))
    afford = np.where(stopped, 0.0, np.maximum(afford, 0.0))
    delivered = by_chips * afford
    pipeline = state.pipeline.copy()
    pipeline[:, t] = delivered
    backlog = np.where(stopped, 0.0, backlog)
    if t + 1 < pipeline.shape[1]:
        pipeline[:, t + 1] += np.where(stopped, 0.0, by_chips - delivered)
    spent = delivered * unit
    ledger.pay("capacity", sellers.row, ledger.account("vendors"), spent)
    return (
        state.change(pipeline=pipeline, chip_backlog=backlog),
        spent,
        (due > 0) & (factor < UNRATIONED),
        (due > 0) & (afford < UNRATIONED),
    )


def _made(world: World, conditions: Conditions) -> Floats:
    """Share of the chips due that suppliers deliver on time, (S,)."""
    chips = world.sellers.chips
    if not len(world.upstream.chip):
        return np.ones(len(chips))
    share = np.minimum(ordered_sum(chips * np.minimum(conditions.chips, 1.0), axis=1), 1.0)
    return np.where(world.sellers.names_chips, share, 1.0)


def _caught_up(world: World, state: State, conditions: Conditions, factor: Floats) -> Floats:
    """Part of the backlog that deliveries beyond what is due now can serve, kH100e, (S,): pro rata."""
    backlog, t = state.chip_backlog, state.t
    if not np.count_nonzero(backlog):
        return np.zeros(len(backlog))
    chips, up = world.sellers.chips, world.upstream
    made = (up.deliveries[:, t] + state.chip_response[:, t]) * conditions.chips
    due = ordered_sum((state.pipeline[:, t] * factor)[:, None] * chips, axis=0)
    waiting = ordered_sum(backlog[:, None] * chips, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        fill = np.where(waiting > 0, np.minimum(np.maximum(made - due, 0.0) / waiting, 1.0), 0.0)
    return backlog * ordered_sum(chips * fill[None, :], axis=1)


def unit_capex(world: World, state: State, conditions: Conditions) -> Floats:
    """Cost of one kH100e now, MUSD, (S,)."""
    t = max(state.t, 0)
    return world.sellers.capex * world.upstream.capex_level[t] * conditions.capex * state.chip_price


def expected_prices(world: World, state: State, demand: Demand, ahead: list[int]) -> Floats:
    """Prices that clear expected demand with known pipelines so many quarters from now, MUSD per kHQ, (N,).

    Builders count what everybody has announced: the post-entry price, not today's. Nobody sells below running
    cost, so in a glut the price is the cost of the marginal fleet: min over k of max(D^-1(S_k), c_k), with
    S_k the capacity of the k cheapest fleets.
    """
    t, horizon, order = state.t, world.horizon, world.sellers.cheapest
    last = np.minimum(t + np.array(ahead, dtype=np.int64), horizon)
    left = 1.0 - float(world.scenario.behaviour.retirement)
    online = state.online * np.array([left**n for n in ahead])[:, None]
    arrived = np.add.accumulate(state.pipeline[:, t:], axis=1).T[last - t - 1]
    fleets = (online + (arrived + state.power_queue + state.chip_backlog)) * world.sellers.sellable
    supply = np.add.accumulate((fleets * state.active)[:, order], axis=1)
    # The labs' market grows from the next quarter on, up to the last that is planned for.
    until = np.minimum(last, horizon - 1)
    growth = 1.0 + (world.market_growth[t:] - float(world.scenario.product.efficiency_gain))
    growth[0] = 1.0
    labs = np.multiply.accumulate(growth)[until - t]
    grown = np.where(
        world.buyers.lab[:, None], labs, world.buyers.growth[:, until] / world.buyers.growth[:, t, None]
    )
    grid, wanted = demand.on_ladder()
    cost = world.sellers.unit_cost[order]
    price = np.empty(len(ahead))
    for n, factor in enumerate(grown.T):
        at = ordered_sum(wanted * factor[:, None])
        price[n] = np.minimum.reduce(np.maximum(np.interp(supply[n], at, grid), cost), initial=grid[0])
    return price


@of_world
def _lead_times(world: World) -> tuple[Ints, list[int], Ints]:
    """Quarters from order to online of each seller, (S,); those that occur, and which of them is each seller's."""
    lead = np.maximum(world.sellers.lead_time, 1)
    ahead, which = np.unique(lead, return_inverse=True)
    return lead, ahead.tolist(), which


def outlook(
    world: World, state: State, conditions: Conditions, demand: Demand, liquidity: Floats, price: float
) -> Outlook:
    """Stage 10: margins, cost and bounds of capacity ordered now."""
    b, sellers, t = world.scenario.behaviour, world.sellers, state.t
    wacc = sellers.wacc + conditions.spread[sellers.row]
    lead, ahead, which = _lead_times(world)
    # The rest of what a builder expects is today's price: forecasts of the model's own clearing are not
    # trusted whole.
    trust = float(b.foresight)
    expected = (trust * expected_prices(world, state, demand, ahead) + (1.0 - trust) * price)[which]
    a1, a2 = annuities(wacc, float(b.price_decline), float(b.life))
    coming = ordered_sum(state.pipeline[:, t:], axis=1) + state.power_queue + state.chip_backlog
    margin = float(b.utilisation) * expected * a1 - sellers.unit_cost * a2
    value = margin / (1.0 + wacc) ** lead
    cost = unit_capex(world, state, conditions)
    arrives = np.minimum(t + lead, world.horizon - 1)
    return Outlook(
        price=expected,
        value=value,
        cost=cost,
        q=value / np.maximum(cost, 1e-9),
        arrives=arrives,
        planned=state.pipeline[np.arange(len(lead)), arrives],
        online=state.online,
        growth_cap=sellers.growth_cap,
        affordable=np.maximum(liquidity[sellers.row], 0.0) / np.maximum(cost, 1e-9),
        powerable=np.maximum(sellers.power_cap / np.maximum(sellers.kw, 1e-9) - state.online - coming, 0.0),
        permitted=_permitted(world, conditions, state.online + coming),
    )


def _permitted(world: World, conditions: Conditions, planned: Floats) -> Floats:
    """Room of each seller below the cap on its owner's share of all capacity, kH100e, (S,).

    With s the cap and o the order, (K_owner + o) <= s (K + o). Sellers of one owner share its room in proportion to
    what they have.
    """
    cap = conditions.share_cap
    if np.minimum.reduce(cap, initial=np.inf) == np.inf:
        return cap
    owner = conditions.owner_of_sellers(world)
    held = np.zeros(int(owner.max(initial=0)) + 1)
    np.add.at(held, owner, planned)
    total, own = float(ordered_sum(planned)), held[owner]
    members = np.maximum(world.sellers.aggregate_of, 1.0)
    limit = np.where(np.isfinite(cap), np.minimum(cap, 1.0 - 1e-9), 0.0)
    room = np.maximum(members * limit * total - own, 0.0) / np.maximum(1.0 - members * limit, 1e-9)
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.where(own > 0, planned / own, 1.0)
    return np.where(np.isfinite(cap) & (members * limit < 1.0), room * part, np.inf)


def annuities(wacc: Floats, price_decline: float, life: float) -> tuple[Floats, Floats]:
    """a_1 = sum (1-d_p)^k / (1+r)^k and a_2 without decline, over the life in quarters."""
    rates = np.asarray(wacc, dtype=np.float64)
    return _annuities(rates.tobytes(), rates.shape, price_decline, round(life))


@lru_cache(maxsize=16)
def _annuities(wacc: bytes, shape: tuple[int, ...], price_decline: float, life: int) -> tuple[Floats, Floats]:
    """The cost of capital seldom changes from quarter to quarter."""
    n = np.arange(life)
    step = 1.0 / (1.0 + np.frombuffer(wacc).reshape(shape))[..., None]
    both = ordered_sum((step * (1.0 - price_decline)) ** n, axis=-1), ordered_sum(step**n, axis=-1)
    for values in both:
        values.setflags(write=False)
    return both


def place_orders(
    world: World, state: State, conditions: Conditions, orders, ahead: Outlook
) -> tuple[State, Floats, np.ndarray]:
    """Ration new orders by the chips that announced arrivals leave, and put them into the pipeline.

    Returns the state, the accepted orders (S,) and who was rationed (S,).
    """
    t, sellers, up = state.t, world.sellers, world.upstream
    wanted = orders.kh100e
    accepted = wanted.copy()
    price, response = 1.0, state.chip_response
    if len(up.chip) and np.count_nonzero(wanted):
        accepted, ration = _ration_chips(world, state, conditions, orders, ahead.arrives)
        price, response = _chip_market(world, state, ration)
    (placed,) = (accepted > 0).nonzero()
    draws = rng.uniforms(world.seed, "slip", [sellers.key[s] for s in placed.tolist()], t)
    slip = draws < float(world.scenario.upstream.slip_probability)
    pipeline = state.pipeline.copy()
    pipeline[placed, np.minimum(ahead.arrives[placed] + slip, world.horizon - 1)] += accepted[placed]
    rationed = (wanted > 0) & (accepted < wanted * UNRATIONED)
    return state.change(pipeline=pipeline, chip_price=price, chip_response=response), accepted, rationed


def _ration_chips(
    world: World, state: State, conditions: Conditions, orders, arrives
) -> tuple[Floats, Floats]:
    """Orders that chips left by announced arrivals allow, (S,), and orders unfilled over supply, (U,).

    Under the rule ``priority`` promised shares are filled first; the rest goes in proportion to orders.
    """
    sellers, up = world.sellers, world.upstream
    wanted = orders.kh100e
    # What suppliers still owe from a disruption comes first; it is spread over the lead time.
    waiting = ordered_sum(state.chip_backlog[:, None] * sellers.chips, axis=0)
    quarter = np.array(sorted(set(arrives.tolist())), dtype=np.int64)
    mine = quarter.searchsorted(arrives)
    shape = len(quarter), len(up.chip)
    made = ((up.deliveries[:, quarter] + state.chip_response[:, quarter]) * conditions.chips[:, None]).T
    coming = state.pipeline[:, quarter][:, :, None] * sellers.chips[:, None, :]
    taken = ordered_sum(coming.reshape(len(coming), -1)).reshape(shape)
    left = np.maximum(made - taken - waiting / np.maximum(quarter - state.t, 1)[:, None], 0.0)
    asked = wanted[:, None] * orders.chip
    first = np.minimum(asked, conditions.promised[:, sellers.row].T * left[mine])
    rest = asked - first
    promised, total, due = _by_quarter(np.array((first, rest, asked)), mine, len(quarter))
    pool = np.maximum(left - promised, 0.0)
    share = np.minimum(pool, total) / np.where(total > 0, total, 1.0)
    got = (first + rest * share[mine]) / np.where(asked > 0, asked, 1.0)
    short = np.maximum(due - left, 0.0)
    unfilled = np.divide(short, made, out=np.zeros(shape), where=made > 0)
    names_chips = np.logical_or.reduce(orders.chip, axis=1)
    filled = np.where(names_chips, ordered_sum(orders.chip * got, axis=1), 1.0)
    return wanted * filled, np.maximum.reduce(unfilled, initial=0.0)


def _by_quarter(amounts: Floats, quarter: Ints, quarters: int) -> Floats:
    """Sums over the orders that arrive in each quarter: (N, S, U) to (N, Q, U), in the order of the sellers."""
    n, _, chips = amounts.shape
    row = np.arange(n)[:, None] * quarters + quarter
    place = row[:, :, None] * chips + np.arange(chips)
    return totals(place.ravel(), amounts.ravel(), n * quarters * chips).reshape(n, quarters, chips)


def _chip_market(world: World, state: State, ration: Floats) -> tuple[float, Floats]:
    """Chip price and the deliveries that unfilled orders call forth after a lag."""
    if not np.count_nonzero(ration):
        return 1.0, state.chip_response
    up, scenario = world.upstream, world.scenario.upstream
    lag = round(float(scenario.chip_response_lag))
    short = float(ordered_sum(ration * up.deliveries[:, state.t])) / max(
        float(ordered_sum(up.deliveries[:, state.t])), 1e-9
    )
    price = float(power(1.0 + short, float(scenario.ration_price)))
    response = state.chip_response.copy()
    quarter = state.t + lag
    if quarter < world.horizon:
        # One per cent of unfilled orders calls forth `chip_elasticity` per cent more, spread over four
        # quarters.
        extra = 0.25 * float(scenario.chip_elasticity) * log(1.0 + ration) * up.deliveries[:, quarter]
        response[:, quarter:] += extra[:, None]
    return price, response
