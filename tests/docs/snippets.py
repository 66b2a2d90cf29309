"""Runs the code blocks of a page of the documentation, in their order and in one folder.

* ``python`` blocks share their names, page by page.
* ``sh`` blocks: a block of `market-abm` commands runs in this process, where the compiled market is warm; anything
  else runs in bash. A command must end with code 0.
* a block that begins with ``# file: NAME`` is written to that file.
* ``text`` and blocks of other languages are not run.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

FENCE = re.compile(r"^```(?P<language>\w+)\n(?P<code>.*?)^```$", re.M | re.S)
FILE = re.compile(r"# file: (?P<name>[\w./-]+)\n")

RUN = ("python", "sh")


class Block(NamedTuple):
    """A code block: its language, its text and the line on which it begins."""

    language: str
    code: str
    line: int


def blocks(text: str) -> Iterator[Block]:
    """Code blocks of a page, in order."""
    for fence in FENCE.finditer(text):
        yield Block(fence["language"], fence["code"], text.count("\n", 0, fence.start()) + 1)


def play(page: Path, folder: Path) -> dict[str, Any]:
    """Run the blocks of a page in a folder; returns the names that its Python left behind."""
    names: dict[str, Any] = {"__name__": "snippet"}
    before = Path.cwd()
    os.chdir(folder)
    try:
        for block in blocks(page.read_text(encoding="utf-8")):
            _play(block, names, f"{page.name}:{block.line}")
    finally:
        os.chdir(before)
    return names


def _play(block: Block, names: dict[str, Any], place: str) -> None:
    file = FILE.match(block.code)
    if file:
        path = Path(file["name"])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.code[file.end() :], encoding="utf-8")
    elif block.language == "python":
        exec(compile(block.code, place, "exec"), names)
    elif block.language == "sh":
        lines = [line for line in block.code.replace("\\\n", " ").splitlines() if line.strip()]
        if all(re.match(r"market-abm [^|>&;]*$", line) for line in lines):
            for line in lines:
                _command(shlex.split(line)[1:], place)
        else:
            _shell(block.code, place)


def _command(words: list[str], place: str) -> None:
    """A `market-abm` command in this process."""
    from market_abm.cli import main

    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as end:
        patch.setattr(sys, "argv", ["market-abm", *words])
        main()
    assert end.value.code in (0, None), f"{place}: market-abm {shlex.join(words)} ended with {end.value.code}"


def _shell(code: str, place: str) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    done = subprocess.run(
        ["bash", "-c", "set -euo pipefail\nset -m\n" + code],
        env={**os.environ, "PATH": path, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{place}: ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
