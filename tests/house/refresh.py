"""Write the generated parts of the documents again: ``python -m tests.house.refresh``.

`docs/parameters.md` comes from the scenario schema, the lists in `docs/odd.md` from the source, the answer in `README.md`
from the command beside it, the verdict of the backtest there from `market_abm/data/backtest/verdict.json`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterable
from pathlib import Path

from market_abm.scenario.dictionary import Key, keys
from tests.house.listed import ODD, with_lists
from tests.house.tree import ROOT

PARAMETERS = ROOT / "docs" / "parameters.md"
README = ROOT / "README.md"

BLOCK = re.compile(r"```text\n\$ (?P<command>market-abm [^\n]+)\n(?P<answer>.*?)```", re.S)

VERDICT = re.compile(r"(<!-- verdict -->\n).*?(<!-- /verdict -->)", re.S)
KEPT = ROOT / "market_abm" / "data" / "backtest" / "verdict.json"
"""What the last long backtest found; the README repeats it."""

WIDTH = 96
"""Columns of the terminal that the README shows."""

UNTIL = "The market"
"""Heading of the first table: the README has the sentences before it."""

SECTIONS = {
    "behaviour.": "Behaviour",
    "product.": "Product market",
    "upstream.": "Upstream",
    "firms.": "Firms",
    "segments.": "Segments",
    "links": "Links",
    "contracts.": "Contracts",
    "timeline": "Timeline",
}

HEAD = """# Parameters

Every key of a scenario, generated from the schema by `python -m tests.house.refresh`. A key without a default
must be given. Where low and high are stated the default is a guess: each seed draws from the triangular
distribution between them, unless the run is pinned or the scenario gives its own value.
"""


def parameters() -> str:
    """The page of parameters as the schema has it now."""
    page = [HEAD]
    for prefix, title in SECTIONS.items():
        rows = [key for key in keys() if key.path.startswith(prefix) and not _provenance(key)]
        page += [f"\n## {title}\n", *_table(rows)]
    return "\n".join(page) + "\n"


def _provenance(key: Key) -> bool:
    return key.path.rsplit(".", 1)[-1] in ("source", "as_of", "note")


def _table(rows: Iterable[Key]) -> Iterable[str]:
    yield "| key | unit or type | default | low | high | meaning |"
    yield "|---|---|---|---|---|---|"
    for key in rows:
        what = key.unit if key.unit not in ("", "1") else key.type.replace(" | ", ", ")
        low, high = ("" if end is None else f"{end:g}" for end in (key.low, key.high))
        default = "" if key.default is None else key.default
        meaning = key.meaning.replace("|", "\\|")
        yield f"| `{key.path}` | {what} | {default} | {low} | {high} | {meaning} |"


def shown() -> tuple[list[str], str]:
    """The command of the README's answer, as words, and the answer that stands there."""
    block = BLOCK.search(README.read_text(encoding="utf-8"))
    assert block, "README.md has no block that starts with '$ market-abm'"
    return block["command"].split(), block["answer"]


def printed(command: list[str]) -> str:
    """What the command prints today: the sentences and the tables of the market and its suppliers."""
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "-m", "market_abm", *command[1:], "--out", str(Path(folder) / "results")]
        environment = {**os.environ, "COLUMNS": str(WIDTH), "NO_COLOR": "1"}
        done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    return "\n".join(lines[: lines.index(UNTIL)]).rstrip() + "\n"


def verdict() -> str:
    """The verdict of the backtest as the README says it."""
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    text = " ".join(kept["sentences"][:3])
    return "\n".join(textwrap.wrap(text, 118, break_on_hyphens=False)) + "\n"


def main() -> None:
    """Write them all."""
    PARAMETERS.write_text(parameters(), encoding="utf-8")
    ODD.write_text(with_lists(ODD.read_text(encoding="utf-8")), encoding="utf-8")
    command, _ = shown()
    block = f"```text\n$ {' '.join(command)}\n{printed(command)}```"
    text = README.read_text(encoding="utf-8")
    text = BLOCK.sub(lambda _: block, text, count=1)
    if KEPT.exists():
        text = VERDICT.sub(lambda found: found[1] + verdict() + found[2], text)
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
