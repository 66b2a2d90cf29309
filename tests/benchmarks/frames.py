"""A frame of the browser view: one quarter computed and drawn, beside Mesa's SolaraViz on the same network."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from itertools import product
from typing import Any

from tests.benchmarks.figures import Figure
from tests.benchmarks.frame_pages import QUARTERS

SIZES = {40: (3.0, 0.25), 300: (10.0, 0.6)}
"""Firms, and what is asked: times as fast as SolaraViz at the median, seconds at the 95th percentile."""

PACES = {
    "one click a second": (1.0, False),
    "click upon click": (0.0, False),
    "a lever, then a click at once": (0.0, True),
}
"""Seconds between a frame and the next click, and whether a lever of our page is moved before it.

Our page computes ahead while its user looks: what is asked is what a user waits for. Beside it stand the frames of one
who never looks, and of one who moves a lever before each step and leaves it no time: these have the whole step in them.
"""

LOOK_MS = 3000.0
"""Milliseconds for which whoever opens a page looks at it before the first click."""

WARM = 2
"""Frames that load and compile; their time says nothing."""

PATIENCE_S = 120
"""A frame that takes longer is an error, not a figure."""

OURS = """async (patience) => {
  const began = performance.now();
  const quarter = document.querySelector('.abm-now b');
  const before = quarter.textContent;
  document.querySelector('[data-act=step]').click();
  const waits = () => quarter.textContent === before || document.querySelector('.abm-busy')
    || document.body.dataset.drawn !== document.body.dataset.frame;
  while (waits()) {
    if (performance.now() - began > 1000 * patience) throw new Error('the quarter was not drawn');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return (performance.now() - began) / 1000;
}"""

LEVER = """async (beta) => {
  const lever = document.querySelector('#abm-behaviour-beta');
  lever.value = beta;
  lever.dispatchEvent(new Event('change'));
  const there = () => document.querySelector('#abm-command').value.includes('behaviour.beta=' + beta);
  const waits = () => !there() || document.querySelector('.abm-busy')
    || document.body.dataset.drawn !== document.body.dataset.frame;
  while (waits()) await new Promise((resolve) => setTimeout(resolve, 2));
}"""
"""Moves a lever, until the quarter that is shown is that of the changed run."""

GHOST = """(quarters) => [...document.querySelectorAll('.abm-chart .js-plotly-plot')].some((chart) =>
  chart.data.some((trace) => (trace.name || '').includes('baseline') && trace.y.length === quarters))"""
"""Whether the baseline has been computed to its end."""

STOCK = """async (patience) => {
  const began = performance.now();
  const before = [...document.querySelectorAll('img')].map((i) => i.src);
  [...document.querySelectorAll('button')].find((b) => b.innerText.trim().toUpperCase() === 'STEP').click();
  const fresh = () => {
    const now = [...document.querySelectorAll('img')];
    return now.length === before.length && now.every((i, k) => i.src !== before[k] && i.complete);
  };
  while (!fresh()) {
    if (performance.now() - began > 1000 * patience) throw new Error('a picture stayed the same');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0)));
  return (performance.now() - began) / 1000;
}"""
"""From the click until every picture of the page is another one and, as on our page, painted."""


def frames(quick: bool) -> Iterator[Figure]:
    """Step and draw at 40 and 300 firms at two paces, both pages one after the other in one browser."""
    from tests.browser.driver import browsing

    sizes: dict[int, tuple[float | None, float | None]] = {6: (None, None)} if quick else dict(SIZES)
    with browsing() as browser:
        for (firms, (asked, asked_p95)), (pace, (rest, lever)) in product(sizes.items(), PACES.items()):
            ours = _frames(browser, "ours", firms, OURS, 3 if quick else 24, rest, lever)
            stock = _frames(browser, "stock", firms, STOCK, 3 if quick else 12, rest)
            detail: dict[str, Any] = {"p95_s": _p95(ours), "peer_p95_s": _p95(stock), "frames": len(ours)}
            if asked_p95 is not None and rest:
                detail["asked_p95_s"] = asked_p95
            yield Figure(
                f"frame: step and draw, {pace}",
                f"{firms} firms",
                statistics.median(ours),
                "SolaraViz, the same network",
                statistics.median(stock),
                asked=asked if rest else None,
                detail=detail,
            )


def _frames(
    browser: Any, which: str, firms: int, script: str, count: int, rest: float, lever: bool = False
) -> list[float]:
    """Seconds of each frame of a page of its own; with ``lever`` always of the second quarter of a new run."""
    from tests.browser.driver import serving, tab

    program = ("-m", "tests.benchmarks.frame_pages", which, str(firms))
    with serving(program=program) as server, tab(browser, server.address) as found:
        if which == "ours":
            found.open("set=behaviour.beta%3D0.4")  # another run than the baseline, which is computed ahead
            found.page.wait_for_function(GHOST, arg=QUARTERS)
            found.settle()
        else:
            found.page.goto(server.address)
            found.page.wait_for_selector("text=Time: 0")
            found.page.wait_for_selector("img")
        found.page.wait_for_timeout(LOOK_MS)
        taken = []
        for at in range(count + WARM):
            found.page.wait_for_timeout(1000.0 * rest)
            if lever:
                found.act("reset")
                found.settle()
                found.page.evaluate(LEVER, f"0.{at + 41}")
            taken.append(found.page.evaluate(script, PATIENCE_S))
        return taken[WARM:]


def _p95(values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, round(0.95 * len(values)))]
