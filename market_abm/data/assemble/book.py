"""The opening book: every flow a contract row, ramps to what was signed, no promise beyond the pipeline."""

from __future__ import annotations

from market_abm.data.assemble.tables import (
    OPENING,
    QUARTERS,
    TODAY,
    Row,
    additions,
    following,
    keyed,
    number,
    steps,
    table,
)
from market_abm.data.assemble.text import Ends, cited, flow, quantity, word, wrapped

RETIREMENT = 0.04
"""Share of a fleet that retires a quarter; the model's own central value."""
PROMISED = 0.9
"""Most of what a supplier will have online that its contracts, with own and rolling use, may take."""
ROLLING_KEPT, OWN_KEPT = 0.9, 0.98
LAST = following(QUARTERS[-1])
"""Last quarter that the sourced additions reach: what comes online in 2028Q2 is in use from 2028Q3."""
LEASED = {"K01", "K02", "K03"}
KEPT_BY = "SpaceX/xAI"
"""Whose own use the fleet of the leases is in a world without them."""


def path(owner: Row) -> dict[str, float]:
    """What an owner has online in each quarter when only its announced additions happen, kH100e."""
    level, arriving = number(owner["online_kh100e"]), additions(owner)
    found = {OPENING: level}
    for quarter in QUARTERS:
        level = level * (1.0 - RETIREMENT) + arriving.get(quarter, 0.0)
        found[following(quarter)] = level
    return found


def waypoints(contract: Row) -> dict[str, float]:
    """Stated later volumes."""
    pairs = [step.split("=") for step in contract["ramp"].split(";") if step]
    return {quarter: float(volume) for quarter, volume in pairs}


def planned(contract: Row) -> dict[str, float]:
    """Volume in each quarter from the start to LAST, straight between its waypoints, before the cap."""
    now, start = number(contract["now_khq"]), max(contract["start"], OPENING)
    later = contract["start"] > OPENING
    known = {following(start, -1): 0.0} if later else {OPENING: now}
    known |= waypoints(contract) or {start: number(contract["peak_khq"]) if later else now}
    dates = sorted(known)
    found, quarter = {}, start
    while quarter <= LAST:
        before = max((date for date in dates if date <= quarter), default=dates[0])
        after = min((date for date in dates if date >= quarter), default=dates[-1])
        span = steps(before, after)
        share = steps(before, quarter) / span if span else 0.0
        found[quarter] = known[before] + share * (known[after] - known[before])
        quarter = following(quarter)
    return found


def capped() -> dict[str, dict[str, float]]:
    """Volumes of all contracts, with what a supplier cannot deliver from its own pipeline taken off.

    In each quarter a supplier's contracts, plus what is left of its own and rolling use, take at most
    PROMISED of its path. What exceeds that is taken off the growth of its ramping contracts, in proportion.
    """
    contracts = [r for r in table("contracts") if r["scenario"] != "none" and r["contract"] != "K04"]
    volumes = {row["contract"]: planned(row) for row in contracts}
    for owner in table("owners"):
        mine = [row for row in contracts if row["supplier"] == owner["owner"]]
        if mine:
            _cap(owner, mine, volumes)
    return volumes


def _cap(owner: Row, mine: list[Row], volumes: dict[str, dict[str, float]]) -> None:
    flows = [row for row in table("flows") if row["supplier"] == owner["owner"]]
    own = sum(number(row["flow_khq"]) for row in flows if row["internal"] == "1")
    rolling = sum(number(row["flow_khq"]) for row in flows if row["internal"] == "0" and not row["contract"])
    last = {row["contract"]: number(row["now_khq"]) for row in mine}
    for quarter, online in path(owner).items():
        if quarter == OPENING:
            continue
        age = steps(OPENING, quarter)
        room = PROMISED * online - own * OWN_KEPT**age - rolling * ROLLING_KEPT**age
        want = {k: volumes[k][quarter] for k in last if quarter in volumes[k]}
        growth = {k: max(v - last[k], 0.0) for k, v in want.items()}
        excess = sum(want.values()) - room
        total = sum(growth.values())
        keep = 1.0 - min(max(excess / total, 0.0), 1.0) if total > 0 else 1.0
        for k, v in want.items():
            volumes[k][quarter] = float(round(min(v, last[k]) + growth[k] * keep))
            last[k] = volumes[k][quarter]


def lines() -> list[str]:
    """The section ``contracts``."""
    out = ["contracts:"]
    by_id = keyed("contracts", "contract")
    volumes = capped()
    out += wrapped(
        "Term contracts, in the order of the table. `estimated` names what is not disclosed; where a "
        "contract does not publish its notice, four quarters are assumed (1 to 4), where it does not "
        "publish its take-or-pay share, the table's (0.8 to 1).",
        2,
    )
    for key, row in by_id.items():
        if row["scenario"] == "world-2026" and key != "K04":
            out += _term(row, volumes[key])
    out += [
        "",
        *wrapped("Relations without a known contract: they renew all but a small share each quarter.", 2),
    ]
    for row in table("flows"):
        if row["internal"] == "0" and not row["contract"]:
            out += _rolling(row)
    out += ["", *wrapped("Own use of own fleets: no price.", 2)]
    for row in table("flows"):
        if row["internal"] == "1":
            out += _internal(row)
    return out


