"""Five kinds of failure, three runs each: recorded with what is known, and every other run completes."""

from __future__ import annotations

import pytest

from market_abm.experiments.again import again, replayed
from market_abm.experiments.crumbs import Trace
from market_abm.experiments.engine.backlog import Backlog
from market_abm.experiments.plan import Run
from market_abm.experiments.store import journal
from market_abm.experiments.store.overview import account, overview
from market_abm.experiments.sweep import Options, sweep
from tests.experiments.sweeping import toys

GIGABYTE = 1 << 30
LIMIT = 3.0


@pytest.fixture(scope="module")
def injured(tmp_path_factory):
    """A sweep of 36 runs on two workers, 15 of which fail."""
    folder = tmp_path_factory.mktemp("failures") / "s"
    state = sweep(
        toys.toy(limit_seconds=LIMIT), folder, model=toys.Failing,
        options=Options(workers=2, memory=GIGABYTE, attempts=1),
    )  # fmt: skip
    return folder, state, journal.read(folder).failures()


def test_every_other_run_completes(injured):
    folder, state, failures = injured
    assert (state.planned, state.done, state.failed, state.left) == (36, 21, 15, 0)
    assert len(failures) == 15 and not set(failures) & toys.stored(folder)


def test_each_failure_says_what_it_was(injured):
    _, _, failures = injured
    found = {}
    for row in failures.values():
        kind = toys.failure_of(0.1 + 0.01 * row["point"], row["seed"])
        found.setdefault(kind, []).append(row)
        assert row["quarter"] == "2026Q4"
        assert row["message"]
    assert {kind: len(rows) for kind, rows in found.items()} == dict.fromkeys(toys.FAILURES, 3)
    types = {kind: {row["type"] for row in rows} for kind, rows in found.items()}
    assert types == {
        "raise": {"ArithmeticError"},
        "loop": {"RunTooLong"},
        "exit": {"WorkerDied"},
        "memory": {"MemoryError"},
        "segfault": {"WorkerDied"},
    }, {row["message"] for rows in found.values() for row in rows}
    assert {row["message"] for row in found["raise"]} == {"planted: the market does not clear"}
    assert {row["message"] for row in found["segfault"]} == {"Segmentation fault"}
    assert all("longer than 3 s" in row["message"] for row in found["loop"])


def test_its_tables_are_those_of_runs_that_nothing_happened_to(injured, tmp_path):
    import duckdb

    folder, _, _ = injured
    sweep(toys.toy(), tmp_path / "well", model=toys.Toy, options=Options(workers=0))
    tables = [f"'{next(place.glob('tables-*/steps.parquet'))}'" for place in (folder, tmp_path / "well")]
    rows = [
        duckdb.sql(f"SELECT seed, quarter, tightness FROM {table} ORDER BY tightness").fetchall()
        for table in tables
    ]
    assert len(rows[0]) == 42 and set(rows[0]) < set(rows[1])


def test_status_why_and_a_repeated_sweep_know_of_them(injured):
    folder, _, failures = injured
    seen = overview(folder)
    assert (len(seen.failures), seen.pending) == (15, 0)
    key, row = next(iter(failures.items()))
    told = account(folder, key)
    assert told["state"] == "failed" and row["type"] in " ".join(told["sentences"])
    state = sweep(toys.toy(limit_seconds=LIMIT), folder, model=toys.Failing, options=Options(workers=0))
    assert (state.now, state.failed) == (0, 15)


def test_replay_shows_the_failure_again(injured):
    folder, _, failures = injured
    key = next(key for key, row in failures.items() if row["type"] == "ArithmeticError")
    found = replayed(folder, key)
    assert found["failure"]["type"] == "ArithmeticError"
    assert "Traceback" in "\n".join(found["sentences"])


def test_nobody_is_blamed_for_a_chunk_whose_suspect_is_unknown():
    runs = tuple(Run(f"{number:064x}", 0, number) for number in range(3))
    backlog = Backlog(runs, attempts=1)
    backlog.learn(1, 1e-9)
    chunk = backlog.take(1)
    assert len(chunk) == 2
    assert backlog.lost(chunk, Trace(), hung=False) == []
    suspects = [backlog.take(1), backlog.take(1)]
    assert suspects == [chunk[:1], chunk[1:]]
    assert [row["seed"] for row in backlog.lost(suspects[0], Trace(), hung=False)] == [chunk[0].seed]


def test_retry_runs_failures_only_and_nothing_else(tmp_path, monkeypatch):
    folder = tmp_path / "s"
    gentle = toys.toy(1, 6)  # three of its runs raise
    state = sweep(gentle, folder, model=toys.Failing, options=Options(workers=0))
    assert (state.done, state.failed) == (3, 3)
    state = again(folder, Options(workers=0))
    assert (state.now, state.failed) == (0, 3)  # they fail again
    monkeypatch.setattr(toys, "FAILURES", ())
    state = again(folder, Options(workers=0))
    assert (state.done, state.now, state.failed) == (6, 3, 0)


def test_a_loop_in_this_process_is_ended_too(tmp_path):
    state = sweep(
        toys.toy(2, 3, limit_seconds=0.2), tmp_path / "s", model=toys.Failing, options=Options(workers=0)
    )
    assert (state.done, state.failed) == (4, 2)
    assert {row["type"] for row in journal.read(tmp_path / "s").failures().values()} == {
        "ArithmeticError", "RunTooLong",
    }  # fmt: skip
