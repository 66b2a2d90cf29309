"""Each scenario of the catalogue acts on its own target. What follows from that is for the run to say."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

from market_abm.analysis.identification import asks, identification
from market_abm.model import ComputeMarket
from market_abm.scenario import Scenario, load_scenario, shipped
from market_abm.scenario.calendar import quarter_index
from tests.model.tables import cell, rows

QUARTERS = 6
"""Enough for what starts in 2027Q1: it is in force from the third quarter on."""

LONGER = {"credit-crunch": 11}
"""Scenarios whose recovery is looked at."""

START, ON = quarter_index("2026Q3"), 2
BUILDERS = ("Amazon", "Google", "Meta", "Microsoft", "Oracle")

OUTSIDE = ("bilateral-monopoly", "lone-lessor", "two-clouds-three-labs")
"""Shipped scenarios of no market of today; those of another year start before it."""


@cache
def loaded(name: str) -> Scenario:
    """A shipped scenario."""
    return load_scenario(name)


class Seen:
    """A pinned run, with what each quarter looked like from inside."""

    def __init__(self, name: str, quarters: int) -> None:
        self.model = ComputeMarket(loaded(name), rng=1, pin=True, measure_every=1000)
        self.quarters: list[Any] = []
        for _ in range(quarters):
            self.model.step()
            self.quarters.append(self.model.quarter)

    def cell(self, t: int, table: str, name: str, **where: Any) -> Any:
        """One cell of a table."""
        return cell(self.model, t, table, name, **where)

    def steps(self, name: str) -> list[float]:
        """A column of the steps table."""
        return [record["steps"][name] for record in self.model.records]

    def seller(self, name: str) -> int:
        """Place of a seller."""
        return self.model.world.sellers.key.index(name)

    def buyer(self, name: str) -> int:
        """Place of a buyer."""
        return self.model.world.buyers.key.index(name)

    def wedges(self, t: int, *suppliers: str) -> float:
        """Sum of absolute wedges in what sellers offered."""
        wedge = np.abs(self.quarters[t].problem.wedge)
        return float(sum(wedge[self.seller(name)].sum() for name in suppliers) if suppliers else wedge.sum())


@cache
def seen(name: str, quarters: int = QUARTERS) -> Seen:
    """A run of a scenario."""
    return Seen(name, quarters)


Check = Callable[[Seen, Seen], None]
CHECKS: dict[str, Check] = {}


def acts(name: str) -> Callable[[Check], Check]:
    """Register what a scenario does to its own target: (it, the one it is read against)."""

    def register(check: Check) -> Check:
        CHECKS[name] = check
        return check

    return register


@acts("world-2026")
def _opens(it: Seen, other: Seen) -> None:
    """The baseline: nothing is dated, and the fleet of the leases is own use."""
    assert not it.model.world.scenario.timeline
    assert it.cell(0, "firms", "own_use_khq", firm="SpaceX/xAI") > 900


@acts("colossus-lease")
def _leased(it: Seen, other: Seen) -> None:
    """Three contracts are in the book that are not in the other's, and their fleet is sold."""
    new = set(it.model.records[2]["contracts"]["contract"]) - set(
        other.model.records[2]["contracts"]["contract"]
    )
    assert {"K01", "K02", "K03"} <= new
    sold = [run.cell(2, "firms", "sold_khq", firm="SpaceX/xAI") for run in (it, other)]
    assert sold[0] > sold[1] + 500


@acts("no-colossus-lease")
def _kept(it: Seen, other: Seen) -> None:
    """The fleet is a fixed own use of its owner: none of it is released."""
    volume = [it.cell(t, "contracts", "volume_kh100e", contract="I-SpaceX/xAI-kept") for t in range(QUARTERS)]
    assert volume[0] == pytest.approx(553) and min(volume) >= 553
    renewed = [other.cell(t, "contracts", "volume_kh100e", contract="I-SpaceX/xAI-kept") for t in range(2)]
    assert renewed[1] < renewed[0]


@acts("colossus-recall")
def _recalled(it: Seen, other: Seen) -> None:
    assert ("K01" in it.model.records[2]["contracts"]["contract"]) is False
    assert "K01" in other.model.records[2]["contracts"]["contract"]


