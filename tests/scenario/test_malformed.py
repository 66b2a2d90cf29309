"""300 malformed files: each is refused with a place and a sentence, none with a traceback."""

from __future__ import annotations

import time

import pytest

from market_abm.scenario import check_file, format_problems

from .malformed import KINDS, SMALL, malformed, standalone

CASES = [*malformed(260), *malformed(40, seed=2027, names=standalone() or SMALL)]

HANG = 20.0
"""Seconds of processor time that no file can need: a blow-up, not a measurement."""


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda n: f"{n:03d} {CASES[n].kind}")
def test_is_refused_with_place_and_reason(number, tmp_path):
    case = CASES[number]
    path = case.write(tmp_path)
    began = time.process_time()
    problems = check_file(path)
    took = time.process_time() - began
    assert problems, "the file was accepted"
    assert took < HANG
    first = problems[0]
    assert first.file and first.line and first.line >= 1 and first.column >= 1
    assert first.message
    text = format_problems(problems)
    assert case.says in text
    assert "Traceback" not in text and "pydantic" not in text
    lines = text.splitlines()
    assert all(str(problem.line) in line for problem, line in zip(problems[:20], lines))
    assert max(map(len, lines)) < 2000


def test_every_kind_is_there():
    assert len(CASES) == 300
    assert {case.kind for case in CASES} == set(KINDS)
    assert len(KINDS) >= 50


def test_line_numbers_point_at_the_mutated_line(tmp_path):
    hits = 0
    for number, case in enumerate(CASES):
        if case.kind in ("anchor", "alias", "tag", "duplicate key"):
            first = check_file(case.write(tmp_path / str(number)))[0]
            line = case.text.splitlines()[first.line - 1]
            word = {"anchor": "&a", "alias": "*a", "tag": "!!python", "duplicate key": ":"}[case.kind]
            assert word in line
            hits += 1
    assert hits >= 16
