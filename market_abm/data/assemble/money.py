"""Money of firms: cash, debt, cost of capital, and the outside money that the guided build-out implies."""

from __future__ import annotations

from market_abm.data.assemble.silicon import COST, new_chips
from market_abm.data.assemble.tables import HOURS, QUARTERS, TODAY, additions, keyed, number, table
from market_abm.data.assemble.text import quantity, wrapped

AI_SHARE = 0.75
"""Share of company-wide capex guidance that goes into AI capacity (assumption)."""
GUIDED = ("Google", "Microsoft", "Amazon", "Meta", "Oracle")
"""Firms whose other businesses pay for the guided capex."""
OWN_PAYERS = ("Sovereign and public compute", "Enterprise on-prem (incl. Tesla)")
"""Users who pay for their own fleets out of their budgets."""
BUILDING_LABS = ("OpenAI", "Anthropic", "Thinking Machines", "Mistral")
CAPTIVE = {
    "Google captive": "Google",
    "Meta core": "Meta",
    "Microsoft first-party": "Microsoft",
    "Amazon first-party": "Amazon",
}
"""Captive workloads and their owners."""
DECLINE = 1.0 - (1.0 - 0.24) ** 0.25
"""Fall of the cost of new capacity a quarter."""
PROJECT_FINANCE = (0.75, 0.4, 1.0)
"""Share of a lab's own build that vehicles and vendors finance; in the known cases nearly all of it."""
LAB_COSTS = {"OpenAI": (-2500, -4500, -1000), "Anthropic": (-1700, -2500, -1000)}
"""Staff and other costs before compute, MUSD a quarter."""
RUNNING = 0.17 * HOURS
"""Cash cost of running one kH100e for a quarter, MUSD."""
RULES = {
    "lab": "Quarters without a known round: project finance of three quarters (0.4 to 1) of what the "
    "announced own capacity costs.",
    "provider": "Rule for a year: new equity and debt cover guided or implied capex and interest as far "
    "as rents do not. After that the firm lives on its rents and its credit limit.",
}


def building(name: str) -> dict[str, float]:
    """What the announced additions cost by quarter, MUSD."""
    owner = keyed("owners", "owner")[name]
    unit = sum(COST[chip][0] * share for chip, share in new_chips(name, owner).items())
    return {
        quarter: kh100e * unit * (1.0 - DECLINE) ** QUARTERS.index(quarter)
        for quarter, kh100e in additions(owner).items()
    }


def rent_balance(name: str) -> float:
    """Rents received less rents paid at the start, MUSD a quarter; captive workloads are their owner's."""
    users = {name, *(segment for segment, owner in CAPTIVE.items() if owner == name)}
    total = 0.0
    for row in table("flows"):
        if row["internal"] == "1" or row["contract"] in ("K01", "K03"):
            continue
        rent = number(row["flow_khq"]) * number(row["price_usd_per_gpu_hour"]) * HOURS
        total += rent * (row["supplier"] == name) - rent * (row["user"] in users)
    return total


def spend(name: str) -> float:
    """Rents paid at the start, the leases included, MUSD a quarter."""
    return sum(
        number(row["flow_khq"]) * number(row["price_usd_per_gpu_hour"]) * HOURS
        for row in table("flows")
        if row["user"] == name and row["internal"] == "0"
    )


def product_income(name: str) -> float:
    """Margin on the lab's revenue, MUSD a quarter."""
    user = keyed("users", "user").get(name)
    return 0.0 if user is None else number(user["revenue_musd"]) * number(user["margin"])


def interest(name: str) -> float:
    """Interest on the debt at the cost of capital, MUSD a quarter."""
    row = keyed("finance", "owner")[name]
    return number(row["debt_musd"]) * ((1.0 + number(row["wacc"])) ** 0.25 - 1.0)


def guided(name: str) -> float:
    """Mean capex of the first four quarters, MUSD a quarter."""
    row = keyed("finance", "owner")[name]
    return sum(number(row[f"capex_{quarter}"]) for quarter in QUARTERS[:4]) / 4.0


def capital(name: str) -> list[str]:
    """Cash, debt and cost of capital."""
    row = keyed("finance", "owner").get(name)
    if row is None:  # NVIDIA and Cursor are in the world as buyers only
        cash = {"NVIDIA": 20000.0}.get(name, 2000.0)
        out = [f"    cash: {quantity(cash, 'MUSD', (cash / 2, cash * 2), 'assumption', TODAY)}"]
        return [*out, f"    wacc: {quantity(0.12, 'fraction/year', (0.1, 0.14), 'assumption', '2026')}"]
    out = []
    if row["cash_musd"]:
        cash, low, high = (number(row[key]) for key in ("cash_musd", "cash_low", "cash_high"))
        text = quantity(cash, "MUSD", (low, high), row["cash_sources"], row["cash_as_of"])
        out.append(f"    cash: {text}" + (f"  # {row['cash_note']}" if row["cash_note"] else ""))
    else:
        cash = round(max(8.0 * spend(name), guided(name)))  # two years of compute, or a quarter of building
        out.append(f"    cash: {quantity(cash, 'MUSD', (round(cash / 2), 2 * cash), 'assumption', TODAY)}")
    if row["debt_musd"]:
        text = quantity(number(row["debt_musd"]), "MUSD", None, row["debt_sources"], row["debt_as_of"])
        out.append(f"    debt: {text}")
    wacc = number(row["wacc"])
    ends = round(wacc - 0.02, 3), round(wacc + 0.02, 3)
    return [*out, f"    wacc: {quantity(wacc, 'fraction/year', ends, 'assumption', '2026')}"]


