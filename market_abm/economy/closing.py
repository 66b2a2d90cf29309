"""The opening state closes in every seed: fleets, the book and uses are drawn apart, then reconciled.

Fleets, volumes and uses have ranges of their own. Drawn one by one they would promise more than is online, or
leave half a fleet idle. What is known best is kept: the size of the fleet, then the term contracts; rolling
relations and own use, which are residuals in the data, take up the difference, so that each supplier
allocates the same share of its fleet in every seed. What users use is what the book delivers to them.
"""

from __future__ import annotations

from typing import Any

from market_abm.scenario.fields import FrozenMap
from market_abm.scenario.schema import Scenario

LEAST = 0.25
"""Rolling and own use shrink to a quarter of their drawn volume at most; then term contracts shrink too."""


def closed(central: Scenario, drawn: Scenario) -> Scenario:
    """The drawn scenario with its opening book and uses reconciled.

    Parameters
    ----------
    central : Scenario
        As loaded: its central values close.
    drawn : Scenario
        The same under one seed. With every value at its centre it comes back unchanged.
    """
    factor = volume_factors(central, drawn)
    contracts = {}
    for key, contract in drawn.contracts.items():
        first = central.contracts[key]
        now = float(contract.volume) * factor[key]
        changes: dict[str, Any] = {"volume": now}
        if contract.ramp:  # a contract drawn larger now is larger later
            later = now / float(first.volume) if float(first.volume) > 0 else factor[key]
            ramp = {quarter: float(volume) * later for quarter, volume in contract.ramp.items()}
            changes["ramp"] = type(contract.ramp)(ramp)
        contracts[key] = contract.model_copy(update=changes)
    book = drawn.model_copy(update={"contracts": FrozenMap(contracts)})
    return _uses(central, book)


def volume_factors(central: Scenario, drawn: Scenario) -> dict[str, float]:
    """What each contract's drawn volume is multiplied with."""
    factor: dict[str, float] = {}
    rows_of: dict[str, list[str]] = {}
    for key, contract in drawn.contracts.items():
        rows_of.setdefault(contract.supplier, []).append(key)
    for name, firm in drawn.firms.items():
        rows = rows_of.get(name)
        if firm.fleet is None or rows is None:
            continue
        middle = float(central.firms[name].fleet.online)  # type: ignore[union-attr]
        grown = float(firm.fleet.online) / middle if middle > 0 else 1.0
        fixed = [key for key in rows if drawn.contracts[key].kind == "term"]
        residual = [key for key in rows if drawn.contracts[key].kind != "term"]
        target = grown * sum([_opening(central, key) for key in rows])
        term = grown * sum([_opening(drawn, key) for key in fixed])
        rest = grown * sum([_opening(drawn, key) for key in residual])
        if rest > 0:
            room = max((target - term) / rest, LEAST)
            both = target / (term + room * rest)
        else:
            room, both = 1.0, target / term if term > 0 else 1.0
        factor |= dict.fromkeys(fixed, grown * both) | dict.fromkeys(residual, grown * both * room)
    return factor


def _opening(scenario: Scenario, key: str) -> float:
    """Volume of a contract in the first quarter, kH100e."""
    contract = scenario.contracts[key]
    return float(contract.volume) if (contract.start or "") <= scenario.horizon.start else 0.0


def delivered(scenario: Scenario) -> dict[str, float]:
    """What the opening book delivers to each buyer, kHQ."""
    total: dict[str, float] = {}
    for key, contract in sorted(scenario.contracts.items()):
        total[contract.buyer] = total.get(contract.buyer, 0.0) + _opening(scenario, key)
    return total


def _uses(central: Scenario, drawn: Scenario) -> Scenario:
    """Uses in proportion to what the book delivers; a lab's split of serving and training as drawn."""
    before, after = delivered(central), delivered(drawn)

    def ratio(name: str) -> float:
        return after[name] / before[name] if before.get(name, 0.0) > 0 else 1.0

    firms: dict[str, Any] = {}
    for name, firm in drawn.firms.items():
        firms[name] = firm
        lab, middle = firm.lab, central.firms[name].lab
        if lab is None or middle is None:
            continue
        use = float(lab.inference) + float(lab.rnd)
        wanted = (float(middle.inference) + float(middle.rnd)) * ratio(name)
        split = wanted / use if use > 0 else 1.0
        changes = {
            "inference": float(lab.inference) * split,
            "rnd": float(lab.rnd) * split,
            "unmet": float(lab.unmet) * ratio(name),
        }
        firms[name] = firm.model_copy(update={"lab": lab.model_copy(update=changes)})
    segments: dict[str, Any] = {}
    for name, segment in drawn.segments.items():
        use = float(central.segments[name].use) * ratio(name)
        changes = {"use": use, "unmet": float(segment.unmet) * ratio(name)}
        segments[name] = segment.model_copy(update=changes)
    update = {"firms": FrozenMap(firms), "segments": FrozenMap(segments)}
    return drawn.model_copy(update=update)
