"""The page: panels of one session, each drawn from a frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import solara

from market_abm.app import widgets
from market_abm.app.actions import act_on
from market_abm.app.archive import Archive
from market_abm.app.controller import Session
from market_abm.app.frame import Frame
from market_abm.app.place import LinkError, Place, read_link
from market_abm.app.sending import together
from market_abm.app.server import without_token

_shelf: dict[str, Any] = {"archive": Archive(), "first": "two-clouds-three-labs"}
"""What the server offers; set before it starts, the same for every session."""


def open_with(archive: Archive, first: str) -> None:
    """Scenarios that the page offers, and the one that it opens with."""
    _shelf.update(archive=archive, first=first)


def beginning(query: str | None, archive: Archive, first: str) -> tuple[Place, str]:
    """Where a page begins: where its link leads, or at the start with a message."""
    try:
        return read_link(without_token(query or ""), archive, first), ""
    except LinkError as error:
        return Place(first), f"The link was not followed: {error}"


@solara.component
def Page() -> None:
    """The market, for one session."""
    archive, first = _shelf["archive"], _shelf["first"]
    frame, show = solara.use_state(Frame())
    query = solara.use_router().search

    def publish(frame: Frame) -> None:
        with together():
            show(frame)

    def begin() -> Session:
        place, message = beginning(query, archive, first)
        return Session(archive, place, publish, message)

    session = solara.use_memo(begin, [])

    def live() -> Callable[[], None]:
        session.start()
        return session.close

    solara.use_effect(live, [])

    def act(message: Any) -> None:
        act_on(session, message)

    comparing = bool(frame.parting)
    with solara.Div(classes=["abm", "abm-comparing" if comparing else "abm-single"]):
        with solara.Div(classes=["abm-area-controls"]):
            widgets.Controls(
                controls=frame.controls, values=frame.values, transport=frame.transport, event_act=act
            )
        with solara.Div(classes=["abm-area-head"]):
            widgets.Headline(headline=frame.headline, event_act=act)
        with solara.Div(classes=["abm-area-network"]):
            widgets.Network(network=frame.network, table=frame.table, event_act=act)
        if comparing:
            with solara.Div(classes=["abm-area-parting"]):
                widgets.Parting(parting=frame.parting, event_act=act)
            with solara.Div(classes=["abm-area-beside"]):
                widgets.Network(network=frame.beside, table=frame.beside_table, event_act=act)
            with solara.Div(classes=["abm-area-differences"]):
                widgets.Charts(charts=frame.differences, event_act=act)
        with solara.Div(classes=["abm-area-charts"]):
            widgets.Charts(charts=frame.charts, event_act=act)
        with solara.Div(classes=["abm-area-timeline"]):
            widgets.Timeline(timeline=frame.timeline, event_act=act)
        with solara.Div(classes=["abm-area-drawer"]):
            widgets.Drawer(drawer=frame.drawer, event_act=act)
        with solara.Div(classes=["abm-area-foot"]):
            widgets.Foot(credits=frame.credits)
        with solara.Div(classes=["abm-area-top"]):
            widgets.Transport(transport=frame.transport, event_act=act)
            widgets.Ways(transport=frame.transport, event_act=act)


def shelf() -> tuple[Archive, str]:
    """The scenarios on offer, and the one that a link without a name means."""
    return _shelf["archive"], _shelf["first"]
