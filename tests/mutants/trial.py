"""Try mutants in copies of the tree: the checkout itself is never changed."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.mutants.mutator import Mutant, mutants

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("market_abm/market", "market_abm/measures")
APART = ("market_abm/market/kernel/", "market_abm/market/reference.py")
"""The kernel is compiled, the reference is what tests measure by."""

TESTS = ("tests/market", "tests/measures", "tests/oracles", "tests/invariants/test_market_properties.py")
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", ".uv", ".hypothesis", ".*_cache", "*.pyc", "results", "long-runs"
)

STARTS, SLOWER = 20.0, 5.0
"""Seconds that a trial may take beyond its tests, and how much longer than usual these may take."""

CRASHES = {-signal.SIGSEGV, -signal.SIGBUS, -signal.SIGABRT, -signal.SIGFPE, -signal.SIGILL}
"""Codes of a process that compiled code took down: what it was handed made no sense."""

FLAGS = ("-q", "-p", "tests.mutants.plugin", "-p", "no:cacheprovider", "--hypothesis-seed=0", "--no-header")


@dataclass(frozen=True)
class Known:
    """A test that passes on the tree as it is."""

    test: str
    seconds: float
    ran: frozenset[tuple[str, str]]


@cache
def all_mutants() -> tuple[Mutant, ...]:
    """Every mutant of the two rooms."""
    found: list[Mutant] = []
    for room in ROOMS:
        for file in sorted((ROOT / room).rglob("*.py")):
            path = file.relative_to(ROOT).as_posix()
            if not path.startswith(APART):
                found += mutants(path, file.read_text(encoding="utf-8"))
    return tuple(found)


def sample(candidates: Sequence[Mutant], count: int, seed: int) -> list[Mutant]:
    """A seeded sample; a mutant stays in it while its function does not change and no lower one appears."""
    return sorted(candidates, key=lambda m: hashlib.sha256(f"{seed}:{m.key}".encode()).digest())[:count]


def copied(folder: Path) -> Path:
    """A copy of the tree, without compiled Python files but with numba's cache."""
    shutil.copytree(ROOT, folder, ignore=LEFT_OUT)
    return folder


def call(
    tree: Path, words: list[str], limit: float, extra: dict[str, str] | None = None
) -> tuple[int | None, str]:
    """Exit code and output of pytest in a copy; None where it takes longer than ``limit`` seconds."""
    environment = {**os.environ, **(extra or {}), "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_ADDOPTS"):  # a trial runs alone, whoever asks for it and how
        environment.pop(name, None)
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", *FLAGS, *words],
        cwd=tree,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        said, _ = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return None, ""
    if process.returncode not in (0, 1, 2):
        raise RuntimeError(f"pytest ended with code {process.returncode}: {said[-2000:]}")
    return process.returncode, said


def known_tests(tree: Path, maps: Path, workers: int, tests: tuple[str, ...] = TESTS) -> list[Known]:
    """Run the unchanged copy once: what passes, how long it takes, which functions it runs."""
    maps.mkdir(parents=True, exist_ok=True)
    spread = ["-n", str(workers)] if workers > 1 else []
    call(tree, [*spread, *tests], 3600.0, {"MUTANTS_MAP": str(maps)})
    rows: dict[str, dict] = {}
    for file in sorted(maps.glob("*.json")):
        rows.update(json.loads(file.read_text(encoding="utf-8")))
    if not rows:
        raise RuntimeError(f"no test passed in the unchanged copy {tree}")
    return [
        Known(test, row["seconds"], frozenset((path, name) for path, name in row["ran"]))
        for test, row in rows.items()
    ]


def covering(mutant: Mutant, known: list[Known], budget: float) -> list[Known]:
    """Tests that run the mutated function, the quickest first, as many as fit into ``budget`` seconds."""
    if mutant.function:
        found = [k for k in known if (mutant.path, mutant.function) in k.ran]
    else:  # outside functions: whoever uses the file
        found = [k for k in known if any(path == mutant.path for path, _ in k.ran)]
    chosen, spent = [], 0.0
    for test in sorted(found, key=lambda k: (k.seconds, k.test)):
        spent += test.seconds
        if spent > budget and chosen:
            break
        chosen.append(test)
    return chosen


