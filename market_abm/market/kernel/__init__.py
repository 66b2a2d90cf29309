"""The compiled part of the market: exact clearing and removals on the integer grid."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parent


def is_compiled() -> bool:
    """Whether compiled code of this version is kept, so that a first market clears at once."""
    return bool(_kept(FOLDER))


def _kept(folder: Path) -> list[Path]:
    kept = list((folder / "__pycache__").glob("*.nbi"))
    if elsewhere := os.environ.get("NUMBA_CACHE_DIR"):
        kept += Path(elsewhere).glob(f"{folder.name}_*/*.nbi")
    return kept


def _drop_stale_cache(folder: Path) -> None:
    """Delete compiled code that is older than any source file of the kernel.

    Numba looks at the one file in which a function stands, but a compiled function contains the ones that it
    calls: after a change in another file it would go on running the old code.
    """
    newest = max(source.stat().st_mtime for source in folder.glob("*.py"))
    for index in _kept(folder):
        try:
            if index.stat().st_mtime < newest:
                index.unlink()
        except OSError:  # another process was faster, or the folder is read-only
            continue


_drop_stale_cache(FOLDER)
