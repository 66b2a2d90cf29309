"""Results with letters in place of names."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from market_abm.results.dictionary import ORDER, columns
from market_abm.results.result import Result

if TYPE_CHECKING:
    import pandas as pd

    from market_abm.scenario import Scenario


def anonymised(result: Result, scenario: Scenario | None = None) -> Result:
    """The same results with letters for firms, owners, chip suppliers and captive segments.

    The order of the letters follows a digest of the names, not the alphabet. The text, the sources and the
    question of the scenario are left out, since they name firms.
    """
    codes = letters(result, scenario)
    tables = {name: _table(name, table, codes) for name, table in result.tables.items()}
    setting = replace(
        result.setting,
        name=_scenario_name(result.setting.name),
        question="",
        labels={},
        sources=(),
        text="",
        lineage=(),
        hash="",
        anonymised=True,
    )
    for table in tables.values():
        table["scenario"] = setting.name
    failures = tuple(
        {**failure, "error": substituted(str(failure["error"]), codes)} for failure in result.failures
    )
    return Result(setting, tables, failures, result.timings)


def letters(result: Result, scenario: Scenario | None = None) -> dict[str, str]:
    """New name by old name."""
    firms = result.firms
    segments = set(firms.loc[firms["kind"].isin(("segment", "market", "captive")), "firm"])
    actors = (set(firms["firm"]) | set(firms["owner"])) - segments
    actors |= set(result.links["supplier"])
    codes = _coded("Firm", actors)
    codes |= _coded("Segment", segments - set(codes))
    labels = {label: codes[key] for key, label in result.setting.labels.items() if key in codes}
    chips = _coded("Chips", set(scenario.upstream.chips) - set(codes)) if scenario is not None else {}
    return chips | labels | codes


def substituted(text: str, codes: Mapping[str, str]) -> str:
    """Text with every name replaced, longer names first."""
    if not codes:
        return text
    pattern = "|".join(re.escape(name) for name in sorted(codes, key=len, reverse=True))
    return re.sub(rf"(?<!\w)(?:{pattern})(?!\w)", lambda match: codes[match[0]], text)


def _coded(word: str, names: Iterable[str]) -> dict[str, str]:
    ordered = sorted(
        (name for name in names if name), key=lambda name: hashlib.sha256(name.encode()).digest()
    )
    return {name: f"{word} {_letter(step)}" for step, name in enumerate(ordered)}


def _letter(step: int) -> str:
    """A, B, ... Z, AA, AB, ..."""
    text = ""
    step += 1
    while step:
        step, rest = divmod(step - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def _scenario_name(name: str) -> str:
    return f"scenario-{hashlib.sha256(name.encode()).hexdigest()[:6]}"


def _table(name: str, table: pd.DataFrame, codes: Mapping[str, str]) -> pd.DataFrame:
    changed = table.copy()
    for column in columns(name):
        if column.dtype == "str":
            texts = changed[column.name]
            known = {text: codes.get(text) or substituted(text, codes) for text in texts.unique()}
            changed[column.name] = texts.map(known).astype("str")
    keys = ORDER[name]
    if not keys:
        return changed
    quarters = {quarter: step for step, quarter in enumerate(dict.fromkeys(changed["quarter"]))}
    seeds = {seed: step for step, seed in enumerate(dict.fromkeys(changed["seed"]))}
    ranked = changed.assign(_seed=changed["seed"].map(seeds), _quarter=changed["quarter"].map(quarters))
    ordered = ranked.sort_values(["_seed", "_quarter", *keys], kind="stable", ignore_index=True)
    return ordered.drop(columns=["_seed", "_quarter"])
