"""Malformed scenario files: seeded mutations of shipped ones, each with what its error must say."""

from __future__ import annotations

import copy
import os
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from market_abm.scenario.catalogue import shipped, shipped_folder
from market_abm.scenario.tree import MAX_BYTES, parse

from .mutations import MUTATIONS
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
    kinds = [*MUTATIONS, *_TEXT]
    cases = []
    for step in range(count):
        kind, name = kinds[step % len(kinds)], draw.choice(names)
        if kind in MUTATIONS:
            changed = copy.deepcopy(data[name])
            says = MUTATIONS[kind](changed, draw)
            cases.append(Case(kind, yaml(changed), says))
        else:
            case = _TEXT[kind](name, texts[name], draw)
            cases.append(replace(case, kind=kind))
    return cases


KINDS = (*MUTATIONS, *_TEXT)
