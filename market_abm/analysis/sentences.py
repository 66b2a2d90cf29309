"""The answer in three sentences that can be read aloud. Every number in them is taken from the tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from market_abm.analysis.leverage import Shift, largest_shift, windows
from market_abm.analysis.statistics import YEAR, by_seed, middle, summary
from market_abm.analysis.table import Kind, band_shown, shown

if TYPE_CHECKING:
    from market_abm.results.result import Result

NAMED = 3
"""Firms or relations named in a sentence; the others are counted."""


@dataclass(frozen=True)
class Sentence:
    """A sentence, and every number in it by name."""

    topic: str
    text: str
    facts: dict[str, Any]


@dataclass
class _Writer:
    """Writes numbers into a sentence and keeps them."""

    facts: dict[str, Any] = field(default_factory=dict)

    def say(self, name: str, value: Any, kind: Kind = "count", band: bool = False) -> str:
        """Text of a number; with ``band`` its 5-95 % band as well."""
        self.facts[name] = value
        text = shown(value, kind)
        around = band_shown(value, kind)
        return f"{text} ({around})" if band and around else text


def sentences(result: Result) -> tuple[Sentence, Sentence, Sentence]:
    """Chokepoints, the shift of leverage, concentration and leadership."""
    return chokepoint_sentence(result), leverage_sentence(result), concentration_sentence(result)


def listed(parts: list[str]) -> str:
    """Parts of a sentence: a, b and c."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


# ---- chokepoints


def chokepoint_sentence(result: Result) -> Sentence:
    """Who is a chokepoint of the whole market, and over whom on the relation level."""
    writer = _Writer()
    found = result.chokepoints()
    market = found[(found["level"] == "market") & (found["seeds"] > 0)]
    several = len(result.seeds) > 1
    head = _tightness(result, writer, several)
    if several:
        head += _firms_by_seed(result, writer, market)
    else:
        head += _firms(writer, market, found[found["quarters_watch"] > 0])
    pairs = found[found["level"] == "relation"]
    return Sentence(
        "chokepoints", f"{head}{_relations(result, writer, pairs, len(market) > 0)}.", writer.facts
    )


def _tightness(result: Result, writer: _Writer, several: bool) -> str:
    counts = summary(result.steps.groupby("seed", sort=False)["tight"].sum().to_numpy())
    tight = writer.say("tight_quarters", counts, band=True)
    every = writer.say("quarters", len(result.quarters))
    when = f"of the {every} quarters from {result.quarters[0]} to {result.quarters[-1]}"
    if len(result.quarters) == 1:
        when = f"of {every} quarter, {result.quarters[0]}"
    return f"The market is tight in {tight} {when}"


def _firms(writer: _Writer, market: pd.DataFrame, watched: pd.DataFrame) -> str:
    if market.empty:
        return f", and no firm is a chokepoint of the whole market in any of them{_watched(writer, watched)}"
    named = []
    for row in market.head(NAMED).itertuples():
        text = f"{row.supplier} in {writer.say(f'quarters:{row.supplier}', row.quarters)}"
        if row.quarters_critical:
            text += f" (critical in {writer.say(f'critical:{row.supplier}', row.quarters_critical)})"
        named.append(text)
    return f", and {_chokepoints(writer, len(market))}: {listed(named + _more(writer, len(market) - NAMED))}"


def _firms_by_seed(result: Result, writer: _Writer, market: pd.DataFrame) -> str:
    seeds = writer.say("seeds", len(result.seeds))
    if market.empty:
        return f", and in none of {seeds} seeds is a firm a chokepoint of the whole market"
    graded = result.firms[result.firms["grade"].isin(("chokepoint", "critical"))]
    some = writer.say("seeds_with_chokepoint", int(graded["seed"].nunique()))
    named = [
        f"{row.supplier} in {_counted(writer, f'seeds:{row.supplier}', row.seeds, 'seed')} "
        f"(median {_counted(writer, f'quarters:{row.supplier}', row.quarters, 'quarter')})"
        for row in market.head(NAMED).itertuples()
    ]
    listing = listed(named + _more(writer, len(market) - NAMED))
    return f", and in {some} of {seeds} seeds some firm is a chokepoint of the whole market: {listing}"


