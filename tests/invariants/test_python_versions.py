"""The same bits on Python 3.12 and 3.13, where both are there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.model.digest import RUNS, digest

ROOT = Path(__file__).resolve().parents[2]
OTHER = "3.12" if sys.version_info[:2] == (3, 13) else "3.13"
VARIABLE = "MARKET_ABM_OTHER_PYTHON"
"""Names an interpreter that has the package's requirements; else one called python3.13 is looked for."""


def other_python() -> tuple[str, str]:
    """The interpreter to compare with, or an empty name and why there is none."""
    command = os.environ.get(VARIABLE) or shutil.which(f"python{OTHER}")
    if command is None:
        return "", f"python{OTHER} is absent"
    try:
        done = subprocess.run(
            [command, "-c", "import mesa, numba, pydantic, ruamel.yaml, scipy, sys; print(sys.version)"],
            capture_output=True,
            text=True,
            timeout=120,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return "", f"{command} does not start ({type(error).__name__})"
    if done.returncode != 0:
        return "", f"{command} lacks what the package requires"
    return command, ""


def test_another_python_version_gives_the_same_bits_or_is_said_to_be_absent(
    capsys: pytest.CaptureFixture[str],
) -> None:
    command, why = other_python()
    if not command:
        with capsys.disabled():
            print(f"\nPython {OTHER} is absent ({why}): not compared. {VARIABLE} can name one.")
        assert all(digest(*run) == digest(*run) for run in RUNS[:1])
        return
    done = subprocess.run(
        [command, "-m", "tests.model.digest"], capture_output=True, text=True, cwd=ROOT, timeout=1800
    )
    assert done.returncode == 0, done.stderr[-2000:]
    theirs = json.loads(done.stdout)
    assert theirs.pop("python").startswith(OTHER) or VARIABLE in os.environ
    assert theirs == {run[0]: digest(*run) for run in RUNS}
