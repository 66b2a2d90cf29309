"""The clearing as a linear programme, for the solvers that we are measured against.

Variables are the flows on links, then the served blocks. Rows are the sellers' capacities, then the buyers'
balances.
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csc_array

from market_abm.market.problem import TradeProblem

Ints = np.ndarray
Floats = np.ndarray


@dataclass(frozen=True)
class Programme:
    """Costs and bounds of the columns, column-wise matrix, bounds of the rows; links as (seller, buyer)."""

    cost: Floats
    upper: Floats
    starts: Ints
    rows: Ints
    entries: Floats
    row_lower: Floats
    row_upper: Floats
    seller: Ints
    buyer: Ints

    @property
    def sellers(self) -> int:
        """Number of capacity rows."""
        return int(np.isinf(self.row_lower).sum())

    @property
    def buyers(self) -> int:
        """Number of balance rows."""
        return len(self.row_upper) - self.sellers

    def blocks_of(self, buyer: int) -> Ints:
        """Columns of a buyer's blocks."""
        links = len(self.seller)
        each = (len(self.cost) - links) // self.buyers
        return np.arange(links + buyer * each, links + (buyer + 1) * each, dtype=np.int32)


def programme(problem: TradeProblem) -> Programme:
    """State a trade problem as a programme (part of the peers' time, as reading the arrays is of ours)."""
    seller, buyer = np.nonzero(problem.linked)  # type: ignore[arg-type]
    links, blocks, (sellers, buyers) = len(seller), problem.block_quantity.size, problem.linked.shape  # type: ignore[union-attr]
    pairs = np.empty((links, 2), dtype=np.int32)
    pairs[:, 0], pairs[:, 1] = seller, sellers + buyer
    owner = np.repeat(np.arange(buyers, dtype=np.int32), problem.block_quantity.shape[1])
    cap = np.full(links, np.inf) if problem.link_cap is None else problem.link_cap[seller, buyer]
    return Programme(
        cost=np.concatenate([problem.link_cost[seller, buyer], -problem.block_value.ravel()]),
        upper=np.concatenate([cap, problem.block_quantity.ravel()]),
        starts=np.concatenate([2 * np.arange(links), 2 * links + np.arange(blocks + 1)]).astype(np.int32),
        rows=np.concatenate([pairs.ravel(), sellers + owner]),
        entries=np.concatenate([np.ones(2 * links), -np.ones(blocks)]),
        row_lower=np.concatenate([np.full(sellers, -np.inf), np.zeros(buyers)]),
        row_upper=np.concatenate([problem.capacity, np.zeros(buyers)]),
        seller=seller,
        buyer=buyer,
    )


def by_linprog(problem: TradeProblem) -> float:
    """Surplus by SciPy's linprog (method highs) on a sparse matrix."""
    p = programme(problem)
    matrix = csc_array((p.entries, p.rows, p.starts), shape=(len(p.row_upper), len(p.cost))).tocsr()
    s = p.sellers
    solved = linprog(
        p.cost,
        A_ub=matrix[:s],
        b_ub=p.row_upper[:s],
        A_eq=matrix[s:],
        b_eq=p.row_upper[s:],
        bounds=np.column_stack([np.zeros_like(p.upper), p.upper]),
        method="highs",
    )
    if solved.status != 0:
        raise RuntimeError(f"linprog: {solved.message}")
    return -float(solved.fun)


def by_highspy(problem: TradeProblem, presolve: bool = False) -> float:
    """Surplus by highspy from nothing."""
    model = HighsModel(problem)
    model.model.setOptionValue("presolve", "on" if presolve else "off")
    return model.surplus()


class HighsModel:
    """One HiGHS model object that is changed and solved again from its basis.

    Parameters
    ----------
    problem : TradeProblem
    """

    def __init__(self, problem: TradeProblem) -> None:
        p = self.programme = programme(problem)
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(p.cost), len(p.row_upper)
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = p.cost, np.zeros_like(p.upper), p.upper
        lp.row_lower_, lp.row_upper_ = p.row_lower, p.row_upper
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = p.starts, p.rows, p.entries
        self.model = highspy.Highs()
        self.model.setOptionValue("output_flag", False)
        self.model.passModel(lp)

    def surplus(self) -> float:
        """Solve, from the basis at hand if there is one."""
        self.model.run()
        if self.model.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise RuntimeError(f"highspy: {self.model.getModelStatus()}")
        return -float(self.model.getObjectiveValue())

    def move_to(self, problem: TradeProblem) -> float:
        """Put another problem with the same links into the model and solve it from the last basis."""
        p = self.programme = programme(problem)
        columns = np.arange(len(p.cost), dtype=np.int32)
        self.model.changeColsCost(len(columns), columns, p.cost)
        self.model.changeColsBounds(len(columns), columns, np.zeros_like(p.upper), p.upper)
        rows = np.arange(p.sellers, dtype=np.int32)
        self.model.changeRowsBounds(len(rows), rows, p.row_lower[: p.sellers], p.row_upper[: p.sellers])
        return self.surplus()

    def flow(self, shape: tuple[int, int]) -> Floats:
        """Flows of the last solution, (S, B)."""
        p = self.programme
        flow = np.zeros(shape)
        flow[p.seller, p.buyer] = np.array(self.model.getSolution().col_value)[: len(p.seller)]
        return flow

    def removals(self, trades: np.ndarray, step: float = 1e-3) -> dict[str, Floats]:
        """Losses without each seller, buyer and trading link, and both derivatives in each capacity.

        Every variant starts from the basis of the whole market.

        Parameters
        ----------
        trades : bool array (S, B)
        step : float
            kHQ by which a capacity is raised and lowered for its derivatives.
        """
        p, model = self.programme, self.model
        whole, basis = self.surplus(), self.model.getBasis()

        def without_columns(columns: Ints) -> float:
            none = np.zeros(len(columns))
            model.changeColsBounds(len(columns), columns, none, none)
            found = whole - self.surplus()
            model.changeColsBounds(len(columns), columns, none, p.upper[columns])
            model.setBasis(basis)
            return found

        def with_capacity(seller: int, capacity: float) -> float:
            model.changeRowBounds(seller, -np.inf, capacity)
            found = whole - self.surplus()
            model.changeRowBounds(seller, -np.inf, float(p.row_upper[seller]))
            model.setBasis(basis)
            return found

        sellers = range(p.sellers)
        links = np.flatnonzero(trades[p.seller, p.buyer]).astype(np.int32)
        return {
            "seller": np.array([with_capacity(j, 0.0) for j in sellers]),
            "buyer": np.array([without_columns(p.blocks_of(i)) for i in range(p.buyers)]),
            "link": np.array([without_columns(links[k : k + 1]) for k in range(len(links))]),
            "rise": np.array([-with_capacity(j, p.row_upper[j] + step) / step for j in sellers]),
            "fall": np.array([with_capacity(j, p.row_upper[j] - step) / step for j in sellers]),
        }
