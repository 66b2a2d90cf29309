"""A sweep to be killed: ``python -m tests.experiments.sweeping.victim FOLDER --workers N | --scheduler ADDRESS``."""

from __future__ import annotations

import argparse
import sys

from market_abm.experiments.sweep import Options, State, sweep
from tests.experiments.sweeping import toys

POINTS, SEEDS = 10, 12
RUNS = POINTS * SEEDS


def experiment() -> toys.Experiment:
    """The sweep of all kill tests."""
    return toys.toy(POINTS, SEEDS, limit_seconds=30.0)


def main() -> int:
    """Sweep; 0 when everything is stored, 1 otherwise."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--workers", type=int)
    parser.add_argument("--scheduler")
    parser.add_argument("--shuffled", type=int)
    asked = parser.parse_args()
    options = Options(asked.workers, asked.scheduler, shuffled=asked.shuffled, chunk_seconds=0.2, attempts=4)

    def tell(state: State) -> None:
        print(state.done, state.failed, flush=True)

    state = sweep(experiment(), asked.folder, model=toys.Toy, options=options, tell=tell)
    print("END", state.done, state.failed, state.lost, flush=True)
    return 0 if state.done == RUNS else 1


if __name__ == "__main__":
    sys.exit(main())
