"""Structural knobs: named changes of a scenario that no single key can make, each with its range.

A knob is a function of a scenario and a value that answers with dotted keys and what to set them to. A knob
that draws (the supplier network) is also given the seed and makes the same draw in every scenario compared.
"""

from market_abm.experiments.knobs.base import KNOBS, Knob, KnobError, knob
from market_abm.experiments.knobs.structure import hhi, leaders, reach, tightness, users
from market_abm.experiments.knobs.terms import (
    build_cost,
    contestability,
    lead_time,
    notice,
    rival_harm,
    rollover,
    switching_cost,
)

__all__ = [
    "KNOBS", "Knob", "KnobError", "build_cost", "contestability", "hhi", "knob", "lead_time", "leaders", "notice",
    "reach", "rival_harm", "rollover", "switching_cost", "tightness", "users",
]  # fmt: skip
