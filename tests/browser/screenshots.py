"""Pictures for the documents, made anew: ``python -m tests.browser.screenshots`` writes docs/pictures/*.png."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from tests.browser.driver import ROOT, Tab, browsing, serving, tab

FOLDER = ROOT / "docs" / "pictures"

MOST = 300_000
"""Bytes of a picture at most."""

SHOTS: tuple[tuple[str, str, int, int, tuple[str, ...]], ...] = (
    ("view", "scenario=colossus-lease&seed=1&quarter=2028Q1&firm=SpaceX%2FxAI", 1440, 1200, ()),
    ("view-explain", "scenario=colossus-lease&seed=1&quarter=2027Q2", 1440, 860, ("Anthropic",)),
    (
        "view-compare",
        "scenario=colossus-lease&compare=no-colossus-lease&seed=1&quarter=2028Q3&firm=OpenAI",
        1440,
        1420,
        (),
    ),
    ("view-phone", "scenario=colossus-lease&seed=1&quarter=2028Q1", 390, 844, ()),
)
"""Name, where the page stands, size, and firms whose drawer is opened."""


def main() -> None:
    """Take them all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with browsing() as browser, serving("colossus-lease") as server:
        for name, query, width, height, firms in SHOTS:
            with tab(browser, server.address, width, height) as page:
                shot(page, query, firms, FOLDER / f"{name}.png")


def shot(page: Tab, query: str, firms: tuple[str, ...], file: Path) -> None:
    """Go there, wait for the baseline's whole path, take the picture."""
    page.open(query)
    page.page.wait_for_function(
        "() => [...document.querySelectorAll('.abm-chart .js-plotly-plot')].some((chart) => chart.data.some("
        "(trace) => (trace.name || '').includes('baseline') && trace.y.length === 20))"
    )
    for firm in firms:
        page.page.click(f".abm-node[data-firm='{firm}'] >> nth=0")
        page.page.wait_for_selector(".abm-drawer")
    if "compare=" in query:
        page.page.wait_for_selector(".abm-parting")
    page.settle()
    page.page.evaluate("() => document.activeElement && document.activeElement.blur()")
    page.page.wait_for_timeout(500)
    file.write_bytes(smaller(page.page.screenshot()))
    print(f"{file.relative_to(ROOT)}: {file.stat().st_size / 1000:.0f} kB")


def smaller(data: bytes) -> bytes:
    """The picture, with fewer colours where it would be too large."""
    from PIL import Image

    picture: Any = Image.open(io.BytesIO(data)).convert("RGB")
    method = Image.Quantize.MAXCOVERAGE
    for candidate in (picture, *(picture.quantize(n, method, dither=Image.Dither.NONE) for n in (256, 128))):
        buffer = io.BytesIO()
        candidate.save(buffer, "PNG", optimize=True)
        if buffer.tell() <= MOST:
            break
    return buffer.getvalue()


if __name__ == "__main__":
    main()
