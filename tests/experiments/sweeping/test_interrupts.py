"""Ctrl-C: the first one finishes what is under way and says how to go on, a second one stops at once."""

from __future__ import annotations

import os
import signal
import time

import pytest

from market_abm import console
from market_abm.commands.sweeping import commands
from market_abm.experiments.engine import interrupts as module
from market_abm.experiments.engine.interrupts import interrupts
from market_abm.experiments.sweep import Options, sweep
from tests.experiments.sweeping import toys


def press():
    """An interrupt from the keyboard."""
    os.kill(os.getpid(), signal.SIGINT)


def test_one_interrupt_asks_and_a_later_one_stops(monkeypatch):
    monkeypatch.setattr(module, "ECHO", 0.05)
    with interrupts() as stopping:
        assert not stopping()
        press()
        assert stopping()
        time.sleep(0.1)
        with pytest.raises(KeyboardInterrupt):
            press()


def test_an_interrupt_that_arrives_twice_is_one(monkeypatch):
    """As `timeout`, `make` and shells send it: to the program, and to its group."""
    monkeypatch.setattr(module, "ECHO", 60.0)
    with interrupts() as stopping:
        press()
        press()
        assert stopping()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("times", [1, 2])
def test_both_say_how_to_go_on_and_lose_nothing(tmp_path, capsys, monkeypatch, times):
    monkeypatch.setattr(module, "ECHO", 0.0)
    folder = tmp_path / "s"

    def run(tell):
        def interrupted(state):
            tell(state)
            if state.now:
                for _ in range(times):
                    press()

        slow = Options(workers=0, chunk_seconds=1e-9)
        return sweep(toys.toy(3, 3), folder, model=toys.Toy, options=slow, tell=interrupted)

    assert commands._carried_out(run, folder, json=False, quiet=True) == console.INTERRUPTED
    said = capsys.readouterr().err
    assert ("after the runs that were under way" if times == 1 else "Stopped at once") in said
    assert "To go on: market-abm" in said
    stored = len(toys.stored(folder))
    assert 0 < stored < 9
    state = sweep(toys.toy(3, 3), folder, model=toys.Toy, options=Options(workers=0))
    assert (state.done, state.now) == (9, 9 - stored)
