"""The sections of the world of 2023Q1."""

from __future__ import annotations

from market_abm.data.assemble.tables import Row, keyed, number, table
from market_abm.data.assemble.text import cited, flow, quantity, word, wrapped

START = "2023Q1"
ORDERED = ("2023Q1", "2023Q2")
"""Quarters whose deliveries were on order: one lead time."""
MONEY = (0.5, 2.0)
"""Range of every guess about money, as a factor."""
LABS = ("lab", "owned lab")


def firms() -> list[str]:
    """The section ``firms``."""
    owners, users = keyed("history/owners", "owner"), keyed("history/users", "user")
    names = [*(name for name, row in users.items() if row["type"] == "lab"), *owners]
    out = ["firms:"]
    for name in names:
        out += ["", f"  {word(name)}:", *_firm(name, owners.get(name), users.get(name))]
    return out


def _firm(name: str, owner: Row | None, user: Row | None) -> list[str]:
    row = owner or user
    assert row is not None  # every name comes from one of the tables
    out = [f"    kind: {owner['kind'] if owner else 'lab'}"]
    if owner and number(owner["aggregate_of"]) > 1:
        many = quantity(number(owner["aggregate_of"]), None, None, "assumption", "2023")
        out.append(f"    aggregate_of: {many}")
    out += [f"    source: {cited(row['sources'])}", f"    as_of: {START}"]
    out.append(f"    cash: {_guess(number(row['cash_musd']), 'MUSD')}")
    wacc = number(row["wacc"])
    ends = round(wacc - 0.02, 3), round(wacc + 0.02, 3)
    out.append(f"    wacc: {quantity(wacc, 'fraction/year', ends, 'assumption', '2023')}")
    if owner and owner["other_cash_musd"]:
        out += wrapped("What other businesses leave for building: nothing was announced.", 4)
        out.append(f"    other_cash_flow: {_guess(number(owner['other_cash_musd']), 'MUSD/quarter')}")
    if row["inflow_musd"]:
        out += ["    equity_inflow:", *_inflows(number(row["inflow_musd"]))]
    if owner:
        out += _fleet(name, owner)
    if user and user["type"] in LABS:
        out += _lab(name, user)
    return out


def _guess(value: float, unit: str | None) -> str:
    low, high = MONEY
    return quantity(value, unit, (low * value, high * value), "assumption", "2023")


def _inflows(first: float) -> list[str]:
    """Outside money in every quarter, doubling each year: investors were expected to go on."""
    quarters = [f"{year}Q{quarter}" for year in (2023, 2024, 2025, 2026) for quarter in (1, 2, 3, 4)][:14]
    return [
        f"      {quarter}: {_guess(round(first * 2.0 ** (step // 4)), 'MUSD')}"
        for step, quarter in enumerate(quarters)
    ]


def _fleet(name: str, owner: Row) -> list[str]:
    online, low, high = (number(owner[key]) for key in ("online_kh100e", "low", "high"))
    out = ["    fleet:", *wrapped(owner["note"], 6)]
    if not online:
        out.append(f"      online: {quantity(0, 'kH100e', None, owner['sources'], START)}")
    else:
        out.append(f"      online: {quantity(online, 'kH100e', (low, high), owner['sources'], START)}")
        out.append("      pipeline:")
        for step, quarter in enumerate(ORDERED):
            value = (
                on_order(owner) * (1.0 + number(_setting("upstream.chips.*.growth_after")["value"])) ** step
            )
            ends = round(0.7 * value, 1), round(1.5 * value, 1)
            text = quantity(round(value, 1), None, ends, owner["sources"] + ";assumption", START)
            out.append(f"        {quarter}: {text}")
    for field in ("unit_cost", "power_kw_per_h100e", "lead_time", "growth_cap"):
        out.append(f"      {field}: {_as_set(_setting(f'firms.*.fleet.{field}'))}")
    if owner["sells"] == "false":
        out.append("      sells: false")
    share = number(owner["second_share"])
    chips = {"NVIDIA": 1.0 - share, owner["second_chip"]: share}
    named = {word(k): f"{v:.6g}" for k, v in chips.items() if v > 1e-9}
    out.append(f"      chips: {flow(named)}")
    if not online:
        out.append("      enters: npv")
    return out


def on_order(owner: Row) -> float:
    """Deliveries of the opening quarter that go to an owner, kH100e: in proportion to its stock of each chip."""
    total = 0.0
    rows = table("history/owners")
    for chip in ("NVIDIA", "NVIDIA for China", "Google TPU"):
        stock = sum(_stock(row, chip) for row in rows)
        delivered = number(_setting(f"upstream.chips.{chip}.deliveries")["value"])
        total += delivered * _stock(owner, chip) / stock
    return total


def _stock(owner: Row, chip: str) -> float:
    share = number(owner["second_share"])
    part = share if owner["second_chip"] == chip else 1.0 - share if chip == "NVIDIA" else 0.0
    return number(owner["online_kh100e"]) * part


