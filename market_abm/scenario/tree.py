"""YAML text to a tree of nodes that remember where they stand. No schema here.

Read event by event, so that size and depth are bounded before anything is built, and duplicate keys,
anchors, aliases, tags, directives and merge keys are refused where they stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

from market_abm.scenario.errors import Mark, Problem, ScenarioError, clipped
from market_abm.scenario.events import Stumbled, from_libyaml, from_ruamel, place

MAX_BYTES = 1 << 20
MAX_DEPTH = 24
MAX_SCALAR = 20_000

_INT = re.compile(r"[-+]?[0-9]{1,400}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INF = re.compile(r"([-+]?)\.(inf|Inf|INF)")
_WORDS = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
    ".nan": float("nan"),
    ".NaN": float("nan"),
    ".NAN": float("nan"),
}
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")


@dataclass
class Node:
    """A value and where it stands: a scalar, a dict of nodes, or a list of nodes."""

    value: Any
    mark: Mark
    keys: dict[str, Mark] = field(default_factory=dict)
    """Of a mapping: where each key stands."""

    def plain(self) -> Any:
        """The value without positions."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def put(self, key: str, node: Node, mark: Mark | None = None) -> None:
        """Set an entry of a mapping."""
        self.value[key] = node
        self.keys[key] = mark or node.mark

    def copy(self) -> Node:
        """A deep copy (marks are shared, they are frozen)."""
        if isinstance(self.value, dict):
            return Node({key: node.copy() for key, node in self.value.items()}, self.mark, dict(self.keys))
        if isinstance(self.value, list):
            return Node([node.copy() for node in self.value], self.mark)
        return Node(self.value, self.mark)


def scalar(text: str, plain: bool) -> Any:
    """The value of a scalar by the core schema of YAML 1.2: NO stays text, 1e5 is a number."""
    if not plain:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if match := _INF.fullmatch(text):
        return float(match[1] + "inf")
    return text


def node_of(value: Any, mark: Mark) -> Node:
    """A tree from plain Python values (a scenario given as a dict), all at one mark."""
    if isinstance(value, dict):
        entries = {str(key): node_of(item, mark) for key, item in value.items()}
        return Node(entries, mark, dict.fromkeys(entries, mark))
    if isinstance(value, list | tuple):
        return Node([node_of(item, mark) for item in value], mark)
    return Node(value, mark)


