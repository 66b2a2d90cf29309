"""Seeded mutations of the values of a scenario: each makes it wrong and returns what the error must say."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

Place = tuple[dict[str, Any], str]


def _walk(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict[str, Any], str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield (*path, key), value, key
            yield from _walk(item, (*path, key))
    elif isinstance(value, list):
        for step, item in enumerate(value):
            yield from _walk(item, (*path, str(step)))


def _numbers(data: dict[str, Any]) -> list[Place]:
    """Entries that hold a bare number and mean one."""
    skip = {"schema_version", "value", "low", "high"}
    return [
        (parent, key)
        for path, parent, key in _walk(data)
        if isinstance(parent[key], int | float) and not isinstance(parent[key], bool) and key not in skip
    ]


def _maps(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Mappings whose keys the schema fixes."""
    parts = [
        data["horizon"],
        data.setdefault("behaviour", {"beta": 0.5}),
        *data["firms"].values(),
        *data.get("contracts", {}).values(),
    ]
    parts += [firm[name] for firm in data["firms"].values() for name in ("fleet", "lab") if name in firm]
    return parts + list(data.get("segments", {}).values()) + list(data.get("links", []))


def _number(
    change: Callable[[random.Random], Any], says: str
) -> Callable[[dict[str, Any], random.Random], str]:
    def mutate(data: dict[str, Any], draw: random.Random) -> str:
        parent, key = draw.choice(_numbers(data))
        parent[key] = change(draw)
        return says

    return mutate


def _unknown_key(data: dict[str, Any], draw: random.Random) -> str:
    part = draw.choice(_maps(data))
    word = draw.choice([key for key in part if isinstance(key, str)])
    part[word[:-1] + draw.choice("xyz") + word[-1]] = part.pop(word)
    return "unknown key"


def _foreign_key(data: dict[str, Any], draw: random.Random) -> str:
    draw.choice(_maps(data))[draw.choice(["colour", "Owner ", "", "price per hour", "ünit"])] = 1
    return "unknown key"


def _section_type(data: dict[str, Any], draw: random.Random) -> str:
    name = draw.choice(["firms", "horizon", "behaviour", "product", "upstream"])
    data[name] = draw.choice(["text", 5, [1, 2], True])
    return "must be a mapping"


def _flipped(data: dict[str, Any], draw: random.Random) -> str:
    parent, key = draw.choice(
        [place for place in _numbers(data) if place[1] not in ("quarters", "aggregate_of")]
    )
    parent[key] = {"value": 1, "low": 1, "high": 0}
    return "low <= value <= high"


def _half_range(data: dict[str, Any], draw: random.Random) -> str:
    parent, key = draw.choice(_numbers(data))
    parent[key] = {"value": parent[key], draw.choice(["low", "high"]): parent[key]}
    return "a range needs both ends"


def _bad_unit(data: dict[str, Any], draw: random.Random) -> str:
    parent, key = draw.choice(_numbers(data))
    parent[key] = {"value": parent[key], "unit": draw.choice(["EUR", "furlongs", "kg"])}
    return "the unit is"


def _bad_source(data: dict[str, Any], draw: random.Random) -> str:
    parent, key = draw.choice(_numbers(data))
    parent[key] = {"value": parent[key], "source": "hearsay"}
    return 'source "hearsay" is not in sources'


def _bad_quarter(data: dict[str, Any], draw: random.Random) -> str:
    data["horizon"]["start"] = draw.choice(["2026Q5", "Q3 2026", 2026, "2026q3", "26Q3", "1926Q1"])
    return "quarter" if isinstance(data["horizon"]["start"], str) else "must be text"


def _bad_name(data: dict[str, Any], draw: random.Random) -> str:
    data.setdefault("contracts", {})["KX"] = {
        "supplier": "Nobody",
        "buyer": "No one",
        "volume": 1,
        "price": 1,
    }
    return "is not a firm with a fleet"


