"""The first sentence of the answer: who is a chokepoint, on the market and on the relation level."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from market_abm.analysis.statistics import summary
from market_abm.analysis.writer import Sentence, Writer, listed

if TYPE_CHECKING:
    from market_abm.results.result import Result

NAMED = 3
"""Firms or relations named in the sentence; the others are counted."""


def chokepoint_sentence(result: Result) -> Sentence:
    """Who is a chokepoint of the whole market, and over whom on the relation level."""
    writer = Writer()
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


def _tightness(result: Result, writer: Writer, several: bool) -> str:
    counts = summary(result.steps.groupby("seed", sort=False)["tight"].sum().to_numpy())
    tight = writer.say("tight_quarters", counts, band=True)
    every = writer.say("quarters", len(result.quarters))
    when = f"of the {every} quarters from {result.quarters[0]} to {result.quarters[-1]}"
    if len(result.quarters) == 1:
        when = f"of {every} quarter, {result.quarters[0]}"
    return f"The market is tight in {tight} {when}"


def _firms(writer: Writer, market: pd.DataFrame, watched: pd.DataFrame) -> str:
    if market.empty:
        return f", and no firm is a chokepoint of the whole market in any of them{_watched(writer, watched)}"
    if len(market) == 1:
        row = market.iloc[0]
        extent = _spell(writer, row, " of them")
        return f", and {row['supplier']} is a chokepoint of the whole market in {extent}"
    named = [f"{row['supplier']} in {_spell(writer, row)}" for _, row in market.head(NAMED).iterrows()]
    listing = listed(named + _more(writer, len(market) - NAMED))
    count = writer.say("chokepoint_firms", len(market))
    return f", and {count} firms are chokepoints of the whole market: {listing}"


def _spell(writer: Writer, row: pd.Series, of: str = "") -> str:
    """Quarters as a chokepoint, and as a critical one."""
    text = writer.say(f"quarters:{row['supplier']}", row["quarters"]) + of
    if row["quarters_critical"]:
        text += f" (critical in {writer.say('critical:' + row['supplier'], row['quarters_critical'])})"
    return text


def _firms_by_seed(result: Result, writer: Writer, market: pd.DataFrame) -> str:
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


def _watched(writer: Writer, watched: pd.DataFrame) -> str:
    if watched.empty:
        return ""
    row = watched.sort_values(["quarters_watch", "supplier"], ascending=[False, True]).iloc[0]
    quarters = writer.say("watch:" + row["supplier"], row["quarters_watch"])
    return f" ({row['supplier']} comes closest, on watch in {quarters})"


def _relations(result: Result, writer: Writer, pairs: pd.DataFrame, contrast: bool) -> str:
    """The relation level; ``contrast`` where the market level has a chokepoint."""
    measured = _pairs_by_seed(result, result.links["dependence_before"].notna())
    every = writer.say("relations", summary(measured))
    of = f"of the {every} measured supplier-buyer relations"
    if pairs.empty:
        return f"{'; between single firms none' if contrast else ', and none'} {of} is one either"
    several = len(result.seeds) > 1
    number = summary(_pairs_by_seed(result, result.links["relation_chokepoint"]))
    count = writer.say("relation_chokepoints", number, band=True)
    named = [_relation(writer, row, several) for row in pairs.head(NAMED).to_dict("records")]
    largest = _largest(result, pairs)
    start = "; between single firms" if contrast else ", although"
    verb = "is a chokepoint" if count == "1" else "are chokepoints"
    lead = "" if len(pairs) == 1 else "most often " if several else "first of all "
    text = f"{start} {count} {of} {verb} at some time: {lead}{listed(named)}"
    if largest in pairs.index[:NAMED]:
        return text
    row = pairs.loc[[largest]].to_dict("records")[0]
    return f"{text}, the largest of them by volume being {_relation(writer, row, several)}"


def _relation(writer: Writer, row: Mapping[Hashable, Any], several: bool) -> str:
    key = f"{row['supplier']}>{row['buyer']}"
    kind = "seed" if several else "quarter"
    return (
        f"{row['supplier']} over {row['buyer']} ({_counted(writer, f'{kind}s:{key}', row[f'{kind}s'], kind)})"
    )


def _largest(result: Result, pairs: pd.DataFrame) -> int:
    """Index of the graded relation that carried most compute."""
    volume = result.links.groupby(["supplier", "buyer"])["volume_khq"].sum()
    carried = volume.reindex(pd.MultiIndex.from_frame(pairs[["supplier", "buyer"]])).to_numpy()
    return int(pairs.index[int(np.argmax(carried))])


def _pairs_by_seed(result: Result, rows: pd.Series) -> np.ndarray:
    """Number of relations that ever meet a condition, by seed."""
    once = result.links[rows].drop_duplicates(["seed", "supplier", "buyer"])
    return once.groupby("seed").size().reindex(list(result.seeds), fill_value=0).to_numpy()


def _counted(writer: Writer, name: str, value: Any, word: str) -> str:
    text = writer.say(name, value)
    return f"{text} {word}" if text == "1" else f"{text} {word}s"


def _more(writer: Writer, count: int) -> list[str]:
    return [f"{writer.say('more_firms', count)} more"] if count > 0 else []
