"""What a run is identified by: resolved scenario, seed, model code and schema version, nothing else."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from market_abm import plugins

SCHEMA = 1
"""Version of the form of sweep folders and of run keys."""

MODEL = (
    "units.py", "rng.py", "elementary.py", "plugins.py", "market", "measures", "scenario", "economy",
    "strategies", "timeline", "agents", "model.py", "results/columns.csv", "results/dictionary.py",
    "experiments/knobs", "experiments/outputs.py", "experiments/resolve.py",
)  # fmt: skip
"""Files and folders of the package that decide numbers; reports and the command line do not."""

PACKAGES = ("mesa", "networkx", "numba", "numpy", "scipy")
"""Packages whose versions decide the bits of a run."""

KEY_LENGTH = 32
"""Hexadecimal digits of a run's key: 128 bits."""


@dataclass(frozen=True)
class Code:
    """The code that makes numbers.

    Attributes
    ----------
    files : mapping of str to str
        SHA-256 of every file, by its path in the package (or by module for a model of one's own).
    packages : mapping of str to str
        Versions.
    """

    files: Mapping[str, str]
    packages: Mapping[str, str]

    @property
    def hash(self) -> str:
        """SHA-256 over files and versions."""
        return digest([sorted(self.files.items()), sorted(self.packages.items())])

    def differences(self, other: Code) -> list[str]:
        """Names of files and packages in which the two differ, sorted."""
        pairs = ((self.files, other.files), (self.packages, other.packages))
        return sorted(
            name for mine, theirs in pairs for name in {*mine, *theirs} if mine.get(name) != theirs.get(name)
        )

    def as_dict(self) -> dict[str, dict[str, str]]:
        """Plain fields, for the manifest."""
        return {"files": dict(self.files), "packages": dict(self.packages)}

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Code:
        """The inverse of :meth:`as_dict`."""
        return cls(dict(fields["files"]), dict(fields["packages"]))


def code_of(model: Callable[..., Any] | None = None) -> Code:
    """The code of this process: the package, versions, plugins, and the module of a model of one's own."""
    files = dict(_package_files())
    if model is not None:
        where = inspect.getsourcefile(model)
        name = f"{model.__module__}.{model.__qualname__}"
        files[name] = hashlib.sha256(Path(where).read_bytes()).hexdigest() if where else "unknown"
    return Code(files, {**_versions(), **plugins.versions()})


def digest(content: Any) -> str:
    """SHA-256 of the canonical JSON of plain values."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def run_key(resolved: str, drawn: Mapping[str, Any], seed: int, pin: bool, code: str) -> str:
    """Key of a run.

    Parameters
    ----------
    resolved : str
        Hash of the scenario with every change of the point made.
    drawn : mapping
        Knobs that draw anew for every seed (the supplier network), with their values.
    seed : int
    pin : bool
    code : str
        Hash of the model code.
    """
    return digest([SCHEMA, code, resolved, sorted(drawn.items()), int(seed), bool(pin)])[:KEY_LENGTH]


@cache
def _package_files() -> tuple[tuple[str, str], ...]:
    root = Path(__file__).resolve().parent.parent
    return tuple(
        (path.relative_to(root).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest())
        for part in MODEL
        for path in _below(root / part)
    )


def _below(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    else:
        yield from sorted(item for item in path.rglob("*") if item.suffix in (".py", ".csv", ".json"))


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found
