"""The files of the repository, as the house tests read them."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "market_abm"

NOT_OURS = {".git", ".venv", ".uv", ".hypothesis", "__pycache__", "build", "dist", "results"}


def committed() -> list[Path]:
    """Files under version control; all files of ours where the tree is not a git checkout."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode == 0 and listed.stdout:
        paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    else:
        paths = [p for p in ROOT.rglob("*") if not NOT_OURS & set(p.relative_to(ROOT).parts)]
    return sorted(p for p in paths if p.is_file())


def text_of(path: Path) -> str | None:
    """The file's text, or None where it is not text."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def modules() -> list[Path]:
    """Every Python module of the package."""
    return sorted(p for p in PACKAGE.rglob("*.py"))