def decode(data: bytes, file: str) -> str:
    """UTF-8 text of a file, within the size limit and without control characters."""
    if len(data) > MAX_BYTES:
        _stop(
            f"the file has more than {MAX_BYTES:,} bytes",
            Mark(file),
            allowed=f"at most {MAX_BYTES:,} bytes",
            remedy="Split it with extends",
        )
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        _stop("the file is encoded in UTF-16", Mark(file), allowed="UTF-8", remedy="Save it as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        mark = Mark(file, before.count(b"\n") + 1, error.start - before.rfind(b"\n"))
        _stop(
            f"byte {data[error.start]:#04x} is not UTF-8",
            mark,
            allowed="UTF-8",
            remedy="Save the file as UTF-8",
        )
    if match := _CONTROL.search(text):
        above = text[: match.start()]
        mark = Mark(file, above.count("\n") + 1, match.start() - above.rfind("\n"))
        _stop(f"control character {ord(match[0]):#04x}", mark, remedy="Remove it; a scenario is plain text")
    return text


def parse(text: str, file: str) -> Node:
    """The tree of one YAML document.

    Raises
    ------
    ScenarioError
        With line and column: syntax, duplicate keys, anchors, aliases, tags, directives, merge keys, depth.
    """
    try:
        return composed(from_libyaml(text), file)
    except Stumbled:
        return composed(from_ruamel(text, file), file)


def composed(events: Iterator[Any], file: str) -> Node:
    """The tree of one document from its events."""
    return _Composer(events, file).document()


def _stop(message: str, mark: Mark, **more: Any) -> NoReturn:
    raise ScenarioError(Problem(message, mark, **more))


class _Composer:
    """Builds nodes from events; recursion is as deep as the file may be nested, at most MAX_DEPTH."""

    def __init__(self, events: Iterator[Any], file: str):
        self.file = file
        self.mark = Mark(file)
        self.events = self._marked(events)

    def _marked(self, events: Iterator[Any]) -> Iterator[Any]:
        """Events, with the place of the last one kept for messages."""
        for event in events:
            self.mark = place(event.start_mark, self.mark)
            yield event

    def document(self) -> Node:
        root: Node | None = None
        for event in self.events:
            name = type(event).__name__
            if name == "DocumentStartEvent":
                if root is not None:
                    _stop(
                        "a second document starts here",
                        self.mark,
                        allowed="one document a file",
                        remedy="Remove the line --- and what follows, or use extends",
                    )
                if event.version or event.tags:
                    _stop(
                        "YAML directives are not accepted",
                        self.mark,
                        remedy="Remove the line that starts with %",
                    )
            elif name not in ("StreamStartEvent", "StreamEndEvent", "DocumentEndEvent"):
                root = self._node(event, 1)
        if root is None or root.value is None:
            _stop(
                "the file is empty",
                Mark(self.file),
                allowed="a mapping",
                remedy="Start with schema_version: 1",
            )
        return root

    def _node(self, event: Any, depth: int) -> Node:
        mark = self.mark
        self._refuse_extras(event, mark)
        kind = type(event).__name__
        if kind == "ScalarEvent":
            if len(event.value) > MAX_SCALAR:
                _stop(
                    f"a text of {len(event.value):,} characters",
                    mark,
                    allowed=f"at most {MAX_SCALAR:,}",
                    remedy="Shorten it",
                )
            return Node(scalar(event.value, plain=event.implicit[0]), mark)
        if depth > MAX_DEPTH:
            _stop(
                f"nested more than {MAX_DEPTH} levels deep",
                mark,
                allowed=f"at most {MAX_DEPTH} levels",
                remedy="A scenario needs fewer than ten: remove the surplus brackets or indentation",
            )
        if kind == "SequenceStartEvent":
            items = []
            while type(event := next(self.events)).__name__ != "SequenceEndEvent":
                items.append(self._node(event, depth + 1))
            return Node(items, mark)
        return self._mapping(mark, depth)

    def _mapping(self, mark: Mark, depth: int) -> Node:
        node = Node({}, mark)
        while type(event := next(self.events)).__name__ != "MappingEndEvent":
            key_mark = self.mark
            self._refuse_extras(event, key_mark)
            if type(event).__name__ != "ScalarEvent":
                _stop(
                    "a key must be a single word or text, not a list or mapping",
                    key_mark,
                    remedy="Name the key",
                )
            key = event.value
            if key == "<<" and event.implicit[0]:
                _stop(
                    "merge keys (<<) are not accepted",
                    key_mark,
                    remedy="Write the values out, or use extends",
                )
            if len(key) > 200:
                _stop(
                    f"a key of {len(key):,} characters", key_mark, allowed="at most 200", remedy="Shorten it"
                )
            if key in node.value:
                _stop(
                    f'the key "{clipped(key)}" stands twice; the first is on line {node.keys[key].line}',
                    key_mark,
                    remedy="Keep one of them",
                )
            node.put(key, self._node(next(self.events), depth + 1), key_mark)
        return node

    def _refuse_extras(self, event: Any, mark: Mark) -> None:
        if type(event).__name__ == "AliasEvent":
            _stop(f"aliases (*{clipped(event.anchor)}) are not accepted", mark, remedy="Write the value out")
        if getattr(event, "anchor", None):
            _stop(f"anchors (&{clipped(event.anchor)}) are not accepted", mark, remedy="Remove the anchor")
        if getattr(event, "tag", None):
            _stop(f"tags ({clipped(event.tag)}) are not accepted", mark, remedy="Remove the tag")
