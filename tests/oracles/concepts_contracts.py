"""Oracle concepts of contracts and investment that `market_abm.market` answers: translation of inputs only."""

from __future__ import annotations

from market_abm.market.contracts import (
    effective_unit_price,
    hold_up,
    payment,
    reserve_quantity,
    unit_fee,
)
from market_abm.market.investment import break_even_rent, real_option


def build_vs_lease(inputs) -> dict:
    """Capital recovery factor and break-even rent."""
    result = break_even_rent(
        inputs["capex"], inputs["opex"], inputs["r"], inputs["years"], inputs["utilisation"]
    )
    return {
        "crf": result.crf,
        "breakeven_annual": result.annual,
        "breakeven_per_gpu_hour": result.per_gpu_hour,
    }


def real_option_hurdle(inputs) -> dict:
    """Root and threshold; a lag multiplies the hurdle."""
    result = real_option(
        inputs["r"],
        inputs["delta"],
        inputs["sigma"],
        investment=inputs.get("I", 1.0),
        lag_years=inputs.get("lag_years", 0.0),
    )
    return {"beta1": result.beta1, "threshold": result.threshold, "hurdle": result.hurdle}


def contract_portfolio(inputs) -> dict:
    """Reserved quantity and expected bill under uniform demand."""
    low, high = inputs["demand_uniform"]
    reserve = reserve_quantity(
        inputs["p_reserved"], inputs["p_spot"], low, high, take_or_pay=inputs.get("take_or_pay_share", 1.0)
    )
    return {"reserve": reserve.quantity, "expected_cost": reserve.expected_cost}


def take_or_pay(inputs) -> dict:
    """Payments by quantity used."""
    terms = (inputs["price"], inputs["contracted"], inputs["used"], inputs["take_or_pay_share"])
    return {"payment": payment(*terms), "effective_unit_price": effective_unit_price(*terms)}


def hold_up_investment(inputs) -> dict:
    """Investment of a party that shares what it makes."""
    result = hold_up(inputs["theta"], inputs["investor_share"], inputs.get("contract_protected_share", 0.0))
    return {
        "first_best": result.first_best,
        "investment": result.investment,
        "surplus_first_best": result.surplus_first_best,
        "surplus": result.surplus,
        "hold_up_index": result.index,
    }


def calibration_arithmetic(inputs) -> dict:
    """A monthly fee taken apart; 90 days of notice are three months."""
    fee = unit_fee(
        inputs["usd_per_month"],
        inputs["gpus"],
        inputs["months"],
        hours_per_month=inputs["hours_per_month"],
        notice_months=inputs.get("notice_months", 3.0),
    )
    return {
        "usd_per_gpu_month": fee.usd_per_gpu_month,
        "usd_per_gpu_hour": fee.usd_per_gpu_hour,
        "headline_total_usd": fee.headline_usd,
        "committed_usd_at_notice": fee.committed_usd,
    }


CONCEPTS = {
    "build_vs_lease": build_vs_lease,
    "real_option": real_option_hurdle,
    "contract_portfolio": contract_portfolio,
    "take_or_pay": take_or_pay,
    "hold_up": hold_up_investment,
    "calibration_arithmetic": calibration_arithmetic,
}
