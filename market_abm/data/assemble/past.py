"""The opening world of 2023Q1 and what happened to it, from the tables of ``data/history``.

``python -m market_abm.data.assemble.past FOLDER`` writes ``world-2023.yaml`` and
``world-2023-conditional.yaml``. A test holds the shipped files to what this makes. Only what was known in
2023Q1 opens the first; the second adds dated events that the model does not produce.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from market_abm.data.assemble import past_parts as parts
from market_abm.data.assemble.tables import Row, table
from market_abm.data.assemble.text import cited, flow, quantity, word

HEAD = """\
# The AI-compute market at the start of 2023, as far as it was known then.
# Made by `python -m market_abm.data.assemble.past` from the tables of market_abm/data/history; change them there.
# A test holds this file to them.
#
# Units as in world-2026. A fleet counts from the quarter in which it was delivered. `guess: true` and the source
# `assumption` mark what nobody states; low and high are drawn from, per seed. Behaviour that the tables call
# "fitted" has its draws in market_abm/data/calibration.
#
# Illustrative simulation: not a forecast, not a finding about anybody's conduct, no affiliation. Data of
# Epoch AI under CC BY: see market_abm/data/LICENSE-DATA.
schema_version: 1
name: world-2023
question: >-
  What would the model have said in early 2023, and how far is it from what happened by mid-2026?
horizon: {start: 2023Q1, quarters: 14}
"""

CONDITIONAL = """\
# world-2023 with dated events that the model does not produce: what it says then is a conditional forecast.
# Made by `python -m market_abm.data.assemble.past` from market_abm/data/history/shocks.csv; a test holds it to that.
schema_version: 1
name: world-2023-conditional
question: >-
  And what would it have said with export controls, the first large neocloud contract, an entrant's fleet, the end of
  an exclusive supply, a new data-centre venture and a lease to a rival known in advance?
extends: world-2023

"""


def world() -> str:
    """Text of ``world-2023.yaml``."""
    sections = [parts.firms(), parts.segments(), parts.contracts(), parts.links(), parts.upstream()]
    sections += [parts.scalars("product"), [*parts.scalars("behaviour"), *parts.strategies()]]
    body = "\n\n".join("\n".join(section) for section in sections)
    return HEAD + "\n" + body + "\n\n" + "\n".join(sources(body)) + "\n"


def conditional() -> str:
    """Text of ``world-2023-conditional.yaml``."""
    body = "\n".join(["timeline:", *(line for row in table("history/shocks") for line in _event(row))])
    return CONDITIONAL + body + "\n\n" + "\n".join(sources(body)) + "\n"


def _event(row: Row) -> list[str]:
    out = [f"  - kind: {row['kind']}", f"    id: {row['id']}", f"    quarter: {row['quarter']}"]
    if row["until"]:
        out.append(f"    until: {row['until']}")
    out += [f"    source: {cited(row['sources'])}", f"    as_of: {row['as_of']}"]
    out += [f"    note: {word(row['note'])}"]
    if row["kind"] == "lease":
        return [*out, "    contract:", *(f"      {line}" for line in _lease(row))]
    for name in ("supplier", "buyer", "chip", "firm"):
        if row[name]:
            out.append(f"    {name}: {word(row[name])}")
    if row["size"]:
        name, unit = ("online", "kH100e") if row["kind"] == "entry" else ("change", "fraction")
        out.append(f"    {name}: {_number(row, 'size', unit)}")
    return out


def _lease(row: Row) -> list[str]:
    """The contract that a dated lease brings."""
    out = [f"supplier: {word(row['supplier'])}", f"buyer: {word(row['buyer'])}", "kind: term"]
    out.append(f"volume: {_number(row, 'size', 'kH100e')}")
    if row["ramp"]:
        out.append("ramp: " + flow(dict(step.split("=") for step in row["ramp"].split(";"))))
    ends = float(row["price_low"]), float(row["price_high"])
    price = quantity(float(row["price"]), "USD/GPU-h", ends, row["sources"], row["as_of"], guess=True)
    notice = quantity(float(row["notice"]), "quarters", None, row["sources"], row["as_of"], guess=True)
    out += [f"price: {price}", f"start: {row['quarter']}", f"end: {row['end']}"]
    out += [f"firm_until: {row['firm_until']}", f"notice: {notice}"]
    out += ["estimated: [volume, ramp, price, end, firm_until, notice]"]
    return [*out, f"source: {cited(row['sources'])}", f"as_of: {row['as_of']}"]


def _number(row: Row, name: str, unit: str) -> str:
    ends = float(row["low"]), float(row["high"])
    guessed = "assumption" in row["sources"]
    return quantity(float(row[name]), unit, ends, row["sources"], row["as_of"], guess=guessed)


def sources(body: str) -> list[str]:
    """The section ``sources``: those that the text cites."""
    known: set[str] = set()
    for found in re.finditer(r"\bsource: (\[[^\]]*\]|[A-Za-z0-9_]+)", body):
        known |= set(re.findall(r"[A-Za-z0-9_]+", found[1]))
    out = ["sources:"]
    for row in table("history/sources"):
        if row["source_id"] in known:
            entry = {"title": word(row["title"])}
            if row["url"] not in ("", "n/a"):
                entry["url"] = word(row["url"])
            entry |= {"date": row["accessed"], "grade": row["grade"]}
            out.append(f"  {row['source_id']}: {flow(entry)}")
    return out


FILES = {"world-2023": world, "world-2023-conditional": conditional}
"""Shipped files and what makes them."""

if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "scenarios")
    for name, made in FILES.items():
        (folder / f"{name}.yaml").write_text(made(), encoding="utf-8")
