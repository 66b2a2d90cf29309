"""SolaraViz as in Mesa's tutorials, on our model."""

from __future__ import annotations

from typing import Any

import solara
from mesa.visualization import SolaraViz, make_plot_component

import market_abm as ma
from market_abm.app.panels import network_figure


def network(model: Any) -> Any:
    """Our network as one of its components."""
    figure = network_figure(model)
    return (
        solara.Text("The network is drawn after the first step.")
        if figure is None
        else solara.FigurePlotly(figure)
    )


model = ma.ComputeMarket()

page = SolaraViz(
    model,
    components=[
        make_plot_component("hhi_merchant"),
        make_plot_component({"price_index_usd_per_gpu_hour": "#0072B2", "tightness": "#D55E00"}),
        (network, 0),
    ],
    name="The AI-compute market",
)
Page = page
