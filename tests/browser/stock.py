"""SolaraViz as in Mesa's tutorials, on our model."""

from __future__ import annotations

from typing import Any

import solara
from mesa.visualization import SolaraViz, make_plot_component
from mesa.visualization.utils import update_counter

import market_abm as ma
from market_abm.app.panels import network_figure


@solara.component
def Network(model: Any) -> None:
    """Our network as one of its components."""
    update_counter.get()
    solara.FigurePlotly(network_figure(model))


def seed(model: Any) -> Any:
    """Under which seed the model runs."""
    return solara.Text(f"seed {model.seed_used}")


model = ma.ComputeMarket(rng=3)

page = SolaraViz(
    model,
    components=[
        make_plot_component("hhi_merchant"),
        make_plot_component({"price_index_usd_per_gpu_hour": "#0072B2", "tightness": "#D55E00"}),
        (Network, 0),
        (seed, 0),
    ],
    model_params={"rng": 7},
    name="The AI-compute market",
)
Page = page
