"""Commands with a stand-in model: what they print, write and return; errors are sentences with exit codes."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from typer.testing import CliRunner

import market_abm.experiments.replicate as replication
from market_abm.cli import app
from market_abm.results import store
from market_abm.scenario.dump import dump
from tests.results import feed


@pytest.fixture
def world(tmp_path, monkeypatch):
    """A scenario file in an empty folder, with the stand-in for the model."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    (tmp_path / "fake.yaml").write_text(dump(feed.world()))
    (tmp_path / "other.yaml").write_text(dump(feed.world(8, "other-world")))
    with_model(monkeypatch, feed.FakeModel)
    return tmp_path


REAL = replication.simulate


def with_model(monkeypatch, model):
    def simulate(scenario, seed, pin=False, _=None, progress=None):
        return REAL(scenario, seed, pin, model, progress)

    monkeypatch.setattr(replication, "simulate", simulate)


def call(*arguments):
    return CliRunner().invoke(app, [str(item) for item in arguments])


def test_run_prints_the_answer_and_says_where_the_rest_is(world):
    done = call("run", "fake.yaml", "--seed", 7)
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("fake-world: 2026Q3 to 2028Q2, seed 7, protocol split")
    flat = " ".join(done.stdout.split())
    assert "firms are chokepoints of the whole market" in flat
    assert "Leverage shifted most between" in flat
    assert "Concentration depends on what is counted" in flat
    for heading in ("The market", "Suppliers", "Supply relations", "Labs", "What holds building back"):
        assert heading in done.stdout
    assert "not a forecast" in flat
    assert "Written to results/fake-world-seed7/" in done.stdout
    folder = world / "results" / "fake-world-seed7"
    assert {"manifest.json", "summary.json", "report.html", "steps.parquet"} <= {
        p.name for p in folder.iterdir()
    }
    assert store.read(folder).seed == 7


def test_json_is_the_answer_and_nothing_else(world):
    done = call("run", "fake.yaml", "--json", "--out", "here")
    content = json.loads(done.stdout)
    assert content == json.loads((world / "here" / "summary.json").read_text()) | {"folder": "here"}
    assert len(content["answer"]) == 3
    assert "NaN" not in done.stdout


def test_quiet_prints_the_sentences_alone(world):
    done = call("run", "fake.yaml", "--quiet")
    assert "Suppliers" not in done.stdout
    assert "Leverage shifted" in done.stdout


def test_protocol_beta_and_set_reach_the_run(world):
    call("run", "fake.yaml", "--protocol", "nntr", "--beta", 0.25, "--set", "behaviour.d=0.2", "--out", "a")
    setting = store.read(world / "a").setting
    assert setting.protocol == "nntr"
    assert setting.beta == {1: 0.25}
    assert store.read(world / "a").scenario.behaviour.d == 0.2


def test_pin_holds_central_values(world):
    call("run", "fake.yaml", "--pin", "--out", "a")
    assert store.read(world / "a").setting.pin
    assert store.read(world / "a").setting.beta == {1: 0.5}


def test_replications_are_seeds_in_a_row(world):
    done = call("run", "fake.yaml", "--seed", 4, "--replications", 3, "--workers", 1)
    assert done.exit_code == 0, done.output
    assert "3 seeds" in done.stdout
    assert "5-95 % band" in " ".join(done.stdout.split())
    assert store.read(world / "results" / "fake-world-seeds4-6").seeds == (4, 5, 6)


def test_anonymised_output_names_nobody(world):
    done = call("run", "fake.yaml", "--anonymise")
    assert done.exit_code == 0, done.output
    folder = next((world / "results").iterdir())
    text = done.stdout + (folder / "summary.json").read_text() + (folder / "manifest.json").read_text()
    text += (folder / "report.html").read_text()[-400_000:] + folder.name
    names = [*feed.world().firms, "DeepMind", "fake-world", "fake.yaml"]
    assert [name for name in names if name in text] == []
    assert "Firm A" in text


