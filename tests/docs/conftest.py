"""What a snippet registers is gone after its test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def registries_as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Strategies, protocols and measures as they were."""
    from market_abm import plugins
    from market_abm.market.bargaining import base as bargaining
    from market_abm.measures import registry as measures
    from market_abm.strategies import registry as strategies

    known = {verb: dict(there) for verb, there in strategies._STRATEGIES.items()}
    monkeypatch.setattr(strategies, "_STRATEGIES", known)
    monkeypatch.setattr(bargaining, "_PROTOCOLS", dict(bargaining._PROTOCOLS))
    monkeypatch.setattr(measures, "_MEASURES", dict(measures._MEASURES))
    monkeypatch.setattr(plugins, "_entries", list(plugins._entries))
    yield
