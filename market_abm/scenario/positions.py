"""From a place in the schema to a place in a file, and to the keys known there."""

from __future__ import annotations

import types
import typing
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from market_abm.scenario import paths
from market_abm.scenario.errors import Mark
from market_abm.scenario.fields import MapOf
from market_abm.scenario.quantity import Number
from market_abm.scenario.tree import Node

if typing.TYPE_CHECKING:
    from market_abm.scenario.schema import Scenario


def locate(tree: Node, loc: Sequence[object], *, key: bool = False) -> Mark:
    """Mark of the deepest part of ``loc`` that stands in the tree; of its key where ``key`` is true.

    Parts that the tree does not have (tags of kinds, defaults) are passed over.
    """
    node, mark = tree, tree.mark
    for step, part in enumerate(loc):
        value = node.value
        if isinstance(value, dict) and str(part) in value:
            last = step == len(loc) - 1
            mark = node.keys.get(str(part), node.mark)
            node = value[str(part)]
            if not key and last:
                mark = node.mark
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            node = value[part]
            mark = node.mark
    return mark


def value_at(tree: Node, loc: Sequence[object]) -> Any:
    """Plain value at ``loc``, or None."""
    node = tree
    for part in loc:
        value = node.value
        if isinstance(value, dict) and str(part) in value:
            node = value[str(part)]
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            node = value[part]
        elif part != loc[-1]:
            continue
        else:
            return None
    return node.plain()


def find(scenario: Scenario, path: str) -> Mark | None:
    """Mark of a dotted path in the files of a loaded scenario; None where it is a default."""
    tree = scenario._tree
    if tree is None:
        return None
    node, mark = tree, tree.mark
    for part in paths.split(path):
        if isinstance(node.value, list):
            rows = getattr(scenario, _name_of(tree, node), ())
            labels = labels_of(rows)
            step = labels.index(part) if part in labels else int(part) if part.isdigit() else -1
            if not 0 <= step < len(node.value):
                return None
            node = node.value[step]
            mark = node.mark
        elif isinstance(node.value, dict) and part in node.value:
            mark = node.keys[part]
            node = node.value[part]
        else:
            return None
    return mark


def _name_of(tree: Node, node: Node) -> str:
    return next((name for name, child in tree.value.items() if child is node), "")


def labels_of(rows: Sequence[Any]) -> list[str]:
    """Names of the rows of a list in paths: their key, numbered where several share one."""
    seen: dict[str, int] = {}
    labels = []
    for step, row in enumerate(rows):
        label = getattr(row, "key", str(step))
        seen[label] = seen.get(label, 0) + 1
        labels.append(label if seen[label] == 1 else f"{label}#{seen[label]}")
    return labels


def parts_of(annotation: Any) -> list[Any]:
    """Alternatives of a type: unions and ``Annotated`` unfolded, None left out."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        inner, *extras = typing.get_args(annotation)
        typed = [extra for extra in extras if isinstance(extra, Number | MapOf)]
        return typed or parts_of(inner)
    if origin in (typing.Union, types.UnionType):
        return [
            part for arg in typing.get_args(annotation) for part in parts_of(arg) if part is not type(None)
        ]
    return [annotation]


def inner_of(annotation: Any) -> list[Any]:
    """Types of what a container holds."""
    args = typing.get_args(annotation)
    if not args:
        return []
    return parts_of(args[-1] if typing.get_origin(annotation) is dict else args[0])


def field_type(model: type[BaseModel], name: str) -> list[Any]:
    """Alternatives of the type of a field."""
    info = model.model_fields[name]
    typed = [extra for extra in info.metadata if isinstance(extra, Number | MapOf)]
    return typed or parts_of(info.annotation)


def types_at(model: type[BaseModel], loc: Sequence[object]) -> list[Any]:
    """Types that the schema has at ``loc``; empty where it knows none."""
    current: list[Any] = [model]
    for part in loc:
        following: list[Any] = []
        for kind in current:
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                if part in kind.model_fields:
                    following += field_type(kind, str(part))
                elif "kind" in kind.model_fields and kind.model_fields["kind"].default == part:
                    following.append(kind)  # the tag of a kind of timeline entry
            elif isinstance(kind, MapOf):
                following.append(kind.number)
            else:
                following += inner_of(kind)
        current = following
    return current


def known_keys(model: type[BaseModel], loc: Sequence[object]) -> list[str]:
    """Keys that the schema knows at ``loc``."""
    found = [kind for kind in types_at(model, loc) if isinstance(kind, type) and issubclass(kind, BaseModel)]
    return list(dict.fromkeys(name for kind in found for name in kind.model_fields))
