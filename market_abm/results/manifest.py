"""The manifest: with what, on what and by which command results were made."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from market_abm import plugins

if TYPE_CHECKING:
    from market_abm.results.result import Result

RESULTS_VERSION = 1
"""Version of the results folder's form."""

PACKAGES = (
    "market-abm", "mesa", "networkx", "numba", "numpy", "pandas", "plotly", "pyarrow", "pydantic",
    "ruamel.yaml", "scipy",
)  # fmt: skip


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that results depend on, those of plugins included."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found | plugins.versions()


def processor() -> dict[str, Any]:
    """Kind of processor and number of cores; bits are promised for one kind only."""
    return {
        "machine": platform.machine(),
        "model": _model_name() or platform.processor() or "unknown",
        "cores": os.cpu_count() or 1,
        "system": platform.system(),
    }


def _model_name() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as stream:
            return next(
                (line.split(":", 1)[1].strip() for line in stream if line.startswith("model name")), ""
            )
    except OSError:
        return ""


def manifest(result: Result, command: str, started: str, tables: dict[str, Any]) -> dict[str, Any]:
    """Content of ``manifest.json``.

    Parameters
    ----------
    command : str
        The command line that made the results; empty from Python.
    started : str
        Time of the start, ISO 8601.
    tables : dict
        Rows and SHA-256 by table.
    """
    return {
        "results_version": RESULTS_VERSION,
        "scenario": result.setting.as_dict(),
        "seeds": list(result.seeds),
        "failures": [dict(failure) for failure in result.failures],
        "command": command,
        "started": started,
        "timings_seconds": {name: round(seconds, 3) for name, seconds in result.timings.items()},
        "versions": versions(),
        "processor": processor(),
        "tables": tables,
        "note": (
            "Illustrative simulation, not a forecast, not a finding about anybody's conduct, no affiliation. "
            "Bits are promised for one set of versions on one kind of processor; elsewhere 1e-12 relative."
        ),
    }
