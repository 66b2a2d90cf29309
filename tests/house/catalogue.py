"""What came out of every scenario of the catalogue: run, kept as numbers, written as `scenarios/README.md`.

``python -m tests.house.catalogue --run`` runs every scenario against the one that it is read against and keeps the
statistics in `tests/long-runs/catalogue.csv`; without ``--run`` it only writes the page again from what is kept.
"""

from __future__ import annotations

import argparse
import csv
import io
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from market_abm.analysis.compare_sentences import clause
from market_abm.analysis.identification import identification
from market_abm.analysis.outcomes import LAB_OUTCOMES, OUTCOMES
from market_abm.analysis.pairing import Effect
from market_abm.analysis.table import shown
from market_abm.analysis.writer import Writer
from market_abm.commands.inspect import THEMES
from market_abm.scenario import Scenario, load_scenario, shipped
from tests.house.tree import ROOT

PAGE = ROOT / "scenarios" / "README.md"
KEPT = ROOT / "tests" / "long-runs" / "catalogue.csv"

SEEDS = 12
"""Paired seeds of every comparison."""

FIELDS = (
    "scenario", "against", "outcome", "firm", "seeds", "baseline", "other", "difference", "low", "high", "same_sign",
    "variance_removed", "spread", "zeros",
)  # fmt: skip

MOST, LABS = 5, 3
"""Effects on the market and on labs that a paragraph names."""

LISTED = 4
"""Outcomes without an effect that a paragraph names; more are counted."""

LAB_KEYS = ("velocity_first", "product_share", "served")

READ_THROUGH = re.compile(r" ?\(read through [^)]*\)")
"""How a source was read stands in the scenario's own list of sources."""

WORLDS = ("bilateral-monopoly", "lone-lessor", "two-clouds-three-labs", "world-2026")
"""Scenarios without another to be read against."""

HEAD = """# Scenarios

`market-abm scenarios` lists them, `market-abm show NAME` tells each in words with its numbers and sources, and
`market-abm compare BASELINE NAME` runs it. What came out is written by `.ci/long/catalogue` from runs of {seeds} paired
seeds over the whole horizon (statistics in `tests/long-runs/catalogue.csv`): the mean of the paired differences with its
95 % interval. *Rises* and *falls* mean that the interval leaves out zero and the mean reaches the smallest effect of
interest, *no effect* that the whole interval is smaller than that. Seeds vary shocks and guesses, not the rules of the
model: `market-abm robustness` does that.

An illustrative simulation: not a forecast, not a finding about anybody's conduct, no affiliation with any firm named.
Scenarios that ask what if about a real firm are hypothetical and say so.
"""

EXPLANATIONS = ("idle-fleet-only", "cash-need-only", "rival-harm-only")
LESSOR, TARGET, TENANTS = "SpaceX/xAI", "OpenAI", ("Anthropic", "Google")


def compared() -> list[tuple[str, str]]:
    """Every scenario with the one that it is read against."""
    found = []
    for name in shipped():
        against = load_scenario(name).read_against
        if against is not None:
            found.append((name, against))
    return found


def run(seeds: int, workers: int | None) -> list[dict[str, Any]]:
    """Statistics of every comparison; each scenario is run once."""
    from market_abm.analysis.compare import Comparison
    from market_abm.experiments.replicate import replicate

    pairs = compared()
    results: dict[str, Any] = {}
    rows: list[dict[str, Any]] = []
    for place, (name, against) in enumerate(pairs):
        for wanted in (against, name):
            if wanted not in results:
                print(f"{wanted} ({place + 1} of {len(pairs)})", file=sys.stderr, flush=True)
                results[wanted] = replicate(wanted, range(1, seeds + 1), workers)
        pair = Comparison(results[against], (results[name],))
        rows += [_row(name, against, item) for item in (*pair.effects(), *pair.lab_effects())]
        still = {other for later in pairs[place + 1 :] for other in later}
        results = {key: held for key, held in results.items() if key in still}
    return rows


def _row(name: str, against: str, item: Effect) -> dict[str, Any]:
    numbers = {field: getattr(item, field) for field in FIELDS[4:]}
    firm = item.outcome.unit[0] if item.outcome.unit else ""
    return {"scenario": name, "against": against, "outcome": item.outcome.key, "firm": firm, **numbers}


