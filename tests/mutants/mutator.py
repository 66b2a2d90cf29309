"""Where a source text can be mutated, and how: operators, comparisons, constants, conditions, arguments."""

from __future__ import annotations

import ast
import copy
import difflib
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

OPERATORS: dict[type, type] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.MatMult: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
    ast.And: ast.Or,
    ast.Or: ast.And,
}

NEGATIONS: dict[type, type] = {
    ast.Lt: ast.GtE,
    ast.GtE: ast.Lt,
    ast.Gt: ast.LtE,
    ast.LtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}

BOUNDARIES: dict[type, type] = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}


SYMMETRIC = {"max", "min", "maximum", "minimum", "fmax", "fmin", "add", "multiply", "logical_and", "logical_or",
             "array_equal", "union1d", "intersect1d"}  # fmt: skip
"""Functions whose first two arguments can change places without a change of meaning."""


@dataclass(frozen=True)
class Mutant:
    """One mistake.

    Attributes
    ----------
    path : str
        The file, from the root of the repository.
    line : int
    kind : str
    begin, end : int
        The bytes of the source that are replaced.
    text : str
        What stands there instead.
    function : str
        Qualified name of the outermost function around it, "" outside functions.
    key : str
        The same for the same mistake in the same text of the function, whatever else the file holds.
    """

    path: str
    line: int
    kind: str
    begin: int
    end: int
    text: str
    function: str
    key: str

    def applied(self, source: str) -> str:
        """The source with the mistake."""
        data = source.encode()
        return (data[: self.begin] + self.text.encode() + data[self.end :]).decode()

    def diff(self, source: str) -> str:
        """What changes, line by line."""
        before, after = source.splitlines(), self.applied(source).splitlines()
        lines = difflib.unified_diff(before, after, lineterm="", n=0)
        return "\n".join(line for line in list(lines)[2:] if not line.startswith("@@"))


def mutants(path: str, source: str) -> list[Mutant]:
    """Every mistake that can be made in a file, in the order of the text."""
    tree = ast.parse(source)
    starts = [0]
    for line in source.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found, seen = [], set()
    bodies: dict[int, str] = {}
    conditions = {id(node.test) for node in ast.walk(tree) if isinstance(node, ast.If)}
    for node, function, home in _sites(tree):
        for kind, changed in _mistakes(node, id(node) in conditions):
            begin = starts[node.lineno - 1] + node.col_offset
            end = starts[node.end_lineno - 1] + node.end_col_offset
            text = ast.unparse(changed)
            text = text if isinstance(changed, ast.stmt | ast.Constant | ast.Call) else f"({text})"
            if (begin, end, text) in seen:
                continue
            seen.add((begin, end, text))
            spot = (
                f"{begin - starts[home.lineno - 1]}:{end - begin}" if home is not None else f"{begin}:{end}"
            )
            if id(home) not in bodies:
                bodies[id(home)] = source if home is None else ast.unparse(home)
            body = bodies[id(home)]
            name = hashlib.sha256("\0".join([path, function, body, spot, text]).encode()).hexdigest()[:16]
            found.append(Mutant(path, node.lineno, kind, begin, end, text, function, name))
    return sorted(found, key=lambda mutant: (mutant.begin, mutant.end, mutant.text))


def _sites(tree: ast.Module) -> Iterator[tuple[ast.AST, str, ast.AST | None]]:
    """Nodes that may be mutated, with the outermost function around each."""

    def walk(node: ast.AST, names: tuple[str, ...], home: ast.AST | None) -> Iterator:
        for field, value in ast.iter_fields(node):
            if field in ("annotation", "returns", "decorator_list", "type_comment", "bases", "type_params"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if not isinstance(child, ast.AST) or _says_only(child):
                    continue
                inner, around = names, home
                if home is None and isinstance(child, ast.FunctionDef | ast.ClassDef):
                    inner = (*names, child.name)
                    around = child if isinstance(child, ast.FunctionDef) else None
                yield child, ".".join(inner) if around is not None else "", around
                yield from walk(child, inner, around)

    return walk(tree, (), None)


def _says_only(node: ast.AST) -> bool:
    """Messages, documentation and imports: text for people, not behaviour that a test should pin down."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        return True
    if isinstance(node, ast.Assign) and any(
        isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets
    ):
        return True
    return isinstance(node, ast.Raise | ast.JoinedStr | ast.Import | ast.ImportFrom)


def _mistakes(node: ast.AST, condition: bool) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node, ast.BinOp | ast.BoolOp | ast.AugAssign) and type(node.op) in OPERATORS:
        yield "operator", _changed(node, lambda new: setattr(new, "op", OPERATORS[type(node.op)]()))
    elif isinstance(node, ast.UnaryOp) and not isinstance(node.operand, ast.Constant):
        yield "operator", node.operand
    elif isinstance(node, ast.Compare):
        for place, operator in enumerate(node.ops):
            for kind, table in (("comparison", NEGATIONS), ("boundary", BOUNDARIES)):
                if type(operator) in table:
                    swap = table[type(operator)]()
                    yield kind, _changed(node, lambda new, p=place, s=swap: new.ops.__setitem__(p, s))
    elif isinstance(node, ast.Constant):
        yield from _constants(node)
    elif isinstance(node, ast.IfExp):
        yield "condition", _changed(node, lambda new: setattr(new, "test", _negated(new.test)))
    elif isinstance(node, ast.Call):
        plain = [a for a in node.args if not isinstance(a, ast.Starred)]
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        alike = name in SYMMETRIC or len(plain) < 2 or ast.dump(plain[0]) == ast.dump(plain[1])
        if len(plain) == len(node.args) and not alike:
            swapped = [plain[1], plain[0], *plain[2:]]
            yield "arguments", _changed(node, lambda new: setattr(new, "args", swapped))
    if condition and not isinstance(node, ast.Compare):  # a comparison is negated above
        yield "condition", _negated(node)


def _constants(node: ast.Constant) -> Iterator[tuple[str, ast.AST]]:
    value = node.value
    if isinstance(value, bool):
        yield "constant", ast.Constant(not value)
    elif isinstance(value, int | float):
        yield "constant", ast.Constant(value + 1)
        if value == 1:
            yield "constant", ast.Constant(value - 1)


def _negated(test: ast.expr) -> ast.expr:
    return ast.UnaryOp(ast.Not(), test)


def _changed(node: ast.AST, change: Callable) -> ast.AST:
    new = copy.deepcopy(node)
    change(new)
    return new
