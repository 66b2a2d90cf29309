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
    return json.dumps(_plain(content), ensure_ascii=False, separators=(",", ":"), allow_nan=False)


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
