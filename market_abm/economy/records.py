"""What a run leaves of each quarter: its tables, made when somebody looks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from market_abm.economy.quarter import Quarter
from market_abm.economy.survey import History, survey

TOGETHER = 100_000
"""Links (quarters x sellers x buyers) from which quarters wait no longer: their papers take some 400 bytes a link."""


class Record(Mapping[str, Any]):
    """The tables of one quarter, by name: steps, firms, links, contracts, events, decisions.

    Where third parties registered measures, also ``measures``. ``steps`` is column to scalar, ``events`` and
    ``decisions`` are lists of dicts, the others column to array. Made together with the tables of every other
    quarter that nobody has looked at yet: that is much quicker than one after the other.
    """

    def __init__(self, surveyor: Surveyor, before: Record | None) -> None:
        self._surveyor = surveyor
        self._before = before
        self._tables: dict[str, Any] | None = None
        self._history: History | None = None

    def __getitem__(self, table: str) -> Any:
        return self._read()[table]

    def __contains__(self, table: object) -> bool:
        return table in self._read()

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def __copy__(self) -> Record:
        return self  # nobody changes it: copies of a state share it

    def __deepcopy__(self, memo: dict[int, Any]) -> Record:
        return self

    @property
    def history(self) -> History:
        """What grades remember after this quarter."""
        record: Record | None = self
        while record is not None:
            record._read()
            if record._history is not None:
                return record._history
            record = record._before
        return History()

    def _read(self) -> dict[str, Any]:
        if self._tables is None:
            self._surveyor.survey()
        assert self._tables is not None  # the surveyor knows every record that it handed out
        return self._tables

    def _fill(self, tables: dict[str, Any], history: History | None) -> None:
        self._tables, self._history = tables, history
        if history is not None:
            self._before = None  # who keeps a state need not keep every quarter before it


class Surveyor:
    """Stage 13 of a run: hands out a record a quarter, and surveys quarters together when one of them is read."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Quarter, bool, Record]] = []

    def record(self, q: Quarter, measured: bool) -> Record:
        """The record of a quarter that is done."""
        before = q.state.record
        if self._waiting and before is not self._waiting[-1][2]:
            self.survey()  # the run went on from another state: another past
        record = Record(self, before)
        self._waiting.append((q, measured, record))
        sellers, buyers = q.world.shape
        if len(self._waiting) * sellers * buyers >= TOGETHER:
            self.survey()
        return record

    def survey(self) -> None:
        """Make the tables of all quarters that wait."""
        quarters, measured, records = zip(*self._waiting)
        before = records[0]._before
        history = before.history if any(measured) and before is not None else History()
        for record, made in zip(records, survey(quarters, measured, history)):
            record._fill(*made)
        self._waiting.clear()
