"""The recorder: what the model measured, quarter by quarter, as checked columns and in the end as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from market_abm.results.dictionary import EXTRA, ORDER, TABLES
from market_abm.results.parts import Columns, Part, RecordError, each_its_own, joined, part_of, same_names

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
        self._recorded: list[dict[str, Part]] = []
        """What each call of :meth:`record` added, by table."""

    @property
    def last(self) -> dict[str, Columns]:
        """The last quarter recorded: table name to columns (values in the order of the rows), without the head."""
        held = self._recorded[-1] if self._recorded else {}
        return {name: part.last().columns(name) for name, part in held.items()}

    def record(self, quarters: Sequence[str], records: Sequence[Mapping[str, Any]]) -> None:
        """Add one or more quarters; none of them where one does not fit.

        Parameters
        ----------
        quarters : sequence of str
            Their names, in order.
        records : sequence of mapping
            Tables of each. ``steps``: column to scalar; ``firms``, ``links``, ``contracts``: column to array;
            ``events`` and ``decisions``: a list of dicts, in which texts and amounts may be left out.
            ``measures`` (column to array) may be there or not, but then in every quarter. Whatever else is
            there is left alone.

        Raises
        ------
        RecordError
            Missing tables, unknown or missing columns, columns of unequal length, values of another type, a
            firm, link or contract twice, a quarter that does not follow the last one. The message begins with
            the quarter.
        """
        self._check_due(quarters, records)
        given = [{name: record[name] for name in ORDER if name in record} for record in records]
        before = self._recorded[-1] if self._recorded else given[0]
        wanted = TABLES + tuple(name for name in EXTRA if name in before)
        parts = _parts(wanted, quarters, given)
        self.quarters.extend(quarters)
        self._recorded.append(parts)

    def _check_due(self, quarters: Sequence[str], records: Sequence[Mapping[str, Any]]) -> None:
        if not 0 < len(quarters) == len(records):
            raise RecordError(
                f"{len(quarters)} quarters with {len(records)} records; give each quarter its record"
            )
        each_its_own(records)
        due = _next_quarter(self.quarters[-1]) if self.quarters else self.start
        for quarter in quarters:
            if quarter != due:
                raise RecordError(
                    f"{quarter}: recorded where {due} is due; record each quarter once, in order"
                )
            due = _next_quarter(due)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Tables by name; columns in the order of the dictionary, rows by quarter, then by firm key."""
        import pandas as pd

        return {
            name: pd.DataFrame(
                self._body(name, joined([parts[name] for parts in self._recorded] or [part_of(name, [])]))
            )
            for name in (self._recorded[-1] if self._recorded else TABLES)
        }

    def _body(self, table: str, part: Part) -> Columns:
        """Columns of one table, the head first."""
        import pandas as pd
        import pyarrow as pa

        rows = sum(part.sizes)
        text: Any = pd.api.types.pandas_dtype("str")
        dates = pa.array(np.repeat(np.arange(len(part.sizes)), part.sizes))
        texts = {name: pa.array(values, pa.large_string()) for name, values in part.texts.items()}
        body = {
            "scenario": pa.repeat(pa.scalar(self.scenario, pa.large_string()), rows),
            "seed": np.full(rows, self.seed, dtype=np.int64),
            "quarter": pa.array(self.quarters, pa.large_string()).take(dates),
        } | part._replace(texts=texts).columns(table)
        return {
            name: values if isinstance(values, np.ndarray) else text.__from_arrow__(values)
            for name, values in body.items()
        }


def _parts(
    wanted: tuple[str, ...], quarters: Sequence[str], given: Sequence[Mapping[str, Any]]
) -> dict[str, Part]:
    """The wanted tables of all quarters; where they do not fit together, the first quarter that does not is named."""
    try:
        for tables in given:
            same_names("tables", tables.keys(), frozenset(wanted))
        return {name: part_of(name, [tables[name] for tables in given]) for name in wanted}
    except RecordError as error:
        if len(quarters) == 1:
            raise RecordError(f"{quarters[0]}: {error}") from None
        for quarter, tables in zip(quarters, given):
            _parts(wanted, [quarter], [tables])
        raise


def _next_quarter(quarter: str) -> str:
    year, number = int(quarter[:4]), int(quarter[5:])
    return f"{year + 1}Q1" if number == 4 else f"{year}Q{number + 1}"
