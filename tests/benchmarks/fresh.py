"""A fresh process with a warm cache: import and first clearing, second clearing."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator

from tests.benchmarks.figures import Figure

CODE = """
import json, time
times = [time.perf_counter()]
import numba
times.append(time.perf_counter())
import numpy as np
from market_abm.market import TradeProblem, clear
rng = np.random.default_rng(1)
problem = TradeProblem(
    rng.lognormal(3, 1, 10), rng.uniform(0.5, 1, 10), rng.lognormal(1, 1, (16, 6)),
    -np.sort(-rng.uniform(0.5, 12, (16, 6)), axis=1), tie_key=rng.random((10, 16)),
)
clear(problem)
times.append(time.perf_counter())
clear(problem)
times.append(time.perf_counter())
print(json.dumps([after - before for before, after in zip(times, times[1:])]))
"""


def fresh(quick: bool) -> Iterator[Figure]:
    """Seconds of import and first clearing (asked: below 3 beyond ``import numba``) and of the second."""
    one_process()  # fills the cache
    times = [one_process() for _ in range(1 if quick else 5)]
    numba, first, second = (statistics.median(column) for column in zip(*times))
    yield Figure("import, first clearing", "tiny, fresh process", first, "import numba", numba,
                 detail={"asked_below_s": 3.0})  # fmt: skip
    yield Figure("second clearing", "tiny, fresh process", second, "the first", first,
                 detail={"asked_below_s": 0.001})  # fmt: skip


def one_process() -> list[float]:
    """Seconds of ``import numba``, of import and first clearing, of the second clearing."""
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)