def test_failed_seeds_are_recorded_and_end_with_three(world, monkeypatch):
    with_model(monkeypatch, feed.FailingModel)
    done = call("run", "fake.yaml", "--seed", 2, "--replications", 2, "--workers", 1, "--out", "a")
    assert done.exit_code == 3
    assert "fake-world, seed 3 did not finish: ValueError: seed 3 was made to fail" in done.stderr
    assert store.read(world / "a").failures[0]["seed"] == 3


def test_a_run_that_fails_altogether_is_said_in_a_sentence(world, monkeypatch):
    with_model(monkeypatch, feed.HopelessModel)
    done = call("run", "fake.yaml")
    assert done.exit_code == 3
    assert done.stderr.strip() == "fake-world: no seed finished. ValueError: seed 1 was made to fail"


def test_compare_prints_paired_differences_and_writes_them(world):
    done = call("compare", "fake.yaml", "other.yaml", "--replications", 3, "--workers", 1, "--out", "pair")
    assert done.exit_code == 0, done.output
    assert "other-world against fake-world" in done.stdout
    assert "3 common seeds" in done.stdout
    rows = list(csv.DictReader((world / "pair" / "differences.csv").read_text().splitlines()))
    assert {row["outcome"] for row in rows} >= {"Price index, last year", "HHI, merchant capacity"}
    assert all(float(row["difference"]) == 0.0 for row in rows)
    assert (world / "pair" / "report.html").read_text().startswith("<!DOCTYPE html>")
    assert (world / "pair" / "per-seed.csv").exists()
    assert store.read(world / "pair" / "0-fake-world").seeds == (1, 2, 3)


def test_compare_json(world):
    done = call("compare", "fake.yaml", "other.yaml", "--replications", 2, "--workers", 1, "--json")
    content = json.loads(done.stdout)
    assert content["folder"] == "results/compare-fake-world-vs-other-world-seeds1-2"
    assert len(content["tables"]) == 2


def test_explain_reads_a_folder(world):
    call("run", "fake.yaml", "--out", "a")
    done = call("explain", "a", "--firm", "Google", "--quarter", "2026Q4")
    assert done.exit_code == 0
    assert "It flips when the next best gains more than" in " ".join(done.stdout.split())
    assert json.loads(call("explain", "a", "--firm", "Google", "--json").stdout)["sentences"]


def test_scenarios_show_diff_and_columns(world):
    listed = json.loads(call("scenarios", "--json").stdout)
    assert {"bilateral-monopoly", "two-clouds-three-labs"} <= {item["name"] for item in listed}
    assert "bilateral-monopoly" in call("scenarios").stdout
    assert "A count of chips" in call("show", "fake.yaml").stdout
    assert json.loads(call("show", "fake.yaml", "--json").stdout)["scenario"]["name"] == "fake-world"
    assert "other-world" in call("diff", "fake.yaml", "other.yaml").stdout
    assert json.loads(call("diff", "fake.yaml", "fake.yaml", "--json").stdout) == []
    assert call("diff", "fake.yaml", "fake.yaml").stdout.strip() == "fake-world and fake-world do not differ."
    listed = json.loads(call("columns", "--table", "steps", "--json").stdout)
    assert {"table", "name", "dtype", "unit", "meaning"} == set(listed[0])
    assert "hhi_merchant" in call("columns").stdout
    assert "behaviour.beta" in call("columns", "--scenario").stdout


