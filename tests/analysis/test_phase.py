"""The phase diagram in words: each side of the boundary, events that always or never happen, marks without an end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from market_abm.analysis.phase import Estimate, Panel, Phase, estimate
from market_abm.analysis.phase_words import counted, listed, sentences
from market_abm.report.phase_report import heat_maps

NAN = float("nan")


def told(value, low, high):
    """A threshold with its interval."""
    return Estimate(value, 0.01, (low, high), (low, high), (low, high), False, 0.5, 100, 10)


def constant(share):
    """An event that happens in every run, or in none."""
    return Estimate(NAN, NAN, (NAN, NAN), (NAN, NAN), (NAN, NAN), False, share, 100, 10)


def diagram(by_column, event="pivotal", cells=()):
    """A diagram by suppliers in reach, 11 of them being all."""
    axis = np.array([1000.0, 3000.0])
    panels = tuple(
        Panel({"reach": reach}, axis, np.array([0.4, 0.8]), np.array([[0.0, 1.0], [0.0, 1.0]]), axis / 5000.0,
              cells or (item, item), item, 1.0)
        for reach, item in by_column.items()
    )  # fmt: skip
    return Phase("x", event, "a pivotal owner", ("reach",), panels, by_column, (), {}, {}, 400, 10, 0, 400,
                 {"reach": "suppliers in reach"}, 11)  # fmt: skip


def said(by_column, **more):
    """Its sentences as one text."""
    return " ".join(sentences(diagram(by_column, **more)))


def test_thresholds_on_each_side_of_the_boundary():
    text = said({2: told(-0.3, -0.35, -0.25), 3: told(-0.1, -0.15, -0.05), 4: told(0.01, -0.01, 0.03),
                 5: told(0.2, 0.1, 0.3), 11: told(0.0, -0.001, 0.001)})  # fmt: skip
    assert (
        "below the exact boundary by 0.300 (95 % 0.250 to 0.350) with 2 suppliers in reach and by 0.100"
        in text
    )
    assert "above the exact boundary by 0.200 (95 % 0.100 to 0.300) with 5 suppliers in reach" in text
    assert "With 4 suppliers in reach the threshold cannot be told from the exact boundary" in text
    assert "in 100 of 100 runs" in text


def test_events_that_always_or_never_happen_have_no_threshold():
    text = said({2: constant(1.0), 3: constant(0.0), 4: constant(0.0), 11: constant(0.0)}, event="relation")
    assert "With 2 suppliers in reach there is a pivotal owner in every run: no threshold" in text
    assert "With 3, 4 and 11 suppliers in reach there is a pivotal owner in no run: no threshold" in text
    assert "misleads" not in text  # the boundary is that of pivotality


def test_an_interval_without_an_end_is_said_and_drawn_hollow():
    open_ended = told(0.5, -np.inf, np.inf)
    text = said({2: open_ended, 11: told(0.0, -0.1, 0.1)})
    assert "With 2 suppliers in reach tightness hardly moves the event" in text
    found = diagram({2: open_ended, 11: told(0.0, -0.1, 0.1)})
    figure = heat_maps(found)
    assert "hollow" in figure.caption
    hollow, full = (panel.spec["data"][2] for panel in figure.panels)
    assert set(hollow["marker"]["color"]) == {"#FFFFFF"} != set(full["marker"]["color"])
    assert hollow["error_y"]["array"] == [0.0, 0.0] and full["error_y"]["array"] == pytest.approx([0.1, 0.1])
    closed = replace(found, panels=found.panels[1:])
    assert "hollow" not in heat_maps(closed).caption


def test_an_estimate_finds_a_planted_threshold():
    rng = np.random.default_rng(5)
    x, seed = rng.uniform(-0.5, 0.5, 3000), np.repeat(np.arange(30), 100)
    hit = rng.uniform(size=3000) < 1 / (1 + np.exp(-20 * (x + 0.12)))
    found = estimate(x, hit, seed)
    assert found.holds(-0.12) and not found.holds(0.0) and not found.firth
    assert estimate(x, x > 0.1, seed).firth
    assert not estimate(x, np.ones(3000), seed).known


def test_words():
    assert listed(["a"]) == "a" and listed(["a", "b", "c"]) == "a, b and c"
    assert counted("leaders", 1, "equal leaders") == "1 leader"
    assert counted("notice", 2.0, "quarters") == "2 quarters"
