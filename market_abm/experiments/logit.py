"""Logit regression with errors clustered by seed; Firth's penalty where the outcome is separated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from market_abm.experiments.threshold import LogitThreshold, logit_threshold

Floats = NDArray[np.float64]

TOLERANCE = 1e-10
"""Largest step at which the fit has converged."""

FLAT, NEAR = 1e-9, 1e-6
"""Or: the relative gain in likelihood and the relative step at which further steps tell nothing."""

STEPS = 1000
"""Steps at most: Firth's penalty makes Newton's method converge linearly where several columns nearly separate."""


class LogitError(ValueError):
    """Data that no logit can be fitted to."""


@dataclass(frozen=True)
class Logit:
    """A fitted logit.

    Attributes
    ----------
    coefficients : array (k,)
        In the order of the design's columns.
    covariance : array (k, k)
        Clustered sandwich; that of the penalised information where the outcome is separated: a perfect fit has
        no residuals from which errors could be clustered.
    separated : bool
        Whether the predictors separate the outcome, so that Firth's penalty was needed.
    clusters : int
    """

    coefficients: Floats
    covariance: Floats
    separated: bool
    clusters: int

    @property
    def quantile(self) -> float:
        """Two-sided 95 % quantile: Student's t with one degree less than clusters, the normal's without clusters."""
        from scipy.stats import norm, t

        return float(t.ppf(0.975, self.clusters - 1) if self.clusters > 1 else norm.ppf(0.975))

    def predicted(self, design: ArrayLike) -> Floats:
        """Probabilities for rows of a design (n, k)."""
        return _sigmoid(np.asarray(design, float) @ self.coefficients)

    def threshold(self, column: int = 1) -> LogitThreshold:
        """Value of a column at which the odds are even, all others but the intercept at zero, by Fieller."""
        chosen = [0, column]
        b0, b1 = self.coefficients[chosen]
        return logit_threshold(float(b0), float(b1), self.covariance[np.ix_(chosen, chosen)], self.quantile)


def design_of(*columns: ArrayLike) -> Floats:
    """An intercept and columns, (n, 1 + columns)."""
    found = [np.asarray(column, float) for column in columns]
    return np.column_stack([np.ones(len(found[0])), *found])


def fit_logit(design: ArrayLike, outcome: ArrayLike, cluster: ArrayLike | None = None) -> Logit:
    """Fit a logit by maximum likelihood, or by Firth's penalised likelihood where that has no maximum.

    Parameters
    ----------
    design : array_like (n, k)
        With its column of ones.
    outcome : array_like (n,)
        0 and 1, or shares of ``1`` in equally large groups.
    cluster : array_like (n,), optional
        Label of each row's cluster; rows are independent without it.

    Returns
    -------
    Logit

    Raises
    ------
    LogitError
        When all outcomes are alike, a column repeats others, or shapes differ.

    References
    ----------
    Firth 1993; Heinze and Schemper 2002; Konis 2007 (separation as a linear program); Cameron and Miller 2015.
    """
    x, y = np.asarray(design, float), np.asarray(outcome, float)
    if x.ndim != 2 or y.shape != (len(x),):
        raise LogitError(f"design has shape {x.shape} and outcome {y.shape}; they must be (n, k) and (n,)")
    if not len(y) or y.min() == y.max():
        raise LogitError(
            f"every outcome is {y[0]:g}; a threshold needs both" if len(y) else "there are no rows"
        )
    if np.linalg.matrix_rank(x) < x.shape[1]:
        raise LogitError("a column of the design repeats others; leave it out")
    separated = is_separated(x, y)
    beta = _fitted(x, y, penalised=separated)
    weight = _weights(x, beta)
    information = (x * weight[:, None]).T @ x
    bread = np.linalg.inv(information)
    groups = np.arange(len(y)) if cluster is None else np.unique(np.asarray(cluster), return_inverse=True)[1]
    count = 0 if cluster is None else int(groups.max()) + 1
    if separated or count == 1 or cluster is None:
        return Logit(beta, bread, separated, count)
    scores = x * (y - _sigmoid(x @ beta))[:, None]
    summed = np.zeros((count, x.shape[1]))
    np.add.at(summed, groups, scores)
    n, k = x.shape
    correction = count / (count - 1) * (n - 1) / (n - k)
    return Logit(beta, correction * bread @ (summed.T @ summed) @ bread, False, count)


def profile_interval(x: ArrayLike, outcome: ArrayLike) -> tuple[float, float]:
    """95 % interval of the threshold of a separated outcome in x, by the profile of Firth's likelihood.

    Where one predictor separates the outcome the slope has no clear size, and intervals that divide by it are
    useless; the likelihood still says where the threshold can be (Heinze and Schemper 2002; Venzon and Moolgavkar
    1988).

    Parameters
    ----------
    x, outcome : array_like (n,)
    """
    from scipy.optimize import brentq, minimize_scalar
    from scipy.stats import chi2

    x, y = np.asarray(x, float), np.asarray(outcome, float)
    design = design_of(x)
    b0, b1 = _fitted(design, y, penalised=True)
    best, centre = _likelihood(design, y, np.array([b0, b1]), True), -b0 / b1
    scale, sign = abs(b1), np.sign(b1)

    def short_of(t: float) -> float:
        """Twice the loss of likelihood with the threshold at t, less its critical value."""

        def loss(log_slope: float) -> float:
            slope = sign * scale * np.exp(log_slope)
            return -_likelihood(design, y, np.array([-t * slope, slope]), True)

        found = minimize_scalar(loss, bounds=(-12.0, 6.0), method="bounded")
        return 2.0 * (best + float(found.fun)) - float(chi2.ppf(0.95, 1))

    span = float(x.max() - x.min())
    ends = []
    for direction in (-1.0, 1.0):
        far, step = centre, 1.0 / scale
        while short_of(far) < 0.0 and abs(far - centre) < 2.0 * span:
            far, step = far + direction * step, 1.5 * step
        inside = centre
        ends.append(
            direction * np.inf if short_of(far) < 0.0 else float(brentq(short_of, inside, far, xtol=1e-6))
        )
    return ends[0], ends[1]


def is_separated(design: ArrayLike, outcome: ArrayLike) -> bool:
    """Whether a combination of the columns tells ones from zeros, with ties allowed on the border.

    Then the likelihood grows without end. Shares between 0 and 1 are never separated.
    """
    from scipy.optimize import linprog

    x, y = np.asarray(design, float), np.asarray(outcome, float)
    if ((y > 0) & (y < 1)).any():
        return False
    scaled = x / np.maximum(np.abs(x).max(axis=0), 1e-300)
    signed = np.unique(np.where(y[:, None] > 0.5, 1.0, -1.0) * scaled, axis=0)
    found = linprog(
        -signed.sum(axis=0),
        A_ub=-signed,
        b_ub=np.zeros(len(signed)),
        bounds=[(-1, 1)] * x.shape[1],
        method="highs",
    )
    return bool(found.status == 0 and -found.fun > 1e-7)


def _fitted(x: Floats, y: Floats, penalised: bool) -> Floats:
    """Newton's method with halved steps; Firth's score adds the leverage of each row."""
    beta = np.zeros(x.shape[1])
    value = _likelihood(x, y, beta, penalised)
    for _ in range(STEPS):
        p, weight = _sigmoid(x @ beta), _weights(x, beta)
        information = (x * weight[:, None]).T @ x
        residual = y - p
        if penalised:
            leverage = weight * np.einsum("ij,jk,ik->i", x, np.linalg.pinv(information), x)
            residual = residual + leverage * (0.5 - p)
        step = np.linalg.lstsq(information, x.T @ residual, rcond=None)[0]
        for _ in range(40):
            trial = _likelihood(x, y, beta + step, penalised)
            if trial >= value - 1e-12:
                break
            step = step / 2.0
        gain = trial - value
        beta, value = beta + step, max(trial, value)
        relative = float(np.abs(step).max()) / (1.0 + float(np.abs(beta).max()))
        if relative <= TOLERANCE or (relative <= NEAR and gain <= FLAT * (1.0 + abs(value))):
            return beta
    raise LogitError("the fit does not converge; rescale the columns of the design")


def _likelihood(x: Floats, y: Floats, beta: Floats, penalised: bool) -> float:
    eta = x @ beta
    value = float(np.sum(y * eta - np.logaddexp(0.0, eta)))
    if penalised:
        sign, log_det = np.linalg.slogdet((x * _weights(x, beta)[:, None]).T @ x)
        value += 0.5 * float(log_det) if sign > 0 else -np.inf
    return value


def _weights(x: Floats, beta: Floats) -> Floats:
    p = _sigmoid(x @ beta)
    return np.maximum(p * (1.0 - p), 1e-300)


def _sigmoid(eta: Floats) -> Floats:
    return 0.5 * (1.0 + np.tanh(0.5 * eta))
