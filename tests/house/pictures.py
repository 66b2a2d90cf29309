"""Make the pictures of the README and the gallery again: ``python -m tests.house.pictures [NAME...]``.

Each picture is a figure of the page that a command writes, taken by Chromium; those of the page that `market-abm view`
serves are made by ``python -m tests.browser.screenshots``. The words of a figure (what a reader who cannot see it is
told) are kept beside it as text: they hold the same numbers, so a difference in `docs/pictures/*.txt` says what changed.
Needs ``python start.py --dev`` and Chromium.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.house.tree import ROOT

FOLDER = ROOT / "docs" / "pictures"

RUN = "market-abm run colossus-lease --replications 20"
ONE = "market-abm run colossus-lease"
COMPARE = "market-abm compare no-colossus-lease colossus-lease --replications 20"


@dataclass(frozen=True)
class Picture:
    """A picture: the command that makes its page, and the title of the figure there."""

    name: str
    command: str
    title: str
    before: tuple[str, ...] = ()
    width: int = 900

    @property
    def line(self) -> str:
        """What one types for it."""
        return " && ".join((*self.before, self.command))


PICTURES = (
    Picture("chokepoints", RUN, "Chokepoints of the whole market"),
    Picture("prices", RUN, "Price against long-run cost"),
    Picture("concentration", RUN, "Concentration by base"),
    Picture("leverage", ONE, "Leverage split over time"),
    Picture(
        "phase",
        "market-abm phase results/phase",
        "HHI, tightness and chokepoints",
        before=("market-abm sweep phase",),
    ),
    Picture("lease-effects", COMPARE, "What changes, and how surely"),
)


def main(names: list[str]) -> None:
    """Make the pictures named, or all."""
    wanted = [picture for picture in PICTURES if not names or picture.name in names]
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, browser() as chromium:
        for picture in wanted:
            _figure(picture, _page(picture, Path(folder)), chromium)
            print(f"docs/pictures/{picture.name}.png: {picture.line}", flush=True)


@contextmanager
def browser() -> Iterator[Any]:
    """Chromium of the system."""
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        sys.exit("no Chromium on the path: apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield chromium
        chromium.close()


def _page(picture: Picture, folder: Path) -> Path:
    """The page that a command writes; commands that were run before are not run again."""
    import subprocess

    program = [sys.executable, "-m", "market_abm"]
    out = folder / re.sub(r"\W+", "-", picture.command)
    if picture.command.startswith("market-abm phase"):
        sweep = folder / "sweep"
        for command in picture.before:
            subprocess.run(
                [*program, *command.split()[1:], "--out", str(sweep), "--quiet"], cwd=ROOT, check=True
            )
        subprocess.run([*program, "phase", str(sweep)], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        return next(sweep.glob("*.html"))
    if not out.exists():
        words = [*program, *picture.command.split()[1:], "--out", str(out), "--quiet"]
        subprocess.run(words, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return out / "report.html"


def _figure(picture: Picture, page: Path, chromium: Any) -> None:
    tab = chromium.new_page(viewport={"width": picture.width, "height": 900}, device_scale_factor=1.5)
    tab.goto(page.as_uri())
    tab.wait_for_selector(".js-plotly-plot svg.main-svg")
    tab.add_style_tag(content="figure { padding: 12px; background: white }")
    found = tab.locator("figure", has=tab.locator("h3", has_text=picture.title)).first
    found.scroll_into_view_if_needed()
    tab.wait_for_timeout(500)
    words = " ".join(found.locator(".alt").text_content().split())
    found.locator("details").evaluate("node => node.style.display = 'none'")
    found.screenshot(path=str(FOLDER / f"{picture.name}.png"))
    text = f"$ {picture.line}\n\n{picture.title}. {words}\n"
    (FOLDER / f"{picture.name}.txt").write_text(text, encoding="utf-8")
    tab.close()


if __name__ == "__main__":
    main(sys.argv[1:])
