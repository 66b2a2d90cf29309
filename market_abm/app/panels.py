"""Our network as a component of Mesa's own SolaraViz, for those who build a page of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from market_abm.app import network
from market_abm.app.curves import drawn
from market_abm.app.edges import edges
from market_abm.app.layout import HEIGHT, WIDTH, Layout, layout
from market_abm.app.snapshot import Snapshot, snapshot
from market_abm.results.recorder import Recorder

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from market_abm.model import ComputeMarket

_layouts: WeakKeyDictionary[Any, Layout] = WeakKeyDictionary()


def snapshot_of(model: ComputeMarket) -> Snapshot | None:
    """The model's last quarter as the panels see it; None before the first."""
    if model.record is None:
        return None
    scenario = model.world.scenario
    quarter = scenario.quarters[model.state.t]
    recorder = Recorder(scenario.name, model.seed_used, quarter)
    recorder.record([quarter], [model.record])
    return snapshot(model.state.t + 1, quarter, recorder.last)


def network_figure(model: ComputeMarket, firm: str = "", scale: float = 0.9) -> go.Figure:
    """The network of the model's last quarter; before the first the empty tiers.

    Parameters
    ----------
    firm : str
        A firm whose flows stand out.
    scale : float
        Pixels for a unit of the canvas, which is 1000 wide.

    Examples
    --------
    >>> @solara.component  # SolaraViz(model, components=[(Network, 0)])
    ... def Network(model):
    ...     update_counter.get()  # of mesa.visualization.utils: drawn anew after every step
    ...     solara.FigurePlotly(network_figure(model))
    """
    import plotly.graph_objects as go

    size = {"width": scale * WIDTH, "height": scale * HEIGHT}
    now = snapshot_of(model)
    if now is None:
        return go.Figure(layout={**network.canvas(), **size})
    if model not in _layouts:  # nodes keep their places
        _layouts[model] = layout(model.world.scenario, now)
    placed = _layouts[model]
    figure = network.figure(now, placed, edges(now, model.world.scenario, placed), firm)
    data = [drawn(trace) for trace in figure["data"]]
    for trace in data:
        if trace.get("meta") == "scaled":
            trace["marker"]["size"] = [scale * size for size in trace["marker"]["size"]]
    return go.Figure(data, {**figure["layout"], **size})
