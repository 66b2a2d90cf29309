"""The description of the model follows the code."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from typing import Any

import pytest

from market_abm.model import ComputeMarket
from market_abm.scenario.timeline import KINDS
from market_abm.timeline import kinds
from tests.house.listed import with_lists
from tests.house.refresh import PARAMETERS, parameters
from tests.house.tree import ROOT

ODD = (ROOT / "docs" / "odd.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(market_abm(?:\.\w+)+)`", ODD)))


def resolved(name: str) -> Any:
    """The module, class or function of a dotted name."""
    parts = name.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found: Any = import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for part in parts[cut:]:
            found = getattr(found, part)
        return found
    raise AssertionError(name)


@pytest.mark.parametrize("name", NAMED)
def test_every_name_in_the_description_exists(name: str) -> None:
    assert resolved(name) is not None


def test_a_name_that_does_not_exist_is_found_out() -> None:
    with pytest.raises(AttributeError):
        resolved("market_abm.economy.finance.print_money")


def test_stages_stand_in_the_order_in_which_they_run() -> None:
    """Each function of the table of stages is called by the quarter, in the order of the table."""
    table = ODD[ODD.index("| stage |") : ODD.index("In the first quarter stage 1")]
    named = [name.rsplit(".", 1)[1] for name in re.findall(r"`(market_abm\.[\w.]+)`", table)]
    step = inspect.getsource(ComputeMarket.step)
    methods = {name: body for name, body in vars(ComputeMarket).items() if f"self.{name}(q)" in step}
    source = step
    for name, method in methods.items():
        source = source.replace(f"self.{name}(q)", inspect.getsource(method))
    at = 0
    for name in named:
        place = re.search(rf"\b{name}\(", source[at:])
        assert place, f"{name} is not called after what stands before it in the table"
        at += place.end()
    assert len(named) >= 20


def test_parameters_are_those_of_the_schema() -> None:
    assert PARAMETERS.read_text(encoding="utf-8") == parameters(), "run: python -m tests.house.refresh"


def test_every_kind_of_the_timeline_is_listed_and_has_an_effect() -> None:
    section = ODD[ODD.index("### 7.11") : ODD.index("## 8.")]
    listed = set(re.findall(r"`(\w+)`", section))
    assert listed == set(kinds()) == set(KINDS)


def test_every_protocol_is_listed() -> None:
    from market_abm.market.bargaining import protocols

    section = ODD[ODD.index("Protocols: ") : ODD.index("<!-- /protocols -->")]
    assert set(re.findall(r"`(\w+)`", section)) == set(protocols())


def test_lists_of_what_is_registered_are_todays() -> None:
    assert with_lists(ODD) == ODD, "run: python -m tests.house.refresh"


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"null"}))
def test_every_field_of_a_timeline_entry_is_read_by_its_kind(kind: str) -> None:
    from market_abm.timeline import registry

    handler = inspect.getsource(registry._KINDS[kind])
    handler += inspect.getsource(registry._told) + inspect.getsource(registry.in_force)
    own = set(KINDS[kind].model_fields) - set(KINDS["null"].model_fields)
    unread = {name for name in own if not re.search(rf"\bentry\.{name}\b", handler)}
    assert not unread, f"{kind} reads nothing of {sorted(unread)}"
