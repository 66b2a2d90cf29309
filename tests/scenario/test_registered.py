"""Names of protocols and strategies are checked with the file, at their place."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from market_abm.market.bargaining import find_protocol, protocols
from market_abm.scenario import check_file, load_scenario, registered
from market_abm.strategies import get, names, strategy
from market_abm.strategies.view import VERBS

WORDS = {
    "renew": registered.Renewing,
    "buy": registered.Buying,
    "sell": registered.Selling,
    "build": registered.Building,
}


@pytest.mark.parametrize("verb", VERBS)
def test_the_strategies_written_down_are_those_of_the_package(verb: str) -> None:
    own = {name for name in names(verb) if get(verb, name).__module__.startswith("market_abm.")}
    assert set(get_args(WORDS[verb])) == own


def test_the_protocols_written_down_are_those_of_the_package() -> None:
    own = {name for name in protocols() if find_protocol(name).__module__.startswith("market_abm.")}
    assert set(get_args(registered.BuiltIn)) == own


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("where", ["behaviour", "firm"])
def test_an_unknown_strategy_is_refused_at_its_place(tmp_path: Path, verb: str, where: str) -> None:
    lines = ["name: case", "extends: two-clouds-three-labs"]
    lines += ["behaviour:"] if where == "behaviour" else ["firms:", "  Neocloud:"]
    pad = "  " * (1 if where == "behaviour" else 2)
    lines += [f"{pad}strategies:", f"{pad}  {verb}: defolt"]
    path = tmp_path / "case.yaml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    (problem,) = check_file(path)
    assert (problem.line, problem.column) == (len(lines), len(pad) + 5 + len(verb))
    assert problem.key == ("behaviour" if where == "behaviour" else "firms.Neocloud") + f".strategies.{verb}"
    assert problem.value == "defolt" and problem.nearest == "default"
    assert f"not a registered strategy of {verb}" in str(problem)


@pytest.mark.parametrize("value", [3, True, "[a]", "{a: 1}", ""])
def test_what_is_no_name_is_refused(tmp_path: Path, value: object) -> None:
    path = tmp_path / "case.yaml"
    path.write_text(
        f"name: case\nextends: two-clouds-three-labs\nbehaviour:\n  strategies:\n    sell: {value}\n",
        encoding="utf-8",
    )
    (problem,) = check_file(path)
    assert problem.line == 5


def test_what_somebody_registered_is_accepted_for_its_verb_only() -> None:
    @strategy("sell", "registered-in-tests")
    def mine(view, rows):
        return get("sell", "default")(view, rows)

    sound = load_scenario("two-clouds-three-labs", {"behaviour.strategies.sell": "registered-in-tests"})
    assert sound.behaviour.strategies.sell == "registered-in-tests"
    with pytest.raises(ValueError, match="not a registered strategy of build"):
        load_scenario("two-clouds-three-labs", {"behaviour.strategies.build": "registered-in-tests"})


def test_a_firm_without_strategies_of_its_own_names_none() -> None:
    played = load_scenario("two-clouds-three-labs").firms["Neocloud"].strategies
    assert (played.renew, played.buy, played.sell, played.build) == (None,) * 4
