"""Why a seller sells: the strategic wedge, the value of its own use, its need of cash.

The three explanations of a lease to a rival are separately switchable (`behaviour.motives`): idle fleet with
a low own-use value, cash need, rival harm. Only the last varies with diversion to its target, and it lowers
the price that the seller asks while scarcity raises it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from market_abm.economy.world import Floats, Ints, World, of_world
from market_abm.measures.externality import strategic_wedge


def wedge(view: Any) -> Floats:
    """Strategic wedge kappa of every link, MUSD per kHQ, (S, B): what a sale costs the seller's interests.

    kappa_ij = v_i [ sum_(k != i) D_ik (o_fk - phi_fk) m_k / m_i - (o_fi - phi_fi) ], D_ik = s_k / (1 - s_i)
    (O'Brien and Salop 2000; Moresi and Salop 2013). Zero for buyers outside the product market, within an
    owner, and where an access obligation or a separation keeps seller and lab apart.
    """
    # Kept for the quarter: those who renew and those who sell weigh the same interests.
    kept, case = view.conditions.wedges, (view.price, view.state.share.tobytes())
    if case not in kept:
        kept[case] = _wedge(view)
        kept[case].setflags(write=False)
    return kept[case]


def _wedge(view: Any) -> Floats:
    world = view.world
    labs, out = world.buyers.competing, np.zeros(world.shape)
    interest, harm, anybody = _concerns(view)
    if not anybody:
        return out
    share, margin = view.state.share[labs], world.buyers.revenue_margin[labs]
    out[:, labs] = view.price * strategic_wedge(np.ones(len(labs)), share, margin, interest, harm)
    out[_apart(view)] = 0.0
    return out


def _concerns(view: Any) -> tuple[Floats, Floats, bool]:
    """Interest of each seller in the competing labs and its wish to harm them, (S, L); is there any at all?"""
    kept, owners = _concerns_by_owners(view.world), view.conditions.owner_code.tobytes()
    if owners not in kept:
        motives, labs = view.world.scenario.behaviour.motives, view.world.buyers.competing
        nothing = np.zeros((view.world.shape[0], len(labs)))
        interest = _interest(view, labs) if motives.wedge else nothing
        harm = view.world.rival_harm[:, labs] if motives.rival_harm else nothing
        kept[owners] = interest, harm, bool((interest - harm).any())
    return kept[owners]


@of_world
def _concerns_by_owners(world: World) -> dict[bytes, tuple[Floats, Floats, bool]]:
    """What sellers care for, by who owns whom: only a merger changes it."""
    return {}


def _interest(view: Any, labs: Ints) -> Floats:
    """Financial interest of each seller in these buyers' labs, (S, L): 1 in what its owner owns now."""
    world = view.world
    sellers, buyers = view.conditions.owner_of_sellers(world), view.conditions.owner_of_buyers(world)[labs]
    return np.where(sellers[:, None] == buyers, 1.0, world.interest[:, labs])


def _apart(view: Any) -> np.ndarray:
    """Links on which a seller's interests do not count, (S, B): own use, access obligation, separation."""
    return view.world.links.internal | view.conditions.opened | view.conditions.separated[:, None]


def cash_premium(view: Any) -> Floats:
    """Extra value of a dollar today, (F,): rises as liquidity falls below two quarters of building."""
    world, b = view.world, view.world.scenario.behaviour
    premium = np.zeros(len(world.rows))
    if not b.motives.cash_need:
        return premium
    t = max(view.state.t, 0)
    build = np.zeros(len(world.rows))
    capex = world.sellers.capex * world.upstream.capex_level[t] * view.conditions.capex
    build[world.sellers.row] = view.state.pipeline[:, t] * capex
    builds = build > 0
    cover = np.where(builds, view.liquidity / (2.0 * np.where(builds, build, 1.0)), 1.0)
    return float(b.wacc_cash_need) * np.minimum(np.maximum(1.0 - cover, 0.0), 1.0)


def own_use_value(view: Any) -> Floats:
    """Value of one more kHQ in the seller's own lab or captive workloads, MUSD per kHQ, (S,).

    At least the short-run cost; with the motive switched off, own use is worth the going price and an idle
    fleet explains nothing.
    """
    world = view.world
    marginal = view.demand.marginal(view.state.used)
    own = np.maximum.reduce(np.where(world.links.internal, marginal, 0.0), 1, initial=0.0)
    own = np.maximum(own, world.sellers.unit_cost)
    if not world.scenario.behaviour.motives.own_use:
        own = np.where(world.links.internal.any(axis=1), np.maximum(own, view.price), own)
    return own


def forgone_own_use(view: Any) -> Floats:
    """What outsiders must pay beyond cost for own use that they displace, MUSD per kHQ, (S, B).

    Zero as a rule: the seller's own lab and captive workloads bid for the fleet in the same market. With the
    motive switched off own use is worth the going price, whatever they bid: nobody leases because its fleet
    is idle. Own use brings no cash today, so a seller that is short of it asks for less.
    """
    world = view.world
    if world.scenario.behaviour.motives.own_use:
        return np.zeros(world.shape)
    integrated = world.links.internal.any(axis=1)
    worth = view.price / (1.0 + cash_premium(view)[world.sellers.row])
    forgone = np.where(integrated, np.maximum(worth - world.sellers.unit_cost, 0.0), 0.0)
    return np.where(_apart(view), 0.0, forgone[:, None])
