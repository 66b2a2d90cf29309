"""From a file or a shipped name to a scenario: read, extend, set, validate."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from market_abm.scenario.catalogue import SUFFIX, shipped, shipped_file
from market_abm.scenario.errors import Mark, Problem, ScenarioError, clipped, listed, nearest
from market_abm.scenario.merge import merged
from market_abm.scenario.override import apply
from market_abm.scenario.schema import Scenario
from market_abm.scenario.tree import MAX_BYTES, Node, decode, node_of, parse
from market_abm.scenario.validate import build

MAX_CHAIN = 12
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


def load_scenario(
    name_or_path: str | os.PathLike[str], changes: Mapping[str, Any] | Iterable[str] = ()
) -> Scenario:
    """Load a scenario.

    Parameters
    ----------
    name_or_path : str or path
        Name of a shipped scenario, or a YAML file.
    changes : mapping of dotted key to value, or iterable of "key=value"
        As ``--set``; values set this way are held, not drawn.

    Raises
    ------
    ScenarioError
        With every problem found; each names file, line, column, key, value, what is allowed and the remedy.
    """
    tree, lineage = load_tree(locate_file(name_or_path))
    apply(tree, changes)
    return build(tree, lineage)


def scenario_from(data: Mapping[str, Any], name: str = "<python>") -> Scenario:
    """A scenario from plain nested values, checked like a file."""
    return build(node_of(dict(data), Mark(name)))


def scenario_from_text(text: str, name: str = "<text>") -> Scenario:
    """A scenario from the text of a file that extends nothing, as results hold it.

    Raises
    ------
    ScenarioError
        As :func:`load_scenario`.
    """
    return build(parse(text, name))


def check_file(name_or_path: str | os.PathLike[str]) -> list[Problem]:
    """Problems of a scenario; empty where it is sound. What `validate` prints."""
    try:
        load_scenario(name_or_path)
    except ScenarioError as error:
        return list(error.problems)
    return []


def locate_file(name_or_path: str | os.PathLike[str]) -> Path:
    """The file that a name or path means."""
    text = os.fspath(name_or_path)
    looks_like_file = text.endswith((".yaml", ".yml")) or "/" in text or os.sep in text
    if not looks_like_file:
        found = shipped_file(text)
        if found is not None:
            return found
    path = Path(text)
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        known = shipped()
        raise ScenarioError(
            Problem(
                f"there is no scenario {clipped(text)!r}",
                Mark(text),
                allowed=f"a file, or one of {listed(known, 30)}",
                nearest=nearest(text.removesuffix(SUFFIX), known),
            )
        ) from None
    if not stat.S_ISREG(mode):
        raise ScenarioError(Problem("this is not a regular file", Mark(text), remedy="Name a YAML file"))
    return path


def load_tree(path: Path) -> tuple[Node, list[str]]:
    """The tree of a file over everything that it extends, and the files in that order.

    Raises
    ------
    ScenarioError
        Unreadable files, syntax, cycles and paths outside the folder.
    """
    chain: list[Path] = []
    trees: list[Node] = []
    following: Path | None = path
    mark: Mark | None = None
    while following is not None:
        _refuse_cycle(chain, following, mark)
        chain.append(following)
        tree = _read(following, mark)
        trees.append(tree)
        following, mark = _parent(tree, following)
    whole = trees.pop()
    while trees:
        whole = merged(whole, trees.pop())
    return whole, [_shown(item) for item in chain]


def _shown(path: Path) -> str:
    """The path as people know it: below the working folder relative to it."""
    try:
        return str(path.resolve().relative_to(Path.cwd())) if path.is_absolute() else str(path)
    except (ValueError, OSError):
        return str(path)


def _read(path: Path, mark: Mark | None) -> Node:
    name = _shown(path)
    try:
        with open(path, "rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ScenarioError(Problem(f"cannot read {name}: {reason}", mark or Mark(name))) from None
    tree = parse(decode(data, name), name)
    if not isinstance(tree.value, dict):
        build(tree)  # says that a scenario is a mapping
    return tree


def _refuse_cycle(chain: list[Path], following: Path, mark: Mark | None) -> None:
    reals = [item.resolve() for item in chain]
    if following.resolve() in reals:
        names = " -> ".join(item.stem for item in [*chain, following])
        raise ScenarioError(
            Problem(
                f"the scenarios extend each other in a circle: {names}",
                mark,
                "extends",
                remedy="Let one of them stand alone",
            )
        )
    if len(chain) >= MAX_CHAIN:
        raise ScenarioError(
            Problem(
                f"more than {MAX_CHAIN} scenarios extend each other",
                mark,
                "extends",
                remedy="Merge some of them",
            )
        )


def _parent(tree: Node, path: Path) -> tuple[Path | None, Mark | None]:
    """File that a tree extends: a shipped name, or a file in the same folder; nothing else."""
    node = tree.value.get("extends")
    if node is None or node.value is None:
        return None, None
    name, mark = node.value, node.mark
    allowed = "the name of a shipped scenario, or of a file in the same folder"

    def refuse(message: str, near: str | None = None) -> ScenarioError:
        return ScenarioError(Problem(message, mark, "extends", clipped(name), allowed, None, near))

    if not isinstance(name, str):
        raise refuse("must be a name")
    if not _NAME.fullmatch(name) or ".." in name:
        raise refuse("is not a plain file name: no folders, no absolute path, no ..")
    found = None if name.endswith((".yaml", ".yml")) else shipped_file(name)
    folder = path.resolve().parent
    if found is None:
        names = [name] if name.endswith((".yaml", ".yml")) else [name + SUFFIX, name + ".yml"]
        found = next((folder / item for item in names if (folder / item).is_file()), None)
    if found is None:
        known = sorted({*shipped(), *(item.stem for item in folder.glob("*.y*ml"))} - {path.stem})
        raise refuse("there is no such scenario", nearest(name.removesuffix(SUFFIX), known))
    if found.resolve().parent != found.parent.resolve():
        raise refuse("is a link that leads out of the folder")
    return found, mark
