"""What the documents show works: examples run, commands exist, the answer is today's."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import market_abm as ma
from market_abm import plugins
from market_abm.market.bargaining import base as bargaining
from market_abm.strategies import registry
from tests.house.refresh import printed, shown
from tests.house.tree import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def block(title: str) -> str:
    """The Python example under a heading of CONTRIBUTING.md."""
    section = CONTRIBUTING.split(f"## {title}\n", 1)[1]
    found = re.search(r"```python\n(.*?)```", section, re.S)
    assert found
    return found[1]


def played(title: str) -> dict[str, Any]:
    """The names that an example leaves behind."""
    names: dict[str, Any] = {"__name__": "example"}
    exec(block(title), names)
    return names


def statements(code: str) -> int:
    """Lines of an example that are neither imports nor blank."""
    return sum(bool(line.strip()) and not line.startswith(("from", "import")) for line in code.splitlines())


def contracted(model: Any, firm: str) -> float:
    """What a firm has under contract after the first quarter, kHQ."""
    seller = model.world.sellers.key.index(firm)
    return float(model.state.book.matrix(model.state.book.volume, model.world.shape)[seller].sum())


@pytest.fixture(autouse=True)
def registries_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """What an example registers is gone after its test."""
    strategies = {verb: dict(known) for verb, known in registry._STRATEGIES.items()}
    monkeypatch.setattr(registry, "_STRATEGIES", strategies)
    monkeypatch.setattr(bargaining, "_PROTOCOLS", dict(bargaining._PROTOCOLS))
    monkeypatch.setattr(plugins, "_entries", list(plugins._entries))


@pytest.fixture(scope="module")
def plain() -> Any:
    """The same market with defaults only."""
    model = ma.ComputeMarket("two-clouds-three-labs", rng=7)
    model.step()
    return model


@pytest.mark.parametrize("title", ["A firm that decides otherwise", "A strategy"])
def test_a_firm_that_decides_otherwise_takes_ten_lines_and_moves_the_market(title: str, plain: Any) -> None:
    assert statements(block(title)) <= 10
    model = played(title)["model"]
    assert contracted(model, "Neocloud") < contracted(plain, "Neocloud")
    income = "compute_income_musd"
    assert not np.array_equal(model.record["firms"][income], plain.record["firms"][income])


def test_subclass_and_strategy_that_do_the_same_give_the_same_bits() -> None:
    left = played("A firm that decides otherwise")["model"]
    right = played("A strategy")["model"]
    assert left.record["steps"] == right.record["steps"]
    assert np.array_equal(left.state.cash, right.state.cash)


def test_the_example_of_a_protocol_pays_the_ceiling() -> None:
    names = played("A protocol")
    traded = np.isfinite(names["deal"].price)
    assert traded.any()
    assert np.array_equal(names["deal"].price[traded], names["deal"].ceiling[traded])


def test_the_example_of_a_measure_measures() -> None:
    assert played("A measure")["leader_over_second"](np.array([1.0, 6.0, 3.0])) == pytest.approx(2.0)


def test_there_are_two_commands_and_the_ci_script_runs_the_second() -> None:
    commands = re.findall(r"^python start\.py .*$", README, re.M)
    assert len(commands) == 2
    main, tests = commands
    assert main.startswith("python start.py market-abm run ")
    assert tests.startswith("python start.py --dev pytest")
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "grep -m1 -E '^python start\\.py --dev '" in script


def test_every_command_that_the_documents_name_exists() -> None:
    from typer.main import get_command

    from market_abm.cli import app

    known = set(get_command(app).commands)  # type: ignore[attr-defined]
    pages = [README, CONTRIBUTING, (ROOT / "docs" / "odd.md").read_text(encoding="utf-8")]
    named = {word for page in pages for word in re.findall(r"market-abm ([a-z]+)", page)}
    assert named and named <= known


def test_every_file_that_the_documents_link_to_exists() -> None:
    for name in ("README.md", "CONTRIBUTING.md", "docs/odd.md"):
        page = ROOT / name
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{name} links to {link}"


def test_the_answer_in_the_readme_is_what_the_command_prints() -> None:
    command, answer = shown()
    assert f"python start.py {' '.join(command)}\n" in README
    assert printed(command) == answer, "run: python -m tests.house.refresh"
