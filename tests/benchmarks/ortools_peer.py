"""OR-tools' min-cost flow, in a process of its own.

OR-tools and highspy bring two versions of one shared library (libhighs) and cannot be loaded together.
"""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from dataclasses import fields
from typing import Any

import numpy as np

from market_abm.market.problem import TradeProblem
from market_abm.units import GRID, to_grid
from tests.benchmarks.figures import median_time


def ask(problem: TradeProblem, patience: float) -> dict[str, float]:
    """Median seconds (``time``) and surplus of OR-tools, measured in a child process."""
    arrays = {field.name: getattr(problem, field.name) for field in fields(problem)}
    done = subprocess.run(
        [sys.executable, "-m", __name__, str(patience)],
        input=pickle.dumps(arrays),
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"the process of OR-tools failed: {done.stderr.decode()[-500:]}")
    return json.loads(done.stdout)


def clear(problem: TradeProblem, graph: Any) -> float:
    """Surplus by cost scaling on the circulation root - sellers - buyers - root, on the market's grid."""
    sellers, buyers = problem.sellers, problem.buyers
    seller, buyer = np.nonzero(problem.linked)  # type: ignore[arg-type]
    blocks = problem.block_quantity.shape[1]
    root = sellers + buyers
    capacity, quantity = to_grid(problem.capacity), to_grid(problem.block_quantity)
    most = np.minimum(capacity[seller], quantity.sum(axis=1)[buyer])
    if problem.link_cap is not None:
        most = np.minimum(most, to_grid(np.minimum(problem.link_cap[seller, buyer], most / GRID)))
    tail = np.concatenate([np.full(sellers, root), seller, sellers + np.repeat(np.arange(buyers), blocks)])
    head = np.concatenate([np.arange(sellers), sellers + buyer, np.full(buyers * blocks, root)])
    cost = np.concatenate(
        [
            np.zeros(sellers, dtype=np.int64),
            to_grid(problem.link_cost[seller, buyer]),
            -to_grid(problem.block_value.ravel()),
        ]
    )
    flow = graph.SimpleMinCostFlow()
    arcs = flow.add_arcs_with_capacity_and_unit_cost(
        tail, head, np.concatenate([capacity, most, quantity.ravel()]), cost
    )
    status = flow.solve()
    if status != flow.OPTIMAL:
        raise RuntimeError(f"OR-tools: status {status}")
    flow.flows(arcs)  # read the answer, as the others do
    return -flow.optimal_cost() / GRID / GRID


def main() -> None:
    """Read a problem, print the median time and the surplus."""
    from ortools.graph.python import min_cost_flow

    problem = TradeProblem(**pickle.loads(sys.stdin.buffer.read()))
    taken, surplus = median_time(lambda: clear(problem, min_cost_flow), float(sys.argv[1]))
    print(json.dumps({"time": taken, "surplus": surplus}))


if __name__ == "__main__":
    main()
