"""Time of a quarter in made-up worlds of 30, 300 and 3,000 firms with five links a buyer."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from market_abm.scenario import Scenario, scenario_from
from tests.benchmarks.figures import Figure

LINKS = 5
FIRMS = (30, 300, 3000)
LIMIT = 600.0
"""Seconds for one world, opening included: what takes longer is cut off and reported as such."""


def made_up(firms: int, quarters: int, seed: int = 1) -> Scenario:
    """A third of the firms are providers, the others labs; each lab can buy from five, and does from two."""
    rng = np.random.default_rng(seed)
    providers = max(firms // 3, 1)
    sellers = [f"Provider {k}" for k in range(providers)]
    buyers = [f"Lab {k}" for k in range(firms - providers)]
    world: dict[str, Any] = {}
    for name in sellers:
        world[name] = {
            "kind": "provider",
            "cash": round(float(rng.uniform(2000, 8000)), 3),
            "fleet": {
                "online": round(float(rng.uniform(100, 500)), 3),
                "unit_cost": round(float(rng.uniform(0.3, 0.5)), 3),
                "chips": {"Chips": 1},
                "regions": {"Grid": 1},
            },
        }
    for name in buyers:
        world[name] = {
            "kind": "lab",
            "cash": round(float(rng.uniform(2000, 20000)), 3),
            "lab": {
                "inference": round(float(rng.uniform(40, 90)), 3),
                "rnd": round(float(rng.uniform(30, 60)), 3),
                "revenue": round(float(rng.uniform(300, 900)), 3),
                "product_share": round(0.8 / len(buyers), 6),
            },
        }
    links, contracts = [], {}
    for b, buyer in enumerate(buyers):
        # Its neighbours on a ring, so that capacity suffices everywhere, and no two links twice.
        chosen = sorted({(b + step) % providers for step in range(LINKS)})
        for s in chosen:
            links.append({"supplier": sellers[s], "buyer": buyer, "qualified": True,
                          "switching_cost": round(float(rng.uniform(0.1, 0.4)), 3)})  # fmt: skip
        for turn, s in enumerate(chosen[:2]):
            contracts[f"K{b}-{turn}"] = {
                "supplier": sellers[s], "buyer": buyer, "volume": 20, "price": 2, "notice": 1,
                "start": "2026Q1", "end": f"202{8 + turn}Q2",
            }  # fmt: skip
    data = {
        "schema_version": 1,
        "name": f"made-up-{firms}",
        "horizon": {"start": "2026Q3", "quarters": quarters},
        "firms": world,
        "links": links,
        "contracts": contracts,
        "segments": {"Users": {"use": round(100.0 * providers, 3), "reach": "all"}},
        "upstream": {
            "chips": {"Chips": {"deliveries": {"2026Q3": 20 * providers}}},
            "regions": {"Grid": {"power": {"2026Q3": 30 * providers}}},
        },
    }
    return scenario_from(data)


def step_times(firms: int, measured: bool, quarters: int) -> dict[str, float]:
    """Seconds of opening the world and the median quarter after the first, which loads and compiles."""
    from market_abm.model import ComputeMarket

    scenario = made_up(firms, quarters + 1)
    began = time.perf_counter()
    model = ComputeMarket(scenario, rng=1, measure_every=1 if measured else quarters + 2)
    opened = time.perf_counter() - began
    taken = []
    while model.running:
        began = time.perf_counter()
        model.step()
        assert model.record["steps"]  # surveyed when somebody looks
        taken.append(time.perf_counter() - began)
    return {"opening_s": opened, "first_s": taken[0], "quarter_s": statistics.median(taken[1:])}


def scale(quick: bool) -> Iterator[Figure]:
    """Quarters with the measures on, against the same quarters with them off."""
    for firms in (6,) if quick else FIRMS:
        quarters = 1 if quick or firms > 1000 else 4
        on, off = (child(firms, measured, quarters) for measured in (True, False))
        detail: dict[str, Any] = {"opening_s": off["opening_s"]} if off else {}
        if on is None or off is None:
            detail["limit_s"] = LIMIT
        yield Figure(
            "quarter",
            f"{firms} firms, {LINKS} links a buyer",
            on and on["quarter_s"],
            "the same quarter, not measured",
            off and off["quarter_s"],
            detail=detail,
        )


def child(firms: int, measured: bool, quarters: int, limit: float = LIMIT) -> dict[str, float] | None:
    """:func:`step_times` in a process of its own; None where it is cut off."""
    words = [str(firms), str(int(measured)), str(quarters)]
    try:
        done = subprocess.run(
            [sys.executable, "-m", __name__, *words], capture_output=True, text=True, timeout=limit
        )
    except subprocess.TimeoutExpired:
        return None
    if done.returncode:
        raise RuntimeError(f"{firms} firms: {done.stderr[-500:]}")
    return json.loads(done.stdout)


if __name__ == "__main__":
    number, on, steps = (int(word) for word in sys.argv[1:])
    print(json.dumps(step_times(number, bool(on), steps)))
