"""Effects of factors in words: averages, changes of sign, break-evens, on planted effects."""

from __future__ import annotations

import pandas as pd
import pytest

from market_abm.analysis import effects, effects_tables


def table(effect, seeds=8):
    """Runs of a design over scenario and cost in which the scenario's effect is planted."""
    rows = []
    for seed in range(seeds):
        for scenario in ("before", "after"):
            for cost in (1.0, 2.0, 3.0):
                noise = 0.01 * ((7 * seed + 3 * round(cost)) % 5 - 2) * (scenario == "after")
                value = 5.0 + seed + 0.5 * cost + (effect(cost) + noise if scenario == "after" else 0.0)
                rows.append(
                    {"scenario": scenario, "cost": cost, "still": "one", "seed": seed, "value": value}
                )
    return pd.DataFrame(rows)


@pytest.fixture
def told(monkeypatch):
    """What is said of a planted effect."""

    def said(effect, seeds=8):
        found = table(effect, seeds), ["scenario", "cost"]
        monkeypatch.setattr(effects, "outcome", lambda folder, output: found)
        return effects_tables.sentences(effects.effects("somewhere", "firms.product_share:A"))

    return said


def test_a_change_of_sign_and_its_break_even(told):
    average, signs, crossing = told(lambda cost: 2.5 - cost)
    assert "scenario after against before moves it by +0.5" in average
    assert "cost 3.0 against 1.0 moves it by +0" in average or "no effect of cost" in average
    assert "changes its sign. It is positive at cost 1.0; cost 2.0 and negative at cost 3.0." in signs
    assert "breaks even at cost 2.5" in crossing


def test_one_sign_everywhere(told):
    *_, signs = told(lambda cost: 1.0)
    assert "positive at all 3 values of the other factors" in signs


def test_nothing_to_tell(told):
    average, signs = told(lambda cost: 0.0)
    assert "no effect of scenario can be told from zero" in average
    assert "cannot be told from zero at any of 3 values" in signs


def test_what_does_not_move_at_all_is_said(monkeypatch):
    flat = table(lambda cost: 0.0).assign(value=1.0)
    monkeypatch.setattr(effects, "outcome", lambda folder, output: (flat, ["scenario", "cost"]))
    first, *_ = effects_tables.sentences(effects.effects("somewhere", "tightness"))
    assert "scenario and cost do not move it at all" in first


def test_intervals_at_several_values_hold_together():
    """One of three values: wider than alone by the ratio of the quantiles."""
    from scipy.stats import t

    data = table(lambda cost: 0.0)
    alone = effects._effect(data, ["scenario", "cost"], "x", "scenario", "after", "before", {})
    joint = effects._effect(data, ["scenario", "cost"], "x", "scenario", "after", "before", {}, 3)
    ratio = t.ppf(1 - 0.025 / 3, 7) / t.ppf(0.975, 7)
    assert (joint.high - joint.low) == pytest.approx(ratio * (alone.high - alone.low))


@pytest.mark.parametrize(
    ("output", "parts"),
    [
        ("tightness", ("steps", "tightness", "")),
        ("firms.cash_musd", ("firms", "cash_musd", "")),
        ("firms.product_share:Labs St. Ives", ("firms", "product_share", "Labs St. Ives")),
    ],
)
def test_names_of_outputs(output, parts):
    assert effects.split(output) == parts
