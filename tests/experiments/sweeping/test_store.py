"""The folder of a sweep: what is damaged, full, foreign or gone is said, and the sweep goes on."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from market_abm.experiments.identity import code_of
from market_abm.experiments.store import journal
from market_abm.experiments.store.folder import Sweep
from market_abm.experiments.store.overview import account, connect, overview
from market_abm.experiments.sweep import Options, sweep
from market_abm.results.store import StoreError
from tests.experiments.sweeping import toys

HERE = Options(workers=0)


def swept(folder, experiment=None, **more):
    """A sweep in this process with the cheap model."""
    return sweep(
        experiment or toys.toy(4, 3), folder, model=more.pop("model", toys.Toy), options=HERE, **more
    )


@pytest.fixture
def finished(tmp_path):
    """A finished sweep of twelve runs."""
    state = swept(tmp_path / "s")
    assert (state.done, state.failed, state.left) == (12, 0, 0)
    return tmp_path / "s"


@pytest.fixture
def half(tmp_path):
    """A sweep that was stopped half-way: parts, and no compact tables."""
    told = []

    def stop(state):
        told.append(state.done)
        if state.done >= 5:
            os.kill(os.getpid(), signal.SIGINT)

    slow = Options(workers=0, chunk_seconds=1e-9)
    state = sweep(toys.toy(4, 3), tmp_path / "s", model=toys.Toy, options=slow, tell=stop)
    assert state.interrupted and 5 <= state.done < 12
    assert list(toys.parts(tmp_path / "s")) and not toys.tables(tmp_path / "s")
    return tmp_path / "s"


def whole(tmp_path):
    """The tables of an uninterrupted sweep."""
    swept(tmp_path / "whole")
    return toys.tables(tmp_path / "whole")


def test_a_sweep_taken_up_again_equals_an_uninterrupted_one(half, tmp_path):
    done = overview(half).done
    state = swept(half)
    assert (state.done, state.now) == (12, 12 - done)
    assert toys.tables(half) == whole(tmp_path)
    assert not list(toys.parts(half))


def test_a_finished_sweep_runs_nothing(finished):
    before = toys.tables(finished)
    lines = (finished / journal.NAME).read_text()
    state = swept(finished)
    assert (state.done, state.now) == (12, 0)
    assert toys.tables(finished) == before
    assert (finished / journal.NAME).read_text() == lines


def test_a_half_written_line_is_passed_over(half, tmp_path):
    path = half / journal.NAME
    path.write_bytes(path.read_bytes()[:-25])
    assert "half written" in overview(half).notes[0]
    state = swept(half)
    assert any("half written" in note for note in state.notes)
    assert state.done == 12 and toys.tables(half) == whole(tmp_path)
    assert all(line.startswith(b"{") for line in path.read_bytes().splitlines())


def test_a_deleted_part_is_noticed_and_done_again(half, tmp_path):
    [first, *_] = toys.parts(half)
    for path in first.iterdir():
        path.unlink()
    first.rmdir()
    state = swept(half)
    assert any("no longer in the folder" in note for note in state.notes)
    assert state.done == 12 and toys.tables(half) == whole(tmp_path)
    assert not swept(half).notes  # told once


@pytest.mark.parametrize("harm", ["truncated", "one table gone", "not Parquet"])
def test_a_damaged_part_is_put_aside_and_done_again(half, tmp_path, harm):
    [first, *_] = toys.parts(half)
    path = first / "steps.parquet"
    if harm == "one table gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-9] if harm == "truncated" else b"rubbish")
    state = swept(half)
    assert any(f"part {first.name} cannot be read" in note for note in state.notes)
    assert state.done == 12 and toys.tables(half) == whole(tmp_path)
    assert (half / "parts" / f".damaged-{first.name}").is_dir()


def test_damaged_tables_are_put_aside_and_done_again(finished, tmp_path):
    [place] = finished.glob("tables-*")
    (place / "steps.parquet").write_bytes(b"rubbish")
    state = swept(finished)
    assert any("tables-000001 cannot be read" in note for note in state.notes)
    assert state.now == 12 and toys.tables(finished) == whole(tmp_path)


def test_leftovers_of_killed_writers_are_cleared(half):
    left = half / "parts" / ".unfinished-abc"
    left.mkdir()
    (left / "steps.parquet").write_bytes(b"PAR1")
    swept(half)
    assert not left.exists()


def test_a_crash_between_tables_and_clearing_counts_every_run_once(half, tmp_path):
    """Parts that are in the tables already: the tables rule, nothing twice."""
    import shutil

    kept = tmp_path / "kept"
    shutil.copytree(half / "parts", kept)
    swept(half)
    for part in kept.iterdir():
        shutil.copytree(part, half / "parts" / part.name)
    assert overview(half).done == 12
    with connect(half) as link:
        assert link.execute("SELECT count(*), count(DISTINCT key) FROM runs").fetchone() == (12, 12)
    state = swept(half)
    assert state.done == 12 and toys.tables(half) == whole(tmp_path)


# ---- foreign folders


def test_a_folder_of_other_things_is_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(StoreError, match=r"holds other files \(thesis\.tex\)"):
        swept(tmp_path)
    assert (tmp_path / "thesis.tex").exists()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"name": "other"}, "another experiment"),
        ({"scenario": "lone-lessor"}, r"another scenario \(bilateral-monopoly is not asked for\)"),
        ({"keep": {"steps": ["tightness"]}}, "other outputs"),
        ({"quarters": "last"}, "other outputs"),
        ({"pin": True}, "another --pin"),
    ],
)
def test_another_experiment_is_refused_with_the_reason(finished, change, reason):
    before = toys.tables(finished)
    with pytest.raises(StoreError, match=reason) as refused:
        swept(finished, toys.toy(4, 3, **change))
    assert "--anew" in str(refused.value)
    assert toys.tables(finished) == before


def test_other_code_is_refused_and_named(finished, monkeypatch):
    import market_abm.experiments.plan as plan
    from market_abm.experiments.identity import Code

    mine = code_of(toys.Toy)
    other = Code({**mine.files, "market/clearing.py": "0" * 64}, {**mine.packages, "numpy": "0.1"})
    monkeypatch.setattr(plan, "code_of", lambda model: other)
    with pytest.raises(StoreError, match=r"other model code \(market/clearing\.py, numpy differ\)"):
        swept(finished)


def test_another_model_is_refused(finished):
    with pytest.raises(StoreError, match="another model"):
        swept(finished, model=toys.Failing)


def test_a_scenario_that_has_changed_is_refused(finished):
    from market_abm.scenario import load_scenario

    changed = {"bilateral-monopoly": load_scenario("bilateral-monopoly", {"firms.Seller.fleet.online": 11})}
    with pytest.raises(StoreError, match=r"another scenario \(bilateral-monopoly has changed since\)"):
        swept(finished, scenarios=changed)


def test_anew_starts_anew(finished):
    state = swept(finished, toys.toy(4, 3, name="other"), anew=True)
    assert (state.done, state.now) == (12, 12)
    assert Sweep(finished).manifest()["experiment"]["name"] == "other"


def test_more_seeds_and_other_points_reuse_what_is_there(finished, tmp_path):
    state = swept(finished, toys.toy(6, 5))
    assert (state.planned, state.done, state.now) == (30, 30, 30 - 12)
    swept(tmp_path / "t", toys.toy(6, 5))
    assert toys.tables(finished) == toys.tables(tmp_path / "t")
    smaller = swept(finished)
    assert (smaller.planned, smaller.done, smaller.now) == (12, 12, 0)
    with connect(finished) as link:
        assert link.execute("SELECT count(*) FROM runs").fetchone() == (
            12,
        )  # the plan's, though 30 are stored


def test_a_manifest_that_cannot_be_read(finished):
    (finished / "sweep.json").write_text("{")
    with pytest.raises(StoreError, match=r"cannot be read.*--anew"):
        swept(finished)
    assert swept(finished, anew=True).done == 12


def test_two_processes_on_one_folder(finished):
    book = Sweep(finished).open_journal()
    with pytest.raises(StoreError, match="another process is working"):
        swept(finished, toys.toy(5, 3))
    book.close()
    assert swept(finished, toys.toy(5, 3)).done == 15


# ---- disks


def limited(body: str, **environment: str) -> subprocess.CompletedProcess:
    """Python code in a process of its own."""
    code = f"from tests.experiments.sweeping.test_store import *\n{body}"
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **environment},
    )


def sweep_with_little_room(folder: str) -> None:
    """A sweep in a process whose files may not grow: what a full disk does, for one user."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (1200, 1200))
    try:
        swept(folder)
    except StoreError as error:
        print(error)


