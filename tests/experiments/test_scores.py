"""Naive forecasts and scores, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm

from market_abm.experiments.forecast import Forecast
from market_abm.experiments.history import Fact
from market_abm.experiments.naive import NAIVE, last_growth, linear_trend, no_change
from market_abm.experiments.scores import BEATEN, EQUAL, LOST, UNSCORED, count, crps, points, pooled, scores
from market_abm.scenario.calendar import quarter_index, quarter_name

KEY = ("h100_price", "market")


def fact(period: str, value: float, series: str = "h100_price", firm: str = "market") -> Fact:
    return Fact(series, firm, period, value)


def forecast(values: list[list[float]], start: str = "2023Q1", key=KEY) -> Forecast:
    """A forecast of one series: a path a replication."""
    quarters = tuple(quarter_name(quarter_index(start) + step) for step in range(len(values[0])))
    return Forecast("made", quarters, tuple({key: dict(zip(quarters, path))} for path in values))


def test_naive_forecasts_by_hand():
    known = [fact("2024Q1", 1.0), fact("2024Q3", 4.0)]
    time = fact("2025Q1", 0.0).middle
    assert no_change(known, time) == 4.0
    assert last_growth(known, time) == pytest.approx(16.0)  # doubles a quarter
    assert linear_trend(known, time) == pytest.approx(7.0)
    shares = [fact("2024Q1", 0.5, "top5_share"), fact("2024Q3", 0.6, "top5_share")]
    assert last_growth(shares, time) == pytest.approx(0.7)  # a share grows by differences


def test_a_naive_forecast_needs_its_facts():
    assert math.isnan(no_change([], 0.0))
    assert math.isnan(last_growth([fact("2024Q1", 1.0)], 0.0))
    assert math.isnan(linear_trend([fact("2024Q1", 1.0)], 0.0))


def test_the_trend_is_that_of_least_squares():
    known = [fact("2024Q1", 1.0), fact("2024Q2", 2.0), fact("2024Q3", 6.0)]
    slope, level = np.polyfit([0, 1, 2], [1, 2, 6], 1)
    assert linear_trend(known, fact("2024Q4", 0).middle) == pytest.approx(level + 3 * slope)


def test_crps_of_a_point_is_the_error_and_of_a_normal_sample_the_closed_form():
    assert crps(np.array([2.0]), 5.0) == 3.0
    assert crps(np.array([1.0, 3.0]), 2.0) == pytest.approx(1.0 - 0.5)  # E|X-y| - E|X-X'|/2
    z = 0.7
    exact = z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / math.sqrt(math.pi)  # Gneiting and Raftery 2007
    sample = norm.ppf((np.arange(4000) + 0.5) / 4000)
    assert crps(sample, z) == pytest.approx(exact, abs=2e-3)


def test_a_score_by_hand():
    """Three replications around 2.0 against facts of 2.0 and 4.0."""
    made = forecast([[1.0, 1.9, 1.9], [1.0, 2.0, 2.0], [1.0, 2.1, 2.1]])
    facts = [fact("2023Q1", 1.0), fact("2023Q2", 2.0), fact("2023Q3", 4.0)]
    [score] = scores(made, facts, facts, origin="2023Q1", after="2023Q1")
    assert score.n == 2
    assert score.coverage == 0.5
    assert score.error == pytest.approx(math.log(2) / 2)
    assert score.bias == pytest.approx(-math.log(2) / 2)
    assert score.naive["no change"] == pytest.approx((math.log(2) + math.log(4)) / 2)
    assert math.isnan(score.naive["last growth rate"])
    assert score.anchored == pytest.approx(math.log(2) / 2)  # the model is right in 2023Q1
    assert math.isnan(score.crps)  # two points say nothing about a distribution
    assert score.verdict() == BEATEN


def test_a_crps_stands_where_there_are_eight_points():
    made = forecast([[1.0] * 10, [1.2] * 10])
    facts = [fact(quarter, 1.1) for quarter in made.quarters]
    [score] = scores(made, facts, facts, origin="2023Q1", after="2023Q1")
    assert score.n == 9
    assert score.crps == pytest.approx(
        np.mean(np.abs(np.log([1.0, 1.2]) - math.log(1.1))) - math.log(1.2) / 4
    )


@pytest.mark.parametrize(
    ("model", "word"),
    [(2.0 * math.exp(0.05), BEATEN), (2.0 * math.exp(0.3), EQUAL), (2.0 * math.exp(0.9), LOST)],
)
def test_beaten_matched_lost(model: float, word: str):
    """No change misses by 0.3 log units."""
    known = [fact("2023Q1", 2.0 * math.exp(-0.3))]
    made = forecast([[0.0, model], [0.0, model]])
    [score] = scores(made, [fact("2023Q2", 2.0)], known, origin="2023Q1", after="2023Q1")
    assert score.verdict() == word
    assert count([score])[word] == 1


def test_without_a_known_fact_there_is_no_verdict():
    made = forecast([[1.0, 1.0]])
    [score] = scores(made, [fact("2023Q2", 2.0)], [], origin="2023Q1", after="2023Q1")
    assert score.verdict() == UNSCORED
    assert math.isnan(score.anchored)
    assert set(score.naive) == set(NAIVE)


def test_facts_after_the_origin_are_not_known_to_naive_forecasts():
    made = forecast([[1.0] * 6])
    early = [fact("2023Q2", 1.0)]
    late = [fact("2023Q3", 5.0), fact("2023Q4", 50.0)]
    alone = scores(made, late, early, origin="2023Q2", after="2023Q2")
    told = scores(made, late, [*early, *late], origin="2023Q2", after="2023Q2")
    assert alone[0].naive["no change"] == told[0].naive["no change"]


def test_a_year_is_compared_with_the_mean_of_its_quarters():
    made = forecast([[0.0, 0.2, 0.3, 0.5]], key=("customer_share_top1", "CoreWeave"))
    year = Fact("customer_share_top1", "CoreWeave", "2023", 0.35)
    assert made.sample(year) == pytest.approx([0.25])


def test_pooling_joins_the_firms_of_a_series():
    """Four facts of two firms each: together eight, and a CRPS."""
    quarters = forecast([[1.0] * 5]).quarters
    keys = [("capex_q", firm) for firm in ("Google", "Meta", "four firms")]
    made = Forecast("made", quarters, ({key: dict.fromkeys(quarters, 1.0) for key in keys},))
    facts = [Fact(*key, quarter, math.e) for key in keys for quarter in quarters]
    found = points(made, facts, facts, origin="2023Q1", after="2023Q1")
    assert all(math.isnan(item.score(key).crps) for key, item in found.items())
    [together] = pooled(found)  # the sum of the firms is none of them
    assert (together.n, together.error, together.crps) == (8, pytest.approx(1.0), pytest.approx(1.0))
    assert together.naive["no change"] == 0.0
