"""A stand-in for the model: random but well-formed tables, so that results can be tested alone."""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from market_abm.scenario import Scenario, scenario_from

PROVIDERS = {"Oracle": 0.08, "CoreWeave": 0.09, "Small Cloud": 0.05}
HYPERSCALERS = {"Google": 0.28, "Microsoft": 0.24, "Amazon": 0.16, "SpaceX/xAI": 0.10}
LABS = ("Anthropic", "OpenAI")
SEGMENTS = ("Enterprise cloud", "Google captive")


def fleet(online: float) -> dict:
    return {
        "online": {
            "value": online,
            "low": online * 0.9,
            "high": online * 1.1,
            "source": "count",
            "as_of": "2026Q3",
        }
    }


@cache
def world(quarters: int = 8, name: str = "fake-world") -> Scenario:
    """A scenario with the firms of the feed."""
    firms = {key: {"kind": "provider", "fleet": fleet(1000 * share)} for key, share in PROVIDERS.items()}
    for key, share in HYPERSCALERS.items():
        lab = {
            "inference": 10,
            "rnd": {"value": 10, "guess": True, "low": 5, "high": 15, "source": "assumption"},
        }
        firms[key] = {"kind": "hyperscaler", "fleet": fleet(1000 * share), "lab": lab}
    firms["Google"]["lab"]["label"] = "Google DeepMind"
    for key in LABS:
        firms[key] = {
            "kind": "lab",
            "lab": {"inference": 50, "rnd": 40, "revenue": 500, "product_share": 0.3},
        }
    return scenario_from(
        {
            "schema_version": 1,
            "name": name,
            "question": "Does the feed hold together?",
            "horizon": {"start": "2026Q3", "quarters": quarters},
            "firms": firms,
            "segments": {
                "Enterprise cloud": {"use": 300},
                "Google captive": {"use": 100, "kind": "captive", "owner": "Google"},
            },
            "contracts": {
                "K01": {
                    "supplier": "SpaceX/xAI",
                    "buyer": "Anthropic",
                    "volume": 50,
                    "price": 3.0,
                    "end": "2029Q2",
                }
            },
            "sources": {
                "count": {
                    "title": "A count of chips",
                    "url": "https://example.org/count",
                    "date": "2026-11-22",
                    "grade": "B",
                }
            },
        }
    )


class FakeModel:
    """Steps like the model and records random tables; ``fail`` names seeds that break."""

    fail: tuple[int, ...] = ()
    shift = 0.0

    def __init__(self, scenario: Scenario, rng: int, pin: bool = False) -> None:
        self.scenario, self.seed, self.t = scenario, rng, -1
        self.record: dict | None = None
        self.capability = {key: 1.0 + 0.3 * step for step, key in enumerate(labs(scenario))}

    def step(self) -> None:
        self.t += 1
        if self.seed in self.fail and self.t == 2:
            raise ValueError(f"seed {self.seed} was made to fail")
        self.record = tables(self)


class FailingModel(FakeModel):
    fail = (3,)


class HopelessModel(FakeModel):
    fail = tuple(range(100))


class ShiftedModel(FakeModel):
    shift = 0.25


def labs(scenario: Scenario) -> list[str]:
    return [key for key, firm in scenario.firms.items() if firm.lab is not None]


