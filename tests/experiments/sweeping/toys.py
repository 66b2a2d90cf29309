"""Small sweeps: a cheap model that can be made to fail in five ways, and experiments over it.

The model stands in where a test is about processes and files; tests about numbers run the market itself.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from market_abm import rng as keyed
from market_abm.experiments.experiment import Experiment
from market_abm.experiments.read import experiment_from
from market_abm.experiments.store.folder import Sweep
from market_abm.scenario import Scenario

COLUMNS = ["tightness", "pivotal_firms", "tight"]

FAILURES = ("raise", "loop", "exit", "memory", "segfault")

SLOW = "TOY_SECONDS"
"""Environment variable: seconds that a quarter of the toy takes."""


class Toy:
    """A market of one number, in the form in which the engine runs models."""

    def __init__(self, scenario: Scenario, rng: int, pin: bool = False) -> None:
        self.scenario, self.seed, self.quarter = scenario, rng, 0
        self.record: dict[str, Any] = {}

    def step(self) -> None:
        """One quarter."""
        time.sleep(float(os.environ.get(SLOW, "0")))
        beta = float(self.scenario.behaviour.beta)
        value = beta + keyed.uniform(self.seed, "toy", str(self.quarter))
        self.record = {"steps": {"tightness": value, "pivotal_firms": int(value > 1.0), "tight": value > 1.1}}
        self.quarter += 1


class Failing(Toy):
    """Fails in its second quarter: seed 2 at the first five points, each in another way."""

    def step(self) -> None:
        """One quarter, or an end of one kind or another."""
        kind = failure_of(float(self.scenario.behaviour.beta), self.seed)
        if self.quarter == 1 and kind:
            getattr(self, f"_{kind}")()
        super().step()

    def _raise(self) -> None:
        raise ArithmeticError("planted: the market does not clear")

    def _loop(self) -> None:
        while True:
            time.sleep(0.01)

    def _exit(self) -> None:
        os._exit(7)

    def _memory(self) -> None:
        held = []
        while True:
            held.append(np.empty(1 << 26, np.uint8))  # asked for, never touched: the machine need not have it

    def _segfault(self) -> None:
        ctypes.string_at(0)


def failure_of(beta: float, seed: int) -> str:
    """Kind of failure planted at a point and seed; empty where there is none."""
    place = round(beta * 100) - 10
    return FAILURES[place] if seed in (2, 5, 6) and 0 <= place < len(FAILURES) else ""


def toy(points: int = 6, replications: int = 6, **more: Any) -> Experiment:
    """An experiment over the bargaining weight, 0.10, 0.11, ..."""
    fields = {
        "schema_version": 1,
        "name": "toy",
        "scenario": "bilateral-monopoly",
        "set": {"horizon.quarters": 2},
        "factors": {"behaviour.beta": [round(0.1 + 0.01 * step, 2) for step in range(points)]},
        "replications": replications,
        "keep": {"steps": COLUMNS},
        "headline": "pivotal_firms",
    }
    return experiment_from({**fields, **more})


def market(replications: int = 2, **more: Any) -> Experiment:
    """An experiment over the real model, a few quarters of the smallest world."""
    fields = {
        "schema_version": 1,
        "name": "market",
        "scenario": "bilateral-monopoly",
        "set": {"horizon.quarters": 2},
        "factors": {"beta": [0.25, 0.75], "switching_cost": [0.0, 0.8], "protocol": ["split", "nntr"]},
        "replications": replications,
        "keep": {
            "steps": "all",
            "links": ["price_usd_per_gpu_hour", "volume_khq"],
            "firms": {"columns": ["cash_musd", "served_khq"], "where": {"firm": ["Buyer"]}},
            "decisions": "all",
        },
    }
    return experiment_from({**fields, **more})


def tables(folder: Path | str) -> dict[str, bytes]:
    """The compact tables of a sweep, byte by byte."""
    found = sorted(Path(folder).glob("tables-*/*.parquet"))
    return {path.name: path.read_bytes() for path in found}


def stored(folder: Path | str) -> set[str]:
    """Keys of the runs that a folder holds, read as a fresh process would."""
    return set(Sweep(folder).recover().keys)


def parts(folder: Path | str) -> Iterable[Path]:
    """Parts in a folder."""
    return sorted(path for path in Path(folder, "parts").glob("*") if not path.name.startswith("."))


@contextmanager
def cluster(
    folder: Path, workers: int, environment: Mapping[str, str] | None = None
) -> Iterator[tuple[str, Any]]:
    """A real cluster on the loopback, `dask scheduler` and `dask worker` in processes of their own.

    Yields
    ------
    str, Popen
        Address of the scheduler, and its process.
    """
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / "scheduler.json"
    environment = (
        os.environ | dict(environment or {}) | {"DASK_DISTRIBUTED__LOGGING__DISTRIBUTED": "critical"}
    )
    common: dict[str, Any] = {
        "env": environment, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True
    }  # fmt: skip
    dask = [sys.executable, "-m", "dask"]
    here = ["--host", "127.0.0.1", "--no-dashboard"]
    scheduler = subprocess.Popen(
        [*dask, "scheduler", *here, "--port", "0", "--scheduler-file", str(place)], **common
    )
    hands = subprocess.Popen(
        [*dask, "worker", *here, "--nworkers", str(workers), "--nthreads", "1", "--scheduler-file", str(place),
         "--local-directory", str(folder), "--death-timeout", "60"],
        **common,
    )  # fmt: skip
    try:
        until = time.monotonic() + 120
        while not place.is_file() or not place.read_text():
            if scheduler.poll() is not None or time.monotonic() > until:
                raise RuntimeError("the scheduler does not start")
            time.sleep(0.05)
        yield json.loads(place.read_text())["address"], scheduler
    finally:
        for process in (hands, scheduler):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
