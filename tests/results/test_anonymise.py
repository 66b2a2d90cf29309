"""Letters in place of names: no name is left anywhere, and nothing else changes."""

from __future__ import annotations

import json

import numpy as np
import pytest

from market_abm.experiments.replicate import run
from market_abm.results import store
from market_abm.results.anonymise import _letter, anonymised, letters, substituted
from tests.results.feed import FakeModel, world


@pytest.fixture(scope="module")
def result():
    return run(world(), 7, model=FakeModel)


@pytest.fixture(scope="module")
def hidden(result):
    return anonymised(result, world())


def test_no_name_is_left_in_the_folder(result, hidden, tmp_path):
    folder = store.write(hidden, tmp_path)
    text = (folder / "manifest.json").read_text()
    for table in hidden.tables.values():
        text += table.to_csv()
    names = [*world().firms, *world().segments, "DeepMind", "fake-world", "example.org"]
    assert [name for name in names if name in text] == []
    assert json.loads((folder / "manifest.json").read_text())["scenario"]["anonymised"] is True


def test_numbers_stay_with_their_firm(result, hidden):
    codes = letters(result)
    for name in ("Google", "Anthropic"):
        before = result.firms[result.firms["firm"] == name]["price_effect"].to_numpy()
        after = hidden.firms[hidden.firms["firm"] == codes[name]]["price_effect"].to_numpy()
        assert np.array_equal(before, after, equal_nan=True)
    assert len(set(codes.values())) == len([*world().firms, *world().segments])


def test_letters_do_not_follow_the_alphabet(result):
    codes = letters(result)
    firms = sorted(world().firms)
    assert [codes[name] for name in firms] != sorted(
        (codes[name] for name in firms), key=lambda code: (len(code), code)
    )


def test_rows_are_in_the_order_of_the_new_names(hidden):
    first = hidden.firms[hidden.firms["quarter"] == "2026Q3"]["firm"].tolist()
    assert first == sorted(first)


def test_longer_names_go_first_and_parts_of_words_stay():
    codes = {"Meta": "Firm A", "Meta AI": "Firm B"}
    assert (
        substituted("Meta AI sells to Meta; Metaphor stays", codes)
        == "Firm B sells to Firm A; Metaphor stays"
    )
    assert substituted("nothing", {}) == "nothing"


def test_letters_go_on_after_z():
    assert [_letter(step) for step in (0, 25, 26, 27, 701, 702)] == ["A", "Z", "AA", "AB", "ZZ", "AAA"]


def test_an_anonymised_result_has_no_scenario(hidden):
    with pytest.raises(ValueError, match="do not hold the text"):
        _ = hidden.scenario
