"""The panels as widgets: Vue templates that get texts and send actions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import solara

Act = Callable[[dict[str, Any]], None]


@solara.component_vue("vue/transport.vue", vuetify=False)
def Transport(transport: str, event_act: Act) -> None:
    """Question, step, play, pause, scrub, messages."""


@solara.component_vue("vue/headline.vue", vuetify=False)
def Headline(headline: str, event_act: Act) -> None:
    """Who holds the levers, in four cards."""


@solara.component_vue("vue/controls.vue", vuetify=False)
def Controls(controls: str, values: str, transport: str, event_act: Act) -> None:
    """Scenario, seed and the levers."""


@solara.component_vue("vue/network.vue", vuetify=False)
def Network(network: str, table: str, event_act: Act) -> None:
    """The network and its table twin."""


@solara.component_vue("vue/charts.vue", vuetify=False)
def Charts(charts: str, event_act: Act) -> None:
    """Charts, each with what it shows."""


@solara.component_vue("vue/parting.vue", vuetify=False)
def Parting(parting: str, event_act: Act) -> None:
    """Where two runs part."""


@solara.component_vue("vue/ways.vue", vuetify=False)
def Ways(transport: str, event_act: Act) -> None:
    """Link, command line, downloads."""


@solara.component_vue("vue/timeline.vue", vuetify=False)
def Timeline(timeline: str, event_act: Act) -> None:
    """What happened."""


@solara.component_vue("vue/drawer.vue", vuetify=False)
def Drawer(drawer: str, event_act: Act) -> None:
    """A firm explained."""


@solara.component_vue("vue/foot.vue", vuetify=False)
def Foot(credits: str) -> None:
    """What this is, and what it is not."""
