"""Segments, links, product market and behaviour."""

from __future__ import annotations

from market_abm.data.assemble.money import CAPTIVE
from market_abm.data.assemble.tables import TODAY, number, table
from market_abm.data.assemble.text import cited, flow, quantity, word, wrapped

SEGMENTS = (
    "Enterprise cloud", "Start-ups and AI natives", "Sovereign", "Resold lab inference", "Enterprise on-prem",
    "China offshore rental", "Google captive", "Meta core", "Microsoft first-party", "Amazon first-party",
)  # fmt: skip
OWNERS = {
    **CAPTIVE,
    "Sovereign": "Sovereign and public compute",
    "Enterprise on-prem": "Enterprise on-prem (incl. Tesla)",
}
CLOUD = ("Enterprise cloud", "Start-ups and AI natives", "Resold lab inference")
OVER_LINKS = ("Resold lab inference", "China offshore rental")
"""Open segments that use some sellers only: clouds that resell models, sellers to Chinese firms."""
FRONTIER = ("OpenAI", "Anthropic", "Meta")
BIG = (
    "Microsoft", "Amazon", "Oracle", "CoreWeave", "Nebius", "IREN", "Lambda", "Fluidstack",
    "Other neoclouds and telco clouds",
)  # fmt: skip
"""Sellers of CUDA stacks with at least 100 kH100e online (SpaceX/xAI apart)."""
SMALL = ("Mistral", "Cohere", "SSI", "Reflection AI", "Thinking Machines")
NEOCLOUDS = ("CoreWeave", "Nebius", "Lambda", "Crusoe", "Together", "Other neoclouds and telco clouds")


def rate(ratio: float) -> float:
    """Growth a quarter behind a ratio over a year."""
    return ratio**0.25 - 1.0


def observed(item: str, period: str) -> float:
    """A cell of growth.csv."""
    rows = [row for row in table("growth") if (row["item"], row["period"]) == (item, period)]
    return number(rows[0]["value"])


def segment_growth(name: str) -> tuple[float, tuple[float, float], str, str]:
    """Growth a quarter: value, range, sources, how it was computed."""
    if name in CLOUD:
        revenue = rate(observed("CoreWeave revenue", "2026Q2") / observed("CoreWeave revenue", "2025Q2"))
        low = rate(1.0 + observed("Cloud market growth a year", "2026Q1"))
        high = rate(1.0 + observed("Microsoft AI run rate growth a year", "2026-03"))
        how = (
            "CoreWeave's revenue 2026Q2 over 2025Q2, (2,575/1,213)^(1/4) - 1; low: all cloud "
            "infrastructure, +35 % a year; high: Microsoft's AI run rate, +123 % a year."
        )
        return revenue, (low, high), "crwv_q225;crwv_q226;srg_q126;itaura47", how
    pairs = {
        "Google captive": ("Google capex", "Google capex guidance", "2025", "2026", "sec_capex;goog_q226"),
        "Meta core": ("Meta capex", "Meta capex guidance", "2025", "2026", "meta_sell;meta_q226"),
        "Amazon first-party": ("Amazon capex", "Amazon capex guidance", "2025", "2026", "sec_capex;aws_q226"),
        "Microsoft first-party": (
            "Microsoft capex", "Microsoft capex", "FY2025", "FY2026", "epoch_chipcounts;msft_q326;derived",
        ),
    }  # fmt: skip
    if name in pairs:
        before, after, first, last, sources = pairs[name]
        value = rate(observed(after, last) / observed(before, first))
        how = f"Revealed by the owner's capex: ({last} over {first})^(1/4) - 1; half to a quarter more."
        return value, (0.5 * value, 1.25 * value), sources, how
    return 0.15, (0.05, 0.2), "assumption", "No source: between all cloud (0.08) and AI clouds (0.21)."


def segments() -> list[str]:
    """The section ``segments``."""
    users = {row["user"]: row for row in table("users")}
    out = ["segments:"]
    for name in SEGMENTS:
        row = users[name]
        use = number(row["use_khq"])
        captive = name in CAPTIVE or name == "Enterprise on-prem"
        out += ["", f"  {word(name)}:", f"    kind: {'captive' if captive else 'market'}"]
        if name in OWNERS:
            out.append(f"    owner: {word(OWNERS[name])}")
        if name in OVER_LINKS or captive:
            out.append("    reach: links")
        out += [f"    source: {cited(row['sources'])}", f"    as_of: {TODAY}"]
        out.append(f"    use: {quantity(use, 'kHQ', guess=True)}")
        if name in CLOUD:
            text = quantity(round(0.04 * use), "kHQ", (0, round(0.1 * use)), "assumption", TODAY)
            out.append(f"    unmet: {text}")
        value, (low, high), sources, how = segment_growth(name)
        ends = round(low, 3), round(high, 3)
        out += wrapped(how, 4)
        out.append(f"    growth: {quantity(round(value, 3), 'fraction/quarter', ends, sources, '2026Q2')}")
        out.append(f"    half_life: {quantity(6, 'quarters', (4, 9), 'assumption', '2026')}")
        if captive:
            out.append(f"    rollover: {quantity(0.98, 'fraction', (0.96, 0.99), 'assumption', '2026')}")
    return out