def _chokepoints(writer: _Writer, count: int) -> str:
    if count == 1:
        return "one firm is a chokepoint of the whole market"
    return f"{writer.say('chokepoint_firms', count)} firms are chokepoints of the whole market"


def _watched(writer: _Writer, watched: pd.DataFrame) -> str:
    if watched.empty:
        return ""
    row = watched.sort_values(["quarters_watch", "supplier"], ascending=[False, True]).iloc[0]
    quarters = writer.say("watch:" + row["supplier"], row["quarters_watch"])
    return f" ({row['supplier']} comes closest, on watch in {quarters})"


def _relations(result: Result, writer: _Writer, pairs: pd.DataFrame, contrast: bool) -> str:
    """The relation level; ``contrast`` where the market level has a chokepoint."""
    measured = _pairs_by_seed(result, result.links["dependence_before"].notna())
    every = writer.say("relations", summary(measured))
    of = f"of the {every} measured supplier-buyer relations"
    if pairs.empty:
        return f"{'; between single firms none' if contrast else ', and none'} {of} is one either"
    several = len(result.seeds) > 1
    number = summary(_pairs_by_seed(result, result.links["relation_chokepoint"]))
    count = writer.say("relation_chokepoints", number, band=True)
    named = []
    for row in pairs.head(NAMED).itertuples():
        key = f"{row.supplier}>{row.buyer}"
        if several:
            extent = _counted(writer, f"seeds:{key}", row.seeds, "seed")
        else:
            extent = _counted(writer, f"quarters:{key}", row.quarters, "quarter")
        named.append(f"{row.supplier} over {row.buyer} ({extent})")
    start = "; between single firms" if contrast else ", although"
    verb = "is a chokepoint" if count == "1" else "are chokepoints"
    lead = "" if len(pairs) == 1 else "most often " if several else "first of all "
    return f"{start} {count} {of} {verb} at some time: {lead}{listed(named)}"


def _pairs_by_seed(result: Result, rows: pd.Series) -> np.ndarray:
    """Number of relations that ever meet a condition, by seed."""
    once = result.links[rows].drop_duplicates(["seed", "supplier", "buyer"])
    return once.groupby("seed").size().reindex(list(result.seeds), fill_value=0).to_numpy()


def _counted(writer: _Writer, name: str, value: Any, word: str) -> str:
    text = writer.say(name, value)
    return f"{text} {word}" if text == "1" else f"{text} {word}s"


def _more(writer: _Writer, count: int) -> list[str]:
    return [f"{writer.say('more_firms', count)} more"] if count > 0 else []


# ---- leverage


def leverage_sentence(result: Result) -> Sentence:
    """Which secured share moved most, in percentage points and USD/GPU-h; protocol and beta named."""
    writer = _Writer()
    rule = _rule(result, writer)
    shift = largest_shift(result)
    if shift is None:
        text = f"Whose leverage shifted cannot be told: no relation has a split early and late ({rule})."
        return Sentence("leverage", text, writer.facts)
    first, _ = windows(result)
    several = len(result.seeds) > 1
    holder = shift.supplier if shift.side == "seller" else shift.buyer
    gainer = shift.supplier if shift.gainer == "seller" else shift.buyer
    word = "year" if len(first) == YEAR else "half" if len(first) > 1 else "quarter"
    agreement = _agreement(writer, shift) if several else ""
    change = writer.say("change", shift.change, "points_of_share", band=several)
    before, after = (
        f"{writer.say(name, getattr(shift, name), 'share')} % "
        f"({writer.say(f'{name}_usd', getattr(shift, f'{name}_usd'), 'usd')} USD/GPU-h)"
        for name in ("first", "last")
    )
    text = (
        f"Leverage shifted most between {shift.supplier} and {shift.buyer}, in favour of {gainer}"
        f"{agreement}: the part of their joint gain that outside options secure for {holder} went from "
        f"{before} in the first {word} to {after} in the last, {change} percentage points; "
        f"{_price(writer, shift, rule)}."
    )
    return Sentence("leverage", text, writer.facts)


def _agreement(writer: _Writer, shift: Shift) -> str:
    same, of = writer.say("same_sign", shift.same_sign), writer.say("seeds_compared", shift.seeds)
    return f" (same sign in {same} of {of} seeds)"


