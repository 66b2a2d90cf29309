"""What is knocked out, when, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from market_abm.scenario.calendar import quarter_index, quarter_name
from market_abm.scenario.shocks import CapacityShock, ChipShock, PowerShock

if TYPE_CHECKING:
    from market_abm.economy.world import World

SUPPLIER, CHIP, REGION, PAIR = "supplier", "chip supplier", "power region", "pair of suppliers"


@dataclass(frozen=True)
class Plan:
    """When the knock-outs start and how long they last.

    Attributes
    ----------
    quarter : str or None
        First quarter without the supplier; None takes the fifth quarter of the run, or its middle.
    duration : int
        Quarters without it.
    recovery : int
        Quarters over which it comes back, in equal steps.
    window : int
        Quarters from the start that are looked at.
    pairs : int
        Pairs of suppliers that are simulated; all are measured.
    firms : int
        Most pivotal owners whose ability, incentive and effect are worked out.
    """

    quarter: str | None = None
    duration: int = 4
    recovery: int = 0
    window: int = 12
    pairs: int = 3
    firms: int = 3

    def onset(self, world: World) -> int:
        """Quarter of the run in which knock-outs start.

        Raises
        ------
        ValueError
            When the run has no such quarter, or is too short.
        """
        if world.quarters < 2:
            raise ValueError("a stress test needs at least 2 quarters; raise horizon.quarters")
        if self.quarter is None:
            return min(4, world.quarters // 2)
        t = quarter_index(self.quarter) - world.start
        if not 1 <= t < world.quarters:
            first, last = world.quarter_name(1), world.quarter_name(world.quarters - 1)
            raise ValueError(
                f"the run has no quarter {self.quarter} to start in; choose from {first} to {last}"
            )
        return t

    def last(self, world: World) -> int:
        """Last quarter of the run that is looked at."""
        return min(self.onset(world) + self.window, world.quarters) - 1

    def share_out(self, step: int) -> float:
        """Share that is out ``step`` quarters after the start."""
        if step < self.duration:
            return 1.0
        late = step - self.duration + 1
        return 1.0 - late / (self.recovery + 1.0) if late <= self.recovery else 0.0


@dataclass(frozen=True)
class Target:
    """Something that is knocked out.

    Attributes
    ----------
    kind : str
        supplier, chip supplier, power region or pair of suppliers.
    name : str
        Ultimate owner (of an aggregate: its row), chip supplier, region, or two owners.
    parts : tuple of (str, float)
        Fleets, chip suppliers or regions that go, and which share of each.
    """

    kind: str
    name: str
    parts: tuple[tuple[str, float], ...]

    def entries(self, world: World, plan: Plan) -> tuple[Any, ...]:
        """The dated entries that knock it out."""
        onset = world.start + plan.onset(world)
        when: dict[str, Any] = {
            "quarter": quarter_name(onset),
            "until": quarter_name(min(onset + plan.duration, world.start + world.horizon) - 1),
            "recovery": plan.recovery,
        }
        made: list[Any] = []
        for name, share in self.parts:
            if self.kind == CHIP:
                made.append(ChipShock(chip=name, change=-share, **when))
            elif self.kind == REGION:
                made.append(PowerShock(region=name, change=-share, **when))
            else:
                made.append(CapacityShock(supplier=name, change=-share, **when))
        return tuple(made)


def targets(world: World) -> tuple[Target, ...]:
    """Every owner of a fleet, every chip supplier, every power region.

    Of an aggregate that stands for many owners one is knocked out.
    """
    owners: dict[str, list[tuple[str, float]]] = {}
    for s, key in enumerate(world.sellers.key):
        many = float(world.sellers.aggregate_of[s])
        name = world.rows.owner[world.sellers.row[s]]
        owners.setdefault(f"One of {key}" if many > 1 else name, []).append((key, 1.0 / many))
    found = [Target(SUPPLIER, name, tuple(parts)) for name, parts in sorted(owners.items())]
    found += [Target(CHIP, name, ((name, 1.0),)) for name in world.upstream.chip]
    found += [Target(REGION, name, ((name, 1.0),)) for name in world.upstream.region]
    return tuple(found)


def both(one: Target, other: Target) -> Target:
    """Two suppliers at once."""
    return Target(PAIR, f"{one.name} and {other.name}", (*one.parts, *other.parts))
