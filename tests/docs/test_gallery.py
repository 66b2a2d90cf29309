"""Every picture stands beside the command that makes it, and beside its words."""

from __future__ import annotations

import re
import struct

import pytest

from tests.browser.screenshots import SHOTS
from tests.docs.snippets import blocks
from tests.house.pictures import FOLDER, PICTURES, Picture
from tests.house.tree import ROOT

GALLERY = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_a_picture_stands_in_the_gallery_above_its_command(picture: Picture) -> None:
    shown = re.search(rf"^!\[[^\]]{{20,}}\]\(pictures/{picture.name}\.png\)\n\n`([^`]+)`$", GALLERY, re.M)
    assert shown and shown[1] == picture.line


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_a_picture_is_a_picture_and_has_words(picture: Picture) -> None:
    data = (FOLDER / f"{picture.name}.png").read_bytes()
    width, height = struct.unpack(">II", data[16:24])
    assert data[:8] == b"\x89PNG\r\n\x1a\n" and width > 600 and height > 300
    assert len(data) < 600_000
    words = (FOLDER / f"{picture.name}.txt").read_text(encoding="utf-8")
    assert words.startswith(f"$ {picture.line}\n\n{picture.title}.")


def test_no_picture_is_left_over() -> None:
    made = {picture.name for picture in PICTURES} | {name for name, *_ in SHOTS}
    assert {path.stem for path in FOLDER.iterdir()} == made
    assert set(re.findall(r"\(pictures/([\w-]+)\.png\)", GALLERY)) == made


def test_commands_of_pictures_exist_and_name_what_is_shipped() -> None:
    from typer.main import get_command

    from market_abm.cli import app
    from market_abm.experiments.read import shipped_experiments
    from market_abm.scenario import shipped

    known = set(get_command(app).commands)  # type: ignore[attr-defined]
    for picture in PICTURES:
        for command in (*picture.before, picture.command):
            program, name, *words = command.split()
            assert program == "market-abm" and name in known
            named = [word for word in words if re.fullmatch(r"[a-z][a-z0-9-]+", word)]
            assert set(named) <= {*shipped(), *shipped_experiments()}


def test_what_the_readme_shows_in_python_runs() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = [block.code for block in blocks(text) if block.language == "python"]
    assert shown
    for code in shown:
        exec(compile(code, "README.md", "exec"), {})