@acts("minimum-notice")
def _later(it: Seen, other: Seen) -> None:
    """The recalled contract runs three quarters longer; every term contract has a year of notice."""
    last = [
        max(t for t in range(QUARTERS) if "K01" in run.model.records[t]["contracts"]["contract"])
        for run in (it, other)
    ]
    assert last[0] - last[1] == 3
    table = rows(it.model.records[0]["contracts"])
    assert min(row["notice_quarters"] for row in table if row["kind"] == "term") == 4


@acts("capex-race")
def _raced(it: Seen, other: Seen) -> None:
    """The builders order more."""
    orders = [
        sum(run.cell(t, "firms", "orders_kh100e", firm=name) for t in range(QUARTERS) for name in BUILDERS)
        for run in (it, other)
    ]
    assert orders[0] > 1.1 * orders[1]


def _lessors(run: Seen) -> tuple[float, set[str]]:
    """Capacity of the ten fleets, and who owns them."""
    table = [row for row in rows(run.model.records[ON]["firms"]) if row["firm"].startswith("Lessor")]
    return sum(row["capacity_kh100e"] for row in table), {row["owner"] for row in table}


@acts("many-lessors")
def _ten_owners(it: Seen, control: Seen) -> None:
    """The same capacity to the last bit, of ten owners and not of three; small labs pay no list price there."""
    capacity, owners = _lessors(it)
    assert capacity == pytest.approx(831.0) and len(owners) == 10
    assert it.steps("capacity_kh100e") == control.steps("capacity_kh100e")
    lessor, lab = it.seller("Lessor 01"), it.buyer("Cohere")
    assert it.model.world.links.switching[lessor, lab] < control.model.world.links.switching[lessor, lab]


@acts("many-lessors-control")
def _three_owners(it: Seen, other: Seen) -> None:
    capacity, owners = _lessors(it)
    assert capacity == pytest.approx(831.0) and owners == {"Amazon", "Microsoft", "Oracle"}
    more = it.steps("capacity_kh100e")[ON] - other.steps("capacity_kh100e")[ON]
    assert more == pytest.approx(831.0)


@acts("integration")
def _owned(it: Seen, other: Seen) -> None:
    """The clouds own the labs, and weigh what a sale to a rival costs them; in the marketplace nobody does."""
    owner = it.quarters[1].conditions.owner_code
    row = it.model.world.rows.row
    assert owner[row("OpenAI")] == owner[row("Microsoft")]
    assert owner[row("Anthropic")] == owner[row("Amazon")]
    assert it.wedges(1, "Microsoft", "Amazon") > 1.5 * it.wedges(0, "Microsoft", "Amazon")
    assert other.wedges(1) == 0.0


@acts("marketplace")
def _market(it: Seen, other: Seen) -> None:
    """No wedge, cheap moves, short terms, a larger part of capacity up for trade, and Meta sells."""
    assert it.wedges(1) == 0.0 < other.wedges(1)
    assert (
        it.quarters[1].conditions.switching_cap.max() < 0.3 < other.quarters[1].conditions.switching_cap.max()
    )
    assert it.steps("free_share")[0] > other.steps("free_share")[0]
    assert it.quarters[0].offer.term[it.seller("Microsoft")] == 1
    assert it.model.world.sellers.sells[it.seller("Meta")]


@acts("neocloud-merger")
def _merged(it: Seen, other: Seen) -> None:
    assert it.steps("hhi_merchant")[:ON] == other.steps("hhi_merchant")[:ON]
    assert it.steps("hhi_merchant")[3] > other.steps("hhi_merchant")[3] + 20


@acts("chip-shock")
def _short_of_chips(it: Seen, other: Seen) -> None:
    """Half of what is due is delivered, the rest waits."""
    due = [run.quarters[ON].state.pipeline[it.seller("CoreWeave"), ON] for run in (it, other)]
    assert due[0] == pytest.approx(0.5 * due[1])
    assert (
        it.model.states[ON + 1].chip_backlog.sum() > 1000 > 0 == other.model.states[ON + 1].chip_backlog.sum()
    )
    assert it.steps("capacity_kh100e")[ON + 1] < other.steps("capacity_kh100e")[ON + 1]


