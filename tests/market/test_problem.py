"""TradeProblem: what it accepts, what it refuses and in which words."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from market_abm.market import TradeProblem
from market_abm.market.problem import replace_each

GOOD = {
    "capacity": [5.0, 3.0],
    "unit_cost": [1.0, 2.0],
    "block_quantity": [[2.0, 2.0], [4.0, 1.0]],
    "block_value": [[9.0, 5.0], [7.0, 3.0]],
}


def test_defaults_are_broadcast_and_read_only():
    problem = TradeProblem(**GOOD, switching=0.5)
    assert problem.switching.shape == problem.wedge.shape == problem.linked.shape == (2, 2)
    assert problem.linked.all()
    assert problem.link_cap is None
    assert (problem.sellers, problem.buyers) == (2, 2)
    with pytest.raises(ValueError, match="read-only"):
        problem.capacity[0] = 1.0


def test_gain_is_minus_all_costs_of_the_link():
    problem = TradeProblem(**GOOD, switching=0.5, wedge=[[0.25, 0.0], [0.0, -1.0]], tax=1.0)
    np.testing.assert_array_equal(problem.gain, [[-2.75, -2.5], [-3.5, -2.5]])
    np.testing.assert_array_equal(problem.link_cost, -problem.gain)


def test_numbers_are_rounded_to_the_grid():
    problem = TradeProblem(**{**GOOD, "capacity": [1.00000049, 2.0000006]}, switching=1e-7)
    np.testing.assert_array_equal(problem.capacity, [1.0, 2.000001])
    assert (problem.switching == 0.0).all()


def test_there_are_no_negative_zeros():
    problem = TradeProblem(**{**GOOD, "unit_cost": [-0.0, -1e-9]}, wedge=-1e-9)
    assert not np.signbit(problem.unit_cost).any()
    assert not np.signbit(problem.wedge).any()


def test_the_callers_arrays_are_copied():
    capacity = np.array([5.0, 3.0])
    problem = TradeProblem(**{**GOOD, "capacity": capacity})
    capacity[0] = 99.0
    assert problem.capacity[0] == 5.0


def test_a_cap_beyond_the_grid_is_no_cap():
    problem = TradeProblem(**GOOD, link_cap=[[np.inf, 1e12], [2.0, 0.0]])
    np.testing.assert_array_equal(problem.link_cap, [[np.inf, np.inf], [2.0, 0.0]])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"capacity": [5.0, -1.0]}, r"capacity\[1\] is -1.0; it must be from 0"),
        ({"capacity": [5.0, np.nan]}, r"capacity\[1\] is nan"),
        ({"capacity": [[5.0]]}, "one number a seller"),
        ({"capacity": ["much", "more"]}, "cannot be read as numbers"),
        ({"unit_cost": [1.0]}, r"unit_cost has shape \(1,\) where \(2,\)"),
        ({"unit_cost": [1.0, np.inf]}, r"unit_cost\[1\] is inf; it must be finite"),
        ({"unit_cost": None}, "unit_cost is None"),
        ({"unit_cost": [1.0, 1e12]}, r"within \+-1e\+08"),
        ({"block_quantity": [2.0, 2.0]}, "one row a buyer"),
        ({"block_quantity": [[2.0, 2.0], [4.0, 1e12]]}, r"block_quantity\[1, 1\]"),
        ({"block_value": [[9.0, 5.0]]}, "block_value has shape"),
        ({"block_value": [[9.0, 5.0], [3.0, 7.0]]}, r"block_value\[1, 1\] is 7.0.*sort its blocks"),
        ({"switching": [1.0]}, "switching has shape"),
        ({"linked": [[1, 0], [0, 1]]}, "linked has type int64"),
        ({"link_cap": -1.0}, r"link_cap\[0, 0\] is -1.0; it must be zero or more"),
        ({"link_cap": np.nan}, "link_cap"),
        ({"incumbent": -1.0}, "incumbent"),
        ({"tie_key": 1.0}, r"tie_key\[0, 0\] is 1.0; it must be in \[0, 1\)"),
    ],
)
def test_refuses_with_a_sentence(change, words):
    with pytest.raises(ValueError, match=words):
        TradeProblem(**{**GOOD, **change})
    if change != {"capacity": [[5.0]]}:
        with pytest.raises(ValueError, match=words):
            TradeProblem(**GOOD).replace(**change)


def test_blocks_of_quantity_zero_are_padding():
    padded = TradeProblem(
        **{**GOOD, "block_quantity": [[0.0, 2.0], [4.0, 0.0]], "block_value": [[1, 5], [7, 9]]}
    )
    assert padded.buyers == 2


def test_replace_keeps_everything_else():
    problem = TradeProblem(**GOOD, switching=0.5)
    changed = problem.replace(capacity=[1.0, 1.0])
    np.testing.assert_array_equal(changed.capacity, [1.0, 1.0])
    assert changed.switching is problem.switching
    np.testing.assert_array_equal(problem.capacity, [5.0, 3.0])
    assert problem.replace(link_cap=2.0).replace(link_cap=None).link_cap is None
    with pytest.raises(TypeError, match="no argument"):
        problem.replace(capacities=[1.0, 1.0])


def test_replace_may_change_the_shape():
    problem = TradeProblem(**GOOD)
    wider = problem.replace(block_quantity=np.ones((2, 3)), block_value=np.ones((2, 3)))
    assert wider.block_value.shape == (2, 3)


CHANGES = {
    "wedge": [[[0.25, 0.0], [0.0, -1.0]], [[1.0, 1.0], [0.0, 0.0]]],
    "capacity": [[1.00000049, 0.0], [4.0, 4.0]],
    "block_quantity": [[[1.0, 1.0], [2.0, 0.0]], [[3.0, 0.0], [1.0, 1.0]]],
    "block_value": [[[8.0, 8.0], [6.0, 2.0]], [[4.0, 9.0], [5.0, 5.0]]],
    "linked": [[[True, False], [True, True]], [[False, True], [True, True]]],
}


@pytest.mark.parametrize(
    "names", [["wedge"], ["capacity", "linked"], ["block_quantity", "block_value"], [*CHANGES]]
)
def test_many_problems_changed_together_are_those_changed_one_by_one(names):
    """What was worked out of the old arguments, as the cost of links, is not kept."""
    old = TradeProblem(**GOOD, switching=0.5)
    assert old.link_cost.any() and old._all_fall
    together = replace_each([old, old], **{name: np.array(CHANGES[name]) for name in names})
    for k, problem in enumerate(together):
        alone = old.replace(**{name: np.array(CHANGES[name][k]) for name in names})
        for name in (*GOOD, "switching", "wedge", "linked", "link_cost", "_all_fall"):
            np.testing.assert_array_equal(getattr(problem, name), getattr(alone, name))


def test_one_of_many_problems_with_a_rising_block_is_refused():
    with pytest.raises(ValueError, match="block_value"):
        replace_each(
            [TradeProblem(**GOOD)] * 2,
            block_value=np.array([[[9.0, 5.0], [7.0, 3.0]], [[9.0, 5.0], [3.0, 7.0]]]),
        )


def test_importing_the_market_loads_no_compiler():
    code = (
        "import sys, market_abm.market as m; m.TradeProblem([1.0], [0.0], [[1.0]], [[1.0]]);"
        "assert not {'numba', 'mesa', 'pandas'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_unknown_public_name():
    import market_abm.market as market

    with pytest.raises(AttributeError, match="no attribute 'clears'"):
        market.clears  # noqa: B018
    assert "clear" in dir(market)
