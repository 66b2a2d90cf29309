"""The page of the catalogue is what the files and the kept statistics say, scenario by scenario."""

from __future__ import annotations

import re

import pytest

from market_abm.analysis.table import SIGNED, shown
from market_abm.scenario import load_scenario, shipped
from tests.house.catalogue import PAGE, kept, page

TEXT = PAGE.read_text(encoding="utf-8")
EFFECTS = kept()


def part(name: str) -> str:
    """The section of a scenario."""
    start = TEXT.index(f"### {name}\n")
    end = re.search(r"^##", TEXT[start + 4 :], re.M)
    return TEXT[start : start + 4 + end.start()] if end else TEXT[start:]


def test_the_page_is_written_from_what_is_kept() -> None:
    assert page() == TEXT, "run: python -m tests.house.catalogue"


@pytest.mark.parametrize("name", shipped())
def test_every_scenario_has_its_question_and_what_came_out(name: str) -> None:
    scenario, text = load_scenario(name), part(name)
    assert scenario.question and " ".join(scenario.question.split()) in text
    assert ("**What came out**" in text) == (scenario.read_against is not None)
    assert (name in EFFECTS) == (scenario.read_against is not None)


@pytest.mark.parametrize("name", sorted(EFFECTS))
def test_every_difference_named_is_one_that_is_kept(name: str) -> None:
    """Each triple of difference and interval in the paragraph is that of an outcome of this scenario."""
    text = part(name)
    named = re.findall(r"(?:rises|falls), ([+-][\d,.]+) [^()]*\(([+-]?[\d,.]+) to ([+-]?[\d,.]+)\)", text)
    known = set()
    for item in EFFECTS[name]:
        kind = SIGNED.get(item.outcome.kind, item.outcome.kind)
        known.add(tuple(shown(number, kind) for number in (item.difference, item.low, item.high)))
    assert set(named) <= known
    moved = [item for item in EFFECTS[name] if item.verdict in ("rises", "falls") and not item.outcome.unit]
    assert len(named) >= min(len(moved), 5)