class Server:
    """A process in a copy of the tree that runs tests in forks of itself (`tests.mutants.server`)."""

    def __init__(self, tree: Path) -> None:
        self.tree = tree
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.mutants.server",
                *(test for test in TESTS if (tree / test).exists()),
            ],
            cwd=tree,
            env={
                **os.environ,
                **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
                "PYTHONPATH": str(tree),
                "PYTHONDONTWRITEBYTECODE": "1",
                "HYPOTHESIS_SHRINK": "0",
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if not self._line():
            raise RuntimeError(f"the server in {tree} did not start")

    def _line(self) -> dict:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        return json.loads(line) if line else {}

    def run(self, tests: Iterable[str], limit: float) -> tuple[int | None, str]:
        """Exit code and output of pytest on the tests; None where it takes longer than ``limit`` seconds."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"tests": list(tests), "limit": limit}) + "\n")
        self._process.stdin.flush()
        answer = self._line()
        if not answer:
            raise RuntimeError(f"the server in {self.tree} is gone")
        return answer["code"], answer["said"]

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)
        self._process.stdout.close()


def verdict(mutant: Mutant, server: Server, chosen: list[Known]) -> tuple[str, str]:
    """``killed``, ``timeout`` (a kind of death) or ``survived``, and the test that failed or the signal.

    The copy is put right again.

    Raises
    ------
    RuntimeError
        If pytest itself failed, so that nothing is known.
    """
    if not chosen:
        return "survived", ""
    file = server.tree / mutant.path
    source = file.read_text(encoding="utf-8")
    try:
        file.write_text(mutant.applied(source), encoding="utf-8")
        limit = STARTS + SLOWER * sum(known.seconds for known in chosen)
        code, said = server.run((known.test for known in chosen), limit)
    finally:
        file.write_text(source, encoding="utf-8")
    if code is None:
        return "timeout", ""
    if code in CRASHES:
        return "killed", f"ended by {signal.Signals(-code).name}"
    if code not in (0, 1, 2, 4):  # 4: a conftest or a module that the mutant keeps from being imported
        raise RuntimeError(f"pytest ended with code {code} on {mutant.path}:{mutant.line}: {said[-2000:]}")
    failed = re.search(r"^(?:FAILED|ERROR) (.*?)(?: - .*)?$", said, re.MULTILINE)
    return ("killed" if code else "survived"), (failed[1] if failed else "")


def recalled(file: Path) -> list[Known]:
    """What is known of tests from a file that `remember` wrote; nothing where there is none."""
    if not file.exists():
        return []
    content = json.loads(file.read_text(encoding="utf-8"))
    spots = [tuple(spot) for spot in content["functions"]]
    return [
        Known(row["test"], row["seconds"], frozenset(spots[k] for k in row["ran"]))
        for row in content["tests"]
    ]


def still_there(known: list[Known], server: Server) -> list[Known]:
    """Those that pytest still finds in the copy."""
    files = sorted({item.test.split("::")[0] for item in known})
    _, said = server.run(
        ["--collect-only", *(file for file in files if (server.tree / file).exists())], 300.0
    )
    there = set(said.splitlines())
    return [item for item in known if item.test in there]


def remember(known: list[Known], file: Path, most: int = 15, seconds: float = 6.0) -> None:
    """Keep some tests of every function, as many as ``most`` and as fit into ``seconds``.

    The quickest of each test file first, then the second of each: tests of one file resemble each other.
    """
    by_spot: dict[tuple[str, str], list[Known]] = {}
    for test in known:
        for spot in test.ran:
            by_spot.setdefault(spot, []).append(test)
    spots = sorted(by_spot)
    kept: dict[str, tuple[float, set[int]]] = {}
    for number, spot in enumerate(spots):
        spent = 0.0
        for test in _from_all_files(by_spot[spot])[:most]:
            spent += test.seconds
            if spent > seconds and spent > test.seconds:
                break
            kept.setdefault(test.test, (round(test.seconds, 3), set()))[1].add(number)
    rows = [{"test": name, "seconds": took, "ran": sorted(ran)} for name, (took, ran) in sorted(kept.items())]
    lines = ",\n".join(json.dumps(row) for row in rows)
    file.write_text(f'{{"functions": {json.dumps(spots)},\n"tests": [\n{lines}\n]}}\n', encoding="utf-8")


def _from_all_files(tests: list[Known]) -> list[Known]:
    """The quickest test of every file, then the second quickest of every file, and so on."""
    seen: dict[str, int] = {}
    ranked = []
    for test in sorted(tests, key=lambda k: (k.seconds, k.test)):
        path = test.test.split("::")[0]
        seen[path] = seen.get(path, 0) + 1
        ranked.append((seen[path], test.seconds, test.test, test))
    return [item[-1] for item in sorted(ranked, key=lambda item: item[:3])]