def csv_of(rows: Iterable[Mapping[str, Any]]) -> str:
    """The statistics as they are kept: six significant digits."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, FIELDS, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow(
            {key: f"{item:.6g}" if isinstance(item, float) else item for key, item in row.items()}
        )
    return buffer.getvalue()


def kept() -> dict[str, list[Effect]]:
    """The effects that are kept, by scenario."""
    market = {item.key: item for item in OUTCOMES}
    labs = {item.key: item for item in LAB_OUTCOMES}
    found: dict[str, list[Effect]] = {}
    with KEPT.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            outcome = (
                replace(labs[row["outcome"]], unit=(row["firm"],)) if row["firm"] else market[row["outcome"]]
            )
            numbers = {name: float(row[name]) for name in FIELDS[5:13]}
            found.setdefault(row["scenario"], []).append(
                Effect(
                    outcome=outcome,
                    scenario=row["scenario"],
                    seeds=int(row["seeds"]),
                    zeros=int(row["zeros"]),
                    differences=(),
                    **numbers,
                )
            )
    return found


def page() -> str:
    """The page as the files and the statistics have it."""
    effects = kept()
    seeds = max((item.seeds for part in effects.values() for item in part), default=0)
    scenarios = {name: load_scenario(name) for name in shipped()}
    parts = [HEAD.format(seeds=seeds)]
    for theme in (*THEMES, None):
        names = [name for name, item in scenarios.items() if item.theme == theme]
        if names:
            parts.append(f"## {theme or 'Others'}\n")
            parts += [_entry(scenarios[name], effects.get(name, [])) for name in sorted(names)]
            if set(EXPLANATIONS) <= set(names):
                parts.append(_explanations())
    return "\n".join(parts)


def _entry(scenario: Scenario, effects: Sequence[Effect]) -> str:
    lines = [f"### {scenario.name}\n", f"{scenario.question}\n"]
    comment = _comment(scenario.name)
    if comment:
        lines.append(comment + "\n")
    if scenario.read_against and effects:
        lines.append(f"**What came out**, against {scenario.read_against}: {outcome(effects)}\n")
    elif scenario.name in WORLDS:
        lines.append("A world of its own: `market-abm run` says what comes out.\n")
    sources = _sources(scenario)
    if sources:
        lines += ["<details><summary>Sources of what it adds</summary>\n", f"{sources}\n", "</details>\n"]
    return "\n".join(lines)


def _comment(name: str) -> str:
    """The words at the head of the file; the dots of a table or a conflict in the file stay there."""
    text = (ROOT / "scenarios" / f"{name}.yaml").read_text(encoding="utf-8")
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").strip())
    paragraph = " ".join(lines[: lines.index("")] if "" in lines else lines)
    return paragraph.strip()


def _sources(scenario: Scenario) -> str:
    """Sources that the file of the scenario cites, itself and not what it extends."""
    text = (ROOT / "scenarios" / f"{scenario.name}.yaml").read_text(encoding="utf-8")
    if scenario.name == "world-2026":
        return f"{len(scenario.sources)} sources: `market-abm show world-2026` lists them."
    body = text.split("\nsources:\n")[0]
    cited = [key for key in scenario.sources if f"{key}," in body or f"{key}]" in body or f": {key}" in body]
    found = []
    for key in cited:
        item = scenario.sources[key]
        told = f"{READ_THROUGH.sub('', item.title)} (grade {item.grade or 'not given'})"
        link = item.url if (item.url or "").startswith("http") else None
        found.append(f"- [{told}]({link.replace(' ', '%20')})" if link else f"- {told}")
    return "\n".join(found)


def outcome(effects: Sequence[Effect]) -> str:
    """One paragraph: what moves, for whom, what does not, and what cannot be told."""
    market = [item for item in effects if not item.outcome.unit]
    labs = [item for item in effects if item.outcome.unit and item.outcome.key in LAB_KEYS]
    moved = sorted((item for item in market if item.verdict in ("rises", "falls")), key=_size)
    parts = []
    if moved:
        told = [f"{_label(item)} {_clause(item)}" for item in moved[:MOST]]
        rest = [_label(item) for item in moved[MOST:]]
        parts.append("; ".join(told) + (f". Of less size: {', '.join(rest)}" if rest else ""))
    else:
        parts.append("no outcome of the market moves by as much as the smallest effect of interest")
    gained = sorted((item for item in labs if item.verdict in ("rises", "falls")), key=_size)[:LABS]
    if gained:
        parts.append(
            "Of the labs, "
            + "; ".join(f"{item.outcome.unit[0]}: {_label(item)} {_clause(item)}" for item in gained)
        )
    nothing = [_label(item) for item in market if item.verdict in ("no effect", "identical")]
    open_ = [_label(item) for item in market if item.verdict == "open"]
    if len(nothing) > LISTED:
        parts.append(f"{len(nothing)} other outcomes move by less than the smallest effect of interest")
    elif nothing:
        parts.append(f"No effect of interest on {', '.join(nothing)}")
    if open_:
        parts.append(f"It cannot be told for {', '.join(open_)}")
    text = ". ".join(part[0].upper() + part[1:] for part in parts)
    return text[0].lower() + text[1:] + "." if not text.startswith("HHI") else text + "."


def _size(item: Effect) -> tuple[float, str]:
    """Largest first, in multiples of the smallest effect of interest."""
    return -abs(item.difference) / item.smallest if item.smallest else 0.0, item.outcome.key


def _label(item: Effect) -> str:
    label = item.outcome.label
    return label if label.startswith("HHI") else label[0].lower() + label[1:]


def _clause(item: Effect) -> str:
    return clause(Writer(), item, "effect")


def _explanations() -> str:
    """What moves the price asked under each explanation of the lease, as a table."""
    found = identification(EXPLANATIONS, LESSOR, TARGET, TENANTS)
    heads = [
        f"{column.label} ({column.shown_unit})" if column.shown_unit else column.label
        for column in found.columns
    ]
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for row in found.rows:
        cells = [shown(cell, column.kind) for cell, column in zip(row, found.columns)]
        lines.append("| " + " | ".join(cells) + " |")
    told = (
        "**The three explanations told apart.** Only harm to a rival makes the price asked depend on how many of the "
        "target's users the tenant would win, and lowers it; scarcity raises it where own use is worth the going price."
    )
    return "\n".join([told, "", *lines, "", found.note + "\n"])


def main() -> None:
    """Run where asked, then write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--run", action="store_true", help="run everything first")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--workers", type=int, default=None)
    given = parser.parse_args()
    if given.run:
        commit = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
        )
        text = csv_of(run(given.seeds, given.workers))
        KEPT.write_text(text, encoding="utf-8")
        head = f"command: {' '.join(['python', '-m', 'tests.house.catalogue', *sys.argv[1:]])}\n"
        head += f"commit: {commit.stdout.strip()}\n"
        KEPT.with_suffix(".txt").write_text(head, encoding="utf-8")
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
