"""Facts as dated series: read, refused, cut."""

from __future__ import annotations

import pytest

from market_abm.experiments.history import FIT_END, after, by_key, read_facts, shipped_facts, until
from market_abm.experiments.observed import OPENING, SERIES
from market_abm.scenario import ScenarioError

HEAD = "series,firm,period,value,unit,source_id,confidence,note\n"


def written(tmp_path, text: str):
    path = tmp_path / "facts.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_of_the_shipped_form_is_read(tmp_path):
    path = written(
        tmp_path, HEAD + 'lab_arr,OpenAI,2026Q3,40,BUSD/yr,x,B,"a, b"\nlab_arr,OpenAI,2027,50,,,,\n'
    )
    first, second = read_facts(path)
    assert (first.value, first.last, first.note) == (40.0, "2026Q3", "a, b")
    assert second.quarters == ("2027Q1", "2027Q2", "2027Q3", "2027Q4")
    assert second.middle - first.middle == 3.5


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("series,firm,period\n", r"facts\.csv:1:1.*has no column 'value'"),
        (HEAD + "a,b,2026Q1,much,,,,\n", r"facts\.csv:2:1.*'much' is not a number"),
        (HEAD + "a,b,2026Q1,1,,,,\na,b,spring,1,,,,\n", r"facts\.csv:3:1.*'spring' is not a period"),
        (HEAD + "a,b,2026Q1,nan,,,,\n", "'nan' is not a number"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(tmp_path, text, words):
    with pytest.raises(ScenarioError, match=words):
        read_facts(written(tmp_path, text))


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ScenarioError, match="cannot be read: No such file"):
        read_facts(tmp_path / "none.csv")


def test_the_cut_keeps_each_fact_on_one_side():
    facts = shipped_facts()
    early, late = until(facts), after(facts)
    assert len(early) + len(late) == len(facts)
    assert max(fact.last for fact in early) == FIT_END
    assert min(fact.last for fact in late) > FIT_END


def test_every_shipped_series_can_be_asked_of_the_model_and_is_dated():
    for key, items in by_key(shipped_facts()).items():
        assert key[0] in SERIES
        periods = [fact.period for fact in items]
        assert len(set(periods)) == len(periods), key
        assert min(fact.quarters[0] for fact in items) >= OPENING
        assert all(fact.source_id for fact in items)
