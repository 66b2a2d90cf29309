"""From a tree to a scenario: dependent defaults, the schema, order, cross checks, problems."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

from market_abm.scenario import paths
from market_abm.scenario.calendar import is_quarter
from market_abm.scenario.checks import cross_checks
from market_abm.scenario.dump import plain
from market_abm.scenario.errors import Problem, ScenarioError, clipped, listed, nearest
from market_abm.scenario.findings import Finding
from market_abm.scenario.positions import known_keys, locate, value_at
from market_abm.scenario.quantity import in_digits
from market_abm.scenario.schema import Scenario
from market_abm.scenario.timeline import KINDS, row_label
from market_abm.scenario.tree import Node

_WANTED = {
    "string_type": "text",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "tuple_type": "a list",
    "bool_type": "true or false",
    "model_attributes_type": "a mapping",
    "list_type": "a list",
}


def build(tree: Node, lineage: Iterable[str] = ()) -> Scenario:
    """Validate a tree.

    Raises
    ------
    ScenarioError
        With every problem found, each at its line.
    """
    if not isinstance(tree.value, dict):
        what = "a list" if isinstance(tree.value, list) else clipped(tree.value)
        raise ScenarioError(
            Problem(
                f"a scenario is a mapping, not {what}",
                tree.mark,
                allowed=listed(known_keys(Scenario, ()), 20),
                remedy="Start with schema_version: 1",
            )
        )
    data = completed(tree.plain())
    try:
        scenario = Scenario.model_validate(data)
    except ValidationError as error:
        raise ScenarioError(
            _ordered(_problem(tree, item) for item in error.errors(include_url=False))
        ) from None
    scenario = in_order(scenario, tree)
    findings = list(cross_checks(scenario))
    if findings:
        raise ScenarioError(_ordered(_finding(tree, item) for item in findings))
    scenario._tree = tree
    scenario._lineage = tuple(lineage)
    return scenario


def in_order(scenario: Scenario, tree: Node) -> Scenario:
    """Bring links and timeline, here and in the tree, into an order that the file has no part in."""
    update = {}
    for name in ("links", "timeline"):
        rows = getattr(scenario, name)
        keys = [
            (getattr(row, "quarter", ""), row.key, json.dumps(plain(row), sort_keys=True)) for row in rows
        ]
        order = sorted(range(len(rows)), key=keys.__getitem__)
        update[name] = tuple(rows[step] for step in order)
        if rows:
            tree.value[name].value[:] = [tree.value[name].value[step] for step in order]
    return scenario.model_copy(update=update)


def completed(data: dict[str, Any]) -> dict[str, Any]:
    """Fill defaults that depend on other values: owners, starts, reach; read `kind: null` as a word."""
    start = data["horizon"].get("start") if isinstance(data.get("horizon"), dict) else None
    data.pop("extends", None)
    upstream = data.get("upstream")
    chips = upstream.get("chips") if isinstance(upstream, dict) else None
    for table in (data.get("firms"), chips):
        for name, row in table.items() if isinstance(table, dict) else ():
            if isinstance(row, dict) and row.get("owner") is None:
                row["owner"] = name
    contracts = data.get("contracts")
    for row in contracts.values() if isinstance(contracts, dict) else ():
        if isinstance(row, dict) and row.get("start") is None and is_quarter(start):
            row["start"] = start
    segments = data.get("segments")
    for row in segments.values() if isinstance(segments, dict) else ():
        if isinstance(row, dict) and row.get("kind") == "captive" and row.get("reach") is None:
            row["reach"] = "links"
    timeline = data.get("timeline")
    for row in timeline if isinstance(timeline, list) else ():
        if not isinstance(row, dict):
            continue
        if "kind" in row and row["kind"] is None:
            row["kind"] = "null"
        lease = row.get("contract")
        if isinstance(lease, dict) and lease.get("start") is None and is_quarter(row.get("quarter")):
            lease["start"] = row["quarter"]
    for name in [
        name for name, item in data.items() if item is None and name not in ("name", "horizon", "firms")
    ]:
        del data[name]  # an empty section is an absent one
    return data


def _ordered(problems: Iterable[Problem]) -> list[Problem]:
    found = list(dict.fromkeys(problems))
    return sorted(found, key=lambda item: (item.file or "", item.line or 0, item.column or 0))


def _finding(tree: Node, item: Finding) -> Problem:
    mark = locate(tree, item.loc, key=item.at_key)
    return Problem(
        item.message,
        mark,
        paths.join(_shown(tree, list(item.loc))),
        allowed=item.allowed or None,
        remedy=item.remedy or None,
        nearest=item.nearest or None,
    )


def _short(raw: Any) -> str:
    if isinstance(raw, int | float) and not isinstance(raw, bool) and abs(raw) < 1e300:
        return in_digits(raw)
    return clipped(raw)


def _shown(tree: Node, loc: list[Any]) -> list[Any]:
    """A place as people write it: rows by their name, without the tag of a kind."""
    shown = [
        part for step, part in enumerate(loc) if not (step == 2 and loc[0] == "timeline" and part in KINDS)
    ]
    if len(shown) > 1 and loc[0] in ("links", "timeline") and isinstance(shown[1], int):
        shown[1] = row_label(value_at(tree, loc[:2])) or shown[1]
    return shown


def _problem(tree: Node, error: Any) -> Problem:
    """One error of the schema in words, at its place."""
    kind, loc, context = error["type"], list(error["loc"]), error.get("ctx", {})
    at_key = bool(loc) and loc[-1] == "[key]"
    loc = loc[:-1] if at_key else loc
    shown = _shown(tree, loc)
    key = paths.join(shown)
    raw = value_at(tree, loc)
    value = None if isinstance(raw, dict | list) or raw is None else _short(raw)
    if kind == "scenario":
        inner = [*loc, context["at"]] if context["at"] else loc
        more = {name: context[name] or None for name in ("allowed", "remedy", "nearest")}
        return Problem(context["message"], locate(tree, inner, key=at_key), key, value, **more)
    mark = locate(tree, loc, key=at_key or kind == "extra_forbidden")
    if kind == "extra_forbidden":
        known = known_keys(Scenario, loc[:-1])
        word = str(loc[-1])
        return Problem(
            f'unknown key "{clipped(word)}"',
            mark,
            key,
            allowed=listed(known, 40),
            nearest=nearest(word, known),
            remedy="Correct or remove it",
        )
    if kind == "missing":
        return Problem(
            f'required key "{loc[-1]}" is missing', locate(tree, loc[:-1], key=True), key, remedy="Add it"
        )
    if kind.startswith("union_tag"):
        entry = value_at(tree, loc)
        said = entry.get("kind") if isinstance(entry, dict) else None
        if said is None:
            return Problem(
                'required key "kind" is missing', mark, key, allowed=listed(KINDS, 30), remedy="Add it"
            )
        return Problem(
            f'unknown kind "{clipped(said)}"',
            locate(tree, [*loc, "kind"]),
            f"{key}.kind",
            None,
            listed(KINDS, 30),
            None,
            nearest(str(said), KINDS),
        )
    if kind == "literal_error":
        words = context["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        return Problem(
            "is not one of the allowed words",
            mark,
            key,
            value,
            listed(words, 30),
            None,
            nearest(str(raw), words),
        )
    what = (
        "nothing"
        if raw is None
        else "a list"
        if isinstance(raw, list)
        else "a mapping"
        if isinstance(raw, dict)
        else None
    )
    wanted = _WANTED.get(kind)
    if wanted:
        return Problem(f"must be {wanted}" + (f", not {what}" if what else ""), mark, key, value)
    return Problem(error["msg"][:1].lower() + error["msg"][1:], mark, key, value)
