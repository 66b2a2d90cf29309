"""Chips: who delivers what, which firm takes which, what a unit of capacity on them costs."""

from __future__ import annotations

from market_abm.data.assemble.tables import QUARTERS, Row, additions, number, table

COST = {
    "NVIDIA": (32.9, 28.9, 45.3),
    "Google TPU": (22.0, 16.0, 28.0),
    "Amazon Trainium": (24.0, 18.0, 32.0),
    "AMD": (32.9, 28.9, 45.3),
    "Other ASIC": (22.0, 16.0, 28.0),
    "Cerebras": (32.9, 20.0, 60.0),
}
"""All-in cost of new capacity by supplier: value, low, high, MUSD per kH100e (upstream.csv; AMD and Cerebras
like NVIDIA, other ASIC like TPU: assumptions)."""
COST_SOURCES = {
    "NVIDIA": "bern_gw;semianalysis_idx",
    "Amazon Trainium": "L10;assumption",
    "Google TPU": "bern_gw;assumption",
}
SECOND = {
    "Google": "Google TPU", "Amazon": "Amazon Trainium", "Meta": "AMD", "Microsoft": "AMD", "Oracle": "AMD",
}  # fmt: skip
"""The stack that takes what NVIDIA does not deliver."""
AMD_TO_OPENAI, TPU_TO_ANTHROPIC = 0.45, 0.23
"""Shares of deliveries behind two labs' own additions (owners.csv)."""


def mix(owner: Row) -> dict[str, float]:
    """Share of the fleet online by kind of chip."""
    found = {}
    for part in owner["chip_mix"].split(";"):
        if part.strip():
            chip, _, share = part.strip().rpartition(" ")
            found[chip] = float(share)
    return found


def deliveries(chip: str) -> dict[str, float]:
    """Deliveries of a chip supplier by the quarter of delivery, kH100e."""
    rows = [row for row in table("upstream") if row["record"] == "chip_supply" and row["entity"] == chip]
    return {row["quarter"]: number(row["value"]) for row in rows}


def new_chips(name: str, owner: Row) -> dict[str, float]:
    """Shares of what arrives: a firm's part of NVIDIA's deliveries, the rest its second stack."""
    total = sum(additions(owner).values())
    dated = ("2026Q2", *QUARTERS[:-1])  # one quarter before they come online
    if name in SECOND:
        first = min(_allotted()[name] * sum(deliveries("NVIDIA").get(q, 0.0) for q in dated) / total, 1.0)
        return {"NVIDIA": first, SECOND[name]: 1.0 - first}
    if name == "OpenAI":
        first = min(AMD_TO_OPENAI * sum(deliveries("AMD").get(q, 0.0) for q in dated) / total, 1.0)
        return {"AMD": first, "Other ASIC": 1.0 - first}
    if name == "Anthropic":
        tpu = sum(deliveries("Google TPU")[q] for q in QUARTERS[2:-1])
        first = min(TPU_TO_ANTHROPIC * tpu / total, 1.0)
        return {"Google TPU": first, "AMD": 1.0 - first}
    if name == "Cerebras":
        return {"Cerebras": 1.0}
    amd = mix(owner).get("AMD", 0.0)
    return {"NVIDIA": 1.0 - amd, "AMD": amd}


def _allotted() -> dict[str, float]:
    rows = [row for row in table("upstream") if row["record"] == "chip_allocation"]
    return {row["counterparty"]: number(row["value"]) for row in rows}