def _price(writer: _Writer, shift: Shift, rule: str) -> str:
    before, after = middle(shift.first_price), middle(shift.last_price)
    if np.isnan(before) or np.isnan(after):
        return f"the run uses {rule}"
    first = writer.say("first_price", shift.first_price, "usd")
    last = writer.say("last_price", shift.last_price, "usd")
    verb = "rises" if after > before else "falls"
    if first == last:
        return f"under {rule} the price paid stays at {first} USD/GPU-h"
    return f"under {rule} the price paid {verb} from {first} to {last} USD/GPU-h"


def _rule(result: Result, writer: _Writer) -> str:
    betas = summary([result.setting.beta[seed] for seed in result.seeds])
    beta = writer.say("beta", betas, "number", band=True)
    return f"the bargaining protocol {result.setting.protocol} with beta {beta}"


# ---- concentration and leadership


def concentration_sentence(result: Result) -> Sentence:
    """HHI of merchant capacity and of the whole fleet, start to end; who leads and by how much."""
    writer = _Writer()
    start, end = result.quarters[0], result.quarters[-1]

    def hhi(base: str, quarter: str, band: bool = False) -> str:
        value = summary(by_seed(result.steps, (), f"hhi_{base}", [quarter]).to_numpy())
        return writer.say(f"hhi_{base}:{quarter}", value, "index", band)

    parts = []
    for base, words in (("merchant", "the HHI of merchant capacity"), ("fleet", "that of the whole fleet")):
        first = hhi(base, start)
        if start == end:
            parts.append(f"{words} is {first}")
            continue
        last = hhi(base, end, band=True)
        parts.append(
            f"{words} {_moved(first, last, *(middle(writer.facts[f'hhi_{base}:{q}']) for q in (start, end)))}"
        )
    when = f"from {start} to {end}" if start != end else f"in {start}"
    text = (
        f"Concentration depends on what is counted: {when} {listed(parts)} points; {_leader(result, writer)}."
    )
    return Sentence("concentration", text, writer.facts)


def _moved(first: str, last: str, before: float, after: float) -> str:
    if first == last:
        return f"stays at {first}"
    return f"{'rises' if after > before else 'falls'} from {first} to {last}"


def _leader(result: Result, writer: _Writer) -> str:
    end = result.quarters[-1]
    levels = result.firms[result.firms["capability"].notna()]
    last = levels[levels["quarter"] == end].sort_values(
        ["seed", "capability", "firm"], ascending=[True, False, True]
    )
    first = last.groupby("seed").nth(0).set_index("seed")
    second = last.groupby("seed").nth(1).set_index("seed")
    if first.empty:
        return "no lab has a capability to compare"
    winner = str(first["firm"].value_counts().sort_index().idxmax())
    name = _lab(result, winner)
    if second.empty:
        return f"{name} is the only lab"
    won = first.index[first["firm"] == winner]
    gap = summary((first["capability"] - second["capability"]).loc[won].to_numpy())
    if len(result.seeds) > 1:
        share = f" in {writer.say('seeds_led', len(won))} of {writer.say('seeds', len(first))} seeds"
        ahead = writer.say("gap", gap, "level", band=True)
        return f"in capability {name} leads in {end}{share}, there by {ahead} log units over the second lab"
    ahead = writer.say("gap", gap, "level")
    rival = second.iloc[0]
    leads = levels.sort_values(["capability", "firm"], ascending=[False, True]).groupby("quarter").nth(0)
    held = writer.say("quarters_led", int((leads["firm"] == winner).sum()))
    every = writer.say("quarters", len(result.quarters))
    pace = _pace(result, writer, rival["firm"], gap)
    return (
        f"in capability {name} leads in {end} (and in {held} of {every} quarters), "
        f"by {ahead} log units over {_lab(result, rival['firm'])}{pace}"
    )


def _pace(result: Result, writer: _Writer, firm: str, gap: Any) -> str:
    """The gap in quarters of the second lab's recent progress."""
    rows = result.firms[result.firms["firm"] == firm]
    means = by_seed(rows, ("firm",), "velocity", windows(result)[1]).to_numpy()
    speed = float(means[0, 0]) if len(means) else 0.0
    if not speed > 0:
        return ""
    quarters = writer.say("gap_quarters", middle(gap) / speed, "number")
    return f", {quarters} quarters of that lab's recent progress"


def _lab(result: Result, firm: str) -> str:
    return result.setting.labels.get(firm, firm)
