"""Notebooks are committed without outputs and carry no trace of a machine; `.ci/run` executes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.house.tree import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def outputs(notebook: dict[str, Any]) -> list[str]:
    """Cells of a notebook that hold an output or a count of their execution."""
    return [
        cell["id"]
        for cell in notebook["cells"]
        if cell["cell_type"] == "code" and (cell["outputs"] or cell["execution_count"] is not None)
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_output_is_committed(path: Path) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert not outputs(notebook)
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert set(notebook["metadata"]) == {"kernelspec", "language_info"}


def test_an_output_is_noticed() -> None:
    cell = {"cell_type": "code", "id": "a", "outputs": [{"text": "1"}], "execution_count": 1}
    assert outputs({"cells": [cell]}) == ["a"]


def test_there_are_six_and_ci_executes_them() -> None:
    assert [path.stem[:2] for path in NOTEBOOKS] == ["01", "02", "03", "04", "05", "06"]
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "pytest --nbmake notebooks" in script


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_short_and_says_what_it_shows(path: Path) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [
        line for cell in cells if cell["cell_type"] == "code" for line in "".join(cell["source"]).splitlines()
    ]
    assert cells[0]["cell_type"] == "markdown" and "".join(cells[0]["source"]).startswith("# ")
    assert len(code) <= 120
    assert any("plotly" in line for line in code)
