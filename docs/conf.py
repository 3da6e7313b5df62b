"""How Sphinx renders the guides beside the reference: `make docs`."""

import re
import sys
from importlib import metadata
from pathlib import Path

from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parents[1]))

project = "stimloop"
release = metadata.version("stimloop")
html_title = f"stimloop {release}"

extensions = ["sphinx.ext.autodoc", "numpydoc", "myst_parser"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
include_patterns = ["*.md", "docs/**.md", "docs/**.rst", "benchmarks/README.md"]
root_doc = "docs/index"

# Types stand in the docstrings, with shape and unit.
autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True}
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
numpydoc_xref_param_type = False
# A guide's single backticks are code, as on the pages that show Markdown.
default_role = "code"

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3

html_theme = "alabaster"
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "description": "Closed-loop neurophysiology. Research software, not a medical device.",
    "fixed_sidebar": True,
    "font_family": "system-ui, sans-serif",
    "page_width": "78rem",
    "body_max_width": "58rem",
    "sidebar_width": "17rem",
}


def _skip_fields(
    _app: Sphinx,
    _what: str,
    _name: str,
    member: object,
    is_skipped: bool,
    _options: object,
) -> bool | None:
    """Leave out fields of named tuples: the docstring of the class says what they are."""
    return is_skipped or type(member).__name__ == "_tuplegetter" or None


def _link_folder(_app: Sphinx, _name: str, source: list[str]) -> None:
    """Link the folder of decisions, which is no page, to the list of pages."""
    source[0] = re.sub(r"\]\((docs/)?decisions\)", r"](\1index.rst)", source[0])


def setup(app: Sphinx) -> None:
    """Connect what is done while Sphinx reads."""
    app.connect("autodoc-skip-member", _skip_fields)
    app.connect("source-read", _link_folder)
