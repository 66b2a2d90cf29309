"""Frozen records of columns: the same record with other columns, cheaply."""

from __future__ import annotations

from typing import Any


def changed[Record](record: Record, columns: dict[str, Any]) -> Record:
    """A copy of a frozen dataclass with some fields changed; what it had worked out is forgotten.

    As :func:`dataclasses.replace`, for records without ``__post_init__``, and many times as fast: a quarter makes
    hundreds of them.

    Raises
    ------
    TypeError
        If a name is not a field.
    """
    fields = record.__dataclass_fields__  # type: ignore[attr-defined]
    if not fields.keys() >= columns.keys():
        unknown = ", ".join(sorted(columns.keys() - fields.keys()))
        raise TypeError(f"{type(record).__name__} has no field {unknown}; fields: {', '.join(fields)}")
    copy = object.__new__(type(record))
    held = copy.__dict__
    held.update(record.__dict__)
    if len(held) > len(fields):
        for worked_out in held.keys() - fields.keys():
            del held[worked_out]
    held.update(columns)
    return copy