@acts("power-queue")
def _queued(it: Seen, other: Seen) -> None:
    waiting = [run.model.states[4].power_queue.sum() for run in (it, other)]
    assert waiting[0] > waiting[1] + 500


@acts("provider-outage")
def _out(it: Seen, other: Seen) -> None:
    share = [
        it.cell(t, "firms", "capacity_kh100e", firm="CoreWeave")
        / other.cell(t, "firms", "capacity_kh100e", firm="CoreWeave")
        for t in range(QUARTERS)
    ]
    assert share[ON] == 0.0
    assert share[ON + 1 :] == pytest.approx([0.25, 0.5, 0.75], abs=0.05)


@acts("credit-crunch")
def _no_credit(it: Seen, other: Seen) -> None:
    """Limits halve and the cost of capital rises for a year, then half of it for another, in steps."""
    credit = [float(q.conditions.credit[0]) for q in it.quarters]
    assert credit[:11] == pytest.approx([1, 1, 0.5, 0.5, 0.5, 0.5, 0.6, 0.7, 0.8, 0.9, 1])
    assert it.quarters[ON].conditions.spread.min() > 0.005
    owed = [
        sum(run.cell(t, "firms", "debt_musd", firm="CoreWeave") for t in range(3, 10)) for run in (it, other)
    ]
    assert owed[0] < owed[1]


@acts("access-obligation")
def _opened(it: Seen, other: Seen) -> None:
    clouds = [it.seller(name) for name in ("Amazon", "Google", "Microsoft")]
    assert it.quarters[ON].reach[clouds].all()
    assert not other.quarters[ON].reach[clouds].all()
    assert (
        it.wedges(ON, "Amazon", "Google", "Microsoft")
        == 0.0
        < other.wedges(ON, "Amazon", "Google", "Microsoft")
    )


@acts("functional-separation")
def _apart(it: Seen, other: Seen) -> None:
    assert it.wedges(ON - 1) > 0.0 == it.wedges(ON) < other.wedges(ON)
    assert np.array_equal(it.quarters[ON].reach, other.quarters[ON].reach)


@acts("egress-cap")
def _cheaper(it: Seen, other: Seen) -> None:
    mask = it.quarters[ON].reach & ~it.model.world.links.internal
    cost = [
        np.minimum(run.model.world.links.switching, run.quarters[ON].conditions.switching_cap[:, None])[
            mask
        ].mean()
        for run in (it, other)
    ]
    assert cost[0] < 0.8 * cost[1]


def _served(run: Seen, supplier: str, t: int) -> set[str]:
    """Labs of others that a supplier could sign with."""
    world, s = run.model.world, run.seller(supplier)
    able = run.quarters[t].reach[s] & world.buyers.lab & ~world.links.internal[s]
    return {world.buyers.key[b] for b in np.flatnonzero(able)}


@acts("exclusivity")
def _exclusive(it: Seen, other: Seen) -> None:
    for supplier, lab in (("Microsoft", "OpenAI"), ("Google", "Anthropic"), ("Amazon", "Anthropic")):
        assert _served(it, supplier, ON) == {lab} < _served(other, supplier, ON)


@acts("no-exclusivity")
def _lifted(it: Seen, other: Seen) -> None:
    for supplier in ("Microsoft", "Google", "Amazon", "CoreWeave"):
        assert len(_served(it, supplier, ON - 1)) == 1 < len(_served(it, supplier, ON))
        assert len(_served(other, supplier, ON)) == 1


@acts("public-compute")
def _public(it: Seen, other: Seen) -> None:
    """The fleet starts and grows, sells to those it is for, at no more than its price."""
    fleet = [it.cell(t, "firms", "capacity_kh100e", firm="Public compute") for t in range(QUARTERS)]
    assert fleet[:ON] == [0.0, 0.0] and fleet[ON] == pytest.approx(200.0) and fleet[ON + 1] > 220.0
    sold = [row for row in rows(it.model.records[ON]["links"]) if row["supplier"] == "Public compute"]
    assert sold and max(row["price_usd_per_gpu_hour"] for row in sold) <= 1.3 + 1e-9
    assert not {row["buyer"] for row in sold} & {"OpenAI", "Anthropic", "Enterprise cloud"}


