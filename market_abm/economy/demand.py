"""Private willingness to pay for compute, given rivals' present compute.

A lab wants compute to serve its customers (inference) and to train (R&D); a segment has a sourced elasticity.
Each demand is a function of the price, summed horizontally and handed to the market as fine blocks.
Sources: Kaplan et al. 2020 and Hoffmann et al. 2022 (capability as a power law of compute), Loury 1979 and
Tullock 1980 (the prize that an entrant chases too).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np

from market_abm.economy.columns import changed
from market_abm.economy.edges import Prices, ladder_of
from market_abm.economy.state import State, opening_stock
from market_abm.economy.world import Floats, Ints, World, of_world
from market_abm.elementary import SMALLEST, exp, inverse_demand, isoelastic, power, quantity_demanded
from market_abm.units import musd_per_khq


@dataclass(frozen=True)
class Demand:
    """Demand functions of all buyers in one quarter, columns of length B, prices in MUSD per kHQ.

    Inference: ``need`` valued from ``(1 + slope) value`` down to ``(1 - slope) value``. R&D: the value of one
    more kHQ is prize x A / ((1 - d) E + A q). Segments: scale x (v / price)^-elasticity up to the choke
    price.
    """

    need: Floats
    value: Floats
    slope: float
    prize: Floats
    head_start: Floats
    """(1 - d) E / A: what must be bought before the first unit, kHQ."""
    scale: Floats
    price: float
    elasticity: Floats
    """NaN where there is no isoelastic curve."""
    choke: float
    """Highest value of a segment's compute, MUSD per kHQ: the isoelastic tail has no finite area."""
    blocks: tuple

    def at(self, v: Floats) -> Floats:
        """Quantity demanded at prices ``v``: (B, N) kHQ for prices (B, N), or (1, N) for all alike."""
        return self._quantity(v, isoelastic(v, self.price, self.elasticity[:, None], self.choke))

    def read(self, prices: Prices) -> Floats:
        """Quantity demanded at prices at which other demands are read too, (B, N) kHQ."""
        return self._quantity(prices.v, prices.curve(self.price, self.elasticity, self.choke))

    def _quantity(self, v: Floats, curve: Floats) -> Floats:
        quantity = quantity_demanded(v, *self._columns, curve)
        for b, blocks in self.given:
            price = np.maximum(v[b if len(v) > 1 else 0], SMALLEST)
            quantity[b] = 0.0
            for value, amount in blocks:
                quantity[b] += np.where(price <= value, amount, 0.0)
        return quantity

    @cached_property
    def given(self) -> list[tuple[int, tuple]]:
        """Buyers whose demand is given as blocks, with their (value, quantity) blocks."""
        return [(b, blocks) for b, blocks in enumerate(self.blocks) if blocks is not None]

    @cached_property
    def _columns(self) -> tuple:
        """Arguments of the curves after the price, a column a buyer."""
        column = (slice(None), None)
        return (
            self.need[column], self.value[column], self.slope, self.prize[column], self.head_start[column],
            self.scale[column],
        )  # fmt: skip

    def total(self, price: float) -> float:
        """Demand D of all buyers at one price, kHQ."""
        at = self.at(np.array([[price]]))[:, 0]
        return float(np.cumsum(at)[-1]) if len(at) else 0.0

    def ladder(self, steps: int = 240) -> Floats:
        """Falling prices from the choke to next to nothing, at which curves are read, (N,)."""
        return self._ladder(steps).v[0]

    def _ladder(self, steps: int = 240) -> Prices:
        top = max([self.choke, *(v for _, blocks in self.given for v, _ in blocks)])
        return ladder_of(top, 1e-3 * self.price, steps)

    @cached_property
    def _on_ladder(self) -> tuple[Floats, Floats]:
        """Prices of the ladder (N,) and quantities at them, (B, N)."""
        ladder = self._ladder()
        return ladder.v[0], self.read(ladder)

    def marginal(self, quantity: Floats) -> Floats:
        """Inverse demand: value of one more kHQ beyond ``quantity``, MUSD per kHQ, (B,)."""
        return inverse_demand(*self._on_ladder, quantity)

    def value_of(self, quantity: Floats) -> Floats:
        """Gross value of using ``quantity`` in all, MUSD, (B,): the area under inverse demand."""
        grid, wanted = self._on_ladder
        steps = np.diff(np.minimum(wanted, quantity[:, None]), axis=1, prepend=0.0)
        worth = np.concatenate([grid[:1], 0.5 * (grid[1:] + grid[:-1])])
        return np.cumsum(steps * worth[None, :], axis=1)[:, -1]

    def scaled(self, factor: Floats) -> Demand:
        """The same willingness to pay for ``factor`` times the quantity."""
        if (factor == 1.0).all():
            return self
        blocks = list(self.blocks)
        for b, rows in self.given:
            blocks[b] = tuple((v, q * factor[b]) for v, q in rows)
        then = changed(
            self,
            {
                "need": self.need * factor,
                "prize": self.prize * factor,
                "head_start": self.head_start * factor,
                "scale": self.scale * factor,
                "blocks": tuple(blocks),
            },
        )
        # The prices of the ladder are the same, and quantities are proportional: nothing to be read again.
        grid, wanted = self._on_ladder
        then.__dict__["_on_ladder"] = grid, wanted * factor[:, None]
        return then

    def on_ladder(self) -> tuple[Floats, Floats]:
        """Falling prices (N,), and what each buyer wants at them, (B, N) kHQ."""
        return self._on_ladder

    def of(self, buyers: Ints) -> Demand:
        """The demand of some of the buyers, by row."""
        columns = {name: self.__dict__[name][buyers] for name in _BY_BUYER}
        return changed(self, {**columns, "blocks": tuple(self.blocks[b] for b in buyers.tolist())})

    def with_elasticity(self, elasticity: float, price: float | Floats) -> Demand:
        """The same demand with another elasticity of the segments, through the same point at ``price``, one or (B,)."""
        through = power(price / self.price, elasticity - self.elasticity)
        curved = self.scale > 0
        columns = {
            "scale": np.where(curved, self.scale * through, self.scale),
            "elasticity": np.where(curved, elasticity, self.elasticity),
        }
        return changed(self, columns)


