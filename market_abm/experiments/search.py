"""The search of a calibration, and the sample of vectors that are equally good.

Differential evolution of SciPy, first over the whole ranges, then around what it found; then an affine-invariant
ensemble (Goodman and Weare 2010) on the density S^(-n/2) of least squares with unknown variance, kept inside
Beale's (1960) region. Every evaluation is remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from market_abm.experiments.calibration import Fit, Parameter

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Calibration:
    """What a search found.

    Attributes
    ----------
    parameters : tuple of Parameter
    best : ndarray (P,)
        The vector of least loss.
    surface : DataFrame
        Every evaluation: a column a parameter, and ``loss``.
    draws : DataFrame
        Vectors that the data cannot tell from the best one, with their losses.
    observations : int
        Series of firms that were fitted.
    limit : float
        Loss up to which a vector counts as equally good.
    seed : int
    """

    parameters: tuple[Parameter, ...]
    best: Floats
    surface: pd.DataFrame
    draws: pd.DataFrame
    observations: int
    limit: float
    seed: int

    @property
    def loss(self) -> float:
        """The least loss."""
        return float(self.surface["loss"].min())

    def told_apart(self) -> pd.DataFrame:
        """How far the data narrow each parameter.

        Returns
        -------
        DataFrame
            parameter, best, low and high (5 and 95 % of the equally good vectors), range_low, range_high (searched),
            width (of the first over the second), told_apart (width below one half), at_end (the best within
            two per cent of an end of the range searched: a miss of the mechanism).
        """
        import pandas as pd

        rows = []
        for parameter, best in zip(self.parameters, self.best):
            values = self.draws[parameter.name]
            low, high = (float(value) for value in values.quantile([0.05, 0.95]))
            width = (high - low) / (parameter.high - parameter.low)
            edge = min(best - parameter.low, parameter.high - best) / (parameter.high - parameter.low)
            ends = parameter.low, parameter.high
            rows.append((parameter.name, float(best), low, high, *ends, width, width < 0.5, edge < 0.02))
        names = [
            "parameter",
            "best",
            "low",
            "high",
            "range_low",
            "range_high",
            "width",
            "told_apart",
            "at_end",
        ]
        return pd.DataFrame(rows, columns=names)


def calibrate(
    fit: Fit,
    seed: int = 1,
    *,
    population: int = 4,
    coarse: int = 24,
    fine: int = 14,
    steps: int = 45,
    draws: int = 100,
    workers: int = 1,
    progress: Callable[[int, float], None] | None = None,
) -> Calibration:
    """Search the ranges, then the surroundings of what was found; then sample what is equally good.

    Parameters
    ----------
    fit : Fit
        The loss.
    seed : int
        Seed of search and sample.
    population : int
        Vectors a generation, per parameter.
    coarse, fine : int
        Generations over the whole ranges, and over a quarter of them around the best.
    steps : int
        Steps of the sample; the first third is left out.
    draws : int
        Equally good vectors to keep.
    workers : int
        Processes; the result does not depend on their number.
    progress : callable, optional
        Told evaluations done and the least loss.
    """
    import pandas as pd

    names = [parameter.name for parameter in fit.parameters]
    n = len({fact.key for fact in fit.facts})
    factor = region(n, len(names))
    with _Bench(fit, workers, progress) as bench:
        bench.search(fit.bounds, seed, population, coarse)
        bench.search(bench.around(0.25), seed + 10_000, population, fine)
        sample, losses = bench.sample(seed + 20_000, n, steps)
        limit = min(bench.losses) * factor
    kept = pd.DataFrame(sample, columns=names).assign(loss=losses)
    kept = kept[kept["loss"] <= limit].drop_duplicates(names).reset_index(drop=True)
    if len(kept) > draws:
        kept = kept.iloc[np.linspace(0, len(kept) - 1, draws).round().astype(int)].reset_index(drop=True)
    surface = pd.DataFrame(np.array(bench.tried), columns=names).assign(loss=bench.losses)
    surface = surface[np.isfinite(surface["loss"])].reset_index(drop=True)
    return Calibration(fit.parameters, np.array(bench.best()), surface, kept, n, limit, seed)


def region(observations: int, parameters: int, level: float = 0.9) -> float:
    """Loss over the least loss up to which vectors are in the confidence region (Beale 1960).

    1 + k / (n - k) F(level; k, n - k); Bates and Watts (1988, ch. 2). Two free observations at least.
    """
    from scipy.stats import f

    free = max(observations - parameters, 2)
    return 1.0 + parameters / free * float(f.ppf(level, parameters, free))


class _Bench:
    """Evaluates vectors, here or in processes, and remembers them all in their order."""

    def __init__(self, fit: Fit, workers: int, progress: Callable[[int, float], None] | None) -> None:
        self.fit, self.progress = fit, progress
        self.tried: list[list[float]] = []
        self.losses: list[float] = []
        self.pool = ProcessPoolExecutor(workers, get_context("spawn")) if workers > 1 else None

    def __enter__(self) -> _Bench:
        return self

    def __exit__(self, *_: object) -> None:
        if self.pool is not None:
            self.pool.shutdown(cancel_futures=True)

    def each(self, loss: Callable[..., float], vectors: Iterable[Floats]) -> list[float]:
        """Losses of vectors, in their order: the map that the optimiser calls."""
        todo = [[float(value) for value in vector] for vector in vectors]
        run = map if self.pool is None else self.pool.map
        found = list(run(self.fit.loss, todo))
        self.tried += todo
        self.losses += found
        if self.progress is not None:
            self.progress(len(self.losses), float(min(self.losses)))
        return found

    def search(self, bounds: list[tuple[float, float]], seed: int, population: int, generations: int) -> None:
        """Differential evolution over ``bounds``, starting from the best vector so far."""
        from scipy.optimize import differential_evolution

        differential_evolution(
            self.fit.loss, bounds, maxiter=generations, popsize=population, tol=0.0, polish=False,
            rng=np.random.default_rng(seed), init="latinhypercube", updating="deferred", workers=self.each,
            x0=self.best() if self.tried else None,
        )  # fmt: skip

    def sample(self, seed: int, observations: int, steps: int) -> tuple[Floats, Floats]:
        """A sample from the density S^(-n/2) inside the ranges: vectors (N, P) and their losses (N,).

        The walkers start at the best vectors found; each half moves along lines to the other half (stretch
        move with a = 2).
        """
        rng, (low, high) = np.random.default_rng(seed), np.array(self.fit.bounds).T
        walkers = 2 * (len(low) + 1)
        order = np.argsort(self.losses, kind="stable")[:walkers]
        where, loss = np.array(self.tried)[order], np.array(self.losses)[order]
        kept: list[tuple[Floats, Floats]] = []
        for _ in range(steps):
            for half in (np.arange(0, walkers, 2), np.arange(1, walkers, 2)):
                rest = np.setdiff1d(np.arange(walkers), half)
                partner = where[rng.choice(rest, len(half))]
                stretch = (rng.random(len(half)) + 1.0) ** 2 / 2.0
                moved = partner + stretch[:, None] * (where[half] - partner)
                inside = ((moved >= low) & (moved <= high)).all(axis=1)
                found = np.full(len(half), np.inf)
                found[inside] = self.each(self.fit.loss, moved[inside])
                with np.errstate(divide="ignore"):
                    gain = (len(low) - 1) * np.log(stretch)
                    gain = gain - 0.5 * observations * (np.log(found) - np.log(loss[half]))
                taken = np.log(rng.random(len(half))) < gain
                where[half[taken]], loss[half[taken]] = moved[taken], found[taken]
            kept.append((where.copy(), loss.copy()))
        late = kept[steps // 3 :]
        return np.concatenate([item[0] for item in late]), np.concatenate([item[1] for item in late])

    def best(self) -> list[float]:
        """The vector of least loss."""
        return self.tried[int(np.argmin(self.losses))]

    def around(self, share: float) -> list[tuple[float, float]]:
        """Bounds of ``share`` of each range, around the best vector and inside the range."""
        found = []
        for (low, high), value in zip(self.fit.bounds, self.best()):
            half = 0.5 * share * (high - low)
            middle = min(max(value, low + half), high - half)
            found.append((middle - half, middle + half))
        return found
