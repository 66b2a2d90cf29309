"""The verdict on history: what the README says is what the kept backtest found, with the inputs of today."""

from __future__ import annotations

import json

from market_abm.commands.backtest import inputs
from tests.house.refresh import KEPT, README, VERDICT, verdict


def test_the_readme_repeats_the_verdict() -> None:
    block = VERDICT.search(README.read_text(encoding="utf-8"))
    assert block, "README.md has no <!-- verdict --> block"
    assert block[0] == f"{block[1]}{verdict()}{block[2]}"


def test_the_kept_verdict_was_made_of_todays_worlds_facts_and_draws() -> None:
    """After a change of any of them: .ci/long/backtest, then python -m tests.house.refresh."""
    assert json.loads(KEPT.read_text(encoding="utf-8"))["inputs"] == inputs()


def test_the_counts_add_up() -> None:
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    assert kept["replications"] == 100
    sums = {name: sum(counts.values()) for name, counts in kept["counts"].items()}
    assert len(set(sums.values())) == 1
    for name, counts in kept["counts"].items():
        scored = counts["beaten"] + counts["matched"] + counts["lost"]
        said = next(text for text in kept["sentences"] if f"the {name} forecast" in text)
        assert said.startswith(f"Of {scored} series")
        assert (
            f"in {counts['beaten']}, matches it in {counts['matched']} and loses to it in {counts['lost']}"
            in said
        )