_BY_BUYER = ("need", "value", "prize", "head_start", "scale", "elasticity")
"""Columns of a demand."""


def joined(demands: list[Demand]) -> Demand:
    """Demands of one world, the buyers of one after those of the other: those of several quarters, say."""
    table = np.concatenate([demand.__dict__[name] for name in _BY_BUYER for demand in demands])
    columns = dict(zip(_BY_BUYER, table.reshape(len(_BY_BUYER), -1)))
    blocks = tuple(chain.from_iterable([demand.blocks for demand in demands]))
    return changed(demands[0], {**columns, "blocks": blocks})


def form_demand(world: World, state: State, need_factor: Floats) -> Demand:
    """Stage 3: what each buyer would take at every price.

    Parameters
    ----------
    need_factor : ndarray (B,)
        Dated demand shocks of the timeline, 1 where there are none.
    """
    b, buyers, start = world.scenario.behaviour, world.buyers, _start(world)
    t = max(state.t, 0)
    entered = min(t, int(b.unmet_quarters)) / float(b.unmet_quarters)
    late = np.where(start.present, 1.0 + buyers.unmet * entered / start.size, 1.0)
    market = state.market / world.market_revenue if world.market_revenue > 0 else 1.0
    share = np.where(buyers.product, state.share / start.share, 1.0)
    need = buyers.inference * market * share * state.efficiency * late
    prize = opening_prize(world) * market * prize_of_share(world, state.share)
    stock = opening_stock(world) if state.t < 0 else state.stock
    productivity = float(exp(float(b.g_A) * t))
    scale = np.where(buyers.lab, 0.0, buyers.use * buyers.growth[:, t] * late * exp(state.segment_shock))
    curve = Demand(
        need=need,
        value=inference_value(world, state),
        slope=float(b.inference_slope),
        prize=np.where(buyers.trains, prize, 0.0),
        head_start=np.where(buyers.trains, (1.0 - float(b.d)) * stock / productivity, 0.0),
        scale=scale,
        price=world.index_price,
        elasticity=start.elasticity,
        choke=float(b.choke) * world.index_price,
        blocks=start.blocks,
    )
    return curve.scaled(need_factor)


