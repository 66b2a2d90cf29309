"""The mutator makes the mistakes that it promises, the trial sees which are noticed, the checkout stays as it is."""

from __future__ import annotations

import ast
import shutil
from collections import Counter
from pathlib import Path

import pytest

from tests.mutants.mutator import mutants
from tests.mutants.trial import (
    APART,
    ROOT,
    Known,
    Server,
    all_mutants,
    call,
    covering,
    recalled,
    remember,
    sample,
    still_there,
    verdict,
)

SOURCE = '''"""Says 1 + 1."""
from __future__ import annotations

LIMIT = 3


def share(part: float, whole: float, strict: bool = True) -> float:
    """Part of a whole, at least 0."""
    if strict and part < 0:
        raise ValueError(f"part is {part + 1}")
    return pow(part, whole) / whole
'''


def made(kind: str) -> set[str]:
    """What the mutants of a kind write."""
    return {m.text for m in mutants("x.py", SOURCE) if m.kind == kind}


def test_every_kind_of_mistake_is_made() -> None:
    assert made("operator") == {"(strict or part < 0)", "(pow(part, whole) * whole)"}
    assert made("comparison") == {"(part >= 0)"}
    assert made("boundary") == {"(part <= 0)"}
    assert made("constant") == {"4", "False", "1"}
    assert made("condition") == {"(not (strict and part < 0))"}
    assert made("arguments") == {"pow(whole, part)"}


def test_symmetric_arguments_stay_in_their_places() -> None:
    assert {m.kind for m in mutants("x.py", "y = np.maximum(a, b)")} == set()


def test_messages_and_documentation_are_left_alone() -> None:
    lines = {m.line for m in mutants("x.py", SOURCE)}
    assert lines == {4, 7, 9, 11}


def test_a_mutant_knows_its_function_and_keeps_its_key_when_other_text_moves() -> None:
    before = {m.key: m for m in mutants("x.py", SOURCE) if m.function}
    after = {m.key: m for m in mutants("x.py", SOURCE.replace("LIMIT = 3", "LIMIT = 3\nOTHER = 5"))}
    assert {m.function for m in before.values()} == {"share"}
    assert before.keys() <= after.keys()
    assert all(after[key].line == m.line + 1 for key, m in before.items())


def test_every_mutant_of_the_package_is_a_text_of_its_own_that_python_reads() -> None:
    found = all_mutants()
    assert len(found) > 1000
    assert not [m.path for m in found if m.path.startswith(APART)]
    assert len({m.key for m in found}) == len(found)
    assert {"operator", "comparison", "boundary", "constant", "condition", "arguments"} == {
        m.kind for m in found
    }
    for mutant in sample(found, 100, 5):
        source = (ROOT / mutant.path).read_text(encoding="utf-8")
        changed = mutant.applied(source)
        assert ast.dump(ast.parse(changed)) != ast.dump(ast.parse(source))
        assert mutant.diff(source).startswith("-")


def test_a_sample_is_the_same_again_and_another_for_another_seed() -> None:
    found = all_mutants()
    assert sample(found, 30, 1) == sample(found[::-1], 30, 1)
    assert sample(found, 30, 1) != sample(found, 30, 2)
    assert sample(found, 30, 1) == sample(found, 60, 1)[:30]
    assert max(Counter(m.path for m in sample(found, 300, 1)).values()) < 100


def test_tests_are_those_that_run_the_function_the_quickest_first() -> None:
    (mutant, *_) = (m for m in mutants("x.py", SOURCE) if m.function == "share")
    spot = frozenset({("x.py", "share")})
    known = [
        Known("slow", 9.0, spot),
        Known("quick", 1.0, spot),
        Known("middle", 2.0, spot),
        Known("other", 0.1, frozenset({("x.py", "else")})),
    ]
    assert [k.test for k in covering(mutant, known, 4.0)] == ["quick", "middle"]
    assert [k.test for k in covering(mutant, known, 0.5)] == ["quick"]
    (outside,) = (m for m in mutants("x.py", SOURCE) if not m.function)
    assert len(covering(outside, known, 100.0)) == 4


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small tree with the plugin, one function and one test of it."""
    for path in ("tests/__init__.py", "tests/mutants/__init__.py", "market_abm/__init__.py",
                 "market_abm/market/__init__.py"):  # fmt: skip
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text('"""Empty."""\n', encoding="utf-8")
    for name in ("plugin", "server"):
        text = (ROOT / f"tests/mutants/{name}.py").read_text(encoding="utf-8")
        (tmp_path / f"tests/mutants/{name}.py").write_text(text, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    (tmp_path / "market_abm/market/x.py").write_text(SOURCE, encoding="utf-8")
    (tmp_path / "tests/test_x.py").write_text(
        "from market_abm.market.x import share\n\n\ndef test_share():\n    assert share(2.0, 2.0) == 2.0\n",
        encoding="utf-8",
    )
    return tmp_path


def test_a_noticed_mistake_is_told_from_an_unnoticed_one(tree: Path) -> None:
    (maps := tree / "maps").mkdir()
    assert call(tree, ["tests/test_x.py"], 60.0, {"MUTANTS_MAP": str(maps)})[0] == 0
    assert '["market_abm/market/x.py", "share"]' in (maps / "main.json").read_text(encoding="utf-8")
    known = [Known("tests/test_x.py::test_share", 0.1, frozenset())]
    found = {m.text: m for m in mutants("market_abm/market/x.py", SOURCE)}
    server = Server(tree)
    try:
        killed = verdict(found["(pow(part, whole) * whole)"], server, known)
        survived = verdict(found["pow(whole, part)"], server, known)
        assert [
            k.test for k in still_there([*known, Known("tests/test_x.py::gone", 0.1, frozenset())], server)
        ] == ["tests/test_x.py::test_share"]
        (tree / "tests/test_x.py").write_text(
            "import os\n\n\ndef test_share():\n    os.abort()\n", encoding="utf-8"
        )
        crashed = verdict(found["pow(whole, part)"], server, known)
        (tree / "tests/test_x.py").write_text("while True:\n    pass\n", encoding="utf-8")
        assert server.run(["tests/test_x.py"], 1.0) == (None, "")
    finally:
        server.close()
    assert killed == ("killed", "tests/test_x.py::test_share")
    assert survived == ("survived", "")
    assert crashed == ("killed", "ended by SIGABRT")
    assert (tree / "market_abm/market/x.py").read_text(encoding="utf-8") == SOURCE


def test_quick_tests_of_every_function_are_remembered(tmp_path: Path) -> None:
    spots = [("x.py", "share"), ("x.py", "other")]
    known = [Known(f"a.py::t{n}", 0.5 * n, frozenset(spots[: 1 + n % 2])) for n in range(1, 9)]
    known.append(Known("b.py::far", 1.2, frozenset(spots[:1])))
    remember(known, tmp_path / "map.json", most=4, seconds=4.0)
    again = {k.test: k for k in recalled(tmp_path / "map.json")}
    assert {k for k in again if spots[0] in again[k].ran} == {"a.py::t1", "a.py::t2", "b.py::far"}
    assert {k for k in again if spots[1] in again[k].ran} == {"a.py::t1", "a.py::t3"}
    assert again["a.py::t2"].seconds == 1.0
    assert recalled(tmp_path / "nothing.json") == []


def test_a_copy_without_the_package_is_refused(tree: Path) -> None:
    """Otherwise the installed package would be tested instead, and every mutant would survive."""
    shutil.rmtree(tree / "market_abm")
    with pytest.raises(RuntimeError, match="not from the copy"):
        call(tree, ["tests/test_x.py"], 60.0)
