"""Every link of every document leads somewhere: files and anchors exist, addresses have the form of addresses."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.house.tree import ROOT, committed

LINK = re.compile(r"\]\((?P<target>[^()\s]+(?:\([^()]*\))?[^()\s]*)\)|<(?P<bare>https?://[^>\s]+)>")
HEADING = re.compile(r"^#{1,6} (?P<title>.+)$", re.M)
FENCED = re.compile(r"^```.*?^```$", re.M | re.S)


def documents() -> list[Path]:
    """Every Markdown page and notebook of the repository."""
    return [path for path in committed() if path.suffix in (".md", ".ipynb")]


def prose(path: Path) -> str:
    """What people read of a document: Markdown without code blocks, Markdown cells of a notebook."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        text = "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return FENCED.sub("", text)


def anchors(path: Path) -> set[str]:
    """Anchors of a page's headings, as GitHub and the documentation make them."""
    titles = (heading["title"] for heading in HEADING.finditer(prose(path)))
    plain = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title) for title in titles)
    return {re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-") for title in plain}


def included(path: Path) -> Path:
    """The page that a page of one include shows, else the page itself."""
    found = re.match(r"```\{include\} (\S+)\n", path.read_text(encoding="utf-8"))
    return (path.parent / found[1]).resolve() if found else path


def broken(path: Path) -> list[str]:
    """Links of a document that lead nowhere."""
    out = []
    for link in LINK.finditer(prose(path)):
        target = link["target"] or link["bare"]
        parts = urlsplit(target)
        if parts.scheme in ("http", "https"):
            if "." not in parts.netloc or " " in target:
                out.append(f"{target} is no address")
        elif parts.scheme == "mailto":
            out.append(f"{target}: no addresses of persons")
        else:
            page = (path.parent / parts.path).resolve() if parts.path else path
            if not page.exists():
                out.append(f"{target}: no such file")
            elif parts.fragment and parts.fragment not in anchors(included(page)):
                out.append(f"{target}: no such heading")
    return out


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    assert not broken(path)


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_have_words_to_click_on(path: Path) -> None:
    """The site would fill in a title; the page as the repository shows it would not."""
    assert not re.findall(r"(?<!!)\[\]\([^)]*\)", prose(path))


@pytest.mark.parametrize(
    "line",
    [
        "[a](nowhere.md)",
        "[b](#no-heading)",
        "[c](other.md#no-heading)",
        "[d](https://nowhere)",
        "![e](none.png)",
    ],
)
def test_a_link_that_leads_nowhere_is_found(line: str, tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# Other\n", encoding="utf-8")
    page = tmp_path / "page.md"
    page.write_text(f"# Page\n\n{line}, [good](other.md#other), [self](#page)\n", encoding="utf-8")
    assert len(broken(page)) == 1


def test_every_page_is_reached_from_the_index() -> None:
    docs = ROOT / "docs"
    listed = re.findall(r"^([\w/-]+)$", (docs / "index.md").read_text(encoding="utf-8"), re.M)
    pages = {str(path.relative_to(docs).with_suffix("")) for path in docs.rglob("*.md")} - {"index"}
    assert pages == set(listed)
