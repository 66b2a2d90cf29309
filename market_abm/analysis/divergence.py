"""Where two same-seed runs part: the quarter, what is new there, the firm and decision that first differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from market_abm.analysis.panel import panel
from market_abm.analysis.table import Column, Table
from market_abm.results.dictionary import columns

if TYPE_CHECKING:
    from market_abm.analysis.compare import Comparison
    from market_abm.results.result import Result

STAGES = {"renew": 2, "buy": 3, "sell": 4, "build": 10}
"""Stage of the quarter in which each verb decides; verbs of third parties come last."""

NAMED = 3
"""Causes named; the others are counted."""


@dataclass(frozen=True)
class Parting:
    """How one seed's runs part.

    Attributes
    ----------
    seed : int
    quarter : str
        First quarter in which anything recorded of the market differs; empty where nothing ever does.
    causes : tuple of str
        Events and contracts of that quarter that only one of the two runs has, in the order of the stages.
    choice_quarter, firm, verb, baseline, other : str
        First choice that differs: when, whose, and the options taken; empty where the same options are taken
        throughout.
    """

    seed: int
    quarter: str
    causes: tuple[str, ...] = ()
    choice_quarter: str = ""
    firm: str = ""
    verb: str = ""
    baseline: str = ""
    other: str = ""


def partings(comparison: Comparison, other: int = 0) -> tuple[Parting, ...]:
    """How each common seed's runs part."""
    if not comparison.comparable(other):
        return ()
    pair = comparison.baseline, comparison.others[other]
    quarters, seeds = comparison.quarters(other), comparison.seeds(other)
    first = _first_difference(*pair, quarters, seeds)
    parted = {seed: quarters[at] for seed, at in zip(seeds, first) if at is not None}
    choices, causes = _first_choices(*pair, quarters), _causes(*pair, parted)
    return tuple(
        Parting(seed, parted[seed], causes[seed], **choices.get(seed, {}))
        if seed in parted
        else Parting(seed, "")
        for seed in seeds
    )


def parting_sentence(comparison: Comparison, other: int, found: tuple[Parting, ...]) -> str:
    """Where the runs part, in a sentence."""
    base, name = comparison.baseline.setting.name, comparison.names[other]
    parted = [item for item in found if item.quarter]
    if not found:
        return f"{base} and {name} have no seed and quarter in common."
    if not parted:
        return f"{base} and {name} are the same in all {len(found)} seeds, in every number of every quarter."
    quarter = min(item.quarter for item in parted)
    many = sum(item.quarter == quarter for item in parted)
    when = f"{name} and {base} part in {quarter} in {many} of {len(found)} seeds"
    causes = _most_common([item.causes for item in parted if item.causes])
    why = f", with {_listed(causes)}" if causes else ""
    chosen = [item for item in parted if item.firm]
    if not chosen:
        return f"{when}{why}; no firm takes another option than in the baseline in any seed."
    kinds = [(item.firm, item.verb, item.baseline, item.other) for item in chosen]
    firm, verb, before, after = _most_common(kinds)
    hits = kinds.count((firm, verb, before, after))
    earliest = min(item.choice_quarter for item in chosen if (item.firm, item.verb) == (firm, verb))
    return (
        f"{when}{why}; the first decision with another option is most often that of {firm} to {verb} "
        f'("{after}" in place of "{before}"), in {hits} of {len(found)} seeds, at the earliest in {earliest}.'
    )


def parting_table(comparison: Comparison, other: int, found: tuple[Parting, ...], most: int = 12) -> Table:
    """A row a way to part, with the seeds that part in it; the most frequent first."""
    counts: dict[tuple[str, ...], list[Parting]] = {}
    for item in found:
        key = (item.quarter, _listed(item.causes), item.firm, item.verb, item.baseline, item.other)
        counts.setdefault(key, []).append(item)
    order = sorted(counts, key=lambda key: (-len(counts[key]), key))
    rows = tuple(
        (
            len(counts[key]), key[0] or "never", key[1] or "-", key[2] or "-", key[3] or "-", key[4] or "-",
            key[5] or "-", min(item.choice_quarter for item in counts[key]) or "-",
        )
        for key in order[:most]
    )  # fmt: skip
    names = (
        Column("seeds", "Seeds", "count"), Column("quarter", "Part in"), Column("causes", "Only in one of them"),
        Column("firm", "First other choice by"), Column("verb", "to"), Column("baseline", "In the baseline"),
        Column("other", "Here"), Column("choice_quarter", "Earliest"),
    )  # fmt: skip
    left = sum(len(counts[key]) for key in order[most:])
    note = f"{left} more seeds part in {len(order) - most} other ways." if left else ""
    return Table(f"partings_{other}", f"First divergence: {comparison.names[other]}", names, rows, note)


def _first_difference(
    baseline: Result, other: Result, quarters: list[str], seeds: list[int]
) -> list[int | None]:
    """Place of the first quarter in which the market or a firm differs in any number, by seed."""
    differs = np.zeros((len(quarters), len(seeds)), dtype=bool)
    for table, keys in (("steps", ()), ("firms", ("firm",))):
        blocks = [panel(result, table, keys) for result in (baseline, other)]
        units = sorted({*blocks[0].units} & {*blocks[1].units})
        rows = []
        for block, result in zip(blocks, (baseline, other)):
            at = [block.units.index(unit) for unit in units]
            seed = [result.seeds.index(item) for item in seeds]
            rows.append(block.rows[np.ix_(at, block.places(quarters), seed)])
        for column in columns(table):
            if column.dtype == "str":
                continue
            values = [
                result.tables[table][column.name].to_numpy(dtype=np.float64, na_value=np.nan)[place]
                for result, place in zip((baseline, other), rows)
            ]
            same = (values[0] == values[1]) | (np.isnan(values[0]) & np.isnan(values[1]))
            differs |= (~(same | (rows[0] < 0) | (rows[1] < 0))).any(axis=0)
    return [int(column.argmax()) if column.any() else None for column in differs.T]


