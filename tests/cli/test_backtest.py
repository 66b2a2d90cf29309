"""The command `backtest`: files, verdict, other facts, bad input."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from market_abm.cli import app

HEAD = "series,firm,period,value\n"


def call(*words: str):
    return CliRunner().invoke(app, ["backtest", "--workers", "1", *words])


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("backtest")
    return folder, call("--replications", "2", "--out", str(folder))


def test_it_writes_table_figures_and_verdict(done):
    folder, result = done
    assert result.exit_code == 0, result.output
    names = {path.name for path in folder.iterdir()}
    assert {"report.html", "paths.csv", "verdict.json", "vetting.csv"} <= names
    assert {"scores_conditional_held_out.csv", "scores_unconditional_held_out.csv"} <= names
    said = " ".join(result.output.split())
    for sentence in json.loads((folder / "verdict.json").read_text())["sentences"]:
        assert sentence in said
    assert "Epoch AI under CC BY" in said
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert page.count('class="plot"') + page.count("plot-") > 12


def test_other_facts_are_scored(tmp_path):
    facts = tmp_path / "later.csv"
    facts.write_text(HEAD + "lab_arr,OpenAI,2026Q1,25\nlab_arr,OpenAI,2026Q2,33\n")
    result = call("--replications", "1", "--facts", str(facts), "--out", str(tmp_path / "out"), "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.output[result.output.index("{") :])
    assert sum(found["counts"]["conditional"].values()) == 1
    [row] = found["tables"]["scores_conditional_held_out"]["rows"]
    assert row["n"] == 2


def test_bad_facts_end_with_file_and_line(tmp_path):
    facts = tmp_path / "bad.csv"
    facts.write_text(HEAD + "lab_arr,OpenAI,2026Q1,many\n")
    result = call("--replications", "1", "--facts", str(facts), "--out", str(tmp_path / "out"))
    assert result.exit_code == 2
    assert "bad.csv:2:1" in result.output and "'many' is not a number" in result.output
    assert "Traceback" not in result.output