def links() -> list[str]:
    """The section ``links``."""
    out = wrapped(
        "Who can use whom at once. Contracts and relations in force qualify their pair; enterprise, "
        "start-ups and sovereign users reach every seller. Labs reach besides the sellers of their own "
        "stack with at least 100 kH100e online (frontier labs) or the neoclouds and big clouds (smaller "
        "labs). TPU only where it is in use.",
        0,
    )
    out += wrapped(
        "Switching costs have no source. A quarter's volume moved once costs about two weeks of rent "
        "inside one stack (egress, qualification) and two months of it where code is ported between "
        "CUDA, TPU and Trainium.",
        0,
    )
    out.append("links:")

    def cost(supplier: str, value: float, ends: tuple[float, float]) -> str:
        price = quantity(value, "USD/GPU-h", ends, "assumption", "2026")
        return (
            f"  - {flow({'supplier': supplier, 'buyer': chr(34) + '*' + chr(34), 'switching_cost': price})}"
        )

    out.append(cost('"*"', 0.35, (0.1, 0.7)))
    out += [cost(supplier, 1.5, (0.5, 2.5)) for supplier in ("Google", "Amazon", "Cerebras")]
    pairs = [(supplier, lab) for lab in FRONTIER for supplier in BIG]
    pairs += [(supplier, lab) for lab in SMALL for supplier in ("Microsoft", "Amazon", *NEOCLOUDS)]
    for supplier, lab in pairs:
        entry = flow({"supplier": word(supplier), "buyer": word(lab), "qualified": "true"})
        out.append(f"  - {entry}")
    return out


def product() -> list[str]:
    """The section ``product``."""
    may = observed("OpenAI run rate", "2026-05") + observed("Anthropic run rate", "2026-05")
    quarter = observed("OpenAI run rate, quarter average", "2026Q3")
    low = (quarter + observed("Anthropic run rate, quarter average", "2026Q3")) / may - 1.0
    high = (quarter + observed("Anthropic run rate", "2026-08")) / may - 1.0
    out = ["product:"]
    out += wrapped(
        "Growth of the two largest labs' run-rate revenue from May 2026 (33 + 47 BUSD) to the third "
        "quarter: low against its average (34.65 + 57), high against August (34.65 + 65), value "
        "between. One lab's own target for 2026 over 2025 (30 over 13.1) is 0.23.",
        2,
    )
    ends, sources = (round(low, 3), round(high, 3)), "arr_may26;anth_47b;anth_aug65"
    out.append(f"  market_growth: {quantity(0.2, 'fraction/quarter', ends, sources, '2026Q3')}")
    out.append(f"  growth_half_life: {quantity(6, 'quarters', (4, 9), 'assumption', '2026')}")
    return out


def behaviour() -> list[str]:
    """The section ``behaviour``: where there are sources; everything else keeps the model's guesses."""
    rows = (
        (
            "index_price", 2.27, "USD/GPU-h", (1.88, 2.65),
            "silicond;nbis_q226;timach;semianalysis_idx", "2026-06",
            "Price index at the start: median of four quotes of mid-2026 for new capacity per "
            "H100e-hour: B200-class index 2.10, new GB200/GB300 contract 2.12, H100 spot 2.42, H100 "
            "one-year contract 2.65. Contracts in force are cheaper: 1.55 on average.",
        ),
        (
            "price_decline", 0.042, "fraction/quarter", (0.03, 0.06), "spcx_call", "2026Q1",
            "Normal decay of rental prices: -22.5 % in 18 months (4.2 % a quarter), suspended in 2026.",
        ),
        (
            "life", 22, "quarters", (16, 24), "depr_wiresift;neo_lum", "2025",
            "Lives in the accounts: five to six years; at constant volume 1/22 retires a quarter.",
        ),
        (
            "utilisation", 0.9, "fraction", (0.8, 0.95), "neo_lum;spcx_call", "2026Q1",
            "0.87 assumed for a neocloud, 0.9 reported at one cloud, 0.7 to 0.8 its base case.",
        ),
        (
            "sellable_share", 0.96, "fraction", (0.94, 0.98), "derived", TODAY,
            "Allocated over online at the start: 23,425 of 24,344 kH100e.",
        ),
        (
            "forward_sale", 0.9, "fraction", (0.85, 0.98), "cowos_sa;crwv_q226", "2026Q2",
            "Chip and cloud order books: 85 % of packaging booked, 98 % of a neocloud's revenue take-or-pay.",
        ),
    )  # fmt: skip
    out = ["behaviour:"]
    for name, value, unit, ends, sources, as_of, why in rows:
        out += wrapped(why, 2)
        out.append(f"  {name}: {quantity(value, unit, ends, sources, as_of)}")
    return out
