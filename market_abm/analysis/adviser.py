"""How many more seeds an interval of the asked width needs."""

from __future__ import annotations

import math
from dataclasses import dataclass

FEWEST = 2


@dataclass(frozen=True)
class Advice:
    """What the seeds adviser says.

    Attributes
    ----------
    seeds : int
        Run so far.
    width : float
        Of the interval now.
    asked : float
        Width that is wanted.
    more : int
        Seeds to add; 0 where the interval is narrow enough.
    """

    seeds: int
    width: float
    asked: float
    more: int

    def sentence(self) -> str:
        """In words."""
        if not math.isfinite(self.width):
            return (
                f"With {self.seeds} seeds the interval has no finite width yet; double the seeds "
                f"(--replications {2 * self.seeds}) and ask again."
            )
        if not self.more:
            return (
                f"The interval is {self.width:.3g} wide with {self.seeds} seeds, within the {self.asked:.3g} asked for: "
                "no more seeds are needed."
            )
        return (
            f"The interval is {self.width:.3g} wide with {self.seeds} seeds; for {self.asked:.3g} run about {self.more} "
            f"more (--replications {self.seeds + self.more})."
        )


def advise(seeds: int, low: float, high: float, asked: float) -> Advice:
    """Seeds that an interval of a width needs: its width falls with the root of their number.

    The quantile of Student's t, which is larger for few seeds, is taken at the number asked for.

    Parameters
    ----------
    seeds : int
        Clusters behind the interval now.
    low, high : float
    asked : float
        Width wanted.
    """
    if asked <= 0:
        raise ValueError(f"the width asked for is {asked}; it must be positive")
    from scipy.stats import t

    width = high - low
    if not math.isfinite(width) or seeds < FEWEST:
        return Advice(seeds, math.inf, asked, seeds)
    if width <= asked:
        return Advice(seeds, width, asked, 0)
    error = width / float(t.ppf(0.975, seeds - 1)) * math.sqrt(seeds)
    wanted = seeds
    while error * float(t.ppf(0.975, wanted - 1)) / math.sqrt(wanted) > asked:
        wanted = max(wanted + 1, math.ceil(1.02 * wanted))
    return Advice(seeds, width, asked, wanted - seeds)
