"""Tables of a backtest: every fact beside the forecast, and the scores."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from market_abm.analysis.backtest import WINDOWS, Backtest
from market_abm.analysis.table import Column, Table
from market_abm.experiments.forecast import Forecast
from market_abm.experiments.history import FIT_END, Fact
from market_abm.experiments.naive import NAIVE
from market_abm.experiments.observed import OPENING, SERIES
from market_abm.experiments.scores import HIGH, LOW, Score


def label(key: tuple[str, str]) -> str:
    """A series of a firm in words."""
    series, firm = key
    name = SERIES[series].label
    return name if firm in ("all", "market", "top5") else f"{name}: {firm}"


def path_table(forecasts: Iterable[Forecast], facts: Iterable[Fact]) -> Table:
    """Median and band of each forecast beside each fact; a row a series, firm and period."""
    items = list(forecasts)
    columns = [Column("series", "Series"), Column("period", "Period"), Column("fact", "Fact", "number")]
    for item in items:
        columns += [
            Column(f"{item.name}_median", f"{item.name.capitalize()}", "number"),
            Column(f"{item.name}_low", "5 %", "number"),
            Column(f"{item.name}_high", "95 %", "number"),
            Column(f"{item.name}_inside", "Inside"),
        ]
    columns += [
        Column("window", "Use"),
        Column("source", "Source", extra=True),
        Column("note", "Note", extra=True),
    ]
    rows = []
    for fact in sorted(facts, key=lambda fact: (fact.key, fact.middle)):
        if fact.series not in SERIES or fact.last > items[0].quarters[-1]:
            continue
        row = [label(fact.key), fact.period, fact.value]
        for item in items:
            row += _beside(item, fact)
        use = "opening" if fact.last == OPENING else "fit" if fact.last <= FIT_END else "held out"
        rows.append((*row, use, fact.source_id, fact.note))
    note = (
        f"Median and 5-95 % band of the replications. Facts to {FIT_END} were fitted, later ones held out; "
        f"those of {OPENING} open the run."
    )
    return Table("paths", "Forecasts beside facts", tuple(columns), tuple(rows), note)


def _beside(item: Forecast, fact: Fact) -> list[float | str]:
    sample = item.sample(fact)
    if not len(sample):
        return [float("nan")] * 3 + ["n/a"]
    low, middle, high = np.percentile(sample, (LOW, 50.0, HIGH))
    return [float(middle), float(low), float(high), "yes" if low <= fact.value <= high else "no"]


def score_table(found: Backtest, forecast: str, window: str = "held out") -> Table:
    """Scores of one forecast beside the naive ones, worst loss first."""
    columns = (
        Column("series", "Series"),
        Column("n", "n", "count"),
        Column("verdict", "Verdict"),
        Column("coverage", "Inside band", "share"),
        Column("error", "Error", "number"),
        *(Column(name.replace(" ", "_"), name.capitalize(), "number") for name in NAIVE),
        Column("anchored", "Corrected", "number"),
        Column("bias", "Bias", "number", extra=True),
        Column("crps", "CRPS", "number", extra=True),
    )
    rows = tuple(
        _score_row(score)
        for part in (found.scores, found.pooled)
        for score in sorted(part[forecast, window], key=_worst)
    )
    origin, after = WINDOWS[window]
    note = (
        f"Facts after {after}; naive forecasts made in {origin}. Errors are mean absolute log ratios, of shares "
        "and counts differences; the CRPS (Gneiting and Raftery 2007) stands where there are at least 8 facts and "
        "compares with the error of a naive forecast, which is its CRPS. Corrected: the model's growth from the last "
        "known fact. Rows over all firms of a series, at the end, are not counted in the verdict."
    )
    return Table(
        f"scores_{forecast}_{window.replace(' ', '_')}", f"Scores, {forecast}, {window}", columns, rows, note
    )


def _score_row(score: Score) -> tuple:
    first = (label(score.key), score.n, score.verdict(), score.coverage, score.error)
    return (*first, *(score.naive[name] for name in NAIVE), score.anchored, score.bias, score.crps)


def _worst(score: Score) -> tuple[float, str]:
    gap = score.error - score.naive[score.best_naive] if score.best_naive else float("-inf")
    return -gap, label(score.key)
