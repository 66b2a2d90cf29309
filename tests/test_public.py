"""The public names are there, and load on first use."""

from __future__ import annotations

import pytest

import market_abm as ma


def test_every_public_name_can_be_had():
    for name in ma.__all__:
        assert callable(getattr(ma, name)), name
        assert name in dir(ma)


def test_unknown_names_are_refused():
    with pytest.raises(AttributeError, match="no attribute 'simulate'"):
        ma.simulate  # noqa: B018


def test_shipped_scenarios_are_listed():
    assert "two-clouds-three-labs" in ma.scenarios()