def _term(row: Row, volumes: dict[str, float]) -> list[str]:
    start = max(row["start"], OPENING)
    now = next((flow for flow in table("flows") if flow["contract"] == row["contract"]), None)
    first = volumes[start]
    ends = (number(now["low"]), number(now["high"])) if now else None
    ramp = {q: v for q, v in volumes.items() if q > start and v != volumes[following(q, -1)]}
    out = [f"  {row['contract']}:"]
    out += wrapped(row["note"], 4) if row["note"] else []
    if row["ramp"] or ramp:
        reached = max(volumes.values())
        peak = number(row["peak_khq"])
        short = f"; {reached:g} of {peak:g} by {LAST}" if peak > reached + 0.5 else ""
        out += wrapped(f"Ramp: {row['ramp_as_reported'] or row['ramp']}{short}.", 4)
    body = {
        "supplier": word(row["supplier"]),
        "buyer": word(row["buyer"]),
        "kind": "term",
        "product": word(row["product"]),
        "volume": quantity(first, "kH100e", ends, guess=True),
    }
    if ramp:
        body["ramp"] = flow({q: f"{v:g}" for q, v in ramp.items()})
    return out + [f"    {key}: {value}" for key, value in (body | _terms(row, bool(ramp))).items()]


def _terms(row: Row, ramps: bool) -> dict[str, str]:
    """Price, dates, notice and the rest of a term contract."""
    assumed = set(row["assumed"].split(";")) - {""}
    body: dict[str, str] = {}
    if row["fee_musd_per_quarter"]:
        body["fee"] = quantity(number(row["fee_musd_per_quarter"]), "MUSD/quarter")
    else:
        band = number(row["price_low"]), number(row["price_high"])
        price = number(row["price_usd_per_gpu_hour"])
        body["price"] = quantity(price, "USD/GPU-h", band, guess="price" in assumed)
    body["start"], body["end"] = row["start"], row["end"]
    if row["firm_until"]:
        body["firm_until"] = row["firm_until"]
    for name, column, unit, range_ in (
        ("notice", "notice_quarters", "quarters", (1.0, 4.0)),
        ("take_or_pay", "take_or_pay", "fraction", (0.8, 1.0)),
    ):
        guessed = name in assumed
        ends: Ends = range_ if guessed else None
        body[name] = quantity(number(row[column]), unit, ends, row["sources"], TODAY, guessed)
    if number(row["prepaid"]):
        guessed = "prepaid" in assumed
        body["prepaid"] = quantity(number(row["prepaid"]), "fraction", (0.15, 0.25), guess=guessed)
    disclosed = ("volume", "price", "end", "firm_until", "notice", "take_or_pay")
    named = [name for name in disclosed if name in assumed] + ["ramp"] * ramps
    body["estimated"] = "[" + ", ".join(named) + "]"
    return body | {"source": cited(row["sources"]), "as_of": TODAY}


def _rolling(row: Row) -> list[str]:
    price, volume = number(row["price_usd_per_gpu_hour"]), number(row["flow_khq"])
    body = {
        "supplier": word(row["supplier"]),
        "buyer": word(row["user"]),
        "kind": "rolling",
        "volume": quantity(volume, None, (number(row["low"]), number(row["high"])), guess=True),
        "price": quantity(price, None, (0.8 * price, 1.3 * price), guess=True),
    }
    if row["supplier"] == "Nebius" and row["user"] == "Meta":
        body["end"] = "2026Q4"  # K24 follows
    body |= {"estimated": "[volume, price]", "source": cited(row["sources"]), "as_of": TODAY}
    return [*wrapped(row["rule"], 2), f"  {word('R-' + row['supplier'] + '-' + row['user'])}: {flow(body)}"]


def _internal(row: Row) -> list[str]:
    volume = number(row["flow_khq"])
    # What the leases leave of a fleet has no range of its own: it is the fleet's.
    ends = None if row["supplier"] == KEPT_BY else (number(row["low"]), number(row["high"]))
    out = [
        *wrapped(row["rule"], 2),
        _own(row["supplier"], row["user"], row["user"], volume, ends, row["sources"]),
    ]
    if row["supplier"] == row["user"] == KEPT_BY:
        leased = sum(number(flow["flow_khq"]) for flow in table("flows") if flow["contract"] in LEASED)
        out += wrapped(
            f"In this world without the three leases the {leased:g} kH100e that they take on 1 July stay "
            "with their owner: own use, offered to nobody. colossus-lease drops this row, "
            "no-colossus-lease holds it for good.",
            2,
        )
        out.append(_own(KEPT_BY, KEPT_BY, "kept", leased, None, "s1_techcrunch_mirror;refl_outpost;L4"))
    return out


def _own(supplier: str, user: str, name: str, volume: float, ends: Ends, sources: str) -> str:
    body = {
        "supplier": word(supplier),
        "buyer": word(user),
        "kind": "internal",
        "volume": quantity(volume, None, ends, guess=True),
        "estimated": "[volume]",
        "source": cited(sources),
        "as_of": TODAY,
    }
    return f"  {word(f'I-{supplier}-{name}')}: {flow(body)}"
