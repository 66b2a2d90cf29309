"""A scenario back as plain values and as YAML text that loads to an equal scenario."""

from __future__ import annotations

import json
import re
from typing import Any

from market_abm.scenario.fields import FrozenMap, Part
from market_abm.scenario.quantity import Quantity
from market_abm.scenario.schema import Scenario

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_/()+&'-]*( [A-Za-z0-9_/()+&'-]+)*")
_RESERVED = {"null", "true", "false", "~"}


def plain(value: Any) -> Any:
    """Nested dicts, lists, texts and numbers; numbers with provenance as mappings, empty entries left out."""
    if isinstance(value, Quantity):
        return value.content()
    if isinstance(value, Part):
        named = ((name, getattr(value, name)) for name in type(value).model_fields)
        return {name: plain(item) for name, item in named if item is not None}
    if isinstance(value, FrozenMap | dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return value


def dump(scenario: Scenario) -> str:
    """The whole scenario, with everything it extends and every default, as YAML."""
    return "".join(_lines(plain(scenario), 0))


def _lines(value: dict[str, Any], indent: int):
    for key, item in value.items():
        head = f"{'  ' * indent}{_text(key)}:"
        if isinstance(item, dict) and item and not _is_number(item):
            yield f"{head}\n"
            yield from _lines(item, indent + 1)
        elif isinstance(item, list) and item and isinstance(item[0], dict):
            yield f"{head}\n"
            for entry in item:
                yield f"{'  ' * (indent + 1)}- {_flow(entry)}\n"
        else:
            yield f"{head} {_flow(item)}\n"


def _is_number(item: dict[str, Any]) -> bool:
    return "value" in item and not isinstance(item["value"], dict)


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_text(key)}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float) and value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return json.dumps(value)


def _text(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.casefold() not in _RESERVED:
        return text
    return json.dumps(text, ensure_ascii=False)
