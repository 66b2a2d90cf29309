"""kill -9 at random moments: no corrupt file, no lost finished run, no duplicate, the same tables in the end.

``KILLS`` in the environment says how often (default 20) and ``KILLS_SEED`` at which moments; `.ci/long/kills` does it 200
times. A run is finished when its part stands under its name; what a kill can cost is the chunk under way, 0.2 s of
runs here and 1.5 by default.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from market_abm.experiments.store import journal, parts
from market_abm.experiments.store.overview import connect, overview
from market_abm.experiments.sweep import Options, sweep
from tests.experiments.sweeping import toys, victim

KILLS = int(os.environ.get("KILLS", "20"))
SEED = int(os.environ.get("KILLS_SEED", "0"))
SCHEDULER_KILLS = max(KILLS // 20, 1)
WORKER_KILLS = max(KILLS * 10 // 20, 1)
GROUP_KILLS = KILLS - SCHEDULER_KILLS - WORKER_KILLS

PATIENCE = 180.0
"""Seconds after which something that should happen has not."""

SLOWLY = {toys.SLOW: "0.02"}
"""A run of two quarters then takes 40 ms, the whole sweep some five seconds on one core."""


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    """The tables of the same sweep, left in peace."""
    folder = tmp_path_factory.mktemp("peace") / "s"
    sweep(victim.experiment(), folder, model=toys.Toy, options=Options(workers=0))
    return toys.tables(folder)


@contextmanager
def started(folder: Path, *arguments: str) -> Iterator[subprocess.Popen]:
    """The victim in a process group of its own."""
    command = [sys.executable, "-m", "tests.experiments.sweeping.victim", str(folder), *arguments]
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env=os.environ | SLOWLY,
    )
    try:
        yield process
    finally:
        killed_group(process)


def killed_group(process: subprocess.Popen) -> None:
    """The whole process group at once."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def waited(condition, process: subprocess.Popen | None = None) -> bool:
    """Wait until something is so; False when the process ended before."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if condition():
            return True
        if process is not None and process.poll() is not None:
            return False
        time.sleep(0.02)
    raise AssertionError("nothing happened for too long")


class Witness:
    """Looks at a folder after every kill."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen: set[str] = set()

    def looks(self) -> None:
        """Nothing corrupt, nothing lost, nothing twice."""
        found = parts.contents(self.folder, ("steps",), aside=False)
        assert not found.damaged
        with_tables = overview(self.folder)
        assert not with_tables.failures
        if not with_tables.done:
            return
        with connect(self.folder) as link:
            rows = [row[0] for row in link.execute("SELECT key FROM runs").fetchall()]
            quarters = link.execute("SELECT count(*) FROM steps").fetchone()[0]
        assert len(rows) == len(set(rows)) and quarters == 2 * len(rows)
        assert self.seen <= set(rows)
        self.seen = set(rows)

    def told(self) -> int:
        """Runs that the journal has as done."""
        return sum(row["runs"] for row in journal.read(self.folder).of("part"))


def test_the_whole_process_group(tmp_path, uninterrupted):
    chance, folder = random.Random(1 + 10 * SEED), tmp_path / "s"
    witness = Witness(folder)
    rounds = 0
    while rounds < GROUP_KILLS:
        before = len(list(toys.parts(folder)))
        workers = "1" if rounds % 4 == 1 else "0"  # a group of several processes, or of one
        with started(folder, "--workers", workers) as process:
            waited(lambda at=folder, before=before: len(list(toys.parts(at))) > before, process)
            time.sleep(chance.uniform(0.0, 0.3))
        rounds += 1
        witness.looks()
        assert len(witness.seen) >= witness.told()  # what the journal says is there
        if len(witness.seen) > 0.8 * victim.RUNS:  # finish it, and begin another
            assert_finishes(folder, uninterrupted)
            folder = tmp_path / f"s{rounds}"
            witness = Witness(folder)
    if folder.exists():
        assert_finishes(folder, uninterrupted)


def test_a_worker(tmp_path, uninterrupted):
    chance, kills, number = random.Random(2 + 10 * SEED), 0, 0
    while kills < WORKER_KILLS:
        number += 1
        folder = tmp_path / f"s{number}"
        with started(folder, "--workers", "2") as process:
            waited(lambda folder=folder: list(toys.parts(folder)), process)
            while kills < WORKER_KILLS and process.poll() is None:
                time.sleep(chance.uniform(0.0, 0.3))
                workers = busy_children(process.pid)
                if not workers:
                    time.sleep(0.1)
                    continue
                os.kill(chance.choice(workers), signal.SIGKILL)
                kills += 1
                so_far = len(list(toys.parts(folder)))
                waited(lambda folder=folder, n=so_far: len(list(toys.parts(folder))) > n, process)
            assert process.wait(PATIENCE) == 0
        Witness(folder).looks()
        assert toys.tables(folder) == uninterrupted


def test_the_scheduler_of_a_cluster_of_two_processes(tmp_path, uninterrupted):
    chance, folder = random.Random(3 + 10 * SEED), tmp_path / "s"
    witness = Witness(folder)
    for number in range(SCHEDULER_KILLS):
        before = len(list(toys.parts(folder)))
        with (
            toys.cluster(tmp_path / f"cluster{number}", 1, SLOWLY) as (address, scheduler),
            started(folder, "--scheduler", address) as process,
        ):
            waited(lambda before=before: len(list(toys.parts(folder))) > before, process)
            time.sleep(chance.uniform(0.0, 0.3))
            scheduler.kill()
            assert process.wait(PATIENCE) == 1  # says so, and leaves the rest for later
        witness.looks()
    assert_finishes(folder, uninterrupted)


def assert_finishes(folder: Path, uninterrupted: dict[str, bytes]) -> None:
    """The same command again, in peace: the tables are those of a sweep that was never touched."""
    state = sweep(victim.experiment(), folder, model=toys.Toy, options=Options(workers=0))
    assert (state.done, state.failed) == (victim.RUNS, 0)
    assert toys.tables(folder) == uninterrupted
    assert not list(toys.parts(folder))


def busy_children(pid: int) -> list[int]:
    """Worker processes below a process: spawned, or forked from the process that holds their modules."""
    found = []
    with suppress(psutil.Error):
        for item in psutil.Process(pid).children(recursive=True):
            words = " ".join(item.cmdline())
            if "spawn_main" in words or ("forkserver" in words and item.ppid() != pid):
                found.append(item.pid)
    return found