def test_validate(world):
    assert call("validate", "fake.yaml").stdout.startswith("fake-world is sound: 9 firms")
    text = (world / "fake.yaml").read_text().replace("kind: lab\n", "kind: labb\n", 1)
    (world / "bad.yaml").write_text(text)
    done = call("validate", "bad.yaml")
    assert done.exit_code == 2
    line = next(n for n, row in enumerate(text.splitlines(), 1) if "labb" in row)
    assert f"bad.yaml:{line}:" in done.stderr
    assert 'Did you mean "lab"' in done.stderr
    problems = json.loads(call("validate", "bad.yaml", "--json").stdout)
    assert problems["problems"][0]["line"] == line
    assert problems["valid"] is False


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "no-such-world"], "there is no scenario 'no-such-world'"),
        (["run", "fake.yaml", "--beta", "7"], "behaviour.beta"),
        (["run", "fake.yaml", "--protocol", "splitt"], 'Did you mean "split"'),
        (["run", "fake.yaml", "--set", "behaviour.bta=1"], 'Did you mean "beta"'),
        (["run", "fake.yaml", "--set", "nonsense"], "key=value"),
        (["run", "fake.yaml", "--out", "fake.yaml"], "cannot make this folder"),
        (["run", "fake.yaml", "--replications", "0"], "--replications"),
        (["run", "fake.yaml", "--seed", "-1"], "--seed"),
        (["run", "fake.yaml", "--seed", "x"], "--seed"),
        (["run"], "Missing argument"),
        (["explode"], "No such command"),
        (["explain", "nowhere", "--firm", "Google"], "there is no such folder"),
        (["columns", "--table", "stages"], "there is no table 'stages'; tables: steps"),
        (["compare", "fake.yaml"], "Missing argument"),
        (["compare", "fake.yaml", "no-such-world"], "there is no scenario"),
        (["diff", "fake.yaml", "no-such-world"], "there is no scenario"),
        (["show", "no-such-world"], "there is no scenario"),
        (["validate", "fake.yaml", "--facts", "--set", "horizon.start=2024Q1"], "the facts are for 2026Q3"),
    ],
)
def test_bad_input_ends_with_two_and_a_sentence(world, arguments, words):
    done = call(*arguments)
    assert done.exit_code == 2, done.output
    assert words in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.output


def test_what_nobody_foresaw_is_a_sentence_too(world, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("market_abm.report.run_report.run_page", broken)
    done = call("run", "fake.yaml")
    assert done.exit_code == 3
    assert "This should not have happened: ZeroDivisionError: division by zero" in done.stderr
    assert "Traceback" not in done.output


def test_output_without_a_terminal_has_no_colour_and_no_bar(world):
    done = call("run", "fake.yaml")
    assert "\x1b[" not in done.output


SLOW = """
import sys, time
import market_abm.experiments.replicate as replication
from market_abm.cli import main
from tests.results import feed

class Slow(feed.FakeModel):
    def step(self):
        time.sleep({pause})
        super().step()

real = replication.simulate
replication.simulate = lambda s, seed, pin=False, _=None, progress=None: real(s, seed, pin, Slow, progress)
sys.argv = ["market-abm", "run", "fake.yaml", "--workers", "1", "--out", "slow"]
main()
"""


def slow(world, pause):
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return subprocess.Popen(
        [sys.executable, "-c", SLOW.format(pause=pause)], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, cwd=world, env=os.environ | {"PYTHONPATH": root},
    )  # fmt: skip


def test_plain_lines_tell_progress_after_two_seconds(world):
    _, told = slow(world, 0.6).communicate(timeout=90)
    assert "Simulating, quarters: " in told
    assert " of 8" in told


def interrupted(process):
    """Press Ctrl-C until the process ends: an interrupt that meets a callback of some library is lost."""
    for _ in range(10):
        process.send_signal(signal.SIGINT)
        try:
            return process.communicate(timeout=6)[1]
        except subprocess.TimeoutExpired:
            continue
    process.kill()
    return process.communicate()[1]


def test_an_interrupt_ends_with_130_and_the_line_to_start_again(world):
    process = slow(world, 5)
    time.sleep(0.5)
    for _ in range(200):  # until the simulation is on
        line = process.stderr.readline()
        if "Simulating" in line:
            break
    told = interrupted(process)
    assert process.returncode == 130
    assert "Interrupted. To start again: market-abm run fake.yaml" in told
    assert "Traceback" not in told
    assert not (world / "slow" / "manifest.json").exists()


@pytest.mark.parametrize(("kept", "said"), [([], True), (["solve.nbi"], False)])
def test_a_first_run_says_that_it_compiles(kept, said, monkeypatch, capsys):
    from market_abm import console
    from market_abm.market import kernel

    monkeypatch.setattr(kernel, "_kept", lambda folder: kept)
    console.tell_of_compiling()
    assert ("about a minute, once" in capsys.readouterr().err) is said
