"""The shipped real worlds: built from the tables, sourced, closed, and alike where they are compared."""

from __future__ import annotations

import pytest

from market_abm.analysis.provenance import unsourced
from market_abm.data.assemble import book
from market_abm.data.assemble.tables import FOLDER, following, keyed, number, table
from market_abm.data.assemble.world import world
from market_abm.economy.closing import closed, delivered
from market_abm.scenario import load_scenario

WORLDS = ("world-2026", "colossus-lease", "no-colossus-lease", "colossus-recall")
KEPT = "I-SpaceX/xAI-kept"


@pytest.fixture(scope="module")
def worlds() -> dict:
    return {name: load_scenario(name) for name in WORLDS}


def test_the_shipped_file_is_what_the_tables_build() -> None:
    shipped = FOLDER.parent.parent / "scenarios" / "world-2026.yaml"
    assert shipped.read_text(encoding="utf-8") == world()


@pytest.mark.parametrize("name", WORLDS)
def test_every_number_has_source_and_date(worlds: dict, name: str) -> None:
    assert unsourced(worlds[name]) == []


@pytest.mark.parametrize(
    "change",
    ["firms.Google.cash=5", "segments.Sovereign.use=3", "contracts.K06.price=2", "behaviour.index_price=2"],
)
def test_a_bare_number_is_refused(change: str) -> None:
    assert unsourced(load_scenario("world-2026", [change])) == [change.split("=")[0]]


@pytest.mark.parametrize("name", WORLDS)
def test_names_and_horizon(worlds: dict, name: str) -> None:
    scenario = worlds[name]
    assert (scenario.horizon.start, scenario.horizon.quarters) == ("2026Q3", 20)
    assert len(scenario.firms) >= 25
    assert sum(lab.lab is not None for lab in scenario.firms.values()) >= 12
    shares = [
        float(f.lab.product_share)
        for f in scenario.firms.values()
        if f.lab and f.lab.product_share is not None
    ]
    assert abs(sum(shares) - 1.0) < 1e-9
    assert all(not firm.rival_harm for firm in scenario.firms.values())
    assert {f.fleet.sells for k, f in scenario.firms.items() if k in ("Meta", "Mistral")} == {False}


def test_book_and_uses_close(worlds: dict) -> None:
    scenario = worlds["world-2026"]
    got, flows = delivered(scenario), table("flows")
    leased = {row["user"]: number(row["flow_khq"]) for row in flows if row["contract"] in book.LEASED}
    for name, user in keyed("users", "user").items():
        expected = number(user["use_khq"]) - leased.get(name, 0.0)
        expected += sum(leased.values()) if name == "SpaceX/xAI" else 0.0
        assert got.get(name, 0.0) == expected, name
    for name, firm in scenario.firms.items():
        if firm.lab is not None and name not in ("SpaceX/xAI", "Reflection AI"):
            assert float(firm.lab.inference) + float(firm.lab.rnd) == got[name], name
    for name, segment in scenario.segments.items():
        assert float(segment.use) == got[name], name


