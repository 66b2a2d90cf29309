"""The controls, generated from the scenario and its schema, so that the two cannot drift apart."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import TYPE_CHECKING

from market_abm import plugins
from market_abm.app.entries import entry_levers
from market_abm.app.lever import Lever, choice_lever, number_lever, sentence
from market_abm.scenario import paths
from market_abm.scenario.behaviour import BuiltIn
from market_abm.scenario.dictionary import Key, keys
from market_abm.scenario.draw import Input, numbers
from market_abm.scenario.quantity import Quantity
from market_abm.scenario.timeline import Lease

if TYPE_CHECKING:
    from market_abm.scenario import Scenario

GROUPS = (
    ("bargaining", "How prices are bargained"),
    ("policy", "Policy levers"),
    ("events", "Shocks and deals"),
    ("deals", "Terms of this scenario's deals"),
    ("motives", "What sellers count"),
    ("uncertain", "Uncertain inputs"),
    ("rules", "Rules of the model"),
    ("grades", "Where a measure becomes a grade"),
)
"""Groups in the order of the page, and their titles."""

GRAIN = ("behaviour.lab_blocks", "behaviour.segment_blocks")
"""How finely demand is cut into blocks: a matter of the computation, not of the market."""

OPEN = ("bargaining", "policy")
"""Groups that are unfolded at the start."""


def levers(scenario: Scenario, seed: int) -> tuple[Lever, ...]:
    """Every control of a scenario as its file has it, in the order of the page.

    Parameters
    ----------
    seed : int
        Where a guess stands is what this seed draws.
    """
    known = {item.path: item for item in keys()}
    drawn = {item.path: float(item.value) for item in numbers(scenario.drawn(seed))}
    found = [*_protocol(scenario, known), *entry_levers(scenario), *_motives(scenario, known)]
    deals = {
        entry.key: f"{entry.contract.supplier} to {entry.contract.buyer}"
        for entry in scenario.timeline
        if isinstance(entry, Lease)
    }
    for item in numbers(scenario):
        lever = _of(item, known, drawn, deals)
        if lever is not None:
            found.append(lever)
    order = [group for group, _ in GROUPS]
    return tuple(sorted(found, key=lambda lever: order.index(lever.group)))


def _of(item: Input, known: dict[str, Key], drawn: dict[str, float], deals: dict[str, str]) -> Lever | None:
    """Control of a number, where the page offers one."""
    room = item.path.split(".")[0]
    if item.type is None or room not in ("behaviour", "product", "timeline") or item.path in GRAIN:
        return None
    if room == "timeline":
        _, entry, *_, last = paths.split(item.path)
        group, label = "deals", f"{deals.get(entry, entry)}: {last.replace('_', ' ')}"
    else:
        label = known[item.path].meaning
        guessed = isinstance(item.value, Quantity) and item.value.ranged
        group = "uncertain" if guessed else "rules"
        group = "grades" if item.path.startswith("behaviour.thresholds.") else group
        group = "bargaining" if item.path == "behaviour.beta" else group
    return number_lever(item.path, group, label, item.type, item.value, drawn[item.path])


def _protocol(scenario: Scenario, known: dict[str, Key]) -> Iterator[Lever]:
    key = "behaviour.protocol"
    words = list(dict.fromkeys([*typing.get_args(BuiltIn), *plugins.known("protocol")]))
    yield choice_lever(key, "bargaining", known[key].meaning, scenario.behaviour.protocol, words)


def _motives(scenario: Scenario, known: dict[str, Key]) -> Iterator[Lever]:
    motives = scenario.behaviour.motives
    for name, info in type(motives).model_fields.items():
        if info.annotation is bool:
            key = f"behaviour.motives.{name}"
            label = sentence(known[key].meaning)
            yield Lever(key, "motives", "switch", label, start=getattr(motives, name))
