"""The drawer of a firm: the sentences and tables of ``market-abm explain``, number for number."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from market_abm.analysis.explain import Explanation
    from market_abm.analysis.table import Table
    from market_abm.app.archive import Run
    from market_abm.app.snapshot import Snapshot
    from market_abm.app.trajectory import Trajectory

KEPT = 60
"""Explanations that a session remembers."""


class Question(NamedTuple):
    """A firm in a quarter of a run."""

    run: Run
    quarter: str
    firm: str


class Minds:
    """What would change a firm's mind takes a moment: it is worked out once and remembered."""

    def __init__(self) -> None:
        self._known: OrderedDict[Question, Explanation] = OrderedDict()

    def __contains__(self, question: Question) -> bool:
        return question in self._known

    def work_out(self, question: Question, run: Trajectory) -> None:
        """Run the quarter again with moved prices, lead times and notices."""
        from market_abm.analysis.explain import explain
        from market_abm.analysis.mind import with_minds

        result = run.result()
        found = explain(result, question.firm, question.quarter)
        try:
            found = with_minds(found, result, question.firm, question.quarter)
        except Exception as error:  # whatever a strategy of somebody's own does when it is asked again
            told = f"What would change its mind is not known. {type(error).__name__}: {error}"
            found = replace(found, sentences=(*found.sentences, told))
        self._known[question] = found
        while len(self._known) > KEPT:
            self._known.popitem(last=False)

    def get(self, question: Question) -> Explanation | None:
        """The whole explanation, where it is known."""
        return self._known.get(question)


def drawer(run: Trajectory, now: Snapshot, question: Question, minds: Minds) -> dict[str, Any]:
    """What a firm did in a quarter, its outside options, its leverage, and who depends on it."""
    from market_abm.analysis.explain import explain

    whole = minds.get(question)
    found = whole or explain(run.result(), question.firm, now.quarter)
    return {
        "firm": question.firm,
        "title": found.title,
        "sentences": list(found.sentences),
        "tables": [_table(table) for table in found.tables],
        "pending": whole is None,
    }


def _table(table: Table) -> dict[str, Any]:
    """A table as texts, with heads that carry their unit."""
    from market_abm.analysis.table import shown

    columns = [(at, column) for at, column in enumerate(table.columns) if not column.hidden]
    return {
        "name": table.name,
        "title": table.title,
        "note": table.note,
        "heads": [
            {"label": column.label, "unit": column.shown_unit, "number": column.kind != "text"}
            for _, column in columns
        ],
        "rows": [[shown(row[at], column.kind) for at, column in columns] for row in table.rows],
    }
