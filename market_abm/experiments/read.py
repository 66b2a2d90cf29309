"""From a file or a shipped name to an experiment; errors with file, line and column."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from market_abm.experiments.experiment import Experiment
from market_abm.scenario import Scenario, load_scenario, paths
from market_abm.scenario.catalogue import SUFFIX, shipped_folder
from market_abm.scenario.errors import Mark, Problem, ScenarioError, clipped, listed, nearest
from market_abm.scenario.merge import merged
from market_abm.scenario.positions import known_keys, locate, value_at
from market_abm.scenario.tree import MAX_BYTES, Node, decode, node_of, parse


def shipped_experiments() -> list[str]:
    """Names of the shipped experiments, sorted."""
    return sorted(path.stem for path in (shipped_folder() / "experiments").glob(f"*{SUFFIX}"))


def load_experiment(
    name_or_path: str | os.PathLike[str], full: bool = False, **changes: Any
) -> tuple[Experiment, Path]:
    """Load an experiment.

    Parameters
    ----------
    name_or_path : str or path
        Name of a shipped experiment, or a YAML file.
    full : bool
        The size for a cluster: what stands under the key ``full`` rules.
    **changes
        Keys of the experiment to set, for example ``replications=30``.

    Returns
    -------
    Experiment, Path
        The experiment and its file.

    Raises
    ------
    ScenarioError
        With every problem found; each names file, line, column, key, value, what is allowed and the remedy.
    """
    path = _file(name_or_path)
    try:
        with open(path, "rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ScenarioError(Problem(f"cannot read {path}: {reason}", Mark(str(path)))) from None
    tree = parse(decode(data, str(path)), str(path))
    return experiment_of(tree, full, **changes), path


def experiment_from(data: dict[str, Any], full: bool = False, **changes: Any) -> Experiment:
    """An experiment from plain nested values, checked like a file."""
    return experiment_of(node_of(data, Mark("<python>")), full, **changes)


def experiment_of(tree: Node, full: bool = False, **changes: Any) -> Experiment:
    """An experiment from a tree of nodes."""
    if not isinstance(tree.value, dict):
        raise ScenarioError(
            Problem("an experiment is a mapping", tree.mark, remedy="Start with schema_version: 1")
        )
    tree = tree.copy()
    larger = tree.value.pop("full", None)
    tree.keys.pop("full", None)
    if full:
        if larger is None or not isinstance(larger.value, dict):
            raise ScenarioError(Problem("has no larger size", tree.mark, "full", remedy="Leave --full away"))
        tree = merged(tree, larger)
    for key, value in changes.items():
        if value is not None:
            tree.put(key, node_of(value, Mark(f"--set {key}")))
    try:
        experiment = Experiment.model_validate(tree.plain())
    except ValidationError as error:
        raise ScenarioError(_problem(tree, item) for item in error.errors(include_url=False)) from None
    experiment._tree = tree
    return experiment


def base_scenario(name: str, file: Path | None) -> Scenario:
    """A base scenario of an experiment: a file beside it, or a shipped one."""
    if file is not None:
        for beside in (file.parent / name, file.parent / f"{name}{SUFFIX}"):
            if beside.is_file():
                return load_scenario(beside)
    return load_scenario(name)


def _file(name_or_path: str | os.PathLike[str]) -> Path:
    text = os.fspath(name_or_path)
    if text in shipped_experiments():
        return shipped_folder() / "experiments" / f"{text}{SUFFIX}"
    path = Path(text)
    if not path.is_file():
        known = shipped_experiments()
        raise ScenarioError(
            Problem(
                f"there is no experiment {clipped(text)!r}", Mark(text),
                allowed=f"a file, or one of {listed(known)}", nearest=nearest(path.stem, known),
            )
        )  # fmt: skip
    return path


def _problem(tree: Node, error: Any) -> Problem:
    """One error of the schema in words, at its place."""
    kind, context = error["type"], error.get("ctx", {})
    loc = [part for part in error["loc"] if part not in ("[key]", "tuple[str, ...]", "literal['all']")]
    raw = value_at(tree, loc)
    value = None if isinstance(raw, dict | list) or raw is None else clipped(raw)
    key = paths.join(loc)
    if kind == "scenario":
        inner = [*loc, context["at"]] if context["at"] else loc
        more = {name: context[name] or None for name in ("allowed", "remedy", "nearest")}
        return Problem(context["message"], locate(tree, inner), paths.join(inner), value, **more)
    mark = locate(tree, loc, key=kind == "extra_forbidden")
    if kind == "extra_forbidden":
        known = known_keys(Experiment, loc[:-1])
        word = str(loc[-1])
        return Problem(
            f'unknown key "{clipped(word)}"', mark, key, allowed=listed(known, 40),
            nearest=nearest(word, known), remedy="Correct or remove it",
        )  # fmt: skip
    if kind == "missing":
        return Problem(f'required key "{loc[-1]}" is missing', locate(tree, loc[:-1]), key, remedy="Add it")
    if kind == "literal_error":
        words = context["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        near = nearest(str(raw), words)
        return Problem("is not one of the allowed words", mark, key, value, listed(words, 30), None, near)
    return Problem(error["msg"][:1].lower() + error["msg"][1:], mark, key, value)
