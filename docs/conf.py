"""How the documentation is built: ``python -m sphinx -W -b html docs build/docs``.

Pages are Markdown. Where a page holds a line ``<!-- generated: NAME -->`` the build puts there what
``docs/generated.py`` reads from the package itself, so that no list of commands, columns or functions is
written twice.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import generated

import market_abm

project = "market_abm"
author = "The market_abm maintainers"
copyright = "The market_abm maintainers, Apache-2.0; data under their own licence"
version = release = market_abm.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["pictures"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
autosummary_generate = False
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
python_maximum_signature_line_length = 88
add_module_names = False
toc_object_entries = False
suppress_warnings = [
    "ref.python"
]  # attributes of one name in two classes, where a docstring names neither class

html_theme = "furo"
html_title = "market_abm"
html_show_sphinx = False
html_theme_options = {
    "announcement": (
        "Illustrative simulation, not a forecast, not a finding about anybody's conduct, no affiliation."
    )
}


def fill(app: Any, page: str, source: list[str]) -> None:
    """Put what is generated where a page asks for it."""
    source[0] = generated.filled(source[0])


def setup(app: Any) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("source-read", fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
