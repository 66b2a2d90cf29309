"""What a process leaves behind: where a run was that took too long, in Python code and in compiled code."""

from __future__ import annotations

import ctypes
import os
import socket
import time

import pytest

from market_abm.experiments.crumbs import crumbs, trace_of
from market_abm.experiments.store.folder import WORKERS

PATIENCE = 0.2


def survey(busy):
    """Named as a stage of the quarter is."""
    busy()


def in_python():
    until = time.monotonic() + 4 * PATIENCE
    while time.monotonic() < until:
        time.sleep(0.001)


def in_compiled_code():
    """As a compiled kernel does, it holds the interpreter's lock."""
    ctypes.PyDLL(None).usleep(int(4e6 * PATIENCE))


@pytest.mark.parametrize("busy", [in_python, in_compiled_code])
def test_a_run_that_takes_too_long_says_where_it_is(tmp_path, busy):
    (tmp_path / WORKERS).mkdir()
    host, pid = socket.gethostname(), os.getpid()
    with crumbs(tmp_path, PATIENCE) as note:
        note("a", "")
        note("a", "2026Q4")
        survey(busy)
        trace = trace_of(tmp_path, host, pid)
        assert (trace.key, trace.quarter, trace.stage, trace.fatal) == ("a", "2026Q4", "13 measurement", "")
        if busy is in_python:
            assert "Timeout (Python)" in (tmp_path / WORKERS / f"{host}-{pid}.stack").read_text()
    assert not list((tmp_path / WORKERS).iterdir())


def test_each_run_has_the_same_time(tmp_path):
    (tmp_path / WORKERS).mkdir()
    with crumbs(tmp_path, 2.0) as note:
        for key in "abc":
            note(key, "")
            time.sleep(0.9)
        assert not (tmp_path / WORKERS / f"{socket.gethostname()}-{os.getpid()}.stack").read_text()
