"""A page from its parts: everything that comes from a file is escaped here, at one place."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, Final

from stimloop.reporting.optional_packages import loaded

_TEMPLATES: Final = "templates"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture.

    Parameters
    ----------
    svg : str
        The SVG element, as `svg_of` returns it.
    caption : str
        What it shows, and what to look for.
    """

    svg: str
    caption: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table of texts.

    Parameters
    ----------
    heads : sequence of str
        One for each column.
    rows : sequence of sequence of str
        The cells.
    caption : str
        What it is of.
    """

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a page.

    Parameters
    ----------
    title : str
        Its heading.
    texts : sequence of str
        Paragraphs.
    pictures : sequence of Picture
        Below them.
    tables : sequence of Table
        Below these.
    trace : dict, optional
        Data of the trace that can be zoomed, as `stimloop.reporting.trace` makes it.
    files : sequence of (str, str)
        Names and contents of texts that are shown as they are.
    """

    title: str
    texts: Sequence[str] = ()
    pictures: Sequence[Picture] = ()
    tables: Sequence[Table] = ()
    trace: dict[str, Any] | None = None
    files: Sequence[tuple[str, str]] = ()


@dataclass(slots=True)
class Page:
    """A whole page.

    Parameters
    ----------
    title, subtitle : str
        Above all.
    sections : list of Section
        In order.
    left_out : list of (str, str)
        Parts that are not there, and why.
    """

    title: str
    subtitle: str = ""
    sections: list[Section] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)


def render(page: Page) -> str:
    """Return a page as one HTML file, which loads nothing from elsewhere.

    Raises
    ------
    ConfigError
        Where jinja2 is not installed.
    """
    jinja2 = loaded("jinja2", "pages")
    folder = files("stimloop.reporting") / _TEMPLATES
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: (folder / name).read_text("utf-8")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # Of our own making, and the only texts that are not escaped.
    markup = {
        "css": jinja2.utils.markupsafe.Markup((folder / "page.css").read_text("utf-8")),
        "script": jinja2.utils.markupsafe.Markup((folder / "trace.js").read_text("utf-8")),
        "as_is": jinja2.utils.markupsafe.Markup,
    }
    text: str = environment.get_template("page.html.j2").render(page=page, **markup)
    return text
