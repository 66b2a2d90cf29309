"""Chip suppliers and power regions."""

from __future__ import annotations

from market_abm.data.assemble.firms import FACILITY
from market_abm.data.assemble.money import DECLINE
from market_abm.data.assemble.silicon import COST, COST_SOURCES
from market_abm.data.assemble.tables import QUARTERS, TODAY, Row, additions, following, number, table
from market_abm.data.assemble.text import cited, flow, quantity, shown, word, wrapped

DESIGNERS = {
    "NVIDIA": "NVIDIA",
    "Google TPU": "Google",
    "Amazon Trainium": "Amazon",
    "AMD": "AMD",
    "Other ASIC": "Other ASIC designers",
}


def lines() -> list[str]:
    """The section ``upstream``."""
    out = ["upstream:"]
    out += wrapped(
        "Deliveries are dated by the quarter in which they come online, one quarter after they leave "
        "the supplier; the announced additions of the firms below are made of them. After the last date "
        "they grow by growth_after.",
        2,
    )
    out.append("  chips:")
    for chip, owner in DESIGNERS.items():
        rows = [r for r in table("upstream") if r["record"] == "chip_supply" and r["entity"] == chip]
        out += [f"    {word(chip)}:", f"      owner: {owner}", f"      source: {cited(rows[0]['sources'])}"]
        out += [f"      as_of: {TODAY}", *wrapped(rows[0]["note"], 6), "      deliveries:"]
        late = [row for row in rows if row["quarter"] >= "2026Q2"]
        out += [f"        {following(row['quarter'])}: {_ranged(row)}" for row in late]
        out.append(f"      capex: {_capex(chip)}")
    return out + _wafer_scale() + _regions() + _rates()


def _ranged(row: Row, scale: float = 1.0, source: str | None = None, as_of: str | None = None) -> str:
    value, low, high = (number(row[key]) for key in ("value", "low", "high"))
    if scale == 1.0:
        return quantity(value, None, (low, high), source, as_of)
    ends = round(low * scale, 3), round(high * scale, 3)
    return quantity(round(value * scale, 3), None, ends, source, as_of)


def _capex(chip: str) -> str:
    value, low, high = COST[chip]
    return quantity(value, "MUSD/kH100e", (low, high), COST_SOURCES.get(chip, "assumption"), "2026")


def _wafer_scale() -> list[str]:
    """Cerebras makes its own chips, outside the four designers' totals."""
    owner = next(row for row in table("owners") if row["owner"] == "Cerebras")
    out = ["    Cerebras:", "      serves: [Cerebras]", f"      source: {cited(owner['sources'])}"]
    dated = {quarter: shown(value) for quarter, value in additions(owner).items()}
    return [
        *out,
        f"      as_of: {TODAY}",
        f"      deliveries: {flow(dated)}",
        f"      capex: {_capex('Cerebras')}",
    ]


def _regions() -> list[str]:
    out = ["  regions:"]
    out += wrapped(
        "Energised AI data-centre power, whole facility. Low: announcements; high: money; value: "
        "midpoint. Chips exceed power by 4 % in 2026Q3 and 18 % in 2027Q2: the two paths do not close, "
        "power binds mildly.",
        4,
    )
    regions: dict[str, list[Row]] = {}
    for row in table("upstream"):
        if row["record"] == "power_addition":
            regions.setdefault(row["entity"], []).append(row)
    for region, rows in regions.items():
        out += [f"    {word(region)}:", f"      source: {cited(rows[0]['sources'])}", f"      as_of: {TODAY}"]
        out += ["      power:", *(f"        {row['quarter']}: {_ranged(row)}" for row in rows)]
    return out


def _rates() -> list[str]:
    total = {q: sum(additions(row).get(q, 0.0) for row in table("owners")) for q in QUARTERS}
    sources = "bern_gw;foxconn_47;derived"
    decline = quantity(round(DECLINE, 3), "fraction/quarter", (0.026, 0.102), sources, "2026")
    out = [
        "  # 32.9 to 21.8 MUSD per kH100e in 1.5 years; dearer memory works against it.",
        f"  capex_decline: {decline}",
        *wrapped("Power of what arrives, whole facility: IT power of the chips due times 1.25.", 2),
        "  kw_per_h100e:",
    ]
    for row in table("upstream"):
        if row["record"] == "power_required":
            text = _ranged(row, FACILITY / total[row["quarter"]], "epoch_labdoc;foxconn_47;assumption", TODAY)
            out.append(f"    {row['quarter']}: {text}")
    return out
