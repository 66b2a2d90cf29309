"""The stress test in plain sentences."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from market_abm.analysis.statistics import middle
from market_abm.analysis.stress.plan import CHIP, REGION, SUPPLIER
from market_abm.analysis.stress.simulate import FIXED, OPEN, ROUTED
from market_abm.analysis.stress.tables import ranked, value
from market_abm.analysis.table import shown

if TYPE_CHECKING:
    from market_abm.analysis.stress.result import StressTest

NEAR = 0.002
"""Difference of a share that is called none."""

ABLE = 0.10
"""Loss after rerouting from which a customer counts as unable to do without its supplier: the relation's grade."""


def sentences(test: StressTest) -> tuple[str, ...]:
    """What is lost without the gravest of each kind, what rerouting and entry change, and who could refuse whom."""
    found = [_gravest(test), _help(test), _upstream(test), _refusal(test)]
    return tuple(sentence for sentence in found if sentence)


def _typical(test: StressTest, kind: str, name: str, variant: str, column: str) -> float:
    return float(middle(value(test, kind, name, variant, column)))


def _share(number: float) -> str:
    return f"{shown(number, 'share')} %"


def _gravest(test: StressTest) -> str:
    names = ranked(test, SUPPLIER)
    if not names:
        return ""
    served, welfare, quarters = (
        _typical(test, SUPPLIER, names[0], OPEN, column)
        for column in ("served_lost_peak", "welfare_lost_share", "quarters_to_recover")
    )
    others = ", ".join(
        f"{name} ({_share(_typical(test, SUPPLIER, name, OPEN, 'served_lost_peak'))})" for name in names[1:3]
    )
    text = (
        f"Most is lost without {names[0]}: with rerouting and entry {_share(served)} of served demand is missing "
        f"in the worst quarter and {_share(welfare)} of welfare over {test.window[0]} to {test.window[-1]}; "
        f"{_recovery(test, quarters)}."
    )
    return f"{text} Then come {others}." if others else text


def _recovery(test: StressTest, quarters: float) -> str:
    if quarters >= len(test.window):
        return f"it is not made good within {len(test.window)} quarters"
    return f"it is made good {shown(quarters, 'quarters')} quarters after the start"


def _help(test: StressTest) -> str:
    """What rerouting and entry change for the gravest supplier."""
    names = ranked(test, SUPPLIER)
    if not names:
        return ""
    peak, welfare = (
        [_typical(test, SUPPLIER, names[0], variant, column) for variant in (FIXED, ROUTED, OPEN)]
        for column in ("served_lost_peak", "welfare_lost_share")
    )
    gained = peak[0] - peak[1]
    what = "nothing" if gained < NEAR else f"{shown(gained, 'share')} points"
    why = (
        ", because nobody has capacity to spare: what one customer finds another loses"
        if gained < NEAR
        else ""
    )
    return (
        f"In the worst quarter rerouting over links that are there makes up for {what}{why}: {_share(peak[1])} of "
        f"served demand is missing with it and {_share(peak[0])} without. Over the window the loss of welfare is "
        f"{_share(welfare[0])} where nobody reroutes, {_share(welfare[1])} with rerouting and {_share(welfare[2])} "
        "where builders and entrants respond too."
    )


def _upstream(test: StressTest) -> str:
    parts = []
    for kind, word in ((CHIP, "chips of"), (REGION, "power additions in")):
        names = ranked(test, kind)
        if names:
            served = _typical(test, kind, names[0], OPEN, "served_lost_peak")
            quarters = _typical(test, kind, names[0], OPEN, "quarters_to_recover")
            parts.append(
                f"{test.plan.duration} quarters without {word} {names[0]} cost {_share(served)} of served demand in "
                f"the worst quarter ({_recovery(test, quarters)})"
            )
    return (" and ".join(parts) + ".") if parts else ""


def _refusal(test: StressTest) -> str:
    rows = test.foreclosure
    if not len(rows):
        return ""
    whole = rows.groupby(["supplier", "customer"], sort=False)
    able = int((whole["loss_after"].median().fillna(0.0) >= ABLE).sum())
    idle, resold = (int((whole[name].mean() > 0.5).sum()) for name in ("pays_idle", "pays_resold"))
    seeds = rows["seed"].nunique()
    text = (
        f"Of the {len(whole)} relations of the most pivotal suppliers with labs of others, {able} hold a customer "
        f"that loses at least {ABLE:.0%} after rerouting; refusing would pay in {idle} with the freed capacity idle "
        f"and in {resold} with it sold at the going price ({'one seed' if seeds == 1 else f'most of {seeds} seeds'})."
    )
    worst = [(float(lost), *map(str, pair)) for pair, lost in whole["customer_loses_peak"].median().items()]  # type: ignore[call-overload]
    known = [item for item in worst if not math.isnan(item[0])]
    if not known:
        return text
    lost, supplier, customer = max(known)
    return (
        f"{text} The largest effect is that of {supplier} on {customer}, which loses {_share(lost)} of its compute in "
        "the worst quarter."
    )
