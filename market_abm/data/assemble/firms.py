"""Firms: fleets and what arrives, labs, stakes; their money is in ``money``."""

from __future__ import annotations

from market_abm.data.assemble.money import capital, dated_money, other_cash_flow
from market_abm.data.assemble.silicon import mix, new_chips
from market_abm.data.assemble.tables import TODAY, Row, additions, keyed, number, table
from market_abm.data.assemble.text import cited, flow, quantity, shown, word, wrapped

FACILITY = 1.25
"""Power of the whole facility over IT power at server level."""
HOPPER_COST, BLACKWELL_COST = (0.26, 0.15, 0.36), (0.17, 0.10, 0.24)
"""Short-run cash cost, USD/GPU-h (prices.csv): power and upkeep of a sunk fleet."""
KINDS = {
    "Google": "hyperscaler", "Microsoft": "hyperscaler", "Amazon": "hyperscaler", "Meta": "hyperscaler",
    "Oracle": "hyperscaler", "SpaceX/xAI": "hyperscaler", "Mistral": "lab", "OpenAI": "lab",
    "Anthropic": "lab", "Thinking Machines": "lab",
}  # fmt: skip
OWN_USE_ONLY = (
    "Meta", "Mistral", "Sovereign and public compute", "Enterprise on-prem (incl. Tesla)", "OpenAI",
    "Anthropic", "Thinking Machines",
)  # fmt: skip
AGGREGATES = {
    "Other neoclouds and telco clouds": 30,
    "Sovereign and public compute": 15,
    "Enterprise on-prem (incl. Tesla)": 300,
}
LABS = {
    "Google": "Google DeepMind",
    "Meta": "Meta Superintelligence Labs",
    "SpaceX/xAI": "xAI",
    "NVIDIA": "NVIDIA own use",
}
UNMET = {"OpenAI": (861, 0, 1722), "Anthropic": (555, 0, 1110)}
"""Short of the path to 5.5 GW at the end of 2026 at 1.1 M H100e per GW; none to twice as much, kHQ."""
ORDER = (
    "OpenAI", "Anthropic", "Google", "Meta", "Microsoft", "Amazon", "Oracle", "SpaceX/xAI", "CoreWeave",
    "Nebius", "IREN", "Nscale", "Crusoe", "Lambda", "Fluidstack", "Together", "Cerebras",
    "Other neoclouds and telco clouds", "Sovereign and public compute", "Enterprise on-prem (incl. Tesla)",
    "Mistral", "Reflection AI", "SSI", "Cohere", "Thinking Machines", "Cursor (Anysphere)", "NVIDIA",
)  # fmt: skip
NOTES = {
    "SpaceX/xAI": "The lab is xAI. It uses besides what it wants at the going price (400 kH100e) the "
    "fleet that is leased in colossus-lease (contract I-SpaceX/xAI-kept). The opening fleet is the same "
    "in every scenario.",
    "Anthropic": "In use on 1 July: 2,350 kH100e, of which 500 under the lease that this world leaves "
    "out. Use is the rest, split as sourced; the 500 are part of the unmet need, so demand is the same "
    "with and without lease.",
    "Reflection AI": "Its only known supply is the lease that this world leaves out: the need is here, "
    "the supply it has to find.",
    "Cursor (Anysphere)": "Acquired by SpaceX on 2026-08-14, inside the opening quarter, so its owner "
    "from the start. Buys models from the labs: not in the product market.",
    "NVIDIA": "As a buyer of compute for its own research. Its cash does not bind: data-centre revenue "
    "was 89 BUSD in the quarter before.",
}


def lines() -> list[str]:
    """The section ``firms``."""
    owners, out = keyed("owners", "owner"), ["firms:"]
    for name in ORDER:
        out += ["", f"  {word(name)}:"]
        if name in NOTES:
            out += wrapped(NOTES[name], 4)
        out += _firm(name, owners.get(name))
    return out


def _firm(name: str, owner: Row | None) -> list[str]:
    user = keyed("users", "user").get(name)
    lab = user is not None and user["type"] in ("lab", "firm")
    kind = KINDS.get(name, "lab" if lab else "provider")
    out = [f"    kind: {kind}"]
    if name == "Cursor (Anysphere)":
        out.append("    owner: SpaceX/xAI")
    if name in AGGREGATES:
        out.append(f"    aggregate_of: {quantity(AGGREGATES[name], None, None, 'assumption', '2026')}")
    sources = (owner or user or {}).get("sources", "assumption")
    out += [f"    source: {cited(sources)}", f"    as_of: {TODAY}"]
    out += capital(name) + other_cash_flow(name) + dated_money(name) + _stakes(name)
    if owner is not None and (number(owner["online_kh100e"]) or additions(owner)):
        out += _fleet(name, owner)
    if lab and user is not None:
        out += _lab(name, user)
    return out


