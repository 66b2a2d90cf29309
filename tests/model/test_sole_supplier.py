"""Exclusive dealing: who deals with one supplier alone signs with no other, until that is lifted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.model.planted import lab, provider, run, world
from tests.model.tables import cell


def tied(sole: bool, **sections: Any) -> dict[str, Any]:
    """A buyer in need of 30, two sellers with ten each."""
    firms = {"Seller": provider(), "Other": provider(), "Buyer": lab([4.5, 30])}
    data = world(firms, **sections)
    data["links"].append({"supplier": "Seller", "buyer": "Buyer", "sole": sole})
    return data


def signed(data: dict[str, Any], t: int) -> float:
    """What the buyer uses of both sellers, kHQ."""
    return cell(run(data, t + 1), t, "firms", "served_khq", firm="Buyer")


def test_a_sole_supplier_keeps_others_out():
    assert signed(tied(False), 0) == pytest.approx(20.0)
    assert signed(tied(True), 0) == pytest.approx(10.0)


def test_a_ban_on_exclusivity_lifts_it_from_its_date():
    lifted = [{"kind": "exclusivity_ban", "supplier": "Seller", "quarter": "2026Q4"}]
    assert [signed(tied(True, timeline=lifted), t) for t in (0, 1)] == pytest.approx([10.0, 20.0])
