"""The same tables, byte for byte, whoever does the work and in whatever order. The market itself runs here."""

from __future__ import annotations

import pytest

from market_abm.experiments.store.overview import connect
from market_abm.experiments.sweep import Options, sweep
from tests.experiments.sweeping import toys


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """The sweep in this process."""
    folder = tmp_path_factory.mktemp("here") / "s"
    state = sweep(toys.market(), folder, options=Options(workers=0))
    assert (state.done, state.failed) == (16, 0)
    return folder


@pytest.mark.parametrize(
    "options",
    [Options(workers=1), Options(workers=2), Options(workers=4, shuffled=7), Options(workers=0, shuffled=8)],
    ids=["one", "two", "four, shuffled", "none, shuffled"],
)
def test_any_number_of_workers_and_any_order(here, tmp_path, options):
    state = sweep(toys.market(), tmp_path / "s", options=options)
    assert (state.done, state.failed, state.notes) == (16, 0, [])
    assert toys.tables(tmp_path / "s") == toys.tables(here)


def test_a_real_cluster_of_two_processes(here, tmp_path):
    with toys.cluster(tmp_path / "cluster", 1) as (address, _):
        state = sweep(toys.market(), tmp_path / "s", options=Options(scheduler=address, shuffled=9))
    assert (state.done, state.failed) == (16, 0)
    assert toys.tables(tmp_path / "s") == toys.tables(here)


def test_what_is_stored_is_what_a_single_run_says(here):
    """Column by column against :func:`market_abm.run` of the same scenario and seed."""
    import market_abm as ma
    from market_abm.experiments.again import stored_plan

    plan, _ = stored_plan(here)
    run = plan.runs()[5]
    result = ma.run(plan.resolved(run.point, run.seed), seed=run.seed)
    with connect(here) as link:
        for table, whole in (
            ("steps", result.steps),
            ("links", result.links),
            ("decisions", result.decisions),
        ):
            stored = link.execute(f"SELECT * FROM stored_{table} WHERE key = ?", [run.key]).df()
            assert len(stored) == len(whole)
            for column in set(stored) & set(whole):
                mine, theirs = stored[column].tolist(), whole[column].tolist()
                pairs = zip(mine, theirs)
                assert all(a == b or (a != a and b != b) or (a is None and b != b) for a, b in pairs), column


def test_only_what_was_asked_for_is_kept(here):
    with connect(here) as link:
        firms = link.execute("SELECT DISTINCT firm FROM firms").fetchall()
        columns = {row[0] for row in link.execute("DESCRIBE stored_firms").fetchall()}
        assert firms == [("Buyer",)]
        assert columns == {"key", "scenario", "seed", "quarter", "firm", "cash_musd", "served_khq"}
        prices = link.execute(
            "SELECT DISTINCT beta, round(price_usd_per_gpu_hour, 6) FROM links WHERE switching_cost = 0.8 "
            "AND quarter = '2026Q3' ORDER BY beta"
        ).fetchall()
    assert prices == [(0.25, 1.45), (0.75, 3.35)]  # c + beta (v - c - s / T), whatever the protocol


def test_replay_gives_the_stored_bits(here):
    from market_abm.experiments.again import replayed, stored_plan

    plan, _ = stored_plan(here)
    found = replayed(here, plan.runs()[7].key[:10])
    assert found["same"] is True and found["failure"] is None
    assert found["result"].seed == plan.runs()[7].seed
