"""Commands over a finished sweep of the real model: one tiny grid and one tiny Morris design, shared by all tests."""

from __future__ import annotations

import csv
import json

import pytest
from typer.testing import CliRunner

from market_abm.cli import app

STEPS = "[tightness, tight, hhi_merchant, max_share_merchant, rsi_min, network_rsi_min, pivotal_firms]"
WORLD = "scenario: lone-lessor\nset: {horizon.quarters: 1, users: 4}\nquarters: last\n"
GRID = f"""schema_version: 1
name: tiny
{WORLD}design: grid
factors:
  hhi: [1500, 3000]
  tightness: {{low: 0.4, high: 1.0, steps: 4}}
  reach: [2, 11]
replications: 3
keep: {{steps: {STEPS}}}
headline: pivotal_firms
"""
MORRIS = f"""schema_version: 1
name: screening
{WORLD}design: {{kind: morris, trajectories: 4, seed: 3}}
factors:
  tightness: {{low: 0.4, high: 1.0}}
  behaviour.beta: {{low: 0.2, high: 0.8}}
replications: 2
keep: {{steps: {STEPS}}}
headline: pivotal_firms
"""


def said(*words, code=0):
    """What a command prints."""
    done = CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "100"})
    assert done.exit_code == code, done.output
    return done.stdout


def flat(text):
    return " ".join(text.split())


def swept(place, text):
    (place / "experiment.yaml").write_text(text)
    said("sweep", place / "experiment.yaml", "--out", place / "s", "--workers", "0", "--quiet")
    return place / "s"


@pytest.fixture(scope="module")
def grid(tmp_path_factory):
    """A finished sweep of 48 runs."""
    return swept(tmp_path_factory.mktemp("grid"), GRID)


@pytest.fixture(scope="module")
def screening(tmp_path_factory):
    """A finished Morris design of 12 points and two seeds."""
    return swept(tmp_path_factory.mktemp("screening"), MORRIS)


def keys(folder):
    from market_abm.experiments.store.overview import connect

    with connect(folder) as link:
        return [row[0] for row in link.execute("SELECT key FROM runs ORDER BY key").fetchall()]


def test_status_counts_runs(grid):
    assert "48" in said("status", grid)
    told = json.loads(said("status", grid, "--json"))
    assert {48, 0} <= {value for value in told.values() if isinstance(value, int)}


def test_why_says_that_a_run_is_stored(grid):
    key = keys(grid)[0]
    told = json.loads(said("why", grid, key[:12], "--json"))
    assert told["state"] == "stored"
    assert flat(said("why", grid, key[:12])) == flat(" ".join(told["sentences"]))


def test_why_of_a_key_that_is_not_there(grid):
    assert CliRunner().invoke(app, ["why", str(grid), "0" * 20]).exit_code == 2


def test_replay_gives_the_stored_numbers_and_writes_the_run(grid, tmp_path):
    told = json.loads(said("replay", grid, keys(grid)[7], "--out", tmp_path / "run", "--json"))
    assert told["same"] is True and told["failure"] is None
    assert (tmp_path / "run").exists()


def test_phase_puts_full_reach_on_the_exact_boundary(grid):
    told = json.loads(said("phase", grid, "--json"))
    full = [text for text in told["sentences"] if text.startswith("With full reach")]
    assert len(full) == 1 and "24 of 24 runs" in full[0]
    with (grid / "phase-shift.csv").open(encoding="utf-8") as file:
        rows = {row["reach"]: row for row in csv.DictReader(file)}
    assert set(rows) == {"2", "11"} and {row["runs"] for row in rows.values()} == {"24"}
    assert float(rows["11"]["agreement"]) == 1.0 > float(rows["2"]["agreement"])
    assert float(rows["2"]["frequency"]) > float(rows["11"]["frequency"])
    assert "exact boundary" in (grid / "phase.html").read_text(encoding="utf-8")


def test_sensitivity_of_a_grid_pairs_runs_by_seed(grid):
    told = json.loads(said("sensitivity", grid, "--output", "network_rsi_min", "--json"))
    assert told["sentences"] and told["tables"]
    assert (grid / "sensitivity.html").is_file()
    assert "reach" in flat(json.dumps(told))


def test_sensitivity_of_a_morris_design_finds_what_acts(screening):
    told = json.loads(said("sensitivity", screening, "--output", "network_rsi_min", "--json"))
    assert told["sentences"] and told["tables"]
    assert "tightness" in told["sentences"][0]
