"""The data dictionary of scenarios: every key with type, unit, allowed range, default and meaning."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Any, NamedTuple

from pydantic_core import PydanticUndefined

from market_abm.scenario.fields import MapOf, Part, Series, Shares
from market_abm.scenario.positions import field_type, inner_of
from market_abm.scenario.quantity import Number, Quantity
from market_abm.scenario.schema import Scenario


class Key(NamedTuple):
    """One key of a scenario file.

    ``path`` has ``<name>`` where a name stands and ``[kind]`` for a kind of timeline entry; ``default`` is
    None for a required key.
    """

    path: str
    type: str
    unit: str
    allowed: str
    default: str | None
    low: float | None
    high: float | None
    meaning: str


_WORDS = {"str": "text", "bool": "true or false", "int": "whole number", "float": "number"}


def keys() -> list[Key]:
    """Every key of the schema, in the order of the schema."""
    return list(_of(Scenario, ""))


def _of(model: type[Part], prefix: str) -> Iterator[Key]:
    for name, info in model.model_fields.items():
        path = f"{prefix}{name}"
        kinds = field_type(model, name)
        parts = [kind for kind in kinds if _is_part(kind)]
        held = [(kind, inner) for kind in kinds for inner in inner_of(kind) if _is_part(inner)]
        if not parts and not held:
            yield _leaf(path, kinds, info.default, info.description or "")
        for part in parts:
            yield from _of(part, f"{path}.")
        for container, inner in held:
            if typing.get_origin(container) is dict:
                yield from _of(inner, f"{path}.<name>.")
            elif "kind" in inner.model_fields and typing.get_origin(container) is tuple:
                yield from _of(inner, f"{path}[{inner.model_fields['kind'].default}].")
            else:
                yield from _of(inner, f"{path}[].")


def _is_part(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Part)


def _leaf(path: str, kinds: list[Any], default: Any, meaning: str) -> Key:
    number = next((kind for kind in kinds if isinstance(kind, Number)), None)
    mapped = next((kind for kind in kinds if isinstance(kind, MapOf)), None)
    if mapped is not None:
        number = mapped.number
        key = "quarter" if issubclass(mapped.container, Series) else "name"
        what = f"mapping of {key} to number"
        what += ", sum at most 1" if issubclass(mapped.container, Shares) else ""
    else:
        what = "number" if number else " or ".join(dict.fromkeys(_word(kind) for kind in kinds))
    low, high = (default.low, default.high) if isinstance(default, Quantity) else (None, None)
    return Key(
        path,
        what,
        number.unit if number else "",
        number.allowed if number else "",
        None if default is PydanticUndefined else _said(default),
        low,
        high,
        meaning,
    )


def _word(kind: Any) -> str:
    if typing.get_origin(kind) is typing.Literal:
        return " | ".join(str(item) for item in typing.get_args(kind))
    if typing.get_origin(kind) in (tuple, list):
        return "list"
    return _WORDS.get(getattr(kind, "__name__", ""), "text")


def _said(default: Any) -> str:
    if default is None:
        return "null"
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, float | int):
        return f"{default:g}"
    return "none" if default in ((), {}) else str(default)
