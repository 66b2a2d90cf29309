"""One job of a stress test: the baseline of a seed, and some of the knock-outs on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from market_abm.analysis.stress import causes as common
from market_abm.analysis.stress.foreclosure import foreclosure
from market_abm.analysis.stress.losses import losses
from market_abm.analysis.stress.plan import PAIR, SUPPLIER, Plan, Target, targets
from market_abm.analysis.stress.simulate import FIXED, OPEN, ROUTED, Base, Look, baseline, cut, without
from market_abm.economy.compile import compile_world
from market_abm.units import ordered_sum

if TYPE_CHECKING:
    from market_abm.scenario import Scenario


def part(
    scenario: Scenario, seed: int, pin: bool, plan: Plan, chunk: Sequence[Target], first: bool
) -> dict[str, Any] | str:
    """Rows of some targets of a seed, or what went wrong: one bad seed does not cost the others."""
    try:
        return _part(scenario, seed, pin, plan, chunk, first)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def _part(
    scenario: Scenario, seed: int, pin: bool, plan: Plan, chunk: Sequence[Target], first: bool
) -> dict[str, Any]:
    world = compile_world(scenario, seed, pin=pin)
    base = baseline(world, seed, plan)
    rows: dict[str, Any] = {name: [] for name in ("knockouts", "paths", "pairs", "causes", "foreclosure")}
    for target in chunk:
        _knock(rows, base, plan, target, seed)
    if first:
        found = common.pairs(base, targets(world))
        for place, pair in enumerate(found):
            rows["pairs"].append(
                {"seed": seed, "pair": pair.target.name, "causes": ", ".join(pair.causes),
                 "served_lost": pair.served_lost, "one": pair.one, "other": pair.other, "beyond": pair.beyond}
            )  # fmt: skip
            if place < plan.pairs:
                _knock(rows, base, plan, pair.target, seed)
        rows["causes"] = [
            {"seed": seed, "cause": name, "served_lost": lost} for name, lost in common.causes(base).items()
        ]
        rows["foreclosure"] = [{"seed": seed, **row} for row in foreclosure(base, plan)]
    rows["window"] = base.quarters
    return rows


def _knock(rows: dict[str, Any], base: Base, plan: Plan, target: Target, seed: int) -> None:
    """All variants of one knock-out."""
    world, entries = base.model.world, target.entries(base.model.world, plan)
    runs: dict[str, tuple[Look, ...]] = {}
    if target.kind in (SUPPLIER, PAIR):
        runs[FIXED] = cut(base, common.shares_of(world, target), plan)
    runs |= {variant: without(base, entries, variant) for variant in (ROUTED, OPEN)}
    label = {"kind": target.kind, "target": target.name}
    for variant, looks in runs.items():
        found = losses(base, looks, frozen_labs=variant == FIXED)
        rows["knockouts"].append({"seed": seed, **label, "variant": variant, **found})
        for quarter, was, now in zip(base.quarters, base.looks, looks):
            before = float(ordered_sum(was.used))
            rows["paths"].append(
                {"seed": seed, **label, "variant": variant, "quarter": quarter,
                 "served": float(ordered_sum(now.used)) / before if before > 0 else float("nan"),
                 "price": now.price / was.price if variant != FIXED else float("nan")}
            )  # fmt: skip
