"""A sweep of ten thousand runs: the parent's memory stays small and flat, and taking it up again runs nothing.

How long that takes is told by ``python -m tests.benchmarks --only sweep``; no time fails a test.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

SEEDS = 125
LIMIT_MB, FLAT_MB = 600.0, 60.0

SWEEP = """
import json, sys
import psutil
from market_abm.experiments.sweep import Options, sweep
from tests.experiments.sweeping import toys

if __name__ == "__main__":
    workers, points, seeds = (int(word) for word in sys.argv[2:])
    me, told = psutil.Process(), []

    def tell(state):
        told.append((state.done, me.memory_info().rss / 2**20))

    state = sweep(toys.toy(points, seeds), sys.argv[1], model=toys.Toy, tell=tell,
                  options=Options(workers=workers, chunk_seconds=0.05))
    told.append((state.done, me.memory_info().rss / 2**20))
    peak = next(int(line.split()[1]) / 1024 for line in open("/proc/self/status") if line.startswith("VmHWM"))
    print(json.dumps(dict(done=state.done, now=state.now, failed=state.failed, told=told, peak=peak)))
"""


def swept(place, workers, points):
    """The sweep in a process of its own, and what it says of itself."""
    (place / "parent.py").write_text(SWEEP)
    command = [
        sys.executable,
        str(place / "parent.py"),
        str(place / "s"),
        str(workers),
        str(points),
        str(SEEDS),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(("workers", "points"), [(0, 80), (1, 24)])
def test_the_memory_of_the_parent_is_small_and_flat(tmp_path, workers, points):
    runs = points * SEEDS
    found = swept(tmp_path, workers, points)
    assert (found["done"], found["now"], found["failed"]) == (runs, runs, 0)
    assert found["peak"] < LIMIT_MB
    quarter = next(used for done, used in found["told"] if done >= runs / 4)
    before_tables = found["told"][-2][1]
    assert before_tables - quarter < FLAT_MB
    if workers:
        return
    again = swept(tmp_path, 0, points)
    assert (again["done"], again["now"]) == (runs, 0)
    assert again["peak"] < LIMIT_MB
