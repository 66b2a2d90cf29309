"""The three sentences of a comparison, the reply to each question, and what every number in them is.

Every number is noted under a name that says how to find it again in the tables: ``effect:KEY:SCENARIO:FIELD`` is a
field of the paired statistics of an outcome, ``lab:KEY:FIRM:SCENARIO:FIELD`` one of a lab, ``relation:SUPPLIER>
BUYER:SCENARIO:FIELD`` one of a relation, ``onset:SCENARIO``, ``seeds`` and ``quarters`` are counts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from market_abm.analysis.pairing import Effect
from market_abm.analysis.survival import onset
from market_abm.analysis.table import SIGNED, UNITS, Kind
from market_abm.analysis.writer import Sentence, Writer, listed

if TYPE_CHECKING:
    from market_abm.analysis.compare import Comparison

NAMED = 3
"""Scenarios named one by one in a sentence; more are counted and the largest named."""

CONFIDENCE = ("none", "low", "moderate", "high")


def sentences(
    comparison: Comparison, effects: Sequence[Sequence[Effect]], labs: Sequence[Sequence[Effect]]
) -> tuple[tuple[Sentence, str], ...]:
    """Chokepoints, leverage, and the race with its users: each with its word of confidence.

    Parameters
    ----------
    effects, labs : by other scenario
        Effects on the market and on every lab.
    """
    if not any(effects):
        return ()
    makers = (_chokepoints, _leverage, _race)
    return tuple(maker(comparison, effects, labs) for maker in makers)


def clause(writer: Writer, effect: Effect, prefix: str) -> str:
    """What an effect is, with its interval: "falls, -3.75 percentage points (-6.10 to -1.40)"."""
    kind: Kind = SIGNED.get(effect.outcome.kind, effect.outcome.kind)
    unit = UNITS.get(kind, "").replace("% points", "percentage points")
    if effect.identical:
        return "is exactly the same in every seed"
    verdict = effect.verdict
    text = f"{writer.say(f'{prefix}:difference', effect.difference, kind)} {unit}".strip()
    between = ""
    if not math.isnan(effect.low):
        low = writer.say(f"{prefix}:low", effect.low, kind)
        between = f"{low} to {writer.say(f'{prefix}:high', effect.high, kind)}"
    if verdict in ("rises", "falls"):
        return f"{verdict}, {text} ({between})"
    if verdict == "one seed":
        return f"differs by {text} in the one seed"
    if verdict == "no effect":
        return f"shows no effect of interest ({text}, {between})"
    return f"cannot be told from no change ({text}, {between})"


def across(writer: Writer, key: str, effects: Sequence[Sequence[Effect]]) -> str:
    """One outcome over all scenarios: each by itself, or by what it does where they are many."""
    found = [item for part in effects for item in part if item.outcome.key == key]
    if len(found) <= NAMED:
        return ", ".join(
            f"in {item.scenario} it {clause(writer, item, f'effect:{key}:{item.scenario}')}" for item in found
        )
    parts = []
    names = {
        "rises": "it rises in", "falls": "it falls in", "no effect": "it shows no effect of interest in",
        "identical": "it is exactly the same in", "open": "it cannot be told in", "one seed": "there is one seed in",
    }  # fmt: skip
    for verdict, words in names.items():
        items = [item for item in found if item.verdict == verdict]
        if not items:
            continue
        text = f"{words} {writer.say(f'count:{key}:{verdict}', len(items))} of {writer.say('scenarios', len(found))}"
        if verdict in ("rises", "falls"):
            top = max(items, key=lambda item: abs(item.difference))
            kind: Kind = SIGNED.get(top.outcome.kind, top.outcome.kind)
            value = writer.say(f"effect:{key}:{top.scenario}:difference", top.difference, kind)
            unit = UNITS.get(kind, "").replace("% points", "percentage points")
            text += f" (most in {top.scenario}: {value} {unit})".replace(" )", ")")
        parts.append(text)
    return ", ".join(parts)


def _chokepoints(
    comparison: Comparison, effects: Sequence[Sequence[Effect]], labs: Sequence[Sequence[Effect]]
) -> tuple[Sentence, str]:
    """How often, when and where there is a chokepoint of the market, and between single firms."""
    writer = Writer()
    base = comparison.baseline.setting.name
    level = _level(writer, effects, "choke_quarters", "share", base)
    text = f"Some firm is a chokepoint of the market in {level} % of quarters in {base}; "
    text += across(writer, "choke_quarters", effects)
    text += f". {_first(comparison, writer)}"
    relations = _level(writer, effects, "choke_relations", "number", base)
    text += f" Between single firms {relations} relations are chokepoints in a quarter in {base}; "
    text += across(writer, "choke_relations", effects) + "."
    return Sentence("chokepoints", text, writer.facts), _sure(effects, ("choke_quarters", "choke_relations"))


def _first(comparison: Comparison, writer: Writer) -> str:
    """When the first chokepoint appears, and which firm it is most often."""
    parts = []
    for result in (comparison.baseline, *comparison.others)[: NAMED + 1]:
        name, found = result.setting.name, onset(result)
        if found is None:
            continue
        seeds = f"{writer.say(f'onset:{name}', found.reached)} of {writer.say(f'seeds:{name}', found.seeds)} seeds"
        when = f" (in half of them by {found.median})" if found.median and found.seeds > 1 else ""
        parts.append(f"in {seeds} of {name}{when}")
    firms = comparison.baseline.chokepoints()
    market = firms[(firms["level"] == "market") & (firms["seeds"] > 0)]
    where = (
        f" In {comparison.baseline.setting.name} it is {market.iloc[0]['supplier']} most often."
        if len(market)
        else ""
    )
    return f"One appears {listed(parts)}.{where}" if parts else "No run finished."


def _leverage(
    comparison: Comparison, effects: Sequence[Sequence[Effect]], labs: Sequence[Sequence[Effect]]
) -> tuple[Sentence, str]:
    """Who gains and who loses leverage, over all links and in the relation that moves most."""
    writer = Writer()
    base = comparison.baseline.setting.name
    level = _level(writer, effects, "seller_secured", "share", base)
    text = f"Sellers' outside options secure {level} % of what links have to share in {base}; "
    text += across(writer, "seller_secured", effects) + "."
    moved = [item for step in range(len(comparison.others)) for item in comparison.relation_effects(step)]
    clear = [item for item in moved if item.verdict in ("rises", "falls")]
    if clear:
        top = max(clear, key=lambda item: abs(item.difference))
        supplier, buyer = top.outcome.unit
        gains, loses = (supplier, buyer) if top.difference > 0 else (buyer, supplier)
        prefix = f"relation:{supplier}>{buyer}:{top.scenario}"
        text += (
            f" Of the large relations that of {supplier} and {buyer} moves most, in {top.scenario}: {gains} gains "
            f"leverage and {loses} loses it, since the seller's part {clause(writer, top, prefix)}."
        )
    elif moved:
        text += f" In none of the {writer.say('relations', len(moved))} large relations is the shift clear."
    return Sentence("leverage", text, writer.facts), _sure(effects, ("seller_secured",))


def _race(
    comparison: Comparison, effects: Sequence[Sequence[Effect]], labs: Sequence[Sequence[Effect]]
) -> tuple[Sentence, str]:
    """Which lab gains and which loses speed in the first year, and what users gain over the run."""
    writer = Writer()
    parts, shown = [], []
    for step, part in enumerate(labs[:NAMED]):
        speed = [item for item in part if item.outcome.key == "velocity_first"]
        clear = [item for item in speed if item.verdict in ("rises", "falls")]
        name = comparison.names[step]
        said = []
        for way, picked in (("most", max), ("least", min)):
            if not clear:
                continue
            top = picked(clear, key=lambda item: item.difference)
            if (top.difference > 0) == (way == "most") and top not in shown:
                prefix = f"lab:velocity_first:{top.outcome.unit[0]}:{name}"
                said.append(f"that of {_lab(comparison, step, top)} {clause(writer, top, prefix)}")
                shown.append(top)
        if said:
            parts.append(f"in {name} {' and '.join(said)}")
        elif speed:
            parts.append(f"in {name} that of no lab moves clearly")
    head = (
        f"Velocity in the first year: {'; '.join(parts)}." if parts else "No lab has a velocity to compare."
    )
    text = f"{head} Consumer surplus: {across(writer, 'consumer_surplus', effects) or 'not measured'}."
    text += f" Price index in the last year: {across(writer, 'price_last', effects) or 'not measured'}."
    words = [item.confidence for item in shown]
    words += [item.confidence for part in effects for item in part if item.outcome.key == "price_last"]
    return Sentence("race", text, writer.facts), _least(words)


def _lab(comparison: Comparison, step: int, effect: Effect) -> str:
    firm = effect.outcome.unit[0]
    return comparison.others[step].setting.labels.get(firm, firm)


def _level(writer: Writer, effects: Sequence[Sequence[Effect]], key: str, kind: Kind, base: str) -> str:
    """The baseline's mean of an outcome, over the seeds that the first comparable scenario shares with it."""
    for part in effects:
        for item in part:
            if item.outcome.key == key:
                return writer.say(f"effect:{key}:{item.scenario}:baseline", item.baseline, kind)
    return "n/a"


def _sure(effects: Sequence[Sequence[Effect]], keys: Sequence[str]) -> str:
    """The least sure of the statements made."""
    return _least([item.confidence for part in effects for item in part if item.outcome.key in keys])


def _least(words: Sequence[str]) -> str:
    return min(words, key=CONFIDENCE.index) if words else "none"
