"""Policies: access, separation, prices, notice, switching, exclusivity, structure, public supply, controls."""

from __future__ import annotations

from typing import Any

import numpy as np

from market_abm.economy.book import TERM
from market_abm.economy.conditions import Conditions
from market_abm.economy.state import State
from market_abm.economy.world import World
from market_abm.timeline.chosen import chosen
from market_abm.timeline.deals import started
from market_abm.timeline.registry import kind
from market_abm.units import musd_per_khq


@kind("access_obligation")
def access_obligation(entry: Any, world: World, state: State, conditions: Conditions, onset: bool) -> State:
    """A supplier must serve a buyer as if it had no interest in its rivals."""
    sellers = chosen(entry.supplier, world.sellers.key)
    buyers = chosen(entry.buyer, world.buyers.key)
    opened = sellers[:, None] & buyers[None, :] & world.sellers.sells[:, None]
    conditions.opened |= opened
    if not onset:
        return state
    qualified = np.where(opened, np.minimum(state.qualified_at, state.t), state.qualified_at)
    return state.change(qualified_at=qualified)


@kind("functional_separation")
def functional_separation(
    entry: Any, world: World, state: State, conditions: Conditions, onset: bool
) -> State:
    """A supplier's fleet is run apart from its labs and stakes."""
    conditions.separated |= chosen(entry.supplier, world.sellers.key)
    return state


@kind("price_cap")
def price_cap(entry: Any, world: World, state: State, conditions: Conditions, onset: bool) -> State:
    """No new contract of the supplier above the price."""
    _cap(conditions, chosen(entry.supplier, world.sellers.key), float(entry.price))
    return state


def _cap(conditions: Conditions, sellers: np.ndarray, usd_per_gpu_hour: float) -> None:
    cap = np.minimum(conditions.price_cap[sellers], musd_per_khq(usd_per_gpu_hour))
    conditions.price_cap[sellers] = cap


@kind("minimum_notice")
def minimum_notice(entry: Any, world: World, state: State, conditions: Conditions, onset: bool) -> State:
    """Every contract of the supplier carries at least this notice, those in force too."""
    mask = chosen(entry.supplier, world.sellers.key)
    conditions.minimum_notice[mask] = np.maximum(conditions.minimum_notice[mask], int(entry.notice))
    book = state.book
    least = np.where((book.kind == TERM) & mask[book.supplier], int(entry.notice), 0)
    return state.change(book=book.change(notice=np.maximum(book.notice, least)))


@kind("switching_cap")
def switching_cap(entry: Any, world: World, state: State, conditions: Conditions, onset: bool) -> State:
    """Moving to the supplier costs at most this (egress fees, porting)."""
    mask = chosen(entry.supplier, world.sellers.key)
    cap = musd_per_khq(float(entry.switching_cost))
    conditions.switching_cap[mask] = np.minimum(conditions.switching_cap[mask], cap)
    return state


@kind("exclusivity_ban")
def exclusivity_ban(entry: Any, world: World, state: State, conditions: Conditions, onset: bool) -> State:
    """Exclusivity clauses of the supplier do not bind."""
    conditions.exclusivity_banned |= chosen(entry.supplier, world.sellers.key)
    return state


@kind("transparency")
def transparency(entry: Any, world: World, state: State, conditions: Conditions, onset: bool) -> State:
    """The supplier posts one price to all outsiders."""
    conditions.posted |= chosen(entry.supplier, world.sellers.key)
    return state


@kind("share_cap")
def share_cap(entry: Any, world: World, state: State, conditions: Conditions, onset: bool) -> State:
    """New orders take no owner beyond a share of all capacity; a limit of 1 is none."""
    mask = chosen(entry.firm, world.sellers.key)
    limit = float(entry.share) if float(entry.share) < 1.0 else np.inf
    conditions.share_cap[mask] = np.minimum(conditions.share_cap[mask], limit)
    return state


@kind("public_provider")
def public_provider(entry: Any, world: World, state: State, conditions: Conditions, onset: bool) -> State:
    """A public fleet starts, grows as stated, and sells at no more than its price."""
    if entry.price is not None:
        _cap(conditions, chosen(entry.firm, world.sellers.key), float(entry.price))
    return started(world, state, entry.firm, float(entry.online if onset else entry.added))


@kind("chip_allocation")
def chip_allocation(entry: Any, world: World, state: State, conditions: Conditions, onset: bool) -> State:
    """Another rule of rationing: in proportion to orders, or the promised shares first."""
    chips = chosen(entry.chip, world.upstream.chip)
    promised = np.zeros(len(world.rows))
    if entry.rule == "promised":
        for firm, share in entry.shares.items():
            promised[world.rows.row(firm)] = float(share)
    conditions.promised[chips] = promised
    return state


@kind("export_control")
def export_control(entry: Any, world: World, state: State, conditions: Conditions, onset: bool) -> State:
    """Links are deleted; contracts in force on them run out."""
    sellers, buyers = chosen(entry.supplier, world.sellers.key), chosen(entry.buyer, world.buyers.key)
    deleted = sellers[:, None] & buyers[None, :] & ~world.links.internal
    conditions.blocked |= deleted
    if not onset:
        return state
    book = state.book
    last = state.t - 1 + int(entry.wind_down)
    ends = np.where(deleted[book.supplier, book.buyer], np.minimum(book.ends, last), book.ends)
    return state.change(book=book.change(ends=ends))