@dataclass(frozen=True)
class _Start:
    """What demand is measured against and does not change, columns of length B."""

    present: np.ndarray
    """Buyers that use compute at the start."""
    size: Floats
    """What they use then, kHQ; no less than `SMALLEST`, as ``share`` and ``gain``."""
    share: Floats
    gain: Floats
    """s (1 - s): the gain of a logit share in its quality."""
    elasticity: Floats
    """NaN for labs, whose demand is no isoelastic curve."""
    discount: Floats
    kept: Floats
    """Worth of a customer who may stay, relative to the margin of one quarter."""
    value: Floats
    """Value of one kHQ that serves customers, MUSD per kHQ."""
    blocks: tuple


@of_world
def _start(world: World) -> _Start:
    b, p, buyers = world.scenario.behaviour, world.scenario.product, world.buyers
    size = np.where(buyers.lab, buyers.inference, buyers.use)
    share = np.where(buyers.product, buyers.share, 0.5)
    discount = 1.0 + world.rows.wacc[buyers.row] - float(p.zeta)
    kept = _kept(float(p.zeta), buyers.share, discount)
    revenue = world.market_revenue * buyers.share * buyers.monetisation
    margin = np.where(
        buyers.product & (buyers.inference > 0),
        buyers.margin * revenue / np.maximum(buyers.inference, SMALLEST),
        0.0,
    )
    # The lowest block served is worth the index.
    floor = world.index_price / (1.0 - float(b.inference_slope))
    return _Start(
        present=size > 0,
        size=np.maximum(size, SMALLEST),
        share=np.maximum(buyers.share, SMALLEST),
        gain=np.maximum(share * (1.0 - share), SMALLEST),
        elasticity=np.where(buyers.lab, np.nan, buyers.elasticity),
        discount=discount,
        kept=kept,
        value=np.maximum(margin * kept, floor),
        blocks=tuple(
            None if rows is None else tuple((float(musd_per_khq(v)), float(q)) for v, q in rows)
            for rows in buyers.blocks
        ),
    )


@of_world
def opening_prize(world: World) -> Floats:
    """Value of capability revealed by what labs spend on R&D: alphaW = p q e^G / (e^G - 1 + d), MUSD.

    Calibrated so that today's R&D is what the lab wants at the index, on the balanced path with
    G = growth of effective compute.
    """
    b = world.scenario.behaviour
    growth = np.exp(float(b.g_A) + float(world.market_growth[0]))
    prize = world.index_price * world.buyers.rnd * growth / max(growth - 1.0 + float(b.d), SMALLEST)
    prize.setflags(write=False)
    return prize


def prize_of_share(world: World, share: Floats) -> Floats:
    """Prize relative to the start: the logit gain s(1-s) and the part rho that an entrant chases too."""
    rho = float(world.scenario.behaviour.rho)
    now = np.where(world.buyers.product, share, 0.5)
    return (1.0 - rho) * (now * (1.0 - now) / _start(world).gain) + rho


def inference_value(world: World, state: State) -> Floats:
    """Value of one kHQ that serves customers: today's margin and the customers kept.

    v = (m / g) (1 + zeta (1 - s) / (1 + r - zeta)), lifted at the start so that the lowest block served is
    worth the index (revealed preference), and carried on in proportion.
    """
    start = _start(world)
    kept = _kept(float(world.scenario.product.zeta), state.share, start.discount)
    return start.value / state.efficiency * kept / start.kept


def _kept(zeta: float, share: Floats, discount: Floats) -> Floats:
    """Worth of a customer who stays with probability zeta, relative to the margin of one quarter."""
    return 1.0 + zeta * (1.0 - share) / discount
