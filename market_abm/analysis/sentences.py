"""The answer in three sentences that can be read aloud. Every number in them is taken from the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from market_abm.analysis.choke_sentence import chokepoint_sentence
from market_abm.analysis.leverage import Shift, largest_shift, windows
from market_abm.analysis.statistics import YEAR, by_seed, middle, summary
from market_abm.analysis.writer import Sentence, Writer, listed

if TYPE_CHECKING:
    from market_abm.results.result import Result


def sentences(result: Result) -> tuple[Sentence, Sentence, Sentence]:
    """Chokepoints, the shift of leverage, concentration and leadership."""
    return chokepoint_sentence(result), leverage_sentence(result), concentration_sentence(result)


# ---- leverage


def leverage_sentence(result: Result) -> Sentence:
    """Which secured share moved most, in percentage points and USD/GPU-h; protocol and beta named."""
    writer = Writer()
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


def _agreement(writer: Writer, shift: Shift) -> str:
    same, of = writer.say("same_sign", shift.same_sign), writer.say("seeds_compared", shift.seeds)
    return f" (same sign in {same} of {of} seeds)"


def _price(writer: Writer, shift: Shift, rule: str) -> str:
    before, after = middle(shift.first_price), middle(shift.last_price)
    if np.isnan(before) or np.isnan(after):
        return f"the run uses {rule}"
    first = writer.say("first_price", shift.first_price, "usd")
    last = writer.say("last_price", shift.last_price, "usd")
    verb = "rises" if after > before else "falls"
    if first == last:
        return f"under {rule} the price paid stays at {first} USD/GPU-h"
    return f"under {rule} the price paid {verb} from {first} to {last} USD/GPU-h"


def _rule(result: Result, writer: Writer) -> str:
    betas = summary([result.setting.beta[seed] for seed in result.seeds])
    beta = writer.say("beta", betas, "number", band=True)
    return f"the bargaining protocol {result.setting.protocol} with beta {beta}"


# ---- concentration and leadership


def concentration_sentence(result: Result) -> Sentence:
    """HHI of merchant capacity and of the whole fleet, start to end; who leads and by how much."""
    writer = Writer()
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


def _leader(result: Result, writer: Writer) -> str:
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


def _pace(result: Result, writer: Writer, firm: str, gap: Any) -> str:
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
