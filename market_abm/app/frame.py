"""What a page shows at one moment, panel by panel, as texts that the browser draws."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Frame:
    """Panels as JSON. A panel whose text did not change is not sent again.

    Attributes
    ----------
    number : int
        Counts frames; the page answers with it once the frame is drawn.
    """

    number: int = 0
    transport: str = "{}"
    controls: str = "{}"
    values: str = "{}"
    headline: str = "{}"
    network: str = "{}"
    table: str = "{}"
    charts: str = "{}"
    timeline: str = "{}"
    drawer: str = "{}"
    beside: str = "{}"
    beside_table: str = "{}"
    differences: str = "{}"
    parting: str = ""
    credits: str = "{}"


def packed(content: Any) -> str:
    """Content as JSON; what is not a number is null."""
    try:
        return _written(content)
    except ValueError:  # something is not a number: it is looked for only then, since that takes a while
        return _written(_plain(content))


def _written(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_opened)


def _opened(value: Any) -> Any:
    """What JSON has no word for, as lists and dicts."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, np.ndarray | Sequence):
        return list(value)
    raise TypeError(f"{type(value).__name__} cannot be sent to a page")


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return value
