"""Pages of a made-up world: ours, and Mesa's own SolaraViz drawing the same network.

``python -m tests.benchmarks.frame_pages ours|stock FIRMS`` serves one until it is interrupted.
"""

from __future__ import annotations

import sys
from typing import Any

from market_abm.app.archive import Archive, Changes
from market_abm.scenario import Scenario
from tests.benchmarks.scale import made_up

QUARTERS = 40


class Made(Archive):
    """One made-up world on offer."""

    def __init__(self, scenario: Scenario) -> None:
        super().__init__()
        self._made = scenario

    def names(self) -> list[str]:
        """Its name."""
        return [self._made.name]

    def scenario(self, name: str, changes: Changes = ()) -> Scenario:
        """It, whatever is asked for."""
        return self._made


def supplier_network(scenario: Scenario) -> Any:
    """The scenario's links as an undirected networkx graph, nodes numbered as Mesa wants them."""
    import networkx as nx

    names = [*scenario.firms, *scenario.segments]
    place = {name: at for at, name in enumerate(names)}
    graph = nx.Graph()
    graph.add_nodes_from(range(len(names)))
    graph.add_edges_from(
        (place[link.supplier], place[link.buyer]) for link in scenario.links if link.supplier in place
    )
    fleets = [key for key, firm in scenario.firms.items() if firm.fleet is not None]
    graph.add_edges_from(
        (place[seller], place[segment]) for seller in fleets for segment in scenario.segments
    )
    return graph


def stock_page(firms: int) -> Any:
    """SolaraViz with Mesa's own network component and plots, as in its tutorials; four of them, as on our page."""
    import mesa
    from mesa.discrete_space import FixedAgent, Network
    from mesa.visualization import SolaraViz, make_plot_component, make_space_component

    import market_abm as ma

    scenario = made_up(firms, QUARTERS)

    class Spot(FixedAgent):
        """A mark on a node."""

        def __init__(self, model: mesa.Model, cell: Any) -> None:
            super().__init__(model)
            self.cell = cell

    class Drawn(ma.ComputeMarket):
        """The market with a grid to draw it on."""

        def __init__(self) -> None:
            super().__init__(scenario, rng=1)
            self.grid = Network(supplier_network(scenario), random=self.random)
            for cell in self.grid.all_cells:
                Spot(self, cell)

    def portrayal(agent: Any) -> dict[str, Any]:
        # Something to show each quarter: a picture that stays the same is not seen to be drawn.
        return {"color": ("tab:blue", "tab:orange")[int(agent.model.time) % 2], "size": 30}

    columns = ("hhi_merchant", "hhi_fleet", "price_index_usd_per_gpu_hour", "tightness")
    plots = [make_plot_component(column) for column in columns]
    return SolaraViz(Drawn(), components=[make_space_component(portrayal), *plots])


def main(which: str, firms: int) -> None:
    """Serve a page."""
    import uvicorn

    from market_abm.app.guard import Policy
    from market_abm.app.launch import listen
    from market_abm.app.server import application

    listener = listen("127.0.0.1", 0)
    if which == "ours":
        app = application(Policy())
        from market_abm.app import pages

        scenario = made_up(firms, QUARTERS)
        pages.open_with(Made(scenario), scenario.name)
    else:
        app = application(Policy(), f"tests.benchmarks.frame_stock_{firms}")
    print(f"The page is at http://127.0.0.1:{listener.getsockname()[1]}/ ", flush=True)
    config = uvicorn.Config(app, log_level="warning", ws_per_message_deflate=False)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
