"""Following CONTRIBUTING.md, a strategy, a protocol, a measure and a policy are each one new file and its test.

The examples are copied, as they stand, into a copy of the checkout in which nothing else is changed, and their tests
run there.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import ROOT

FILE = re.compile(r"```python\n# file: (?P<name>\S+)\n(?P<code>.*?)```", re.S)

ROOMS = ("strategies", "market/bargaining", "measures", "timeline")


def examples() -> dict[str, str]:
    """Files that CONTRIBUTING.md shows, by their path."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    return {found["name"]: found["code"] for found in FILE.finditer(text)}


def linked(source: Path, target: Path, open_folders: set[Path]) -> None:
    """A copy made of links; folders that get a new file are folders of their own."""
    target.mkdir()
    for path in source.iterdir():
        if path in open_folders:
            linked(path, target / path.name, open_folders)
        else:
            (target / path.name).symlink_to(path)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkout with the examples in their places."""
    root = tmp_path_factory.mktemp("contribution") / "market_abm"
    files = examples()
    folders = {(ROOT / name).parent for name in files}
    opened = folders | {above for folder in folders for above in folder.parents if above != ROOT}
    linked(ROOT, root, opened | {ROOT / "tests"})
    (root / "tests" / "house").unlink()
    shutil.copytree(
        ROOT / "tests" / "house", root / "tests" / "house"
    )  # a link would test the checkout itself
    for name, code in files.items():
        assert not (root / name).exists(), f"{name} is there already"
        (root / name).write_text(code, encoding="utf-8")
    return root


def here(checkout: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A command in the copy, which is what is imported there."""
    environment = {**os.environ, "PYTHONPATH": str(checkout), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *words], cwd=checkout, env=environment, capture_output=True, text=True, check=False
    )


def test_each_addition_is_one_file_of_the_package_and_one_test() -> None:
    names = sorted(examples())
    package = [name for name in names if name.startswith("market_abm/")]
    assert sorted(str(Path(name).parent) for name in package) == sorted(
        f"market_abm/{room}" for room in ROOMS
    )
    for name in package:
        room = Path(name).parent.relative_to("market_abm").parts[0]
        assert f"tests/{room}/test_{Path(name).name}" in names
    assert len(names) == 2 * len(package)


def test_the_examples_pass_their_tests_in_a_copy_of_the_checkout(checkout: Path) -> None:
    tests = [name for name in examples() if name.startswith("tests/")]
    done = here(checkout, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests)
    assert done.returncode == 0, done.stdout + done.stderr
    where = here(checkout, "-c", "import market_abm; print(market_abm.__file__)")
    assert Path(where.stdout.strip()).is_relative_to(checkout)


def test_the_house_accepts_them(checkout: Path) -> None:
    """Lint, imports one way, and names that are known to the schema."""
    tests = ["tests/house/test_imports.py", "tests/scenario/test_registered.py"]
    chosen = "every_room or one_way or written_down or pure_rooms"
    done = here(checkout, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests, "-k", chosen)
    assert done.returncode == 0, done.stdout + done.stderr
    for check in (("check",), ("format", "--check")):
        files = [str(checkout / name) for name in examples()]
        done = here(checkout, "-m", "ruff", *check, "--no-cache", *files)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_command_line_knows_them_without_a_list(checkout: Path) -> None:
    code = (
        "from market_abm.scenario import load_scenario\n"
        "import sys\n"
        "load_scenario('two-clouds-three-labs', {'behaviour.protocol': 'equal_rises',"
        " 'firms.Neocloud.strategies.sell': 'reserving'})\n"
        "assert 'numba' not in sys.modules\n"
    )
    done = here(checkout, "-c", code)
    assert done.returncode == 0, done.stderr
