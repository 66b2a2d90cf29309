"""Places, links and commands: what leads there and back, and what is refused."""

from __future__ import annotations

import shlex
import string
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_abm.app.archive import Archive
from market_abm.app.place import LinkError, Place, changed, read_link
from market_abm.scenario import ScenarioError

SMALL = "two-clouds-three-labs"
ARCHIVE = Archive()
NUMBERS = [lever for lever in ARCHIVE.levers(SMALL, 1) if lever.group == "uncertain"]


@st.composite
def places(draw: st.DrawFn) -> Place:
    """Places in the small world that its schema allows."""
    changes: tuple[tuple[str, str], ...] = ()
    for lever in draw(st.lists(st.sampled_from(NUMBERS), max_size=3, unique_by=lambda item: item.key)):
        part = draw(st.floats(0.0, 1.0))
        value = lever.start + 0.02 * (part - 0.5) * (lever.high - lever.low)
        value = round(value) if "whole" in lever.allowed else min(max(value, lever.low), lever.high)
        changes = changed(changes, lever.key, repr(value))
    firm = draw(st.sampled_from(["", *ARCHIVE.scenario(SMALL).firms]))
    compare = draw(st.sampled_from(["", "lone-lessor", "world-2026"]))
    return Place(SMALL, draw(st.integers(0, 2**31 - 1)), changes, draw(st.integers(1, 20)), firm, compare)


@given(places())
def test_a_link_leads_back_to_its_place(place: Place) -> None:
    try:
        quarters = ARCHIVE.scenario(place.scenario, place.changes).quarters
    except ScenarioError:
        return  # two changes that a rule of the scenario forbids together: no page stands there
    assert read_link(place.query(quarters), ARCHIVE, SMALL) == place


@given(st.text(string.printable, max_size=60))
def test_any_text_is_a_place_or_a_sentence(text: str) -> None:
    try:
        place = read_link(text, ARCHIVE, SMALL)
    except LinkError as error:
        assert "link" in str(error) or "seed" in str(error)
    else:
        assert place.scenario in ARCHIVE.names()


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ([("scenario", "../../etc/passwd")], "not known"),
        ([("scenario", "/etc/passwd")], "not known"),
        ([("seed", "1e3")], "whole numbers"),
        ([("seed", "99999999999")], "whole numbers"),
        ([("seed", "1"), ("seed", "2")], "twice"),
        ([("set", "behaviour.beta=2")], "outside the allowed range"),
        ([("set", "behaviour.beta")], "key=value"),
        ([("set", "behaviour.beta=")], "key=value"),
        ([("set", "behaviour.beta=0.1"), ("set", "behaviour.beta=0.2")], "twice"),
        ([("set", "horizon.quarters=400")], "not known"),
        ([("set", "behaviour.lab_blocks=10000")], "not known"),
        (
            [("set", "timeline.price-cap={kind: minimum_notice, quarter: 2026Q4, notice: 3}")],
            "only price_cap",
        ),
        ([("quarter", "2031Q3")], "runs from"),
        ([("firm", "Nobody")], "not known"),
        ([("compare", SMALL)], "with itself"),
        ([("compare", "nothing")], "not known"),
        ([("wizard", "1")], "not known"),
    ],
)
def test_what_a_link_may_not_say(query: list[tuple[str, str]], told: str) -> None:
    with pytest.raises(LinkError, match=told):
        read_link(urlencode(query), ARCHIVE, SMALL)


def test_a_link_of_many_thousand_characters_is_not_read() -> None:
    with pytest.raises(LinkError, match="characters"):
        read_link("seed=" + "1" * 9000, ARCHIVE, SMALL)


def test_the_command_says_the_same() -> None:
    cap = "{kind: price_cap, quarter: 2026Q4, price: 2}"
    place = Place(SMALL, 7, (("behaviour.beta", "0.3"), ("timeline.cap", cap)))
    words = shlex.split(place.command())
    assert words[:5] == ["market-abm", "run", SMALL, "--seed", "7"]
    assert words[5:] == ["--set", "behaviour.beta=0.3", "--set", f"timeline.cap={cap}"]
    beside = Place(SMALL, 7, compare="lone-lessor")
    assert shlex.split(beside.command())[:4] == ["market-abm", "compare", SMALL, "lone-lessor"]


def test_only_what_the_second_scenario_knows_is_changed_there() -> None:
    changes = (("behaviour.beta", "0.3"), ("timeline.K01.contract.notice", "2"))
    place = Place("colossus-lease", 1, changes, compare="no-colossus-lease")
    other = place.other(ARCHIVE)
    assert other is not None
    assert other.changes == (("behaviour.beta", "0.3"),)