def test_a_full_disk_is_said_and_what_is_stored_is_safe(half, tmp_path):
    before = toys.stored(half)
    done = limited(f"sweep_with_little_room({str(half)!r})")
    # by the file that meets the limit first: the system refuses a block, or takes half a line of the journal
    found = re.search(r"cannot write here \((file too large|no space left on device)\)", done.stdout)
    assert found, done.stdout + done.stderr
    assert "What was stored before is safe" in done.stdout
    assert not [path for path in (half / "parts").iterdir() if path.name.startswith(".unfinished")]
    assert toys.stored(half) >= before
    assert swept(half).done == 12 and toys.tables(half) == whole(tmp_path)


def test_a_disk_without_room(tmp_path, monkeypatch):
    """The last block is gone in the middle of a part: no half part, and the sweep ends with the reason."""
    from market_abm.experiments.store import parts

    real = os.fsync

    def full(handle):
        if "steps" in os.readlink(f"/proc/self/fd/{handle}"):
            raise OSError(28, "No space left on device")
        real(handle)

    monkeypatch.setattr(parts.os, "fsync", full)
    with pytest.raises(StoreError, match="no space left on device"):
        swept(tmp_path / "s")
    monkeypatch.undo()
    assert not list(toys.parts(tmp_path / "s"))
    assert swept(tmp_path / "s").done == 12


