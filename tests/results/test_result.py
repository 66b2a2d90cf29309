"""Results: seeds apart and together, and who is a chokepoint."""

from __future__ import annotations

import numpy as np
import pytest

from market_abm.experiments.replicate import replicate, run
from market_abm.results.result import GRADES, Result
from tests.results.feed import FakeModel, world


@pytest.fixture(scope="module")
def one():
    return run(world(), 7, model=FakeModel)


@pytest.fixture(scope="module")
def many():
    return replicate(world(), range(1, 6), model=FakeModel)


def test_a_result_knows_its_seed_its_quarters_and_its_scenario(one):
    assert one.seed == 7
    assert one.quarters == world().quarters
    assert one.scenario == world()
    assert "seed 7, 8 quarters" in repr(one)


def test_a_seed_of_many(many):
    alone = run(world(), 3, model=FakeModel)
    part = many.of(3)
    for name, table in alone.tables.items():
        assert part.tables[name].equals(table)
    with pytest.raises(ValueError, match="5 seeds here"):
        _ = many.seed
    with pytest.raises(KeyError, match="no seed 9 here"):
        many.of(9)


def test_chokepoints_on_the_market_level_count_what_the_table_grades(one):
    found = one.chokepoints()
    market = found[found["level"] == "market"].set_index("supplier")
    firms = one.firms
    for owner, row in market.iterrows():
        grades = firms.loc[(firms["owner"] == owner) & (firms["grade"] != ""), "grade"]
        assert row["quarters"] == grades.isin(("chokepoint", "critical")).sum()
        assert row["quarters_critical"] == (grades == "critical").sum()
        assert row["quarters_watch"] == (grades == "watch").sum()
        assert row["grade"] == max(grades, key=GRADES.index)
    graded = set(firms.loc[firms["grade"].isin(GRADES[1:]), "owner"])
    assert set(market.index) == graded


def test_chokepoints_on_the_relation_level_count_what_the_table_flags(one):
    found = one.chokepoints()
    pairs = found[found["level"] == "relation"]
    flagged = one.links[one.links["relation_chokepoint"]]
    assert set(zip(pairs["supplier"], pairs["buyer"])) == set(zip(flagged["supplier"], flagged["buyer"]))
    counts = flagged.groupby(["supplier", "buyer"]).size()
    for row in pairs.itertuples():
        assert row.quarters == counts[row.supplier, row.buyer]


def test_with_several_seeds_quarters_are_the_median_and_seeds_are_counted(many):
    tables = {name: table.copy() for name, table in many.tables.items()}
    tables["firms"].loc[:, "grade"] = "none"
    tables["links"].loc[:, "relation_chokepoint"] = False
    hit = (tables["firms"]["firm"] == "Oracle") & tables["firms"]["seed"].isin((1, 2))
    tables["firms"].loc[hit, "grade"] = "chokepoint"
    row = Result(many.setting, tables).chokepoints().iloc[0]
    assert (row["supplier"], row["seeds"], row["share_of_seeds"]) == ("Oracle", 2, 0.4)
    assert row["quarters"] == np.median([8, 8, 0, 0, 0])


def test_two_rows_of_one_owner_count_once(one):
    tables = {name: table.copy() for name, table in one.tables.items()}
    tables["firms"].loc[:, "grade"] = "none"
    both = tables["firms"]["firm"].isin(("Oracle", "CoreWeave"))
    tables["firms"].loc[both, "owner"] = "Holding"
    tables["firms"].loc[both, "grade"] = "watch"
    tables["firms"].loc[tables["firms"]["firm"] == "Oracle", "grade"] = "critical"
    row = Result(one.setting, tables).chokepoints().iloc[0]
    assert (row["supplier"], row["grade"], row["quarters"], row["quarters_watch"]) == (
        "Holding",
        "critical",
        8,
        0,
    )


def test_nobody_is_a_chokepoint(one):
    tables = {name: table.copy() for name, table in one.tables.items()}
    tables["firms"].loc[:, "grade"] = "none"
    tables["links"].loc[:, "relation_chokepoint"] = False
    found = Result(one.setting, tables).chokepoints()
    assert found.empty
    assert "quarters_watch" in found.columns


def test_a_missing_table_is_named(one):
    with pytest.raises(ValueError, match="tables missing: events"):
        Result(one.setting, {name: table for name, table in one.tables.items() if name != "events"})