@acts("export-control")
def _cut_off(it: Seen, other: Seen) -> None:
    """Contracts run out within two quarters, and nothing new is signed."""
    use = [[run.cell(t, "firms", "served_khq", firm="China offshore rental") for t in range(QUARTERS)]
           for run in (it, other)]  # fmt: skip
    assert use[0][ON] > 0.0 and use[0][ON + 2 :] == [0.0] * (QUARTERS - ON - 2)
    assert min(use[1]) > 0.0


def _explained(name: str) -> Any:
    """What the lessor asks, by lab."""
    return asks(loaded(name), "SpaceX/xAI", "OpenAI").set_index("lab").drop("OpenAI")


@acts("rival-harm-only")
def _harm(it: Seen, other: Seen) -> None:
    """Only harm to a rival varies with diversion to the target: more of it, and the price asked falls."""
    found = _explained("rival-harm-only")
    assert (found["by_diversion"] < -0.01).all()
    assert (found["by_scarcity"] > 0.01).all()
    assert found.loc["Anthropic", "by_diversion"] < found.loc["Cohere", "by_diversion"]


@acts("idle-fleet-only")
def _idle(it: Seen, other: Seen) -> None:
    """An idle fleet is offered at cost, whatever becomes of anybody's rival."""
    found = _explained("idle-fleet-only")
    assert found["by_diversion"].to_numpy() == pytest.approx(0.0, abs=1e-9)
    assert (found["ask"] < 0.5).all()
    assert it.cell(0, "firms", "sold_khq", firm="SpaceX/xAI") > 300.0


@acts("cash-need-only")
def _cash(it: Seen, other: Seen) -> None:
    """Need of cash lowers what own use is worth today; scarcity raises it; diversion does nothing."""
    found = _explained("cash-need-only")
    assert found["by_diversion"].to_numpy() == pytest.approx(0.0, abs=1e-9)
    assert (found["by_scarcity"] > 0.1).all()
    rich = loaded("cash-need-only").with_set({"firms.SpaceX/xAI.cash": 200_000})
    assert (asks(rich, "SpaceX/xAI", "OpenAI").set_index("lab")["ask"].drop("OpenAI") > found["ask"]).all()


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_the_mechanism_of_every_scenario_acts(name: str) -> None:
    against = loaded(name).read_against
    quarters = LONGER.get(name, QUARTERS)
    CHECKS[name](seen(name, quarters), seen(against or name, quarters))


def test_every_row_of_the_catalogue_is_there() -> None:
    wanted = {
        "capex-race", "many-lessors", "many-lessors-control", "integration", "marketplace", "chip-shock",
        "power-queue", "provider-outage", "neocloud-merger", "access-obligation", "functional-separation",
        "minimum-notice", "egress-cap", "no-exclusivity", "public-compute", "export-control", "credit-crunch",
        "rival-harm-only", "idle-fleet-only", "cash-need-only", "colossus-lease", "no-colossus-lease",
        "colossus-recall",
    }  # fmt: skip
    today = {name for name in shipped() if name not in OUTSIDE and not name.startswith("world-2023")}
    assert wanted <= today == set(CHECKS)


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_a_scenario_says_what_it_asks_and_what_to_read_it_against(name: str) -> None:
    scenario = loaded(name)
    assert scenario.theme and scenario.question and scenario.question.endswith("?")
    assert name == "world-2026" or scenario.read_against in shipped()
    for entry in scenario.timeline:
        if quarter_index(entry.quarter) > START:
            assert entry.note or entry.source, (
                f"{name}: {entry.key} says neither its source nor that it is made up"
            )


def test_the_table_of_explanations_holds_the_asks() -> None:
    two = [loaded(name) for name in ("idle-fleet-only", "rival-harm-only")]
    table = identification(two, "SpaceX/xAI", "OpenAI", ["Anthropic", "Google"])
    assert [row[:2] for row in table.rows] == [
        (name, lab) for name in ("idle-fleet-only", "rival-harm-only") for lab in ("Anthropic", "Google")
    ]
    assert table.rows[2][3] < 0.0 == pytest.approx(table.rows[0][3], abs=1e-9)
