"""The drawer of a firm: the sentences and tables of ``market-abm explain``, number for number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from market_abm.analysis.table import Table
    from market_abm.app.snapshot import Snapshot
    from market_abm.app.trajectory import Trajectory


def drawer(run: Trajectory, now: Snapshot, firm: str) -> dict[str, Any]:
    """What a firm did in a quarter, its outside options, its leverage, and who depends on it."""
    from market_abm.analysis.explain import explain

    found = explain(run.result(), firm, now.quarter)
    return {
        "firm": firm,
        "title": found.title,
        "sentences": list(found.sentences),
        "tables": [_table(table) for table in found.tables],
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