def tables(model: FakeModel) -> dict:
    """One quarter of every table; shared noise by seed and quarter, so that pairing pays."""
    scenario, t = model.scenario, model.t
    rng = np.random.default_rng([model.seed, t])
    noise = rng.normal(0.0, 0.1)
    firms = firm_table(model, rng)
    links = link_table(scenario, t, rng)
    graded = [g for g, k in zip(firms["grade"], firms["kind"]) if g in ("chokepoint", "critical")]
    order = sorted(model.capability, key=model.capability.get, reverse=True)
    levels = [model.capability[key] for key in order]
    long_run = 2.0 * 0.97**t
    steps = {
        "price_index_usd_per_gpu_hour": 2.4 - 0.05 * t + noise + model.shift,
        "price_long_run_usd_per_gpu_hour": long_run,
        "spot_price_usd_per_gpu_hour": math.nan if t == 1 else 2.5 + noise,
        "contract_price_usd_per_gpu_hour": 1.6,
        "capacity_kh100e": 1000.0 * 1.1**t,
        "capacity_sellable_khq": 960.0 * 1.1**t,
        "demand_long_run_khq": 1100.0 * 1.1**t,
        "demand_going_price_khq": 960.0 * 1.1**t,
        "tightness": 1.15 + noise,
        "tightness_going": 1.0,
        "tight": bool(2.4 - 0.05 * t + noise >= 1.1 * long_run),
        "free_share": 0.04,
        "utilisation": 0.95,
        "served_khq": 950.0,
        "hhi_fleet": 1250.0 + 10 * t + rng.normal(0, 5),
        "hhi_merchant": 1400.0 - 15 * t + rng.normal(0, 5),
        "hhi_free": math.nan if t == 0 else 1600.0,
        "hhi_sales": 1500.0,
        "n_eff_merchant": 7.1,
        "cr4_merchant": 0.68,
        "max_share_merchant": 0.25,
        "rsi_min": 0.72,
        "network_rsi_min": 0.7,
        "pivotal_firms": 3,
        "surplus_resource_musd": 5000.0,
        "chokepoint_firms": len(graded),
        "watch_firms": firms["grade"].count("watch"),
        "relation_chokepoints": int(links["relation_chokepoint"].sum()),
        "relations": len(links["supplier"]),
        "leader": order[0],
        "capability_gap": levels[0] - levels[1],
        "velocity_mean": 0.1,
        "frontier_velocity": 0.1,
        "product_revenue_musd": 30000.0,
        "consumer_surplus_musd": 9000.0,
        "chips_bind_share": 0.4,
        "power_bind_share": 0.2 + 0.01 * t,
        "finance_bind_share": 0.1,
        "growth_bind_share": 0.05,
        "capex_musd": 40000.0,
        "ledger_residual_musd": 0.0,
        "compute_residual_khq": 0.0,
        "estimated_volume_share": 0.6,
        "seller_secured_share": 0.3,
        "buyer_secured_share": 0.25,
        "contested_share": 0.45,
        "realised_seller_share": 0.5,
        "out_of_line_relations": 1,
        "credit_limit_firms": 0,
        "entries": 0,
        "exits": 0,
    }
    contracts = {
        "contract": ["K01"], "supplier": ["SpaceX/xAI"], "buyer": ["Anthropic"], "kind": ["term"],
        "volume_kh100e": [50.0], "price_usd_per_gpu_hour": [3.0], "start": ["2026Q3"], "end": ["2029Q2"],
        "firm_until": ["2026Q4"], "notice_quarters": np.array([1]), "take_or_pay": [1.0],
        "status": ["in force"], "used_share": [1.0], "payment_musd": [328.5], "estimated": np.array([False]),
    }  # fmt: skip
    events = [{"stage": 5, "kind": "signed", "firm": "SpaceX/xAI",
    "counterparty": "Anthropic", "amount": 50.0,
               "unit": "kH100e",
               "detail": "SpaceX/xAI and Anthropic sign K01"}] if t == 0 else []  # fmt: skip
    decisions = [
        {"firm": "Google", "verb": "build",
        "option": "q rule: 20 kH100e", "score": 12.5 + t, "next_option": "wait",
         "next_score": 10.0, "unit": "MUSD", "binding": "chips", "detail": "chips ration the order"},
        {"firm": "Anthropic", "verb": "renew", "option": "keep K01", "score": 5.0, "binding": ""},
    ]  # fmt: skip
    return {
        "steps": steps,
        "firms": firms,
        "links": links,
        "contracts": contracts,
        "events": events,
        "decisions": decisions,
    }