def _causes(baseline: Result, other: Result, parted: dict[int, str]) -> dict[int, tuple[str, ...]]:
    """What only one of two runs has in the quarter in which they part, by seed: contracts, then events by stage."""
    ours, theirs = (_present(result, parted) for result in (other, baseline))
    found = {}
    for seed in parted:
        new = sorted(ours[seed] - theirs[seed])
        gone = sorted((stage, f"without {text}") for stage, text in theirs[seed] - ours[seed])
        found[seed] = tuple(text for _, text in (*new, *gone))
    return found


def _present(result: Result, parted: dict[int, str]) -> dict[int, set[tuple[int, str]]]:
    """Contracts in force and events of the first stages in each seed's quarter."""
    found: dict[int, set[tuple[int, str]]] = {seed: set() for seed in parted}
    for quarter in dict.fromkeys(parted.values()):
        contracts, events = (
            table[table["quarter"] == quarter] for table in (result.contracts, result.events)
        )
        contracts = contracts[
            ~contracts["contract"].str.match(r"T\d+-")
        ]  # those signed in the run are consequences
        events = events[events["stage"] < 2]
        for seed, key, supplier, buyer in zip(
            *(contracts[c] for c in ("seed", "contract", "supplier", "buyer"))
        ):
            if parted.get(seed) == quarter:
                found[seed].add((0, f"contract {key}: {supplier} to {buyer}"))
        for seed, stage, *words in zip(*(events[c] for c in ("seed", "stage", "kind", "firm", "detail"))):
            if parted.get(seed) == quarter:
                found[seed].add((int(stage), " ".join(filter(None, words))))
    return found


def _first_choices(baseline: Result, other: Result, quarters: list[str]) -> dict[int, dict[str, str]]:
    """The first choice of another option, by seed."""
    order = {quarter: place for place, quarter in enumerate(quarters)}
    keys = ["seed", "quarter", "firm", "verb"]
    parts = []
    for result in (baseline, other):
        table = result.decisions[[*keys, "option", "score"]]
        table = table[table["quarter"].isin(quarters)]
        parts.append(table.assign(turn=table.groupby(keys).cumcount()))
    both = parts[0].merge(parts[1], on=[*keys, "turn"], suffixes=("_a", "_b"))
    changed = both[both["option_a"] != both["option_b"]]
    if changed.empty:
        return {}
    moved = (changed["score_b"] - changed["score_a"]).abs().fillna(0.0)
    changed = changed.assign(
        at=changed["quarter"].map(order), stage=changed["verb"].map(STAGES).fillna(13), size=-moved
    )
    first = changed.sort_values(["seed", "at", "stage", "size", "firm"]).drop_duplicates("seed")
    return {
        int(row["seed"]): {
            "choice_quarter": row["quarter"], "firm": row["firm"], "verb": row["verb"],
            "baseline": row["option_a"], "other": row["option_b"],
        }
        for row in first.to_dict("records")
    }  # fmt: skip


def _most_common(items: list[Any]) -> Any:
    """The most frequent item, the first in order among equals; empty without any."""
    return min(items, key=lambda item: (-items.count(item), item)) if items else ()


def _listed(causes: tuple[str, ...]) -> str:
    shown = "; ".join(causes[:NAMED])
    return shown + (f" and {len(causes) - NAMED} more" if len(causes) > NAMED else "")


def changed_decisions(comparison: Comparison, other: int, most: int = 12) -> Table | None:
    """Decisions that differ most often, with the option taken, the next best, and what lies between them."""
    if not comparison.comparable(other):
        return None
    keys = ["seed", "quarter", "firm", "verb"]
    pair = comparison.baseline, comparison.others[other]
    tables = [result.decisions.assign(turn=result.decisions.groupby(keys).cumcount()) for result in pair]
    both = tables[0].merge(tables[1], on=[*keys, "turn"], suffixes=("_a", "_b"))
    changed = both[both["option_a"] != both["option_b"]]
    if changed.empty:
        return None
    kinds = ["firm", "verb", "option_a", "option_b"]
    counts = changed.groupby(kinds, as_index=False).size().sort_values("size", ascending=False, kind="stable")
    rows = []
    for kind in counts.head(most).to_dict("records"):
        part = changed[np.all([changed[name] == kind[name] for name in kinds], axis=0)]
        nexts, bound = (part.loc[part[name] != "", name] for name in ("next_option_b", "binding_b"))
        margin = float((part["score_b"] - part["next_score_b"]).median())
        rows.append(
            (kind["firm"], kind["verb"], kind["option_a"], kind["option_b"],
             str(nexts.mode().iloc[0]) if len(nexts) else "none", margin, str(part["unit_b"].iloc[0]),
             str(bound.mode().iloc[0]) if len(bound) else "-", int(kind["size"]), int(part["seed"].nunique()))
        )  # fmt: skip
    names = (
        Column("firm", "Firm"), Column("verb", "Decides to"), Column("baseline", "In the baseline"),
        Column("other", "Here"), Column("next", "Next best here"), Column("margin", "Better by", "number"),
        Column("unit", "Unit"), Column("binding", "Bound by"), Column("times", "Quarters", "count"),
        Column("seeds", "Seeds", "count"),
    )  # fmt: skip
    note = (
        "Same firm, quarter and seed in both runs, other option taken; most frequent first. Better by: median of the "
        "score of the option taken less that of the next best: what would have to change to flip it."
    )
    return Table(
        f"decisions_{other}", f"Decisions that differ: {comparison.names[other]}", names, tuple(rows), note
    )
