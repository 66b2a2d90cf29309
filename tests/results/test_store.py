"""The results folder: what is written is read back, and half results are never taken for whole ones."""

from __future__ import annotations

import json
import os

import pandas as pd
import pyarrow.parquet as pq
import pytest

from market_abm.experiments.replicate import replicate
from market_abm.results import store
from market_abm.results.dictionary import TABLES, names
from tests.results.feed import FailingModel, FakeModel, world


@pytest.fixture(scope="module")
def result():
    return replicate(world(), [1, 2], model=FakeModel)


@pytest.fixture
def folder(result, tmp_path):
    return store.write(result, tmp_path / "a" / "b", command="market-abm run fake-world")


def test_what_is_written_is_read_back(result, folder):
    back = store.read(folder)
    for name in TABLES:
        pd.testing.assert_frame_equal(back.tables[name], result.tables[name])
    assert back.setting == result.setting
    assert back.scenario == world()


def test_files_are_parquet_with_missing_numbers_as_null(folder):
    table = pq.read_table(folder / "steps.parquet")
    assert tuple(table.column_names) == names("steps")
    assert table.column("spot_price_usd_per_gpu_hour").null_count == 2
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [f"{name}.parquet" for name in TABLES] + ["manifest.json"]
    )


def test_the_same_tables_are_the_same_bytes(result, folder, tmp_path):
    again = store.write(result, tmp_path / "c")
    for name in TABLES:
        assert (again / f"{name}.parquet").read_bytes() == (folder / f"{name}.parquet").read_bytes()


def test_the_manifest_says_what_was_run_with_what(folder):
    content = json.loads((folder / "manifest.json").read_text())
    assert content["seeds"] == [1, 2]
    assert content["command"] == "market-abm run fake-world"
    assert content["scenario"]["hash"] == world().hash()
    assert content["scenario"]["protocol"] == "split"
    assert set(content["scenario"]["beta"]) == {"1", "2"}
    assert {"python", "numpy", "numba", "market-abm"} <= set(content["versions"])
    assert content["processor"]["machine"]
    assert content["tables"]["steps"]["rows"] == 16
    assert content["timings_seconds"]["simulation"] >= 0
    assert "not a forecast" in content["note"]


def test_failures_are_kept(tmp_path):
    result = replicate(world(), [2, 3], model=FailingModel)
    back = store.read(store.write(result, tmp_path))
    assert back.failures == ({"seed": 3, "error": "ValueError: seed 3 was made to fail"},)
    assert back.seeds == (2,)


def test_results_are_replaced_whole(result, folder):
    old = store.read(folder)
    changed = replicate(world(), [4], model=FakeModel)
    store.write(changed, folder)
    assert store.read(folder).seeds == (4,)
    assert old.seeds == (1, 2)


def test_a_crash_between_files_leaves_no_results(result, folder, monkeypatch):
    calls = []
    real = os.replace

    def crash(source, target):
        calls.append(target)
        if len(calls) == 3:
            raise OSError(28, "No space left on device")
        real(source, target)

    monkeypatch.setattr(os, "replace", crash)
    with pytest.raises(store.StoreError, match=r"cannot write this file .no space left"):
        store.write(result, folder)
    monkeypatch.undo()
    with pytest.raises(store.StoreError, match=r"no complete results .manifest.json is missing"):
        store.read(folder)
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


def test_a_changed_table_is_noticed(folder):
    pd.read_parquet(folder / "links.parquet").head(3).to_parquet(folder / "links.parquet")
    with pytest.raises(store.StoreError, match=r"links.parquet: changed since it was written"):
        store.read(folder)


def test_missing_files_and_folders_are_named(folder, tmp_path):
    with pytest.raises(store.StoreError, match="there is no such folder"):
        store.read(tmp_path / "nowhere")
    (folder / "firms.parquet").unlink()
    with pytest.raises(store.StoreError, match="incomplete results"):
        store.read(folder)


def test_results_of_another_version_are_refused(folder):
    content = json.loads((folder / "manifest.json").read_text())
    content["results_version"] = 99
    (folder / "manifest.json").write_text(json.dumps(content))
    with pytest.raises(store.StoreError, match="results of version 99, this program reads 1"):
        store.read(folder)
    (folder / "manifest.json").write_text("{")
    with pytest.raises(store.StoreError, match="cannot be read"):
        store.read(folder)


def test_a_file_in_the_way_is_named(tmp_path, result):
    (tmp_path / "taken").write_text("")
    with pytest.raises(store.StoreError, match="cannot make this folder"):
        store.write(result, tmp_path / "taken")


def test_json_has_no_nan():
    assert store.plain({"a": float("nan"), "b": [1, float("inf")], "c": pd.Series([2])[0]}) == {
        "a": None,
        "b": [1, None],
        "c": 2,
    }