def firm_table(model: FakeModel, rng: np.random.Generator) -> dict:
    scenario, t, nan = model.scenario, model.t, math.nan
    keys = [*scenario.firms, *scenario.segments]
    fleets = PROVIDERS | HYPERSCALERS
    speed = {key: 0.1 + 0.02 * step + rng.normal(0, 0.01) for step, key in enumerate(labs(scenario))}
    for key in model.capability:
        model.capability[key] += speed[key] + model.shift * (key == "Anthropic")
    best = max(model.capability.values())
    rows = []
    for key in keys:
        share, firm = fleets.get(key), scenario.firms.get(key)
        sells, lab = share is not None, key in model.capability
        effect = share + 0.02 * t if sells else nan
        grade = "none" if sells else ""
        if sells and effect >= 0.3:
            grade = "critical" if t > 5 else "chokepoint"
        elif sells and effect >= 0.25:
            grade = "watch"
        owner = "Google" if key == "Google captive" else key
        rows.append({
            "firm": key, "kind": firm.kind if firm else "segment", "owner": owner, "active": True,
            "cash_musd": 1000.0, "debt_musd": 0.0, "capacity_kh100e": 1000 * share * 1.1**t if sells else 0.0,
            "pipeline_kh100e": 10.0, "power_mw": 100.0, "own_use_khq": 5.0,
            "sold_khq": 50.0, "bought_khq": 0.0,
            "served_khq": 90.0, "need_khq": 100.0, "served_share": 0.9 if lab else nan, "inference_khq": 50.0,
            "rnd_khq": 40.0, "capability": model.capability[key] if lab else nan,
            "velocity": speed[key] if lab else nan,
            "capability_gap": best - model.capability[key] if lab else nan,

            "product_share": 0.15 if lab else nan, "revenue_musd": 500.0, "compute_spend_musd": 100.0,
            "compute_income_musd": 100.0, "capex_musd": 50.0, "orders_kh100e": 10.0,
            "binding": "chips" if sells else "", "credit_limit_reached": False,
            "share_fleet": share if sells else nan, "share_merchant": share * 0.9 if sells else nan,
            "rsi": 1 - share if sells else nan, "network_rsi": 0.95 - share if sells else nan,
            "pivotal": bool(sells and share > 0.2), "served_loss_share": share if sells else nan,
            "welfare_loss_share": share * 0.8 if sells else nan,
            "loss_of_others_share": share * 0.6 if sells else nan,

            "marginal_contribution_musd": 100.0 if sells else nan, "price_effect": effect,
            "price_effect_low": effect * 0.7, "price_effect_high": effect * 1.8,
            "price_effect_one_quarter": nan, "grade": grade, "seller_secured_share": 0.3 if sells else nan,
            "buyer_secured_share": 0.2 if lab else nan, "realised_seller_share": 0.5 if sells else nan,
            "supplier_count": 2, "largest_supplier_share": 0.6, "supplier_hhi": 5200.0,
            "largest_customer_share": 0.4, "training_runs": 0.5 if lab else nan,
        })  # fmt: skip
    table = {name: [row[name] for row in rows] for name in rows[0]}
    order = rng.permutation(len(rows))  # the order of the file must not matter
    return {name: [values[row] for row in order] for name, values in table.items()}


def link_table(scenario: Scenario, t: int, rng: np.random.Generator) -> dict:
    suppliers = [*PROVIDERS, *HYPERSCALERS]
    pairs = [(s, b) for s in suppliers for b in (*LABS, "Enterprise cloud")] + [("Google", "Google captive")]
    rows = []
    for step, (supplier, buyer) in enumerate(pairs):
        internal = buyer == "Google captive"
        drift = 0.03 * t * (supplier == "SpaceX/xAI") - 0.01 * t * (buyer == "OpenAI")
        seller = 0.3 + drift + rng.normal(0, 0.005)
        buyer_part = 0.3 - drift
        gross, cost, lost = 2.0, 0.4, step % 7 == 3
        nan = math.nan
        value = gross + cost
        floor, ceiling = cost + seller * gross, value - buyer_part * gross
        price = floor + 0.5 * (ceiling - floor)
        gone = internal or lost
        rows.append({
            "supplier": supplier, "buyer": buyer, "volume_khq": 20.0 + step + t, "new_volume_khq": 1.0,
            "price_usd_per_gpu_hour": nan if internal else price,
            "new_price_usd_per_gpu_hour": nan if gone else price,
            "floor_usd_per_gpu_hour": nan if gone else floor,

            "ceiling_usd_per_gpu_hour": nan if gone else ceiling, "value_usd_per_gpu_hour": value,
            "unit_cost_usd_per_gpu_hour": cost, "wedge_usd_per_gpu_hour": 0.0,
            "switching_usd_per_gpu_hour": 0.0,
            "gross_surplus_usd_per_gpu_hour": nan if gone else gross,
            "seller_secured_share": nan if gone else seller,
            "buyer_secured_share": nan if gone else buyer_part,

            "contested_share": nan if gone else 1 - seller - buyer_part,
            "realised_seller_share": nan if gone else (price - cost) / gross,
            "lambda_index": nan if gone else 0.5,

            "dependence_before": nan if internal else 0.3 - 0.01 * step,
            "dependence_after": nan if internal else 0.12,

            "supplier_dependence": nan if internal else 0.05, "notice_quarters": 1.0,
            "relation_chokepoint": bool(not internal and 0.3 - 0.01 * step >= 0.25), "out_of_line": lost,
            "estimated": step % 2 == 0,
        })  # fmt: skip
    table = {name: [row[name] for row in rows] for name in rows[0]}
    return {
        name: np.array(values) if name == "relation_chokepoint" else values for name, values in table.items()
    }
