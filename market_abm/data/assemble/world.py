"""The shipped world as one text."""

from __future__ import annotations

import re

from market_abm.data.assemble import book, firms, rules, upstream
from market_abm.data.assemble.tables import table
from market_abm.data.assemble.text import flow, word

HEAD = """\
# The AI-compute market at the start of 2026Q3 (1 July 2026), without the leases of the SpaceX/xAI fleet.
# Made by `python -m market_abm.data.assemble` from the tables of market_abm/data, which say how every number
# was obtained; change them there. A test holds this file to them.
#
# Units: kH100e online, kHQ a quarter (1 kHQ = 1,000 H100-equivalents for a quarter), MUSD, USD per GPU-hour
# of one H100-equivalent. Every number has a source and a date, its own or that of its entry. `guess: true`
# and the source `assumption` mark what nobody states; low and high are drawn from, per seed.
#
# Left out: China's closed group (about 1,300 kH100e of its own, no links to this market); only what Chinese
# firms rent abroad is here. Unconfirmed or overlapping deals (K15, K31 of contracts.csv).
#
# Illustrative simulation: not a forecast, not a finding about anybody's conduct, no affiliation. Data of
# Epoch AI under CC BY: see market_abm/data/LICENSE-DATA.
schema_version: 1
name: world-2026
theme: Baselines
question: >-
  Who is a chokepoint in the AI-compute market of 2026, and how do prices, concentration and leverage move as
  announced capacity arrives?
horizon: {start: 2026Q3, quarters: 20}
"""


def world() -> str:
    """Text of ``world-2026.yaml``."""
    parts = [firms.lines(), rules.segments(), book.lines(), rules.links(), upstream.lines(), rules.product()]
    parts.append(rules.behaviour())
    body = "\n\n".join("\n".join(part) for part in parts)
    return HEAD + "\n" + body + "\n\n" + "\n".join(sources(body)) + "\n"


def sources(body: str) -> list[str]:
    """The section ``sources``: those that the text cites."""
    cited: set[str] = set()
    for found in re.finditer(r"\bsource: (\[[^\]]*\]|[A-Za-z0-9_]+)", body):
        cited |= set(re.findall(r"[A-Za-z0-9_]+", found[1]))
    out = ["sources:"]
    for row in table("sources"):
        if row["source_id"] in cited:
            entry = {"title": word(row["title"])}
            if row["url"] not in ("", "n/a"):
                entry["url"] = word(row["url"])
            entry |= {"date": row["accessed"], "grade": row["grade"]}
            out.append(f"  {row['source_id']}: {flow(entry)}")
    return out
