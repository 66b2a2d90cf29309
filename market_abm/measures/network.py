"""The supplier network as a graph: bottleneck cut and betweenness.

Betweenness is descriptive only: it does not measure bargaining power.
"""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from market_abm.measures._owners import Bools, Floats
from market_abm.measures.pivotality import _network
from market_abm.units import GRID

Edge = tuple[Hashable, Hashable, float]


@dataclass(frozen=True)
class Cut:
    """A minimum cut of a directed network.

    Attributes
    ----------
    value : float
        Its capacity, which is the maximum flow.
    source_side : frozenset
        Nodes that the source still reaches.
    arcs : tuple of (tail, head)
        The saturated arcs that leave the source side, in the order given.
    """

    value: float
    source_side: frozenset
    arcs: tuple[tuple[Any, Any], ...]


def min_cut(edges: Iterable[Edge], source: Hashable, sink: Hashable) -> Cut:
    """Minimum cut between two nodes (Ford & Fulkerson 1956), by shortest augmenting paths.

    Parameters
    ----------
    edges : iterable of (tail, head, capacity)
        Parallel edges add up.
    source, sink : hashable

    Raises
    ------
    ValueError
        If source and sink are one node or a capacity is negative or not a number.
    """
    if source == sink:
        raise ValueError(f"source and sink are both {source!r}; a cut needs two different nodes.")
    residual: dict[Any, dict[Any, float]] = {source: {}, sink: {}}
    given: list[tuple[Any, Any]] = []
    for tail, head, capacity in edges:
        if not capacity >= 0.0:
            raise ValueError(f"edge {tail!r} to {head!r} has capacity {capacity}; it must be zero or more.")
        residual.setdefault(tail, {}).setdefault(head, 0.0)
        residual.setdefault(head, {}).setdefault(tail, 0.0)
        residual[tail][head] += capacity
        if (tail, head) not in given:
            given.append((tail, head))
    value = 0.0
    while True:
        via = _reached(residual, source)
        if sink not in via:
            break
        path = [sink]
        while path[-1] != source:
            path.append(via[path[-1]])
        steps = list(zip(path[1:], path[:-1]))
        amount = min(residual[a][b] for a, b in steps)
        if amount == float("inf"):
            raise ValueError(
                f"{source!r} reaches {sink!r} over unlimited edges; give one of them a capacity."
            )
        for a, b in steps:
            residual[a][b] -= amount
            residual[b][a] += amount
        value += amount
    side = frozenset(via)
    return Cut(value, side, tuple((a, b) for a, b in given if a in side and b not in side))


@dataclass(frozen=True, eq=False)
class Bottleneck:
    """The buyers that are short together, and the sellers that limit them.

    Attributes
    ----------
    served : float
        Maximum flow, kHQ.
    buyers : bool array (B,)
        Buyers on the starved side of the cut: unserved, or in competition with unserved ones.
    sellers : bool array (S,)
        Sellers at capacity that only they can use.
    """

    served: float
    buyers: Bools
    sellers: Bools


def bottleneck(
    capacity: ArrayLike, demand: ArrayLike, linked: ArrayLike | None = None, link_cap: ArrayLike | None = None
) -> Bottleneck:
    """Minimum cut of the supplier network, nearest to the buyers: where supply is short.

    Parameters
    ----------
    capacity : array (S,)
    demand : array (B,)
        kHQ.
    linked : bool array (S, B), optional
    link_cap : scalar or array (S, B), optional
    """
    from market_abm.measures import _flow

    net, held, wanted = _network(capacity, demand, linked, link_cap)
    flow, _, _, starved, _ = _flow.solve(net, held, wanted, 0.5)
    sellers = len(held)
    return Bottleneck(
        float(np.cumsum(flow)[-1]) / GRID if len(flow) else 0.0, starved[sellers:], starved[:sellers]
    )


def betweenness(weight: ArrayLike, directed: bool = False, normalized: bool = True) -> Floats:
    """Share of shortest paths through each node, where an edge is as short as its capacity is large, (n,).

    Length of an edge is 1 / weight (Brandes 2001).

    Parameters
    ----------
    weight : array (n, n)
        Capacity or volume from row to column; zero is no edge.
    directed : bool
        If False, both directions add up to one edge.
    normalized : bool
        Divide by the number of pairs of other nodes.
    """
    matrix = np.asarray(weight, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not (matrix >= 0.0).all():
        raise ValueError(f"weight has shape {matrix.shape}; give a square array of numbers from zero up.")
    if not directed:
        matrix = matrix + matrix.T
    count = len(matrix)
    neighbours = [
        [(int(k), 1.0 / row[k]) for k in np.flatnonzero(row) if k != i] for i, row in enumerate(matrix)
    ]
    score = np.zeros(count)
    for start in range(count):
        _accumulate(start, neighbours, score)
    if normalized and count > 2:
        score /= (count - 1) * (count - 2)
    elif not directed:
        score /= 2.0
    return score


def bipartite(volume: ArrayLike) -> Floats:
    """Sellers and buyers as one square matrix of volumes, (S + B, S + B): sellers first."""
    flow = np.asarray(volume, dtype=np.float64)
    sellers, buyers = flow.shape
    whole = np.zeros((sellers + buyers, sellers + buyers))
    whole[:sellers, sellers:] = flow
    return whole


def _reached(residual: dict[Any, dict[Any, float]], source: Any) -> dict[Any, Any]:
    """Predecessors of all nodes that the source reaches, breadth first."""
    via = {source: source}
    queue: list[Any] = [source]
    for node in queue:
        for other, room in residual[node].items():
            if room > 0.0 and other not in via:
                via[other] = node
                queue.append(other)
    return via


def _accumulate(start: int, neighbours: Sequence[Sequence[tuple[int, float]]], score: Floats) -> None:
    """Add one source's dependencies (Brandes 2001, weighted)."""
    count = len(neighbours)
    length = np.full(count, np.inf)
    paths = np.zeros(count)
    before: list[list[int]] = [[] for _ in range(count)]
    done = np.zeros(count, dtype=np.bool_)
    order: list[int] = []
    length[start], paths[start] = 0.0, 1.0
    queue = [(0.0, start)]
    while queue:
        here, node = heapq.heappop(queue)
        if done[node]:
            continue
        done[node] = True
        order.append(node)
        for other, step in neighbours[node]:
            there = here + step
            if there < length[other]:
                length[other], paths[other], before[other] = there, paths[node], [node]
                heapq.heappush(queue, (there, other))
            elif there == length[other] and not done[other]:
                paths[other] += paths[node]
                before[other].append(node)
    share = np.zeros(count)
    for node in reversed(order):
        for earlier in before[node]:
            share[earlier] += paths[earlier] / paths[node] * (1.0 + share[node])
        if node != start:
            score[node] += share[node]
