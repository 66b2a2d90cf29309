"""A third-party package on disk: its modules, and the metadata by which an installed package is found."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

GOOD = """
import numpy as np
from dataclasses import replace

from market_abm.market import protocol
from market_abm.measures import measure
from market_abm.strategies import get, strategy


@protocol("floor-plus")
def floor_plus(talks):
    return talks.pair.floor + 0.25 * np.maximum(talks.pair.ceiling - talks.pair.floor, 0.0)


@strategy("sell", "careful")
def careful(view, rows):
    offer = get("sell", "default")(view, rows)
    return replace(offer, capacity=0.75 * offer.capacity)


@measure("served-share", unit="fraction", meaning="Share of the capacity that serves somebody")
def served_share(allocation):
    capacity = allocation.problem.capacity.sum()
    return allocation.served.sum() / capacity if capacity > 0 else float("nan")
"""

BROKEN = """
from market_abm.market import protocol


@protocol("half-made")
def half_made(talks):
    return talks.pair.floor


import a_package_that_is_not_there
"""


def installed(site: Path, name: str, source: str, version: str = "0.3") -> Path:
    """Put a package where the import system and its metadata find it, as an installer would; the folder."""
    module = name.replace("-", "_")
    package = site / module
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "bring.py").write_text(source, encoding="utf-8")
    info = site / f"{module}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8"
    )
    (info / "entry_points.txt").write_text(
        f"[market_abm.plugins]\n{name} = {module}.bring\n", encoding="utf-8"
    )
    (info / "INSTALLER").write_text("tests\n", encoding="utf-8")
    return site


def python(site: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a process of its own that has the packages of ``site`` installed."""
    path = os.pathsep.join([str(site), str(ROOT)])
    return subprocess.run(
        [sys.executable, *arguments],
        env=os.environ | {"PYTHONPATH": path, "COLUMNS": "200"} | environment,
        cwd=site,
        capture_output=True,
        text=True,
        timeout=300,
    )


def market_abm(site: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command line in such a process."""
    return python(site, "-m", "market_abm", *arguments, **environment)
