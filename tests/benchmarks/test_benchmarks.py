"""The benchmarks run, peers find our optimum, the file has its fields. No time fails a test."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from market_abm.market import clear
from tests.benchmarks import ortools_peer
from tests.benchmarks.__main__ import BENCHMARKS, main
from tests.benchmarks.figures import FIELDS, Figure
from tests.benchmarks.instances import QUICK, instance
from tests.benchmarks.programme import HighsModel, by_highspy, by_linprog
from tests.benchmarks.stopwatch import PARTS, Stopwatch


@pytest.mark.parametrize("name", sorted(BENCHMARKS))
def test_a_quick_run_agrees_with_its_peers(name: str, tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    assert main(["--quick", "--only", name, "--json", str(file)]) == 0
    written = json.loads(file.read_text(encoding="utf-8"))
    assert written["machine"]["packages"]["numba"]
    assert written["figures"]
    for row in written["figures"]:
        assert set(row) == set(FIELDS)
        assert row["ours_s"] > 0 and row["peer_s"] > 0
        assert row["ratio"] == pytest.approx(row["peer_s"] / row["ours_s"])
        assert row["agrees"] is (True if name in ("cold", "warm", "removals") else None)


def test_where_the_time_of_a_run_goes_is_told(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    main(["--quick", "--only", "runs", "--json", str(file)])
    (row,) = json.loads(file.read_text(encoding="utf-8"))["figures"]
    shares = [row["detail"][f"{part} share"] for part in PARTS]
    assert sum(shares) == pytest.approx(1.0)
    assert all(share > 0 for share in shares)


def test_an_inner_part_does_not_count_twice() -> None:
    watch = Stopwatch()
    inner = watch.timed("kernel", lambda: sum(range(20_000)))
    outer = watch.timed("measures", lambda: [inner() for _ in range(20)])
    outer()
    assert 0 < watch.seconds["measures"] < watch.seconds["kernel"]


def test_another_optimum_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.benchmarks import clearing

    monkeypatch.setattr(
        clearing, "by_highspy", lambda problem, presolve: by_highspy(problem, presolve) * 1.001
    )
    assert main(["--quick", "--only", "cold"]) == 1


@pytest.mark.parametrize("seed", range(5))
def test_all_peers_state_the_same_problem(seed: int) -> None:
    problem = instance(QUICK["large"], seed)
    problem = problem.replace(link_cap=np.full((problem.sellers, problem.buyers), 1.5))
    surplus = clear(problem).surplus
    others = [by_linprog(problem), by_highspy(problem), ortools_peer.ask(problem, 0.0)["surplus"]]
    assert others == pytest.approx([surplus] * 3, abs=1e-6)
    model = HighsModel(problem)
    model.surplus()
    flow = model.flow((problem.sellers, problem.buyers))
    assert (flow.sum(axis=1) <= problem.capacity + 1e-6).all()


def test_a_figure_that_was_cut_off_has_no_ratio() -> None:
    figure = Figure("quarter", "many", None, "a peer", 1.0)
    assert figure.row()["ratio"] is None
    assert "cut off" in figure.line()
