"""The recorder: what the model measured, quarter by quarter, as checked columns and in the end as tables."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from market_abm.results.dictionary import EXTRA, TABLES
from market_abm.results.parts import KINDS, Columns, Part, RecordError, layout_of, part_of, same_names

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RecordError", "Recorder"]


class Recorder:
    """Collects the tables of one run.

    Parameters
    ----------
    scenario : str
        Name of the scenario.
    seed : int
        Seed of the run.
    start : str
        First quarter, "2026Q3".

    Attributes
    ----------
    quarters : list of str
        Quarters recorded so far.
    """

    def __init__(self, scenario: str, seed: int, start: str) -> None:
        self.scenario, self.seed, self.start = scenario, int(seed), start
        self.quarters: list[str] = []
        self._quarters: list[dict[str, Part]] = []

    @property
    def last(self) -> dict[str, Columns]:
        """The last quarter recorded: table name to columns (values in the order of the rows), without the head."""
        held = self._quarters[-1] if self._quarters else {}
        return {name: part.columns(name) for name, part in held.items()}

    def record(self, quarter: str, tables: Mapping[str, Any]) -> None:
        """Add a quarter.

        Parameters
        ----------
        quarter : str
            Its name.
        tables : mapping
            ``steps``: column to scalar; ``firms``, ``links``, ``contracts``: column to array; ``events`` and
            ``decisions``: a list of dicts, in which texts and amounts may be left out. ``measures`` may be
            there or not, but then in every quarter.

        Raises
        ------
        RecordError
            Unknown or missing tables and columns, columns of unequal length, values of another type, a firm,
            link or contract twice, a quarter that does not follow the last one.
        """
        expected = _next_quarter(self.quarters[-1]) if self.quarters else self.start
        if quarter != expected:
            raise RecordError(
                f"quarter {quarter} recorded where {expected} is due; record each quarter once, in order"
            )
        extra = tuple(name for name in EXTRA if name in (self._quarters[-1] if self.quarters else tables))
        wanted = TABLES + extra
        same_names("tables", tables.keys(), frozenset(wanted))
        checked = {name: part_of(name, tables[name]) for name in wanted}
        self.quarters.append(quarter)
        self._quarters.append(checked)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Tables by name; columns in the order of the dictionary, rows by quarter, then by firm key."""
        import pandas as pd

        return {
            name: pd.DataFrame(self._body(name, [quarter[name] for quarter in self._quarters]))
            for name in (self._quarters[-1] if self._quarters else TABLES)
        }

    def _body(self, table: str, parts: list[Part]) -> Columns:
        """Columns of one table over all quarters, the head first."""
        import pandas as pd
        import pyarrow as pa

        layout = layout_of(table)
        sizes = [part.rows for part in parts]
        rows = sum(sizes)
        text = pd.api.types.pandas_dtype("str")
        dates = pa.array(np.repeat(np.arange(len(parts)), sizes))
        texts = {
            column.name: pa.array(
                list(chain.from_iterable([part.texts[column.name] for part in parts])), pa.large_string()
            )
            for column in layout.texts
        }
        numbers = {
            dtype: np.concatenate(
                [np.empty((len(wanted), 0), KINDS[dtype]), *[part.numbers[dtype] for part in parts]], axis=1
            )
            for dtype, wanted in layout.numbers.items()
        }
        body = {
            "scenario": pa.repeat(self.scenario, rows),
            "seed": np.full(rows, self.seed, dtype=np.int64),
            "quarter": pa.array(self.quarters, pa.large_string()).take(dates),
        } | Part(rows, texts, numbers).columns(table)
        return {
            name: values if isinstance(values, np.ndarray) else pd.array(values, dtype=text)
            for name, values in body.items()
        }


def _next_quarter(quarter: str) -> str:
    year, number = int(quarter[:4]), int(quarter[5:])
    return f"{year + 1}Q1" if number == 4 else f"{year}Q{number + 1}"
