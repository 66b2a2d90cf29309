"""Scenario discovery: in which corner of the guesses a finding fails, in words (PRIM, Friedman & Fisher 1999)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from market_abm.analysis.panel import Floats

ENOUGH = 30
"""Seeds below which no box is looked for."""

CASES = 5
"""Cases of interest below which no box is looked for."""

SIGNIFICANT = 0.05
"""Quasi-p of a restriction (Bryant & Lempert 2010) above which it is left out."""


class DiscoveryError(RuntimeError):
    """The library that finds boxes is not installed."""


@dataclass(frozen=True)
class Box:
    """A corner of the guesses.

    Attributes
    ----------
    limits : tuple
        Name, lower and upper end of each restricted guess; -inf or inf where that end is free.
    density, base : float
        Share of the cases inside, and among all seeds.
    coverage : float
        Share of all cases that lie inside.
    """

    limits: tuple[tuple[str, float, float], ...]
    density: float
    base: float
    coverage: float


def discover(drawn: Floats, cases: NDArray[np.bool_], names: Sequence[str]) -> Box | None:
    """The box in which cases are most frequent; None where there are too few, or nothing stands out.

    Parameters
    ----------
    drawn : array (S, G)
        Drawn guesses.
    cases : bool array (S,)
        Seeds in which what is looked for happens.
    names : sequence of str
        Names of the guesses.

    Raises
    ------
    DiscoveryError
        Where ema_workbench is not installed.
    """
    prim = _prim()
    if len(cases) < ENOUGH or not CASES <= int(cases.sum()) <= len(cases) - CASES:
        return None
    import pandas as pd

    moved = [place for place in range(len(names)) if np.ptp(drawn[:, place]) > 0]
    frame = pd.DataFrame({str(place): drawn[:, place] for place in moved})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = prim.Prim(frame, cases.astype(bool), peel_alpha=0.1).find_box()
        if found is None:
            return None
        trajectory = found.peeling_trajectory
        steps = trajectory[(trajectory["coverage"] >= 0.5) & (trajectory["res_dim"] <= 3)]
        if not len(steps):
            return None
        found.select(int(steps["density"].idxmax()))
        limits = _limits(found, [names[place] for place in moved], [str(place) for place in moved], frame)
    if not limits:
        return None
    inside = np.ones(len(cases), dtype=bool)
    for name, low, high in limits:
        values = drawn[:, list(names).index(name)]
        inside &= (values >= low) & (values <= high)
    if not inside.any():
        return None
    density, base = float(cases[inside].mean()), float(cases.mean())
    return Box(limits, density, base, float(cases[inside].sum() / cases.sum())) if density > base else None


def _limits(found, names: list[str], columns: list[str], frame) -> tuple[tuple[str, float, float], ...]:
    """Restricted guesses whose quasi-p is small, with the ends that really restrict."""
    box = found.box_lims[found._cur_box]
    quasi = found.p_values[found._cur_box]
    limits = []
    for name, column in zip(names, columns):
        if column not in quasi:
            continue
        ends = [float(end) for end in box[column]]
        data = frame[column]
        chance = [value for value in np.atleast_1d(quasi[column]) if value >= 0]
        if not chance or min(chance) > SIGNIFICANT:
            continue
        low = ends[0] if ends[0] > float(data.min()) else -np.inf
        high = ends[1] if ends[1] < float(data.max()) else np.inf
        if np.isfinite(low) or np.isfinite(high):
            limits.append((name, low, high))
    return tuple(limits)


def box_sentence(box: Box | None, what: str) -> str:
    """The box in words."""
    if box is None:
        return f"No corner of the guesses stands out in which {what}."
    parts = []
    for name, low, high in box.limits:
        if np.isfinite(low) and np.isfinite(high):
            parts.append(f"{name} between {low:.4g} and {high:.4g}")
        else:
            parts.append(f"{name} above {low:.4g}" if np.isfinite(low) else f"{name} below {high:.4g}")
    return (
        f"Where {' and '.join(parts)}, in {box.density * 100:.0f} % of seeds {what}, against {box.base * 100:.0f} % "
        "of all seeds; "
        f"{box.coverage * 100:.0f} % of such seeds lie there."
    )


def _prim():
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from ema_workbench.analysis import prim
    except ImportError:
        raise DiscoveryError(
            "scenario discovery needs ema_workbench, which is not installed; install it with: "
            'pip install "market-abm[discovery]"'
        ) from None
    return prim
