"""Published numbers and exact cases, and the contract of their runner."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.oracles.runner import (
    CONCEPTS,
    NOT_BUILT,
    REQUIRED,
    SHIPPED,
    differences,
    load_cases,
    main,
    run_case,
)

CASES = [case for case in load_cases() if case.get("concept") not in NOT_BUILT]


@pytest.mark.parametrize("case", CASES, ids=[f"{c.get('concept')}-{c.get('id')}" for c in CASES])
def test_case(case):
    outcome = run_case(case)
    assert outcome.status == "passed", str(outcome)


def test_every_required_concept_is_built_and_shipped():
    assert set(CONCEPTS) >= REQUIRED
    assert {case["concept"] for case in load_cases(SHIPPED)} >= REQUIRED


def test_list_of_concepts_not_built_holds_no_built_and_no_required_one():
    assert not set(NOT_BUILT) & set(CONCEPTS)
    assert not set(NOT_BUILT) & REQUIRED
    assert all(reason for reason in NOT_BUILT.values())


def test_cases_not_built_are_reported_by_name():
    left_out = [case for case in load_cases(SHIPPED) if case["concept"] in NOT_BUILT]
    assert left_out
    for case in left_out:
        outcome = run_case(case)
        assert str(outcome).startswith(f"not built: {case['concept']} ({case['id']})")


def _spot(**changes) -> dict:
    case = next(case for case in load_cases(SHIPPED) if case["concept"] == "spot_clearing")
    return {**json.loads(json.dumps(case)), **changes}


def test_unknown_concept_fails():
    outcome = run_case(_spot(concept="phlogiston"))
    assert outcome.status == "failed"
    assert "unknown concept 'phlogiston'" in outcome.complaints[0]


def test_expected_key_without_an_answer_fails():
    outcome = run_case(_spot(expected={"units": 3, "temperature": 5}))
    assert outcome.status == "failed"
    assert outcome.complaints[0].startswith("temperature: no answer")


@pytest.mark.parametrize("expected", [{}, None])
def test_case_that_expects_nothing_fails(expected):
    assert run_case(_spot(expected=expected)).status == "failed"


def test_missing_input_fails_with_its_name():
    outcome = run_case(_spot(inputs={"buyer_values": [1, 2]}))
    assert outcome.status == "failed"
    assert "seller_costs" in outcome.complaints[0]


@pytest.mark.parametrize("case", CASES, ids=[f"{c.get('concept')}-{c.get('id')}" for c in CASES])
def test_every_expected_key_is_compared(case):
    """Spoiling any one expected number makes the case fail."""
    for key, value in case["expected"].items():
        spoiled = {**case, "expected": {**case["expected"], key: _spoil(value)}}
        assert run_case(spoiled).status == "failed", key


def _spoil(value):
    if isinstance(value, dict):
        last = list(value)[-1]
        return {**value, last: _spoil(value[last])}
    if isinstance(value, list):
        return [*value[:-1], _spoil(value[-1])]
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return value + "?"
    return value * 1.5 + 1.0


@pytest.mark.parametrize(
    ("expected", "got", "same"),
    [
        (1.0, 1.0 + 5e-7, True),
        (1.0, 1.0 + 5e-6, False),
        (1e6, 1e6 + 0.5, True),
        (True, 1, False),
        (1, True, False),
        (0.0, float("nan"), False),
        ([1, 2], [1, 2, 3], False),
        ({"a": 1}, {"a": 1, "b": 2}, True),
        ({"a": 1, "b": 2}, {"a": 1}, False),
        ("short", "long", False),
    ],
)
def test_comparison(expected, got, same):
    assert (not differences("x", expected, got, 1e-6, 1e-6)) is same


def test_environment_names_another_file(tmp_path):
    other = tmp_path / "other.json"
    other.write_text(json.dumps([_spot(id="mine", expected={"units": 4})]), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-k", "test_case", "tests/oracles/test_oracles.py"],
        env={**_environment(), "ORACLE_CASES": str(other)},
        capture_output=True,
        text=True,
        cwd=SHIPPED.parents[2],
    )
    assert done.returncode == 1
    assert "spot_clearing-mine" in done.stdout
    assert "expected 4, got 3.0" in done.stdout


def _environment() -> dict[str, str]:
    import os

    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}


def test_runner_prints_a_line_a_case(tmp_path, capsys):
    file = tmp_path / "two.json"
    file.write_text(json.dumps([_spot(id="good"), _spot(id="bad", concept="phlogiston")]), encoding="utf-8")
    assert main([str(file)]) == 1
    printed = capsys.readouterr().out
    assert "passed: spot_clearing (good)" in printed
    assert "failed: phlogiston (bad)" in printed


def test_empty_file_is_an_error(tmp_path):
    file = tmp_path / "none.json"
    file.write_text("[]", encoding="utf-8")
    with pytest.raises(ValueError, match="holds no cases"):
        load_cases(file)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"concept": "phlogiston"}, "unknown concept 'phlogiston'"),
        ({"expected": {"units": 3, "temperature": 5}}, "temperature: no answer"),
        ({"expected": None}, "the case expects nothing"),
        ({"inputs": {}}, "KeyError"),
    ],
)
def test_another_file_with_an_unknown_concept_or_a_missing_key_fails(tmp_path, changes, complaint):
    other = tmp_path / "other.json"
    other.write_text(json.dumps([_spot(id="sound"), _spot(id="odd", **changes)]), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "tests.oracles.runner"],
        env={**_environment(), "ORACLE_CASES": str(other)},
        capture_output=True,
        text=True,
        cwd=SHIPPED.parents[2],
    )
    assert done.returncode == 1
    assert "passed: spot_clearing (sound)" in done.stdout
    assert complaint in done.stdout
