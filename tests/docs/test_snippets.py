"""Every recipe and tutorial runs as it stands; the runner notices one that does not."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.docs.snippets import blocks, play
from tests.house.tree import ROOT

DOCS = ROOT / "docs"
RECIPES = sorted((DOCS / "howto").glob("*.md"))
TUTORIALS = sorted((DOCS / "tutorials").glob("*.md"))


def test_there_are_ten_recipes_and_each_shows_code() -> None:
    assert len(RECIPES) >= 10
    for page in RECIPES:
        assert any(block.language in ("python", "sh") for block in blocks(page.read_text(encoding="utf-8")))


@pytest.mark.parametrize("page", [*RECIPES, *TUTORIALS], ids=lambda page: page.stem)
def test_what_a_page_shows_runs(page: Path, tmp_path: Path) -> None:
    play(page, tmp_path)


@pytest.mark.parametrize(
    "snippet",
    [
        "```python\nassert 1 == 2\n```\n",
        "```sh\nmarket-abm run no-such-scenario\n```\n",
        "```sh\nls no-such-file | cat\n```\n",
    ],
)
def test_a_snippet_that_fails_is_noticed(snippet: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(snippet, encoding="utf-8")
    with pytest.raises(AssertionError):
        play(page, tmp_path)


def test_a_file_that_a_page_shows_is_written(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "```yaml\n# file: a/b.yaml\nx: 1\n```\n\n```sh\ntest -f a/b.yaml\n```\n", encoding="utf-8"
    )
    play(page, tmp_path)
    assert (tmp_path / "a" / "b.yaml").read_text(encoding="utf-8") == "x: 1\n"


def test_the_recipe_in_r_reads_a_file_and_columns_that_are_there(tmp_path: Path) -> None:
    """R itself runs it where it is installed; names are checked everywhere."""
    import pandas as pd

    page = DOCS / "howto" / "read-results.md"
    play(page, tmp_path)
    (code,) = [block.code for block in blocks(page.read_text(encoding="utf-8")) if block.language == "r"]
    (name,) = re.findall(r'read\.csv\("([^"]+)"\)', code)
    columns = set(pd.read_csv(tmp_path / name).columns)
    formula = re.search(r"aggregate\((\w+) ~ (\w+),", code)
    assert formula and {formula[1], formula[2], *re.findall(r"steps\$(\w+)", code)} <= columns
    if rscript := shutil.which("Rscript"):
        subprocess.run([rscript, "-e", code], cwd=tmp_path, check=True, capture_output=True)
