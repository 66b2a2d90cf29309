"""The registry of structural knobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from market_abm.scenario import Scenario

Changes = dict[str, Any]
"""Dotted keys and what to set them to; None deletes."""

Apply = Callable[["Scenario", Any, Mapping[str, Any], int], Changes]
"""Scenario, value, all values of the point, seed."""


class KnobError(ValueError):
    """A value that a knob cannot give a scenario."""


@dataclass(frozen=True)
class Knob:
    """A named change of the structure of a scenario.

    Attributes
    ----------
    name, unit, meaning : str
    low, high : float
        Range that makes sense; a value outside is refused.
    whole : bool
        Whether only whole numbers are meant.
    per_seed : bool
        Whether it draws anew for every seed.
    apply : callable
        Scenario, value, all values of the point, seed to changes.
    rank : int
        Knobs of a point are turned in this order: numbers of firms and users first, then their sizes, then
        what hangs on the sizes.
    """

    name: str
    low: float
    high: float
    unit: str
    meaning: str
    apply: Apply
    whole: bool = False
    per_seed: bool = False
    rank: int = 5

    def checked(self, value: Any) -> float:
        """The value as a number inside the range.

        Raises
        ------
        KnobError
        """
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not self.low <= value <= self.high or (self.whole and value != int(value)):
            kind = "a whole number" if self.whole else "a number"
            raise KnobError(f"{self.name} is {value!r}; it must be {kind} from {self.low:g} to {self.high:g}")
        return int(value) if self.whole else float(value)

    def changes(self, scenario: Scenario, value: Any, point: Mapping[str, Any], seed: int = 0) -> Changes:
        """What to set in the scenario."""
        return self.apply(scenario, self.checked(value), point, seed)


KNOBS: dict[str, Knob] = {}
"""Knobs by name."""


def knob(
    name: str, low: float, high: float, unit: str, meaning: str, **more: Any
) -> Callable[[Apply], Apply]:
    """Register a knob under a name."""

    def registered(apply: Apply) -> Apply:
        if name in KNOBS:
            raise KnobError(f"there is a knob {name!r} already; choose another name")
        KNOBS[name] = Knob(name, low, high, unit, meaning, apply, **more)
        return apply

    return registered
