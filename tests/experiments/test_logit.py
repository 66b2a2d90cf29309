"""Logit thresholds and kinks against published cases and exact ones."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from market_abm.experiments.kink import kink_interval
from market_abm.experiments.logit import LogitError, design_of, fit_logit, is_separated, profile_interval
from market_abm.experiments.threshold import continuous_kink

# Tobacco budworm: 20 moths of each sex at six doses of an insecticide (Collett 1991, p. 75).
LOG_DOSE = np.arange(6.0)
MALE = np.array([1, 4, 9, 13, 18, 20]) / 20.0
FEMALE = np.array([0, 2, 6, 10, 12, 16]) / 20.0

# Height of the stagnant surface layer against the flow of water, logs (Bacon and Watts 1971).
FLOW = np.array([
    -1.39, -1.39, -1.08, -1.08, -0.94, -0.80, -0.63, -0.63, -0.25, -0.25, -0.12, -0.12, 0.01, 0.11, 0.11, 0.11,
    0.25, 0.25, 0.34, 0.34, 0.44, 0.59, 0.70, 0.70, 0.85, 0.85, 0.99, 0.99, 1.19,
])  # fmt: skip
HEIGHT = np.array([
    1.12, 1.12, 0.99, 1.03, 0.92, 0.90, 0.81, 0.83, 0.65, 0.67, 0.60, 0.59, 0.51, 0.44, 0.43, 0.43, 0.33, 0.30,
    0.25, 0.24, 0.13, -0.01, -0.13, -0.14, -0.30, -0.33, -0.46, -0.43, -0.65,
])  # fmt: skip


def moths(share):
    """Outcomes moth by moth."""
    killed = np.rint(20 * share).astype(int)
    return np.concatenate([np.r_[np.ones(k), np.zeros(20 - k)] for k in killed])


def test_published_median_lethal_dose_with_its_error():
    """Venables and Ripley 2002, section 7.2 (`dose.p` of R's MASS prints 3.263587, 0.2297539): sex and log dose."""
    dose = np.tile(np.repeat(LOG_DOSE, 20), 2)
    female = np.repeat([1.0, 0.0], 120)
    outcome = np.concatenate([moths(FEMALE), moths(MALE)])
    found = fit_logit(np.column_stack([female, dose, 1.0 - female]), outcome).threshold(1)
    assert found.threshold == pytest.approx(3.263587, abs=5e-7)
    assert found.se == pytest.approx(0.2297539, abs=5e-6)


def test_fieller_in_the_form_of_finney():
    """Finney 1971, section 4.7: limits with g = z^2 v11 / b1^2, another algebra for the same interval."""
    fit = fit_logit(design_of(np.repeat(LOG_DOSE, 20)), moths(FEMALE))
    found, z = fit.threshold(), 1.959963984540054
    b, v, m = fit.coefficients[1], fit.covariance, found.threshold
    g = z**2 * v[1, 1] / b**2
    centre = m + g / (1 - g) * (m + v[0, 1] / v[1, 1])
    half = (
        z
        / (b * (1 - g))
        * np.sqrt(v[0, 0] + 2 * m * v[0, 1] + m**2 * v[1, 1] - g * (v[0, 0] - v[0, 1] ** 2 / v[1, 1]))
    )
    assert (found.low, found.high) == pytest.approx((centre - half, centre + half), rel=1e-9)
    assert found.low < m - 1.5 * found.se < m + 1.5 * found.se < found.high


def broken_line_posterior(flow, height):
    """Posterior means and standard deviations of break and slopes, by integration over the break.

    Flat priors on level, slopes and variance, uniform on (-1.3, 1.1) for the break; given the break the line is
    linear, so all but the break is integrated in closed form.
    """
    breaks = np.linspace(-1.3, 1.1, 4801)
    logs, centres, spreads = [], [], []
    for place in breaks:
        gap = flow - place
        design = np.column_stack([np.ones(len(flow)), np.minimum(gap, 0.0), np.maximum(gap, 0.0)])
        (_, below, above), [rest], *_ = np.linalg.lstsq(design, height, rcond=None)
        degrees = len(flow) - 3 - 2
        logs.append(-0.5 * np.linalg.slogdet(design.T @ design)[1] - 0.5 * degrees * np.log(rest))
        centres.append((place, below, above))
        spreads.append(rest / (degrees - 2) * np.diag(np.linalg.inv(design.T @ design)) * (0, 1, 1))
    weights = np.exp(np.array(logs) - max(logs))
    weights /= weights.sum()
    means = weights @ np.array(centres)
    return means, np.sqrt(weights @ (np.array(spreads) + (np.array(centres) - means) ** 2))


def test_kink_of_the_stagnant_band():
    """Bacon and Watts's data against the Bayesian broken line of Carlin et al. 1992, integrated here.

    The posterior is recomputed, not quoted: the printed summaries could not be read again where the data were checked.
    """
    means, deviations = broken_line_posterior(FLOW, HEIGHT)
    found = continuous_kink(FLOW, HEIGHT)
    mine = np.array([found.breakpoint, found.slope, found.slope + found.slope_change])
    assert (np.abs(mine - means) < deviations).all()
    interval = kink_interval(FLOW, HEIGHT, draws=200)
    assert interval.low < means[0] < interval.high
    assert interval.high - interval.low == pytest.approx(4 * deviations[0], rel=0.5)
    assert interval.change_high < 0.0


def test_maximum_likelihood_against_a_general_optimiser():
    rng = np.random.default_rng(3)
    x = design_of(rng.normal(size=200), rng.normal(size=200))
    y = (rng.random(200) < 1 / (1 + np.exp(-(x @ [0.3, 1.0, -0.5])))).astype(float)
    best = minimize(lambda b: np.sum(np.logaddexp(0, x @ b)) - y @ (x @ b), np.zeros(3), tol=1e-12)
    assert fit_logit(x, y).coefficients == pytest.approx(best.x, abs=1e-5)


def test_firth_maximises_the_penalised_likelihood_where_the_outcome_is_separated():
    x = design_of([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    y = np.array([0.0, 0, 0, 1, 1, 1])

    def penalised(b):
        p = 1 / (1 + np.exp(-(x @ b)))
        return -(
            y @ np.log(p) + (1 - y) @ np.log(1 - p) + 0.5 * np.linalg.slogdet((x.T * (p * (1 - p))) @ x)[1]
        )

    fit = fit_logit(x, y, cluster=[1, 2, 3, 1, 2, 3])
    best = minimize(
        penalised, np.array([-3.0, 9.0]), method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-14}
    )
    assert fit.separated
    assert fit.coefficients == pytest.approx(best.x, rel=1e-4)
    assert fit.threshold().threshold == pytest.approx(0.35)  # by symmetry


def test_firth_in_closed_form():
    """A logit of one intercept: Firth adds half a success and half a failure (Firth 1993)."""
    fit = fit_logit(
        design_of([0.0, 0, 0, 1, 1, 1]), [0, 0, 1, 1, 1, 1]
    )  # all ones where x is 1: quasi-separated
    assert fit.separated
    odds = np.exp([fit.coefficients[0], fit.coefficients.sum()])
    assert odds == pytest.approx([1.5 / 2.5, 3.5 / 0.5], rel=1e-6)  # saturated: one cell each


@pytest.mark.parametrize("count", [20, 80, 200])
def test_profile_interval_of_a_separated_outcome(count):
    """It holds the gap between the last zero and the first one, and closes on it as points come closer."""
    x = np.linspace(0.0, 1.0, count)
    y = (x > 0.4).astype(float)
    low, high = profile_interval(x, y)
    below, above = x[y == 0].max(), x[y == 1].min()
    assert low < below < above < high
    assert high - low < 6.0 / count
    for t in (low, high):  # the ends lose 3.84 / 2 of the likelihood: against a maximum over a grid of slopes

        def penalised(b, t=t):
            eta, design = b * (x - t), design_of(x)
            weight = np.exp(-np.logaddexp(0, eta) - np.logaddexp(0, -eta))
            inside = y @ eta - np.logaddexp(0, eta).sum()
            return inside + 0.5 * np.linalg.slogdet((design.T * weight) @ design)[1]

        fit = fit_logit(design_of(x), y)
        best = penalised(fit.coefficients[1], fit.threshold().threshold)
        found = max(penalised(b) for b in fit.coefficients[1] * np.exp(np.linspace(-6, 2, 4001)))
        assert 2 * (best - found) == pytest.approx(3.8415, abs=2e-3)


@pytest.mark.parametrize(
    ("x", "y", "separated"),
    [
        ([1.0, 2, 3, 4], [0, 0, 1, 1], True),
        ([1.0, 2, 2, 3], [0, 0, 1, 1], True),
        ([1.0, 2, 3, 4], [0, 1, 0, 1], False),
        ([1.0, 2, 3, 4], [1, 1, 0, 0], True),
        ([1.0, 2, 3, 4], [0.0, 0.5, 1, 1], False),
    ],
)
def test_separation(x, y, separated):
    assert is_separated(design_of(x), y) is separated


def test_clusters_widen_errors_of_runs_that_share_a_draw():
    """Twenty copies of every run under its seed tell no more than one; twenty seeds do."""
    rng = np.random.default_rng(5)
    x = np.tile(np.linspace(-1, 1, 11), 30)
    seed = np.repeat(np.arange(30), 11)
    shift = rng.normal(size=30)[seed]
    y = (rng.random(330) < 1 / (1 + np.exp(-(3 * x + shift)))).astype(float)
    once = fit_logit(design_of(x), y, seed)
    copied = fit_logit(design_of(np.tile(x, 20)), np.tile(y, 20), np.tile(seed, 20))
    naive = fit_logit(design_of(np.tile(x, 20)), np.tile(y, 20))
    assert copied.threshold().threshold == pytest.approx(once.threshold().threshold)
    assert copied.threshold().se == pytest.approx(once.threshold().se, rel=0.02)
    assert naive.threshold().se < 0.4 * once.threshold().se


def test_intervals_cover():
    """The Fieller interval with clusters holds the truth in about 95 of 100 samples."""
    rng = np.random.default_rng(11)
    x, seed = np.tile(np.linspace(0, 1, 9), 20), np.repeat(np.arange(20), 9)
    covered = 0
    for _ in range(200):
        level = 0.5 + 0.1 * rng.normal(size=20)[seed]
        y = (rng.random(180) < 1 / (1 + np.exp(-8 * (x - level)))).astype(float)
        found = fit_logit(design_of(x), y, seed).threshold()
        covered += found.low <= 0.5 <= found.high
    assert 180 <= covered <= 198


def test_what_no_logit_can_tell():
    with pytest.raises(LogitError, match="every outcome is 1"):
        fit_logit(design_of([1.0, 2.0]), [1, 1])
    with pytest.raises(LogitError, match="repeats"):
        fit_logit(design_of([1.0, 2.0], [1.0, 2.0]), [0, 1])
    with pytest.raises(LogitError, match="shape"):
        fit_logit([1.0, 2.0], [0, 1])


def test_firth_converges_where_one_of_several_columns_separates():
    """As in a phase diagram: one index tells the event exactly, four others nearly."""
    rng = np.random.default_rng(4)
    tells = rng.normal(size=2000)
    others = [tells + spread * rng.normal(size=2000) for spread in (0.1, 0.2, 0.5, 1.0)]
    x, y = design_of(tells, *others), (tells > 0.3).astype(float)
    fit = fit_logit(x, y)
    assert fit.separated
    assert ((x @ fit.coefficients > 0) == (y > 0)).mean() > 0.999
