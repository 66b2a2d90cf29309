"""Whose leverage shifted: secured shares of supply relations, first year against last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from market_abm.analysis.statistics import by_seed, first_year, last_year, summary
from market_abm.analysis.table import Band

if TYPE_CHECKING:
    from market_abm.results.result import Result

SMALLEST = 0.01
"""Relations below this share of the measured volume, in either year, are passed over as noise."""

PAIR = ("supplier", "buyer")


@dataclass(frozen=True)
class Shift:
    """How a part of a relation's gross surplus moved from the first year to the last.

    ``side`` says whose outside options secure the part; ``change`` is in shares, ``first`` and ``last`` are
    shares, ``first_usd`` and ``last_usd`` USD/GPU-h, prices too. ``same_sign`` counts the seeds with the sign
    of the median, ``seeds`` all that have the relation in both years.
    """

    supplier: str
    buyer: str
    side: str
    change: float | Band
    first: float | Band
    last: float | Band
    first_usd: float | Band
    last_usd: float | Band
    first_price: float | Band
    last_price: float | Band
    same_sign: int
    seeds: int

    @property
    def gainer(self) -> str:
        """The side that leverage moved to."""
        rises = (self.change.middle if isinstance(self.change, Band) else self.change) > 0
        return self.side if rises else {"seller": "buyer", "buyer": "seller"}[self.side]


def largest_shift(result: Result) -> Shift | None:
    """The relation and side whose secured share moved most (median over seeds); None without any."""
    found = shifts(result)
    if found.empty:
        return None
    size = found["median"].abs()
    best = found.loc[size == size.max()].iloc[0]
    return _shift(result, best["supplier"], best["buyer"], best["side"])


def shifts(result: Result) -> pd.DataFrame:
    """Change of every secured share from the first year to the last.

    Returns
    -------
    DataFrame
        supplier, buyer, side (seller, buyer), median (over seeds, in shares), seeds; relations of some size
        that at least half of the seeds have in both years, in the order of their names.
    """
    first, last = windows(result)
    names = [*PAIR, "side", "median", "seeds"]
    if first == last:
        return pd.DataFrame(columns=names)
    links = result.links
    large = _large(links, first) & _large(links, last)
    rows = []
    for side in ("buyer", "seller"):
        before, after = (
            by_seed(links, PAIR, f"{side}_secured_share", window, "volume_khq") for window in (first, last)
        )
        change = after.sub(before).where(large)
        count = change.notna().sum(axis=1)
        often = change[(count > 0) & (count * 2 >= len(result.seeds))]
        for pair, values in zip(often.index.tolist(), often.to_numpy()):
            known = values[np.isfinite(values)]
            rows.append((*pair, side, float(np.median(known)), len(known)))
    return pd.DataFrame(sorted(rows), columns=names)


def windows(result: Result) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """First and last year; the same window where the run has a single quarter."""
    return first_year(result.quarters), last_year(result.quarters)


def _large(links: pd.DataFrame, window: tuple[str, ...]) -> pd.DataFrame:
    """Whether a relation has a split in half of a window and enough volume in it, by pair and seed."""
    split = links["seller_secured_share"].notna() & links["quarter"].isin(list(window))
    groups = links[split].groupby([*PAIR, "seed"])["volume_khq"]
    volume, quarters = groups.sum().unstack("seed"), groups.size().unstack("seed")
    return volume.ge(SMALLEST * volume.sum()) & quarters.ge(len(window) / 2)


def _shift(result: Result, supplier: str, buyer: str, side: str) -> Shift:
    links = result.links
    pair = links[(links["supplier"] == supplier) & (links["buyer"] == buyer)]
    share = f"{side}_secured_share"
    usd = pair[share] * pair["gross_surplus_usd_per_gpu_hour"]
    first, last = windows(result)

    def values(column: str | pd.Series, window: tuple[str, ...]) -> np.ndarray:
        means = by_seed(pair, PAIR, column, window, "volume_khq").reindex(columns=list(result.seeds))
        return means.to_numpy()[0] if len(means) else np.full(len(result.seeds), np.nan)

    before, after = values(share, first), values(share, last)
    change = after - before
    known = change[np.isfinite(change)]
    price = "price_usd_per_gpu_hour"
    return Shift(
        supplier=supplier,
        buyer=buyer,
        side=side,
        change=summary(change),
        first=summary(before),
        last=summary(after),
        first_usd=summary(values(usd, first)),
        last_usd=summary(values(usd, last)),
        first_price=summary(values(price, first)),
        last_price=summary(values(price, last)),
        same_sign=int((np.sign(known) == np.sign(np.median(known))).sum()),
        seeds=len(known),
    )
