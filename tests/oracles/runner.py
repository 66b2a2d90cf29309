"""Runs oracle cases through the product's own functions.

A case names a concept; `concepts_market`, `concepts_contracts` and `concepts_measures` say which product
function answers it and translate its inputs. Nothing here computes an answer. ``ORACLE_CASES`` names another
file of the same form; ``python -m tests.oracles.runner [FILE]`` prints a line a case.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.oracles import concepts_contracts, concepts_market, concepts_measures

SHIPPED = Path(__file__).with_name("cases.json")

Answers = Mapping[str, Any]
"""Answer by expected key; a callable is evaluated when its key is asked for."""

CONCEPTS: dict[str, Callable[[dict], Answers]] = {
    **concepts_market.CONCEPTS,
    **concepts_contracts.CONCEPTS,
    **concepts_measures.CONCEPTS,
}

REQUIRED = frozenset(
    {
        "assignment_game",
        "build_vs_lease",
        "calibration_arithmetic",
        "capability_growth",
        "chokepoint_phase_boundary",
        "comparative_statics",
        "contract_portfolio",
        "core_emptiness",
        "core_nonemptiness",
        "core_vs_marginal_contribution",
        "esri",
        "glove_game",
        "hhi_merger",
        "hold_up",
        "logit_diversion",
        "mhhi",
        "min_cut",
        "multi_item_auction",
        "myerson_value",
        "n_minus_1",
        "nash_bargaining",
        "nash_in_nash",
        "nash_in_nash_nonexistence",
        "nntr",
        "power_dependence",
        "real_option",
        "rsi_lerner",
        "rsi_psi",
        "short_side",
        "spot_clearing",
        "strategic_externality",
        "take_or_pay",
        "threshold_estimation",
        "transport_market",
        "transportation_problem",
        "vertical_arithmetic",
        "vguppi",
    }
)

NOT_BUILT: dict[str, str] = {
    "exchange_network": "balanced outcomes of unit exchange: one unit a firm and no capacity",
    "manea_limit": "random matching of stationary traders, who are replaced: firms here stay",
    "horn_wolinsky": "linear Cournot duopolists downstream: the product market here is logit",
    "cournot": "linear textbook Cournot in closed form; on networks `cournot` finds it to 2 % of a capacity",
    "bertrand_edgeworth": "mixed-strategy duopoly pricing of a homogeneous good",
    "debtrank": "financial contagion; the network measure here is ESRI",
    "foreclosure_commitment": "secret contracts with Cournot rivals downstream",
}
"""Concepts that are not required and not built, with the reason."""


@dataclass(frozen=True)
class Outcome:
    """What became of a case: ``passed``, ``failed`` or ``not built``, and every complaint."""

    case: str
    concept: str
    status: str
    complaints: tuple[str, ...] = ()

    def __str__(self) -> str:
        """One line, with the complaints below it."""
        return "\n    ".join([f"{self.status}: {self.concept} ({self.case})", *self.complaints])


def cases_path() -> Path:
    """The file of cases: ``ORACLE_CASES`` or the shipped one."""
    return Path(os.environ.get("ORACLE_CASES") or SHIPPED)


def load_cases(path: Path | str | None = None) -> list[dict]:
    """Cases of a file; a file that holds none is an error."""
    source = Path(path) if path is not None else cases_path()
    cases = json.loads(source.read_text(encoding="utf-8"))
    if not isinstance(cases, list) or not cases:
        raise ValueError(f"{source} holds no cases: it must be a list of objects with id, concept, expected")
    return cases


def run_case(case: dict) -> Outcome:
    """Ask the product and compare every key of ``expected``."""
    name, concept = str(case.get("id", "?")), str(case.get("concept", "?"))
    if concept not in CONCEPTS:
        if concept in NOT_BUILT:
            return Outcome(name, concept, "not built", (NOT_BUILT[concept],))
        return Outcome(name, concept, "failed", (f"unknown concept {concept!r}",))
    expected = case.get("expected")
    if not isinstance(expected, dict) or not expected:
        return Outcome(name, concept, "failed", ("the case expects nothing",))
    try:
        answers = CONCEPTS[concept](case["inputs"])
        complaints = []
        for key, value in expected.items():
            if key not in answers:
                complaints.append(f"{key}: no answer; there are {', '.join(sorted(answers))}")
                continue
            answer = answers[key]
            complaints += differences(key, value, answer() if callable(answer) else answer, *tolerances(case))
    except Exception as error:
        complaints = [f"{type(error).__name__}: {error}"]
    return Outcome(name, concept, "failed" if complaints else "passed", tuple(complaints))


def tolerances(case: dict) -> tuple[float, float]:
    """Relative and absolute tolerance: one number for both, a pair, or a mapping with ``rel`` and ``abs``."""
    given = case.get("tolerance", 1e-9)
    if isinstance(given, Mapping):
        both = [given.get("rel", given.get("relative", 0.0)), given.get("abs", given.get("absolute", 0.0))]
    elif isinstance(given, Sequence):
        both = list(given)
    else:
        both = [given, given]
    return float(both[0]), float(both[1])


def differences(key: str, expected: Any, got: Any, relative: float, absolute: float) -> list[str]:
    """Every place where an answer differs from what is expected, as sentences."""
    if isinstance(got, np.ndarray | np.generic):
        got = got.tolist()
    if isinstance(expected, Mapping):
        if not isinstance(got, Mapping):
            return [f"{key}: expected named values, got {got!r}"]
        found = [f"{key}.{name}: no answer" for name in expected if name not in got]
        for name in expected:
            if name in got:
                answer = got[name]() if callable(got[name]) else got[name]
                found += differences(f"{key}.{name}", expected[name], answer, relative, absolute)
        return found
    if isinstance(expected, list):
        if not isinstance(got, list | tuple) or len(got) != len(expected):
            return [f"{key}: expected {expected!r}, got {got!r}"]
        return [
            line
            for k, (a, b) in enumerate(zip(expected, got))
            for line in differences(f"{key}[{k}]", a, b, relative, absolute)
        ]
    if isinstance(expected, bool | str) or expected is None:
        same = type(got) is type(expected) and got == expected
    else:
        number = isinstance(got, int | float) and not isinstance(got, bool)
        same = number and (got == expected or abs(got - expected) <= absolute + relative * abs(expected))
    return [] if same else [f"{key}: expected {expected!r}, got {got!r}"]


def main(arguments: Sequence[str]) -> int:
    """Print a line a case; 1 if one failed."""
    outcomes = [run_case(case) for case in load_cases(arguments[0] if arguments else None)]
    print("\n".join(str(outcome) for outcome in outcomes))
    return int(any(outcome.status == "failed" for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