def _too_much_sold(data: dict[str, Any], draw: random.Random) -> str:
    seller = draw.choice([name for name, firm in data["firms"].items() if "fleet" in firm])
    buyer = draw.choice(
        [*(n for n, f in data["firms"].items() if "lab" in f and n != seller), *data.get("segments", {})]
    )
    data.setdefault("contracts", {})["KX"] = {
        "supplier": seller,
        "buyer": buyer,
        "volume": 900_000,
        "price": 1,
    }
    return "in force at the start take"


def _missing(data: dict[str, Any], draw: random.Random) -> str:
    choices = [(data, "name"), (data, "firms"), (data["horizon"], "start")]
    choices += [(firm, "kind") for firm in data["firms"].values()]
    parent, key = draw.choice(choices)
    del parent[key]
    return f'required key "{key}" is missing'


def _bad_word(data: dict[str, Any], draw: random.Random) -> str:
    choices = [(data.setdefault("behaviour", {}), "protocol")] + [
        (firm, "kind") for firm in data["firms"].values()
    ]
    parent, key = draw.choice(choices)
    parent[key] = draw.choice(["splitt", "Lab", "hyperscalar", "none"])
    return "is not one of the allowed words"


def _twin_links(data: dict[str, Any], draw: random.Random) -> str:
    entry = {"supplier": "*", "buyer": "*", "qualified": True}
    data["links"] = [*[link for link in data.get("links", []) if link["supplier"] != "*"], entry, dict(entry)]
    return "equally specific"


def _bad_stake(data: dict[str, Any], draw: random.Random) -> str:
    draw.choice(list(data["firms"].values()))["stakes"] = {"Nobody": 0.1}
    return "is not a firm with a lab"


def _bad_kind(data: dict[str, Any], draw: random.Random) -> str:
    data["timeline"] = [{"kind": draw.choice(["meteor", "recal", 7]), "quarter": "2027Q1"}]
    return "unknown kind"


def _bad_entry(data: dict[str, Any], draw: random.Random) -> str:
    entry = draw.choice(
        [
            {"kind": "recall", "quarter": "2027Q1", "contract": "K999"},
            {"kind": "capacity_shock", "quarter": "2027Q1", "supplier": "Nobody", "change": -0.5},
            {"kind": "demand_shock", "quarter": "2020Q1", "change": 0.1},
            {"kind": "merger", "quarter": "2027Q1", "acquirer": "Nobody", "target_firm": "Nobody"},
            {"kind": "price_cap", "quarter": "2027Q1", "until": "2026Q4", "price": 3},
        ]
    )
    data["timeline"] = [entry]
    return ""


MUTATIONS: dict[str, Callable[[dict[str, Any], random.Random], str]] = {
    "text for a number": _number(
        lambda draw: draw.choice(["lots", "1,000", "1_000", "5 MUSD", "NO", "1e5x"]), "must be a number"
    ),
    "list for a number": _number(lambda draw: [1, 2], ""),
    "true for a number": _number(lambda draw: draw.random() < 0.5, "must be a number"),
    "nothing for a number": _number(lambda draw: None, ""),
    "negative": _number(lambda draw: -(10 ** draw.randint(9, 12)), "outside the allowed range"),
    "huge": _number(lambda draw: 10 ** draw.randint(12, 300), ""),
    "unknown key": _unknown_key,
    "foreign key": _foreign_key,
    "section of a wrong type": _section_type,
    "range upside down": _flipped,
    "half a range": _half_range,
    "wrong unit": _bad_unit,
    "unknown source": _bad_source,
    "bad quarter": _bad_quarter,
    "unknown firm": _bad_name,
    "more sold than there is": _too_much_sold,
    "missing key": _missing,
    "unknown word": _bad_word,
    "twin links": _twin_links,
    "stake in nobody": _bad_stake,
    "unknown kind": _bad_kind,
    "bad timeline entry": _bad_entry,
}
