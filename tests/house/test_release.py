"""What a release says of itself: version, licence, pinned versions."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import market_abm
from tests.house.tree import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def pinned() -> dict[str, str]:
    """Versions by name in constraints.txt."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    assert all(len(pair) == 2 for pair in pairs), "a line is not name==version"
    return {canonicalize_name(name): version for name, version in pairs}


def test_every_place_that_states_the_version_states_the_same() -> None:
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    stated = re.search(r"^version: (\S+)$", citation, re.M)
    newest = re.search(r"^## (?!Unreleased$)(\S+)", changelog, re.M)
    assert stated and newest
    assert market_abm.__version__ == PROJECT["version"] == stated[1] == newest[1]


def test_the_licences_are_there() -> None:
    for name in PROJECT["license-files"]:
        assert (ROOT / name).stat().st_size > 500, name
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "CC BY" in (ROOT / "market_abm/data/LICENSE-DATA").read_text(encoding="utf-8")


def test_every_dependency_is_pinned_inside_its_range() -> None:
    pins = pinned()
    extras = [line for lines in PROJECT["optional-dependencies"].values() for line in lines]
    for line in [*PROJECT["dependencies"], *extras]:
        wanted = Requirement(line)
        version = pins[canonicalize_name(wanted.name)]
        assert wanted.specifier.contains(version, prereleases=True), f"{line}: pinned at {version}"


def test_what_dependencies_need_is_pinned_too() -> None:
    pins = pinned()
    for name in pins:
        for line in requires(name) or []:
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                assert canonicalize_name(needed.name) in pins, f"{name} needs {needed.name}"


def test_the_changelog_marks_what_breaks() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "**results change**" in changelog
    assert "**file format change**" in changelog


def test_the_python_that_is_asked_for_is_one_that_is_supported() -> None:
    asked = (ROOT / ".python-version").read_text(encoding="utf-8").strip()
    assert Requirement(f"python{PROJECT['requires-python']}").specifier.contains(f"{asked}.0")