@pytest.mark.parametrize("name", WORLDS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_seed_closes(worlds: dict, name: str, seed: int) -> None:
    central = worlds[name]
    drawn = closed(central, central.drawn(seed))
    for supplier, firm in central.firms.items():
        if firm.fleet is None or not float(firm.fleet.online):
            continue
        shares = [
            sum(
                float(c.volume)
                for c in world.contracts.values()
                if c.supplier == supplier and c.start <= "2026Q3"
            )
            / float(world.firms[supplier].fleet.online)
            for world in (central, drawn)
        ]
        assert shares[0] == pytest.approx(shares[1], abs=1e-9)
    before, after = delivered(central), delivered(drawn)
    for lab, firm in drawn.firms.items():
        if firm.lab is None or not before.get(lab):
            continue
        middle = central.firms[lab].lab
        ratio = (firm.lab.inference + firm.lab.rnd) / (float(middle.inference) + float(middle.rnd))
        assert ratio == pytest.approx(after[lab] / before[lab], rel=1e-9)


def test_closing_leaves_central_values_alone(worlds: dict) -> None:
    for scenario in worlds.values():
        pinned = scenario.drawn(0, True)
        assert closed(scenario, pinned).content() == pinned.content()


def test_closing_moves_what_is_drawn_apart(worlds: dict) -> None:
    scenario = worlds["world-2026"]
    drawn = scenario.drawn(1)
    assert closed(scenario, drawn).content() != drawn.content()


def test_no_promise_beyond_what_comes_online() -> None:
    owners, contracts = keyed("owners", "owner"), keyed("contracts", "contract")
    volumes = book.capped()
    for name, owner in owners.items():
        for quarter, online in book.path(owner).items():
            promised = sum(
                p.get(quarter, 0.0) for k, p in volumes.items() if contracts[k]["supplier"] == name
            )
            assert promised <= book.PROMISED * online + 1.0, (name, quarter)


def test_a_ramp_that_fits_is_followed() -> None:
    contract = keyed("contracts", "contract")["K06"]
    planned, got = book.planned(contract), book.capped()["K06"]
    assert planned["2026Q3"] == 1250.0 and planned[book.LAST] == 2640.0
    assert planned["2027Q1"] == pytest.approx(1250.0 + 2 / 8 * 1390.0)
    assert all(abs(got[q] - planned[q]) <= 0.5 for q in planned)


def test_a_ramp_that_does_not_fit_is_cut() -> None:
    contract = keyed("contracts", "contract")["K08"]
    assert book.capped()["K08"][book.LAST] < 0.8 * book.planned(contract)[book.LAST]


def test_opening_stocks_are_the_same_in_every_world(worlds: dict) -> None:
    base = worlds["world-2026"]
    for scenario in worlds.values():
        assert scenario.firms == base.firms
        assert scenario.segments == base.segments
        changed = {
            k
            for k in {*scenario.contracts, *base.contracts}
            if scenario.contracts.get(k) != base.contracts.get(k)
        }
        assert changed <= {KEPT}


def test_the_fleet_of_the_leases_is_used_once(worlds: dict) -> None:
    leases = {e.key: e.contract for e in worlds["colossus-lease"].timeline}
    assert KEPT not in worlds["colossus-lease"].contracts
    opening = sum(c.volume_at("2026Q3") for c in leases.values())
    kept, held = worlds["world-2026"].contracts[KEPT], worlds["no-colossus-lease"].contracts[KEPT]
    assert opening == float(kept.volume) == held.volume_at("2026Q3") == 553.0
    assert (
        sum(c.volume_at("2026Q4") for c in leases.values())
        == held.volume_at("2026Q4")
        == held.volume_at("2031Q2")
    )
    assert kept.kind == "internal" and held.kind == "term" and held.unit_price == 0.0


def test_leases_carry_the_fees_of_the_filings(worlds: dict) -> None:
    leases = {e.key: e for e in worlds["colossus-lease"].timeline}
    contracts = keyed("contracts", "contract")
    assert set(leases) == book.LEASED
    for key, entry in leases.items():
        row, contract = contracts[key], entry.contract
        assert float(contract.fee) == number(row["fee_musd_per_quarter"])
        assert (
            contract.notice == 1 and contract.end == row["end"] and contract.firm_until == row["firm_until"]
        )
        assert contract.volume.low == number(row["peak_low"]) and contract.volume.high == number(
            row["peak_high"]
        )


def test_recall_on_90_days_and_its_variant(worlds: dict) -> None:
    recall = next(e for e in worlds["colossus-recall"].timeline if e.kind == "recall")
    assert (recall.contract, recall.quarter, int(recall.notice), recall.by) == (
        "K01",
        "2026Q4",
        1,
        "supplier",
    )
    by_buyer = load_scenario("colossus-recall", ["timeline.recall-K01.by=buyer"])
    assert next(e for e in by_buyer.timeline if e.kind == "recall").by == "buyer"


def test_announced_additions_are_made_of_the_deliveries(worlds: dict) -> None:
    """What owners announce for a quarter is what designers deliver for it, within a per cent."""
    scenario = worlds["world-2026"]
    chips = [chip for name, chip in scenario.upstream.chips.items() if name != "Cerebras"]
    for quarter in ("2026Q3", "2027Q2", "2028Q2"):
        delivered_ = sum(float(chip.deliveries[quarter]) for chip in chips)
        announced = sum(
            float(firm.fleet.pipeline.get(quarter, 0.0))
            for name, firm in scenario.firms.items()
            if firm.fleet is not None and name != "Cerebras"
        )
        assert announced == pytest.approx(delivered_, rel=0.01)


def test_following_counts_quarters() -> None:
    assert (
        following("2026Q4") == "2027Q1"
        and following("2026Q3", 8) == "2028Q3"
        and following("2027Q1", -1) == "2026Q4"
    )
