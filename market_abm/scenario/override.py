"""`--set key=value`: dotted keys over a loaded scenario. A bare number set so has no range and is held."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from market_abm.scenario import paths
from market_abm.scenario.errors import Mark, Problem, ScenarioError, clipped, nearest
from market_abm.scenario.timeline import row_label
from market_abm.scenario.tree import Node, node_of, parse

if TYPE_CHECKING:
    from market_abm.scenario.schema import Scenario


def with_set(scenario: Scenario, changes: Mapping[str, Any] | Iterable[str]) -> Scenario:
    """A copy of a loaded scenario with dotted keys set.

    Raises
    ------
    ScenarioError
        Unknown keys, values that the schema refuses.
    """
    from market_abm.scenario.validate import build

    if scenario._tree is None:
        raise ScenarioError(
            Problem("values can only be set on a loaded scenario", remedy="Set them before drawn()")
        )
    tree = scenario._tree.copy()
    apply(tree, changes)
    return build(tree, scenario.lineage)


def apply(tree: Node, changes: Mapping[str, Any] | Iterable[str]) -> None:
    """Set dotted keys in a tree, in place."""
    if isinstance(changes, Mapping):
        pairs = [(key, node_of(value, Mark(f"--set {key}"))) for key, value in changes.items()]
    else:
        pairs = [_parsed(text) for text in ([changes] if isinstance(changes, str) else changes)]
    for key, node in pairs:
        _put(tree, key, node)


def _parsed(text: str) -> tuple[str, Node]:
    key, sign, value = text.partition("=")
    mark = Mark(f"--set {clipped(text)}")
    if not sign or not key.strip():
        raise ScenarioError(
            Problem("is not of the form key=value", mark, allowed="for example behaviour.beta=0.3")
        )
    if not value.strip():
        return key.strip(), Node(None, mark)
    node = parse(value, mark.file)
    return key.strip(), node


def _put(tree: Node, key: str, node: Node) -> None:
    mark = node.mark
    try:
        parts = paths.split(key)
    except ValueError as error:
        raise ScenarioError(Problem(str(error), mark, key)) from None
    at = tree
    for step, part in enumerate(parts[:-1]):
        if isinstance(at.value, list):
            at = _row(at, part, parts[:step], mark)
            continue
        below = at.value.get(part)
        if below is None or below.value is None:
            if step == 0 and part in ("links", "timeline"):
                below = Node([], mark)
            else:
                below = Node({}, mark)
            at.put(part, below, mark)
        elif not isinstance(below.value, dict | list):
            below = Node({}, mark)  # the schema will say what may stand here
            at.put(part, below, mark)
        at = below
    if isinstance(at.value, list):
        if parts[:-1] == ["timeline"] and (node.value is None or isinstance(node.value, dict)):
            _put_entry(at, parts[-1], node)
            return
        _row(at, parts[-1], parts[:-1], mark)
        raise ScenarioError(
            Problem("names an entry, not one of its keys", mark, key, remedy="Add the key at the end")
        )
    if node.value is None:
        at.value.pop(parts[-1], None)
        at.keys.pop(parts[-1], None)
    else:
        at.put(parts[-1], node, mark)


def _put_entry(rows: Node, label: str, node: Node) -> None:
    """Add a dated entry under an id, put it in the place of the one that has it, or (nothing) take it away."""
    known = [row_label(row.plain()) for row in rows.value]
    if node.value is None:
        rows.value.remove(_row(rows, label, ["timeline"], node.mark))
        return
    node.put("id", Node(label, node.mark))
    if label in known:
        rows.value[known.index(label)] = node
    else:
        rows.value.append(node)


def _row(rows: Node, label: str, above: list[str], mark: Mark) -> Node:
    """Entry of `links` or `timeline` by its key; a link that is not there yet is added."""
    labels = [row_label(node.plain()) for node in rows.value]
    if label in labels:
        return rows.value[labels.index(label)]
    if above == ["links"] and label.count(">") == 1:
        supplier, buyer = label.split(">")
        row = node_of({"supplier": supplier.strip(), "buyer": buyer.strip()}, mark)
        rows.value.append(row)
        return row
    known = [item for item in labels if item]
    where = paths.join(above)
    raise ScenarioError(
        Problem(
            f"there is no entry {label!r}",
            mark,
            where,
            allowed=", ".join(known[:12]) or "none",
            nearest=nearest(label, known),
        )
    )
