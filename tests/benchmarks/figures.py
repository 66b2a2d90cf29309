"""What a benchmark reports, and how a time is taken."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

FIELDS = ("name", "size", "ours_s", "peer", "peer_s", "ratio", "asked", "agrees", "detail")
"""Fields of a figure in the JSON file."""


@dataclass(frozen=True)
class Figure:
    """One time of ours beside one time of a peer on the same work.

    Attributes
    ----------
    name, size : str
        What was done, on what.
    ours_s, peer_s : float or None
        Median seconds; None where the work was cut off (``detail`` says at what).
    peer : str
        Whose time ``peer_s`` is.
    asked : float or None
        The ratio peer / ours that the project asks for.
    agrees : bool or None
        Whether both found the same optimum; None where the peer does other work.
    detail : dict
        Whatever else was measured.
    """

    name: str
    size: str
    ours_s: float | None
    peer: str
    peer_s: float | None
    asked: float | None = None
    agrees: bool | None = None
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """How many times longer the peer took."""
        if self.ours_s is None or self.peer_s is None:
            return None
        return self.peer_s / self.ours_s

    def row(self) -> dict[str, Any]:
        """The figure as it stands in the JSON file."""
        values = {**asdict(self), "ratio": self.ratio}
        return {name: values[name] for name in FIELDS}

    def line(self) -> str:
        """The figure as it is printed."""
        ratio = "" if self.ratio is None else f"{self.ratio:8.2f}x"
        asked = "" if self.asked is None else f"(asked {self.asked:g}x)"
        agrees = {True: "same optimum", False: "ANOTHER OPTIMUM", None: ""}[self.agrees]
        detail = "  ".join(f"{key} {shown(value)}" for key, value in self.detail.items())
        return (
            f"{self.name:22} {self.size:24} {seconds(self.ours_s):>10}  {self.peer:34} "
            f"{seconds(self.peer_s):>10} {ratio:>9} {asked:14} {agrees}  {detail}"
        ).rstrip()


def seconds(value: float | None) -> str:
    """A duration in the unit that suits it."""
    if value is None:
        return "cut off"
    if value >= 1.0:
        return f"{value:.3g} s"
    return f"{value * 1e3:.3g} ms" if value >= 1e-3 else f"{value * 1e6:.3g} us"


def shown(value: Any) -> str:
    """A detail in a few characters."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def median_time(work: Callable[[], Any], patience: float = 1.0, most: int = 200) -> tuple[float, Any]:
    """Median seconds of several calls after one to warm up, and the last answer.

    Parameters
    ----------
    patience : float
        Seconds after which no further call is made; at least three calls are, one where a single call
        takes three times as long.
    most : int
        Calls after which no further one is made.
    """
    work()  # compiles and loads; its time says nothing
    taken: list[float] = []
    began = time.perf_counter()
    while True:
        start = time.perf_counter()
        answer = work()
        taken.append(time.perf_counter() - start)
        spent = time.perf_counter() - began
        enough = spent > patience and (len(taken) >= 3 or spent > 3 * patience)
        if enough or len(taken) == most:
            return statistics.median(taken), answer
