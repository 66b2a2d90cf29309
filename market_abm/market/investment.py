"""Build or lease: the capital recovery factor, the break-even rent, the value of waiting."""

from __future__ import annotations

import math
from dataclasses import dataclass

HOURS_PER_YEAR = 8760.0


@dataclass(frozen=True)
class BreakEven:
    """What owning a unit of compute costs, as a rent.

    Attributes
    ----------
    crf : float
        Capital recovery factor, per year.
    annual : float
        Capital and operating cost of a year, in the money of ``capex``.
    per_gpu_hour : float
        The same per used hour: leasing pays below it, building above it.
    """

    crf: float
    annual: float
    per_gpu_hour: float


def capital_recovery_factor(rate: float, years: float) -> float:
    """Constant annual payment that repays one unit of capital over ``years`` at ``rate``.

    Raises
    ------
    ValueError
        If ``years`` is not positive or ``rate`` is not above -1.
    """
    if not years > 0:
        raise ValueError(f"years is {years}; it must be positive: give the life of the asset in years")
    if not rate > -1:
        raise ValueError(f"rate is {rate}; it must be above -1: give the annual discount rate as a fraction")
    if abs(rate) < 1e-12:
        return 1.0 / years
    return rate / -math.expm1(-years * math.log1p(rate))


def break_even_rent(capex: float, opex: float, rate: float, years: float, utilisation: float) -> BreakEven:
    """Rent per GPU-hour at which leasing and building cost the same.

    ``(I * CRF + opex) / (8760 u)``, with ``capex`` in USD per GPU, ``opex`` in USD per GPU and year,
    ``rate`` per year and ``utilisation`` the share of hours sold or used.

    Raises
    ------
    ValueError
        If utilisation is outside (0, 1] or the other arguments are out of range.
    """
    if not 0 < utilisation <= 1:
        raise ValueError(f"utilisation is {utilisation}; it must lie in (0, 1]")
    crf = capital_recovery_factor(rate, years)
    annual = capex * crf + opex
    return BreakEven(crf=crf, annual=annual, per_gpu_hour=annual / (HOURS_PER_YEAR * utilisation))


@dataclass(frozen=True)
class RealOption:
    """The hurdle of an investment that can wait.

    Attributes
    ----------
    beta1 : float
        Positive root of the fundamental quadratic.
    hurdle : float
        Value over cost at which investing beats waiting: beta1 / (beta1 - 1), times exp(delta * lag) for the
        value of a running project that arrives with a lag.
    threshold : float
        The same in money: V* = hurdle * I.
    """

    beta1: float
    hurdle: float
    threshold: float


def real_option(
    rate: float, payout: float, volatility: float, investment: float = 1.0, lag_years: float = 0.0
) -> RealOption:
    """Investment threshold under uncertainty (McDonald and Siegel 1986; Dixit and Pindyck 1994, ch. 5).

    Parameters
    ----------
    rate : float
        Discount rate per year, positive.
    payout : float
        Rate at which value is lost by waiting (delta), per year, positive.
    volatility : float
        Standard deviation of the project's value, per square root of a year; zero is the certain limit.
    investment : float
        Cost I.
    lag_years : float
        Time to build: a running project must be worth exp(delta * lag) more, since its margins start later.

    Raises
    ------
    ValueError
        If the rates are not positive, or the volatility or lag negative.
    """
    if not (rate > 0 and payout > 0):
        raise ValueError(
            f"rate is {rate} and payout is {payout}; both must be positive: without a cost of waiting"
            " nobody ever invests"
        )
    if volatility < 0 or lag_years < 0:
        raise ValueError(f"volatility {volatility} and lag_years {lag_years} must not be negative")
    drift = rate - payout
    if volatility == 0:
        # the certain limit: wait only while the value grows (Dixit and Pindyck 1994, section 5.1)
        beta1 = rate / drift if drift > 0 else math.inf
    else:
        variance = volatility * volatility
        a = 0.5 - drift / variance
        beta1 = a + math.sqrt(a * a + 2.0 * rate / variance)
    hurdle = 1.0 if math.isinf(beta1) else beta1 / (beta1 - 1.0)
    hurdle *= math.exp(payout * lag_years)
    return RealOption(beta1=beta1, hurdle=hurdle, threshold=hurdle * investment)
