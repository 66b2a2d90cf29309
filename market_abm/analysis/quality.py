"""How good the runs were: finished seeds, conservation, pairing, what is estimated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from market_abm.analysis.pairing import Effect
from market_abm.analysis.table import Column, Table

if TYPE_CHECKING:
    from market_abm.results.result import Result

INVARIANTS = (
    ("ledger_residual_musd", "Money: largest sum of a quarter's ledger", "MUSD", 1e-3),
    ("compute_residual_khq", "Compute: most delivered beyond capacity or to nobody", "kHQ", 1e-3),
)
"""Columns that should be zero, what they say, unit, and where they count as broken."""


def runs_table(results: Sequence[Result]) -> Table:
    """Seeds asked for, finished and failed of each scenario, and how much of it is estimated."""
    rows = []
    for result in results:
        setting, failed = result.setting, [str(failure["seed"]) for failure in result.failures]
        volume = float(result.steps["estimated_volume_share"].mean()) if len(result.steps) else float("nan")
        rows.append(
            (setting.name, len(result.seeds) + len(failed), len(result.seeds), ", ".join(failed) or "none",
             setting.estimated_share, volume, setting.protocol, "central values" if setting.pin else "drawn per seed")
        )  # fmt: skip
    columns = (
        Column("scenario", "Scenario"), Column("asked", "Runs", "count"), Column("finished", "Finished", "count"),
        Column("failed", "Failed seeds"), Column("inputs", "Inputs estimated", "share"),
        Column("volume", "Contracted volume estimated", "share"), Column("protocol", "Protocol"),
        Column("guesses", "Guesses"),
    )  # fmt: skip
    return Table("runs", "Runs", columns, tuple(rows), "")


def failures_table(results: Sequence[Result]) -> Table | None:
    """What each failed run says; None where none failed."""
    rows = tuple(
        (result.setting.name, int(failure["seed"]), str(failure["error"]))
        for result in results
        for failure in result.failures
    )
    columns = (Column("scenario", "Scenario"), Column("seed", "Seed"), Column("error", "What went wrong"))
    return (
        Table("failures", "Failed runs", columns, rows, "They are in no mean and no interval.")
        if rows
        else None
    )


def invariants_table(results: Sequence[Result]) -> Table | None:
    """Largest breach of each law of conservation over all quarters and seeds."""
    rows = []
    for column, label, unit, most in INVARIANTS:
        for result in results:
            values = np.abs(result.steps[column].to_numpy(dtype=np.float64))
            if len(values):
                worst = float(np.nanmax(values))
                rows.append(
                    (
                        label,
                        result.setting.name,
                        f"{worst:.2g} {unit}",
                        "holds" if worst <= most else "BROKEN",
                    )
                )
    columns = (
        Column("law", "Law"), Column("scenario", "Scenario"), Column("worst", "Largest breach"),
        Column("verdict", "Verdict"),
    )  # fmt: skip
    note = "Breaches below 0.001 are rounding on the market's grid of a millionth."
    return (
        Table("invariants", "What must hold in every quarter", columns, tuple(rows), note) if rows else None
    )


def pairing_sentence(effects: Sequence[Effect]) -> str:
    """What running both scenarios under the same seeds really gained."""
    if effects and max(item.seeds for item in effects) < 2:
        return "With one seed there is no variance, so what pairing gained cannot be said, and no interval is given."
    known = [item for item in effects if not np.isnan(item.variance_removed)]
    if not known:
        return "Nothing varies over the seeds, so what pairing gained cannot be said."
    removed = np.array([item.variance_removed for item in known])
    worse = [item for item in known if item.variance_removed < 0.0]
    text = (
        f"Common seeds removed {np.median(removed) * 100:.1f} % of the variance of an unpaired difference in the "
        "median of "
        f"{len(known)} outcomes (from {removed.min() * 100:.1f} % to {removed.max() * 100:.1f} %)."
    )
    if not worse:
        return text
    names = ", ".join(f"{item.outcome.label} in {item.scenario}" for item in worse[:4])
    more = f" and {len(worse) - 4} more" if len(worse) > 4 else ""
    return f"{text} Pairing made it worse, not better, for {len(worse)} of them: {names}{more}."
