"""Where the shipped scenarios are: inside an installed wheel, or at the top of a checkout. Never both."""

from __future__ import annotations

from functools import cache
from pathlib import Path

SUFFIX = ".yaml"


@cache
def shipped_folder() -> Path:
    """Folder of the shipped scenarios."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_scenarios"
    return installed if installed.is_dir() else package.parent / "scenarios"


def shipped() -> list[str]:
    """Names of the shipped scenarios, sorted."""
    return sorted(path.stem for path in shipped_folder().glob(f"*{SUFFIX}") if path.is_file())


def shipped_file(name: str) -> Path | None:
    """File of a shipped scenario, or None."""
    path = shipped_folder() / f"{name}{SUFFIX}"
    return path if name in shipped() else None