def _lab(name: str, user: Row) -> list[str]:
    use = sum(number(row["flow_khq"]) for row in table("history/flows") if row["user"] == name)
    use = use or 3.0  # an entrant's need, as large as that of the smallest lab
    share = number(user["inference_share"])
    band = use * number(user["inference_low"]), use * number(user["inference_high"])
    out = ["    lab:", *wrapped(user["note"], 6)]
    if user["label"]:
        out.append(f"      label: {word(user['label'])}")
    out.append(f"      inference: {quantity(use * share, 'kHQ', band, 'assumption', START)}")
    out.append(f"      rnd: {quantity(use - use * share, 'kHQ', None, 'assumption', START)}")
    if user["revenue_musd"]:
        band = number(user["revenue_low"]), number(user["revenue_high"])
        text = quantity(number(user["revenue_musd"]), "MUSD/quarter", band, user["sources"], START)
        out.append(f"      revenue: {text}")
    margin = number(user["margin"])
    band = round(margin - 0.1, 3), round(min(margin + 0.1, 0.97), 3)
    out.append(f"      margin: {quantity(margin, 'fraction', band, 'assumption', '2023')}")
    if user["product_share"]:
        text = quantity(number(user["product_share"]), "fraction", None, user["sources"], START)
        out.append(f"      product_share: {text}")
    out.append(f"      growth_cap: {_as_set(_setting('firms.*.lab.growth_cap'))}")
    return out


def segments() -> list[str]:
    """The section ``segments``."""
    out = ["segments:"]
    for name, user in keyed("history/users", "user").items():
        if user["type"] in LABS:
            continue
        captive = user["type"] == "captive"
        use = sum(number(row["flow_khq"]) for row in table("history/flows") if row["user"] == name)
        out += ["", f"  {word(name)}:", *wrapped(user["note"], 4)]
        out.append(f"    kind: {'captive' if captive else 'market'}")
        if captive:
            out += [f"    owner: {word(user['owner'])}", "    reach: links"]
        out += [f"    source: {cited(user['sources'])}", f"    as_of: {START}"]
        out.append(f"    use: {quantity(use, 'kHQ', guess=True)}")
        share = _setting("segments.*.unmet_share")
        unmet, low, high = (round(use * number(share[key]), 3) for key in ("value", "low", "high"))
        out.append(f"    unmet: {quantity(unmet, 'kHQ', (low, high), share['sources'], share['as_of'])}")
        for field in ("elasticity", "growth", "growth_floor", "half_life"):
            out.append(f"    {field}: {_as_set(_setting(f'segments.*.{field}'))}")
        if captive:
            out.append(f"    rollover: {quantity(0.98, 'fraction', (0.96, 0.99), 'assumption', '2023')}")
    return out


def contracts() -> list[str]:
    """The section ``contracts``: every flow of the opening quarter renews, none has a known end."""
    out = ["contracts:"]
    for row in table("history/flows"):
        internal = row["internal"] == "1"
        key = f"{'I' if internal else 'R'}-{row['supplier']}-{row['user']}"
        ends = number(row["low"]), number(row["high"])
        body = {
            "supplier": word(row["supplier"]),
            "buyer": word(row["user"]),
            "kind": "internal" if internal else "rolling",
            "volume": quantity(number(row["flow_khq"]), "kH100e", ends, guess=True),
        }
        if not internal:
            band = number(row["price_low"]), number(row["price_high"])
            body["price"] = quantity(number(row["price_usd_per_gpu_hour"]), "USD/GPU-h", band, guess=True)
        body |= {"estimated": "[volume]" if internal else "[volume, price]"}
        body |= {"source": cited(row["sources"]), "as_of": START}
        out.append(f"  {word(key)}: {flow(body)}  # {row['note']}")
    return out


def links() -> list[str]:
    """The section ``links``."""
    out = ["links:"]
    for row in table("history/links"):
        value = row["value"]
        if row["unit"]:
            ends = number(row["low"]), number(row["high"])
            value = quantity(number(value), row["unit"], ends, row["sources"], row["as_of"])
        star = {key: word(row[key]) if row[key] != "*" else '"*"' for key in ("supplier", "buyer")}
        out.append(f"  - {flow({**star, row['field']: value})}  # {row['note']}")
    return out


def upstream() -> list[str]:
    """The section ``upstream``: chips; power does not bind in this world."""
    out = ["upstream:", "  chips:"]
    growth, capex = _setting("upstream.chips.*.growth_after"), _setting("upstream.chips.*.capex")
    for chip, owner in (("NVIDIA", "NVIDIA"), ("NVIDIA for China", "NVIDIA"), ("Google TPU", "Google")):
        row = _setting(f"upstream.chips.{chip}.deliveries")
        ends = number(row["low"]), number(row["high"])
        delivered = quantity(number(row["value"]), None, ends, row["sources"], row["as_of"])
        out += [f"    {word(chip)}:", *wrapped(row["note"], 6), f"      owner: {owner}"]
        if chip == "NVIDIA for China":
            out.append("      serves: [China (all)]")
        out += ["      deliveries:", f"        {START}: {delivered}"]
        out.append(f"      growth_after: {_as_set(growth)}")
        for field in ("growth_floor", "growth_half_life"):
            out.append(f"      {field}: {_as_set(_setting(f'upstream.chips.*.{field}'))}")
        out.append(f"      capex: {_as_set(capex)}")
    return [*out, f"  capex_decline: {_as_set(_setting('upstream.capex_decline'))}"]


def scalars(section: str) -> list[str]:
    """The settings of a section that holds single numbers."""
    out = [f"{section}:"]
    for row in table("history/settings"):
        if row["key"].startswith(f"{section}."):
            out += wrapped(row["note"], 2)
            out.append(f"  {row['key'].removeprefix(f'{section}.')}: {_as_set(row)}")
    return out


def strategies() -> list[str]:
    """How firms build: fleets grow by half a quarter, so an order is set against the fleet that it will join."""
    return ["  strategies: {build: at_arrival}"]


def _setting(key: str) -> Row:
    return keyed("history/settings", "key")[key]


def _as_set(row: Row) -> str:
    unit = None if row["unit"] == "1" else row["unit"]
    ends = (number(row["low"]), number(row["high"])) if row["low"] else None
    return quantity(number(row["value"]), unit, ends, row["sources"], row["as_of"])