def _stakes(name: str) -> list[str]:
    held = [row for row in table("stakes") if row["holder"] == name]
    if not held:
        return []
    out = ["    stakes:"]
    for row in held:
        ends = number(row["low"]), number(row["high"])
        text = quantity(number(row["share"]), "fraction", ends, row["sources"], row["as_of"])
        out.append(f"      {word(row['lab'])}: {text}  # {row['note']}")
    return out


def _fleet(name: str, owner: Row) -> list[str]:
    online, low, high = (number(owner[key]) for key in ("online_kh100e", "low", "high"))
    out = ["    fleet:", *wrapped(owner["rule"], 6)]
    out.append(f"      online: {quantity(online, 'kH100e', (low, high), owner['sources'], TODAY)}")
    less, more = number(owner["pipeline_low_factor"]), number(owner["pipeline_high_factor"])
    out.append("      pipeline:")
    for quarter, value in additions(owner).items():
        out.append(f"        {quarter}: {quantity(value, None, (round(less * value), round(more * value)))}")
    hopper = mix(owner).get("Hopper", 0.0)
    cost = [round(hopper * h + (1.0 - hopper) * b, 3) for h, b in zip(HOPPER_COST, BLACKWELL_COST)]
    text = quantity(cost[0], "USD/GPU-h", (cost[1], cost[2]), "foxconn_47;assumption", "2026")
    out.append(f"      unit_cost: {text}")
    power = number(owner["power_it_mw"])
    if online and power:
        kw = round(FACILITY * power / online, 3)
        ends = round(0.7 * kw, 3), round(1.15 * kw, 3)
        text = quantity(kw, "kW/H100e", ends, "epoch_labdoc;assumption", TODAY)
        out.append(f"      power_kw_per_h100e: {text}")
    if name in OWN_USE_ONLY:
        out.append("      sells: false")
    shares = {chip: round(share, 3) for chip, share in new_chips(name, owner).items() if share > 0.0005}
    out.append("      chips: " + flow({word(chip): shown(share) for chip, share in shares.items()}))
    if name == "SpaceX/xAI":
        out.append("      regions: {US: 1}")
    return out


def _lab(name: str, user: Row) -> list[str]:
    flows = [row for row in table("flows") if row["user"] == name and name == "Anthropic"]
    leased = sum(number(row["flow_khq"]) for row in flows if row["contract"] == "K01")
    use, share = number(user["use_khq"]) - leased, number(user["inference_share"])
    ends = round(use * number(user["inference_low"])), round(use * number(user["inference_high"]))
    inference, sources = round(use * share), user["sources"]
    out = ["    lab:", *wrapped(user["rule"], 6)]
    if name in LABS:
        out.append(f"      label: {LABS[name]}")
    out.append(f"      inference: {quantity(inference, 'kHQ', ends, sources, TODAY, guess=True)}")
    out.append(f"      rnd: {quantity(use - inference, 'kHQ', None, sources, TODAY, guess=True)}")
    if name in UNMET:
        unmet, low, high = (value + leased for value in UNMET[name])
        out.append(f"      unmet: {quantity(unmet, 'kHQ', (low, high), 'silfwd;assumption', TODAY)}")
    if number(user["revenue_musd"]):
        band = number(user["revenue_low"]), number(user["revenue_high"])
        text = quantity(number(user["revenue_musd"]), "MUSD/quarter", band, sources, "2026Q3")
        out.append(f"      revenue: {text}")
    if user["margin"]:
        margin = number(user["margin"])
        band = round(margin - 0.08, 2), round(min(margin + 0.08, 0.97), 2)
        out.append(f"      margin: {quantity(margin, 'fraction', band, 'assumption', '2026')}")
    if user["product_share"]:
        band = number(user["share_low"]), number(user["share_high"])
        text = quantity(number(user["product_share"]), "fraction", band, sources, "2026Q3")
        out.append(f"      product_share: {text}")
    return out
