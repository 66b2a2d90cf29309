"""A wheel outside the repository is a whole program: scenarios, data and licences travel with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.house.tree import ROOT

SHIPPED = sorted(path.stem for path in (ROOT / "scenarios").glob("*.yaml"))


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the unpacked wheel, as an installer lays it out."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def inside(installed: Path, code: str) -> str:
    """Output of Python code that finds only the wheel, far from the checkout."""
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, cwd=installed.parent, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_is_what_is_imported(installed: Path) -> None:
    where = inside(installed, "import market_abm; print(market_abm.__file__)").strip()
    assert Path(where).is_relative_to(installed)


def test_shipped_scenarios_load_from_the_wheel(installed: Path) -> None:
    code = (
        "import json; from market_abm.scenario import load_scenario, shipped;"
        "print(json.dumps({name: load_scenario(name).name for name in shipped()}))"
    )
    assert json.loads(inside(installed, code)) == {name: name for name in SHIPPED}


def test_data_and_licences_are_in_the_wheel(installed: Path) -> None:
    assert (installed / "market_abm/data/LICENSE-DATA").is_file()
    assert (installed / "market_abm/data/sources.csv").is_file()
    assert (installed / "market_abm/results/columns.csv").is_file()
    assert list(installed.glob("*.dist-info/licenses/LICENSE"))


def test_the_command_line_checks_every_shipped_scenario_from_the_wheel(installed: Path) -> None:
    """A run from an installed wheel compiles everything anew: `.ci/wheel` does that once."""
    code = (
        "import sys; from market_abm.cli import main;"
        "codes = [];\n"
        f"for name in {SHIPPED!r}:\n"
        "    sys.argv = ['market-abm', 'validate', name]\n"
        "    try: main()\n"
        "    except SystemExit as end: codes.append(end.code or 0)\n"
        "print(codes)"
    )
    assert inside(installed, code).splitlines()[-1] == str([0] * len(SHIPPED))