def other_cash_flow(name: str) -> list[str]:
    """Net cash of what is not compute, before AI capex."""
    found = _other(name)
    if found is None:
        return []
    rule, value, low, high = found
    ends = sorted((round(low), round(high)))
    text = quantity(round(value), "MUSD/quarter", (ends[0], ends[1]), "assumption", TODAY)
    return [*wrapped(rule, 4), f"    other_cash_flow: {text}"]


def _other(name: str) -> tuple[str, float, float, float] | None:
    """Rule, value, low and high."""
    if name in GUIDED:
        lumps = sum(number(row["value_musd"]) for row in table("inflows") if row["firm"] == name)
        need = (
            AI_SHARE * guided(name) + interest(name) - rent_balance(name) - product_income(name) - lumps / 4.0
        )
        rule = (
            "Rule: other businesses and ordinary borrowing pay for the AI part of guided capex over the "
            "first four quarters, net of rents, product margin, interest and known new money."
        )
        return rule, need, 0.8 * need, 1.2 * need
    if name in OWN_PAYERS:
        value = sum(building(name).values()) / len(QUARTERS)
        return "Rule: budgets pay for the announced additions.", value, 0.8 * value, 1.2 * value
    if name in LAB_COSTS:
        rule = "Staff and other costs: what closes the quarterly accounts around the known revenue and burn."
        return rule, *LAB_COSTS[name]
    if name == "Cursor (Anysphere)":
        value = product_income(name)
        rule = "Margin on its revenue, which is earned outside the labs' product market."
        return rule, value, 0.5 * value, 1.5 * value
    if name == "NVIDIA":
        return "Stands for cash that does not bind.", 5000.0, 2000.0, 10000.0
    user = keyed("users", "user").get(name)
    if user is not None and user["type"] == "lab" and name != "SpaceX/xAI":
        running = sum(additions(keyed("owners", "owner")[name]).values())
        value = spend(name) + RUNNING * running
        rule = "Rule: new funding covers one and a half times (0.5 to 2.5) the compute bill of the opening "
        rule += "quarter and of running the announced own capacity." if running else "quarter."
        return rule, 1.5 * value, 0.5 * value, 2.5 * value
    return None


def dated_money(name: str) -> list[str]:
    """Dated equity, credit and project finance."""
    known = {row["quarter"]: row for row in table("inflows") if row["firm"] == name}
    implied = {q: v for q, v in _implied(name).items() if q not in known and round(v) > 0}
    if not known and not implied:
        return []
    group = "lab" if name in BUILDING_LABS else "provider"
    out = ["    equity_inflow:"]
    if implied:
        out += wrapped(RULES[group], 6)
    for quarter in sorted({*known, *implied}):
        if quarter in known:
            row = known[quarter]
            value, low, high = (number(row[key]) for key in ("value_musd", "low", "high"))
            text = quantity(value, "MUSD", (low, high), row["sources"], TODAY)
            out.append(f"      {quarter}: {text}  # {row['note']}")
        else:
            value = implied[quarter]
            mid, low, high = PROJECT_FINANCE if group == "lab" else (1.0, 0.6, 1.2)
            ends = round(value * low / mid), round(value * high / mid)
            out.append(f"      {quarter}: {quantity(round(value), 'MUSD', ends, 'assumption', TODAY)}")
    return out


def _implied(name: str) -> dict[str, float]:
    row = keyed("finance", "owner").get(name)
    if row is None or name in (*GUIDED, *OWN_PAYERS, "SpaceX/xAI"):
        return {}
    if name in BUILDING_LABS:
        financed = {q: PROJECT_FINANCE[0] * cost for q, cost in building(name).items()}
        # The known private credit of 2027Q2 pays for the first two quarters of own capacity.
        return {q: v for q, v in financed.items() if not (name == "Anthropic" and q <= "2027Q3")}
    need = {q: number(row[f"capex_{q}"]) + interest(name) - rent_balance(name) for q in QUARTERS[:4]}
    lumps = sum(number(item["value_musd"]) for item in table("inflows") if item["firm"] == name)
    return {q: v - lumps / 4.0 for q, v in need.items()}
