"""Runs played to their end at the fastest speed, with a user who clicks all the time."""

from __future__ import annotations

import random
import statistics
import time
from dataclasses import dataclass, field
from typing import Any

from tests.browser.driver import Server, Tab

PLAY_IS_OFFERED = "() => document.querySelector('[data-act=play]').innerText === 'Play'"


@dataclass
class Soak:
    """What a soak found: seconds until each pause was answered, memory after each run in MB."""

    runs: int = 0
    pauses: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)

    def told(self) -> str:
        """In words."""
        rise = self.memory[-1] - self.memory[len(self.memory) // 2]
        return (
            f"{self.runs} runs; pause answered in {statistics.median(self.pauses):.2f} s (median), "
            f"{max(self.pauses):.2f} s (worst of {len(self.pauses)}); memory {self.memory[0]:.0f} MB after the "
            f"first run, {self.memory[-1]:.0f} MB after the last, {rise:+.0f} MB over the second half"
        )


def soak(page: Tab, server: Server, runs: int, quarters: int = 20) -> Soak:
    """Play so many runs of so many quarters, each under another seed, clicking on firms, pausing and resetting."""
    chance = random.Random(1)
    found = Soak()
    page.open("seed=1000")
    page.page.select_option("[data-act=speed]", "0.1")
    firms = [node.get_attribute("data-firm") for node in page.page.query_selector_all(".abm-node")]
    firms = sorted({name for name in firms if name})
    for run in range(runs):
        page.page.fill("#abm-seed", str(1001 + run))
        page.page.dispatch_event("#abm-seed", "change")
        page.settle()
        page.act("reset")
        page.at("2026Q3")
        page.act("play")
        first = True
        while int(page.page.input_value("[data-act=scrub]")) < quarters:
            _click(page, chance, firms)
            if first or chance.random() < 0.25:
                first = False
                began = time.monotonic()
                if _press(page, "Pause"):
                    page.page.wait_for_function(PLAY_IS_OFFERED)
                    found.pauses.append(time.monotonic() - began)
                _press(page, "Play")
        _press(page, "Pause")
        page.settle()
        found.runs += 1
        found.memory.append(server.memory)
    return found


def _click(page: Tab, chance: random.Random, firms: list[Any]) -> None:
    """Something that a user does meanwhile."""
    script = "(f) => { const n = document.querySelector(`.abm-node[data-firm='${f}']`); if (n) n.click(); }"
    page.page.evaluate(script, chance.choice(firms))
    page.page.wait_for_timeout(chance.choice([30, 120, 300]))
    page.page.evaluate("() => { const b = document.querySelector('[data-act=shut]'); if (b) b.click(); }")


def _press(page: Tab, word: str) -> bool:
    """Press the button of play where it says so: the horizon may be reached at any moment, and ends the play."""
    script = """(word) => {
      const button = document.querySelector('[data-act=play]');
      const there = !button.disabled && button.innerText === word;
      if (there) button.click();
      return there;
    }"""
    return page.page.evaluate(script, word)
