"""No key of a scenario is decoration: the model reads each of them."""

from __future__ import annotations

import sys
from typing import Any

import pytest

import market_abm as ma
from market_abm.scenario.fields import Part
from market_abm.scenario.timeline import Entry

INFORM = {
    "source",
    "as_of",
    "note",
    "question",
    "theme",
    "read_against",
    "product",
    "label",
    "title",
    "url",
    "date",
    "grade",
    "sources",
}
"""Keys that inform people."""

AT_LOADING = {"schema_version", "pin"}

KEPT = {"Chip.owner"}
"""Ultimate owner of a chip supplier: for whoever measures the upstream market by owner."""


class Reader:
    """Notes which fields of which part the rooms above the scenario look at."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.read: set[tuple[type, str]] = set()
        plain = Part.__getattribute__

        def noting(part: Any, name: str) -> Any:
            if name in type(part).model_fields:
                caller = sys._getframe(1).f_globals.get("__name__", "")
                if caller.startswith("market_abm.") and not caller.startswith("market_abm.scenario"):
                    self.read.add((type(part), name))
            return plain(part, name)

        monkeypatch.setattr(Part, "__getattribute__", noting)


def parts() -> list[type[Part]]:
    """Every kind of part that a scenario is made of, entries of the timeline aside."""
    found, wait = [], [Part]
    while wait:
        kind = wait.pop()
        wait += kind.__subclasses__()
        if kind.__module__.startswith("market_abm.scenario.") and not issubclass(kind, Entry):
            found.append(kind)
    return found


def test_the_model_reads_every_key(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Reader(monkeypatch)
    model = ma.ComputeMarket("world-2026", rng=1)
    for _ in range(6):  # until somebody orders
        model.step()
    assert model.record is not None and model.record["steps"]  # measured when somebody looks
    ma.ComputeMarket("world-2023", rng=1)  # where growth slows
    unread = {
        f"{kind.__name__}.{name}"
        for kind in parts()
        for name in kind.model_fields
        if name not in INFORM | AT_LOADING and (kind, name) not in reader.read
    }
    assert unread == KEPT
