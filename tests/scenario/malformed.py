"""Malformed scenario files: seeded mutations of shipped ones, each with what its error must say."""

from __future__ import annotations

import copy
import os
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from market_abm.scenario.shipped import shipped, shipped_folder
from market_abm.scenario.tree import MAX_BYTES, parse

from .worlds import yaml

SMALL = ("bilateral-monopoly", "lone-lessor", "two-clouds-three-labs")


@dataclass
class Case:
    """A malformed file: its text, the files beside it, and words that its first problem must contain."""

    kind: str
    text: str | bytes
    says: str
    beside: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)

    def write(self, folder: Path) -> Path:
        """Write the files; returns the one to check."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in self.beside.items():
            (folder / name).write_text(text, encoding="utf-8")
        for name, target in self.links.items():
            os.symlink(target, folder / name)
        path = folder / "case.yaml"
        path.write_bytes(self.text if isinstance(self.text, bytes) else self.text.encode())
        return path


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


_DATA: dict[str, Callable[[dict[str, Any], random.Random], str]] = {
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


def _insert(change: Callable[[str], str], says: str) -> Callable[[str, str, random.Random], Case]:
    """Change one line that ends in a bare scalar."""

    def mutate(name: str, text: str, draw: random.Random) -> Case:
        lines = text.splitlines()
        fit = [n for n, line in enumerate(lines) if _PLAIN_LINE.fullmatch(line)]
        step = draw.choice(fit)
        lines[step] = change(lines[step])
        return Case("", "\n".join(lines) + "\n", says)

    return mutate


def _before_value(prefix: str) -> Callable[[str], str]:
    return lambda line: line.replace(": ", f": {prefix}", 1)


def _appended(says: str, *endings: str) -> Callable[[str, str, random.Random], Case]:
    """One of the endings below a sound file."""
    return lambda name, text, draw: Case("", text + "\n" + draw.choice(endings) + "\n", says)


def _whole(says: str, *texts: str | bytes) -> Callable[[str, str, random.Random], Case]:
    """One of the texts and nothing else."""
    return lambda name, text, draw: Case("", draw.choice(texts), says)


def _child(says: str, *endings: str) -> Callable[[str, str, random.Random], Case]:
    """One of the endings below a file that extends a shipped scenario."""
    return lambda name, text, draw: Case("", f"name: case\nextends: {name}\n{draw.choice(endings)}\n", says)


def _extends(says: str, *names: str, **beside: str) -> Callable[[str, str, random.Random], Case]:
    """A file that extends one of the names."""
    files = {f"{stem}.yaml": text for stem, text in beside.items()}
    return lambda name, text, draw: Case("", f"name: case\nextends: {draw.choice(names)}\n", says, files)


def _link_outside(name: str, text: str, draw: random.Random) -> Case:
    says = "leads out of the folder"
    return Case("", "name: case\nextends: link.yaml\n", says, links={"link.yaml": "/etc/passwd"})


def _bad_parent(name: str, text: str, draw: random.Random) -> Case:
    parent = text + "\nbehavior: {beta: 0.5}\n"
    return Case("", "name: case\nextends: other.yaml\n", 'Did you mean "behaviour"', {"other.yaml": parent})


_DEPTHS = (30, 300, 3000, 10_000)
_STAIRS = "".join(f"{' ' * step}k{step}:\n" for step in range(60)) + f"{' ' * 60}x: 1"
_PLAIN_LINE = re.compile(r" *[\w ]+: [\w .]+")

_TEXT: dict[str, Callable[[str, str, random.Random], Case]] = {
    "duplicate key": _insert(lambda line: f"{line}\n{line}", "stands twice"),
    "anchor": _insert(_before_value("&a "), "anchors"),
    "alias": _insert(_before_value("*a #"), "aliases"),
    "tag": _insert(_before_value("!!python/name:os.system "), "tags"),
    "tab": _insert(lambda line: f"{line}\n\tx: 1", "not valid YAML"),
    "bad indent": _insert(
        lambda line: f"{line}\n{line[: len(line) - len(line.lstrip())]} x: 1", "not valid YAML"
    ),
    "NaN": _child("must be a finite number", "behaviour: {beta: .nan}", "product: {xi: {value: .NaN}}"),
    "infinity": _child(
        "must be a finite number", *(f"behaviour: {{psi: {x}}}" for x in (".inf", "-.Inf", "1e999"))
    ),
    "endless digits": _child("", *(f"behaviour: {{psi: {'9' * n}}}" for n in (310, 399, 5000))),
    "merge key": _appended("merge keys", "<<: {name: other}", "<<: [1]"),
    "deep brackets": _child("nested more than", *(f"question: {'[' * n}" for n in _DEPTHS)),
    "deep braces": _child("nested more than", *(f"question: {'{a: ' * n}" for n in _DEPTHS)),
    "deep dashes": _child("nested more than", *(f"question:\n  {'- ' * n}x" for n in _DEPTHS)),
    "deep lines": _child("nested more than", _STAIRS, *("question:\n" + " [\n" * n for n in _DEPTHS)),
    "open bracket": _child("not valid YAML", "question: [1, 2", "question: {a: 1"),
    "open quote": _child("not valid YAML", 'question: "never closed', "question: 'never closed"),
    "bad escape": _child("not valid YAML", 'question: "\\UFFFFFFFF"', 'question: "\\q"'),
    "second document": _appended("second document", "---\nname: again", "...\n---\n- 1"),
    "directive": lambda name, text, draw: Case("", "%YAML 1.1\n---\n" + text, "directives"),
    "top-level list": _whole("not a list", "- name: a\n- name: b\n", "[1, 2]"),
    "only a word": _whole("a scenario is a mapping", "scenario\n", "5\n", '"text"\n', "true"),
    "empty": _whole("empty", "", "\n\n", "# nothing here\n", "---\n", "null\n"),
    "UTF-16": lambda name, text, draw: Case("", text.encode("utf-16"), "UTF-16"),
    "Latin-1": lambda name, text, draw: Case("", text.encode() + b"\nquestion: caf\xe9\n", "not UTF-8"),
    "control character": _child("control character", *(f"question: a{chr(n)}b" for n in (0, 7, 27, 127))),
    "cycle of two": _extends(
        "circle: case -> other -> case", "other.yaml", "other", other="extends: case.yaml\n"
    ),
    "cycle of one": _extends("circle: case -> case", "case.yaml", "case"),
    "path outside": _extends("plain file name", "../x.yaml", "/etc/passwd", "a/b.yaml", "..", "~/x", "C:\\x"),
    "link outside": _link_outside,
    "unknown parent": _extends('Did you mean "lone-lessor"', "lone-lesor", "lonelessor", "lone-lessor.yaml"),
    "parent with an error": _bad_parent,
    "too large": lambda name, text, draw: Case("", text + "#" * MAX_BYTES, "bytes"),
    "a key of many characters": _appended("a key of", f"{'k' * 900}: 1"),
    "a list for a key": _appended("a key must be", "? [1, 2]\n: 3", "? {a: 1}\n: 3"),
}


def standalone() -> tuple[str, ...]:
    """Shipped scenarios that extend nothing and are not small."""
    larger = (name for name in shipped() if name not in SMALL)
    return tuple(
        name for name in larger if "\nextends:" not in (shipped_folder() / f"{name}.yaml").read_text()
    )


def malformed(count: int = 300, seed: int = 2026, names: tuple[str, ...] = SMALL) -> list[Case]:
    """``count`` malformed files: every kind in turn, on the named shipped scenarios in turn."""
    draw = random.Random(seed)
    texts = {name: (shipped_folder() / f"{name}.yaml").read_text(encoding="utf-8") for name in names}
    data = {name: parse(text, name).plain() for name, text in texts.items()}
    kinds = [*_DATA, *_TEXT]
    cases = []
    for step in range(count):
        kind, name = kinds[step % len(kinds)], draw.choice(names)
        if kind in _DATA:
            changed = copy.deepcopy(data[name])
            says = _DATA[kind](changed, draw)
            cases.append(Case(kind, yaml(changed), says))
        else:
            case = _TEXT[kind](name, texts[name], draw)
            cases.append(replace(case, kind=kind))
    return cases


KINDS = (*_DATA, *_TEXT)