def test_a_read_only_folder(half):
    """Root may write anywhere, so that the refusal of the system is planted where it is not one's own."""
    command = [sys.executable, "-m", "market_abm", "status", str(half)]
    assert subprocess.run(command, capture_output=True, text=True).returncode == 0
    body = f"""
import market_abm.experiments.store.journal as j
real = j.os.open
def refuse(path, flags, *more):
    if flags & (os.O_WRONLY | os.O_RDWR): raise PermissionError(13, "Permission denied")
    return real(path, flags, *more)
j.os.open = refuse
try: swept({str(half)!r})
except StoreError as error: print(error)
"""
    done = limited(body)
    assert "cannot write here (permission denied)" in done.stdout, done.stdout + done.stderr
    assert swept(half).done == 12


# ---- what is in it


def test_nothing_on_the_disk_is_a_pickle(finished):
    kinds = {path.suffix for path in finished.rglob("*") if path.is_file()}
    assert kinds <= {".json", ".jsonl", ".parquet"}


def test_the_manifest_reproduces_the_sweep(finished, tmp_path):
    from market_abm.experiments.again import stored_plan

    content = json.loads((finished / "sweep.json").read_text())
    assert {"versions", "processor", "code", "scenarios", "experiment", "command"} <= set(content)
    plan, _ = stored_plan(finished)
    with connect(finished) as link:
        keys = {row[0] for row in link.execute("SELECT key FROM plan").fetchall()}
    assert {run.key for run in plan.runs()} == keys
    sweep(plan.experiment, tmp_path / "again", scenarios=plan.scenarios, model=toys.Toy, options=HERE)
    assert toys.tables(tmp_path / "again") == toys.tables(finished)


def test_why_a_run_is_stored_or_is_not(half):
    with connect(half) as link:
        keys = [row[0] for row in link.execute("SELECT key FROM plan ORDER BY point, seed").fetchall()]
        there = {row[0] for row in link.execute("SELECT key FROM runs").fetchall()}
    states = {account(half, key)["state"] for key in keys if key in there}
    assert states == {"stored"}
    missing = next(key for key in keys if key not in there)
    told = account(half, missing[:12])
    assert told["state"] == "pending" and "next sweep will run it" in " ".join(told["sentences"])
    with pytest.raises(StoreError, match="no run of this sweep has a key that begins with 'zz'"):
        account(half, "zz")
    swept(half)
    assert "tables-000001" in " ".join(account(half, missing)["sentences"])


def test_a_key_changes_with_scenario_seed_code_and_nothing_else():
    from market_abm.experiments.plan import bases_of, make_plan

    def keys(**more):
        experiment = toys.toy(2, 2, **more)
        return {run.key for run in make_plan(experiment, bases_of(experiment, None), toys.Toy).runs()}

    base = keys()
    assert keys() == base
    assert keys(name="other", question="?", headline="tight", keep={"steps": "all"}) == base
    assert not keys(set={"horizon.quarters": 3}) & base
    assert not keys(pin=True) & base
    assert len(keys(seed=2) & base) == 2  # seed 2 of both points


def test_the_folder_is_a_path_anywhere(tmp_path, monkeypatch):
    place = tmp_path / "a folder; with 'quotes' and $signs"
    assert swept(place).done == 12
    with connect(place) as link:
        assert link.execute("SELECT count(*) FROM steps").fetchone() == (24,)
    monkeypatch.chdir(tmp_path)
    assert swept(Path("relative")).done == 12
