"""Imports run one way, and the costly ones wait until they are needed."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import PACKAGE, ROOT, modules

ORDER = [
    "units", "rng", "elementary", "decorated", "plugins", "data", "market", "measures", "scenario", "economy",
    "strategies", "timeline", "agents", "model", "results", "experiments", "conformance", "analysis", "report", "app",
    "console", "commands", "cli", "__main__",
]  # fmt: skip
"""Rooms from the ground up: a room imports only from those before it."""

MAY_IMPORT_MESA = {"agents", "model", "app"}


def room_of(path: Path) -> str:
    """The room of a module: its first folder, or the module itself."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(source: str) -> list[tuple[int, str]]:
    """Line and dotted name of every import of a source text, those inside functions too."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [(node.lineno, name.name) for name in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found += [(node.lineno, f"{node.module}.{name.name}") for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append((node.lineno, "." * node.level))
    return found


def trespasses(room: str, source: str) -> list[str]:
    """Imports of a module of ``room`` that go against the order."""
    out = []
    for line, name in imported(source):
        parts = name.split(".")
        if name.startswith("."):
            out.append(f"{line}: relative import")
        elif parts[0] == "market_abm" and len(parts) > 1 and parts[1] in ORDER:
            if ORDER.index(parts[1]) > ORDER.index(room):
                out.append(f"{line}: {room} imports {parts[1]}")
        elif parts[0] == "mesa" and room not in MAY_IMPORT_MESA:
            out.append(f"{line}: {room} imports mesa")
        elif parts[0] == "tests":
            out.append(f"{line}: {room} imports tests")
    return out


def test_every_room_has_its_place_in_the_order() -> None:
    rooms = {room_of(path) for path in modules()} - {"__init__"}
    assert rooms <= set(ORDER), f"give {sorted(rooms - set(ORDER))} a place in ORDER"


def test_imports_run_one_way() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{trespass}"
        for path in modules()
        if room_of(path) != "__init__"
        for trespass in trespasses(room_of(path), path.read_text(encoding="utf-8"))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("market", "from market_abm.economy.state import State"),
        ("measures", "def f():\n    import mesa"),
        ("scenario", "from market_abm import model"),
        ("economy", "from ..strategies import view"),
        ("results", "from tests.house import tree"),
    ],
)
def test_the_rule_sees_what_it_forbids(room: str, source: str) -> None:
    assert len(trespasses(room, source)) == 1


@pytest.mark.parametrize(
    ("name", "unwanted"),
    [
        ("market_abm", "numba mesa pandas numpy"),
        ("market_abm.market", "numba mesa pandas"),
        ("market_abm.measures", "numba mesa pandas"),
        ("market_abm.scenario", "numba mesa pandas numpy scipy"),
        ("market_abm.cli", "numba mesa pandas"),
    ],
)
def test_an_import_loads_nothing_costly(name: str, unwanted: str) -> None:
    code = f"import sys, {name}; print(*sorted({{m.split('.')[0] for m in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not set(unwanted.split()) & set(done.stdout.split())


def test_pure_rooms_stand_alone() -> None:
    """`market` and `measures` can be lifted out: they need nothing but each other and the ground floor."""
    ground = set(ORDER[: ORDER.index("measures") + 1]) - {"data"}
    for path in modules():
        if room_of(path) in ("market", "measures"):
            for line, name in imported(path.read_text(encoding="utf-8")):
                parts = name.split(".")
                assert parts[0] != "market_abm" or parts[1] in ground, f"{path}:{line} imports {name}"
