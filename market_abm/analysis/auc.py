"""How well predictors tell which runs have a chokepoint, out of sample: area under the ROC curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from market_abm.experiments.logit import LogitError, design_of, fit_logit

Floats = NDArray[np.float64]

FOLDS = 5
DRAWS = 200


@dataclass(frozen=True)
class Auc:
    """Area under the curve with a 95 % interval.

    Attributes
    ----------
    name : str
        Of the set of predictors.
    value, low, high : float
        0.5 tells nothing, 1 everything.
    """

    name: str
    value: float
    low: float
    high: float


def auc(score: ArrayLike, outcome: ArrayLike, fold: ArrayLike | None = None) -> float:
    """Chance that a run with the outcome has the higher score, ties half (Mann and Whitney 1947; Hanley 1982).

    Parameters
    ----------
    score, outcome : array_like (n,)
    fold : array_like (n,), optional
        Only runs of the same fold are compared: scores of two fits have no common scale. Compared across folds, a
        predictor that tells nothing falls below 0.5, because a fold rich in events leaves a fit that expects few
        of them (Parker, Guenter and Bedo 2007; Airola et al. 2011).

    Returns
    -------
    float
        NaN where all outcomes are alike.
    """
    s, y = np.asarray(score, float), np.asarray(outcome, bool)
    label = np.zeros(len(y), int) if fold is None else np.asarray(fold)
    counts = [_pairs(s[label == each], y[label == each]) for each in np.unique(label)]
    compared = sum(pairs for _, pairs in counts)
    return float(sum(won for won, _ in counts) / compared) if compared else float("nan")


def _pairs(score: Floats, outcome: NDArray[np.bool_]) -> tuple[float, int]:
    """Pairs of a run with the outcome and one without: those in which the first scores higher, and all."""
    from scipy.stats import rankdata

    ones = int(outcome.sum())
    won = rankdata(score)[outcome].sum() - ones * (ones + 1) / 2.0
    return float(won), ones * (len(outcome) - ones)


def out_of_sample(
    name: str,
    predictors: Sequence[ArrayLike],
    outcome: ArrayLike,
    group: ArrayLike,
    cluster: ArrayLike,
    *,
    folds: int = FOLDS,
    draws: int = DRAWS,
    seed: int = 0,
) -> Auc:
    """Predict each run by a logit fitted to the points in other folds; the interval redraws whole seeds.

    The sign and the weight of every predictor come from the other folds alone; runs are ranked within their fold.

    Parameters
    ----------
    predictors : sequence of arrays (n,)
    outcome : array (n,)
    group : array (n,)
        Point of each run: all runs of a point are in one fold, so that what is predicted was never seen.
    cluster : array (n,)
        Seed of each run.
    """
    y = np.asarray(outcome, bool)
    standard = (_standard(np.asarray(item, float)) for item in predictors)
    columns = [item for item in standard if item is not None]
    score = np.full(len(y), np.nan)
    fold = _folds(np.asarray(group), folds, seed)
    for number in range(folds):
        inside = fold != number
        if not columns or not y[inside].any() or y[inside].all():
            score[~inside] = y[inside].mean() if inside.any() else 0.5
            continue
        try:
            fit = fit_logit(design_of(*(item[inside] for item in columns)), y[inside])
        except LogitError:
            score[~inside] = y[inside].mean()
            continue
        # Ranked by the linear part: probabilities of a perfect fit round to ties.
        others = design_of(*(item[~inside] for item in columns))
        score[~inside] = others @ np.asarray(fit.coefficients)
    labels = np.unique(np.asarray(cluster), return_inverse=True)[1]
    rows = [np.flatnonzero(labels == label) for label in range(int(labels.max()) + 1)]
    rng = np.random.default_rng(seed)
    drawn = [
        auc(score[take], y[take], fold[take])
        for take in (
            np.concatenate([rows[label] for label in rng.integers(0, len(rows), len(rows))])
            for _ in range(draws)
        )
    ]
    known = [value for value in drawn if not np.isnan(value)]
    low, high = np.percentile(known, (2.5, 97.5)) if known else (np.nan, np.nan)
    return Auc(name, auc(score, y, fold), float(low), float(high))


def _standard(values: Floats) -> Floats | None:
    """Mean zero, spread one; None where nothing varies."""
    known = np.isfinite(values)
    filled = np.where(known, values, values[known].max() if known.any() else 0.0)
    spread = float(filled.std())
    return (filled - filled.mean()) / spread if spread > 1e-12 else None


def _folds(group: NDArray, folds: int, seed: int) -> NDArray[np.int64]:
    labels = np.unique(group, return_inverse=True)[1]
    order = np.random.default_rng(seed).permutation(int(labels.max()) + 1)
    return order[labels] % folds
