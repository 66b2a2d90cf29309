"""`extends`: a child scenario over its parent."""

from __future__ import annotations

from market_abm.scenario.tree import Node

_NUMBER_KEYS = {"unit", "source", "as_of", "low", "high", "guess", "note"}


def merged(parent: Node, child: Node) -> Node:
    """The child over the parent.

    Mappings merge, ``null`` deletes, the timeline concatenates, links merge by pair. A number replaces a
    number whole (with its range and source). Every node keeps the place in which it stands.
    """
    return _merge(parent, child, ())


def _merge(parent: Node, child: Node, loc: tuple[str, ...]) -> Node:
    if loc == ("timeline",) and isinstance(parent.value, list) and isinstance(child.value, list):
        return Node(
            [*(node.copy() for node in parent.value), *(node.copy() for node in child.value)], child.mark
        )
    if loc == ("links",) and isinstance(parent.value, list) and isinstance(child.value, list):
        return _merge_links(parent, child)
    if (
        not (isinstance(parent.value, dict) and isinstance(child.value, dict))
        or _is_number(parent)
        or _is_number(child)
    ):
        return child.copy()
    result = parent.copy()
    result.mark = child.mark
    for key, node in child.value.items():
        if node.value is None:
            result.value.pop(key, None)
            result.keys.pop(key, None)
        elif key in result.value:
            result.put(key, _merge(result.value[key], node, (*loc, key)), child.keys[key])
        else:
            result.put(key, node.copy(), child.keys[key])
    return result


def _is_number(node: Node) -> bool:
    """Whether a mapping is a number with its provenance."""
    return "value" in node.value and (len(node.value) == 1 or bool(_NUMBER_KEYS & set(node.value)))


def _pair(node: Node) -> tuple[str, str] | None:
    if not isinstance(node.value, dict):
        return None
    ends = [node.value.get(name) for name in ("supplier", "buyer")]
    supplier, buyer = (str(end.value) if end is not None else "" for end in ends)
    return supplier, buyer


def _merge_links(parent: Node, child: Node) -> Node:
    rows = [node.copy() for node in parent.value]
    places = {_pair(node): step for step, node in enumerate(rows)}
    for node in child.value:
        place = places.get(_pair(node))
        if place is None or _pair(node) is None:
            rows.append(node.copy())
        else:
            rows[place] = _merge(rows[place], node, ("links", "entry"))
    return Node(rows, child.mark)
