"""Numbers with provenance."""

from __future__ import annotations

import copy
import pickle

import pytest

from market_abm.scenario import Number, Quantity, load_scenario, scenario_from
from market_abm.scenario.dictionary import keys

from .worlds import path_set, refusal, world

RND = "firms.Lab.lab.rnd"


def test_a_number_is_a_float_with_provenance():
    number = Quantity(5, 4, 7, ("s1",), "2026Q3", True, "by hand")
    assert number + 1 == 6.0 and isinstance(number, float)
    assert (number.low, number.high, number.source) == (4.0, 7.0, ("s1",))
    assert (number.as_of, number.guess) == ("2026Q3", True)
    content = number.content()
    assert content.pop("note") == "by hand" and content.pop("guess") is True
    assert content == {"value": 5.0, "low": 4.0, "high": 7.0, "as_of": "2026Q3", "source": "s1"}


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda item: pickle.loads(pickle.dumps(item))])
def test_copies_keep_the_provenance(clone):
    number = Quantity(5, 4, 7, ("s1",), None, True)
    assert clone(number).content() == number.content()


def test_a_number_is_frozen():
    with pytest.raises(AttributeError, match="frozen"):
        Quantity(1.0).low = 0.5


def test_bare_and_unit_only_forms_are_the_same():
    bare, dressed = (
        scenario_from(path_set(world(), RND, value)) for value in (5, {"value": 5, "unit": "kHQ"})
    )
    assert bare == dressed and type(dressed.firms["Lab"].lab.rnd) is float


@pytest.mark.parametrize("unit", ["kHQ", "KHQ", "kHQ per quarter", "khq/quarter"])
def test_spellings_of_the_unit(unit):
    assert scenario_from(path_set(world(), RND, {"value": 5, "unit": unit})).firms["Lab"].lab.rnd == 5.0


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("5", "must be a number, not '5'"),
        (True, "must be a number"),
        ([5], "must be a number, not a list"),
        (None, "must be a number"),
        (float("nan"), "must be a finite number"),
        (float("inf"), "must be a finite number"),
        (10**400, "must be a finite number"),
        pytest.param(10**5000, "must be a finite number", id="5001 digits"),
        (1e9, "1,000,000,000 lies outside the allowed range. Allowed: numbers from 0 to 10,000,000 (kHQ)"),
        (-1, "-1 lies outside the allowed range"),
        ({"low": 1, "high": 2}, 'needs "value"'),
        ({"value": 5, "low": 4}, "a range needs both ends and has only low"),
        ({"value": 5, "low": 6, "high": 7}, "low <= value <= high does not hold: 6, 5, 7"),
        ({"value": 5, "low": 7, "high": 4}, "does not hold"),
        ({"value": 5, "unit": "kH100e"}, "the unit is kHQ, not kH100e"),
        ({"value": 5, "guess": "yes"}, "guess must be true or false"),
        ({"value": 5, "hihg": 7, "low": 4}, 'Did you mean "high"?'),
        ({"value": 5, "source": 3}, "source must be a key of sources"),
        ({"value": 5, "source": "s2"}, 'source "s2" is not in sources. Allowed: s1, assumption'),
        ({"value": 5, "note": [1]}, "note must be text"),
    ],
)
def test_what_is_refused(value, says):
    assert says in refusal(path_set(world(), RND, value))


def test_whole_numbers():
    whole = Number("quarters", 0, 10, whole=True)
    assert whole.check(3.0) == 3 and isinstance(whole.check(3.0), int)
    assert "2.5 is not a whole number" in refusal(path_set(world(), "contracts.K1.notice", 2.5))


def test_sources_may_be_a_list_or_joined():
    data = world(sources={"a": {"title": "A"}, "b": {"title": "B"}})
    forms = [path_set(data, RND, {"value": 5, "source": source}) for source in (["a", "b"], "a;b", "a; b")]
    assert {scenario_from(form).firms["Lab"].lab.rnd.source for form in forms} == {("a", "b")}


def test_every_guessed_default_has_a_range_and_every_default_is_allowed():
    """A default goes through the same door as a value in a file."""
    scenario = load_scenario("two-clouds-three-labs")
    guessed = [key for key in keys() if key.low is not None]
    assert len(guessed) > 50
    assert all(key.low < key.high for key in guessed)
    assert scenario_from(scenario.content()) == scenario


def test_every_number_of_the_schema_has_unit_range_and_meaning():
    numbers = [key for key in keys() if key.unit]
    assert len(numbers) > 100
    assert all(key.allowed and key.meaning for key in numbers)
    assert {key.unit for key in numbers} >= {"MUSD", "kHQ", "kH100e", "USD/GPU-h", "MW", "fraction/quarter"}
