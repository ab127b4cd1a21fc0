"""The documentation: `make docs` builds it into site/ without a network."""

from __future__ import annotations

import re
from importlib.metadata import version as installed
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from sphinx.application import Sphinx

project = "digit-widget"
author = "The digit-widget developers"
release = installed(project)
extensions = ["myst_parser", "sphinx.ext.autodoc", "numpydoc", "sphinx_copybutton"]
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = project
html_static_path = ["_static"]
html_extra_path = ["digits.html"]  # the pad on the first page
html_css_files = ["extra.css"]
html_js_files = ["access.js"]
html_show_sourcelink = False
html_theme_options = {"navigation_with_keys": True}
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"

myst_heading_anchors = 3

autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints = "none"  # the docstrings give shapes, types and ranges
autodoc_class_signature = "mixed"
numpydoc_show_class_members = False
default_role = "code"  # a name in single backticks


def without_sources(_app: Sphinx, _path: Path, _page: str, content: list[str]) -> None:
    """Name the source files that an included page links to: they are not on the site."""
    content[0] = re.sub(r"\[([^\]]+)\]\([\w./-]+\.(?:py|ipynb)\)", r"\1", content[0])


def setup(app: Sphinx) -> None:
    """Connect what is done to pages."""
    app.connect("include-read", without_sources)
