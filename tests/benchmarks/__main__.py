"""``python -m tests.benchmarks [--json FILE] [--only NAME] [--quick]``: times beside those of named peers."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.benchmarks import clearing, frames, fresh, runs, scale, sweeps
from tests.benchmarks.figures import Figure

BENCHMARKS: dict[str, Callable[[bool], Iterator[Figure]]] = {
    "cold": clearing.cold,
    "warm": clearing.warm,
    "removals": clearing.removals,
    "runs": runs.runs,
    "scale": scale.scale,
    "fresh": fresh.fresh,
    "frames": frames.frames,
    "sweep": sweeps.sweeps,
}

PACKAGES = ("numpy", "numba", "scipy", "highspy", "ortools", "mesa")


def machine() -> dict[str, Any]:
    """Where and on what the figures were measured."""
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True).stdout.strip()
    return {
        "command": "python -m tests.benchmarks " + " ".join(sys.argv[1:]),
        "commit": commit or None,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": python(),
        "system": platform.platform(),
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "load_average": list(os.getloadavg()) if hasattr(os, "getloadavg") else None,
        "packages": {name: version(name) for name in PACKAGES},
    }


def python() -> str:
    """The interpreter, and how it was built: times of Python code depend on it."""
    guided = "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "")
    return f"Python {platform.python_version()} {'with' if guided else 'without'} profile-guided optimisation"


def main(words: Sequence[str] | None = None) -> int:
    """Measure, print a line a figure, write the JSON file. No time fails it; another optimum does."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to a file")
    parser.add_argument("--only", action="append", choices=sorted(BENCHMARKS), help="may be repeated")
    parser.add_argument("--quick", action="store_true", help="very small sizes, for a test")
    asked = parser.parse_args(words)
    where = machine()
    print(f"{where['processor']}, {where['cores']} cores, {where['python']}")
    print(f"load {where['load_average']}, {where['commit']}")
    figures = []
    for name, benchmark in BENCHMARKS.items():
        if asked.only and name not in asked.only:
            continue
        for figure in benchmark(asked.quick):
            print(figure.line(), flush=True)
            figures.append(figure)
            if asked.json:  # after each, so that a run that is stopped leaves what it measured
                rows = [item.row() for item in figures]
                text = json.dumps({"machine": where, "figures": rows}, indent=1) + "\n"
                asked.json.write_text(text, encoding="utf-8")
    return 1 if any(figure.agrees is False for figure in figures) else 0


if __name__ == "__main__":
    raise SystemExit(main())
