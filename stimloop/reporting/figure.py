"""Pictures as SVG inside a page: colours that everybody can tell apart, nothing to be loaded."""

import contextlib
import io
import re
from collections.abc import Iterator
from typing import Any, Final

from stimloop.colours import BLACK, BLUE, GREEN, ORANGE, PURPLE, SKY_BLUE, VERMILION
from stimloop.reporting.optional_packages import loaded

#: Behind the others, and still dark enough in print.
GREY: Final = "#8A8A8A"
#: For several channels: each also has a line style of its own.
CHANNELS: Final = (
    (BLUE, "-"),
    (VERMILION, "--"),
    (GREEN, "-."),
    (PURPLE, ":"),
    (ORANGE, "-"),
    (SKY_BLUE, "--"),
    (BLACK, "-."),
    (GREY, ":"),
)
_SETTINGS: Final = {
    # Labels come from files: a dollar sign in one is no formula.
    "text.parse_math": False,
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "legend.frameon": False,
}
#: What a picture says of itself in words of other vocabularies, with their addresses.
_METADATA: Final = re.compile(r"<metadata>.*?</metadata>\s*", re.DOTALL)
_ID: Final = re.compile(r'(\bid="|href="#|url\(#)')


def new_figure(width_in: float = 8.0, height_in: float = 3.0, **given: Any) -> Any:  # noqa: ANN401
    """Return an empty figure of matplotlib, without any window.

    Parameters
    ----------
    width_in, height_in : float
        Its size, in inches.
    **given
        What else `matplotlib.figure.Figure` takes.

    Raises
    ------
    ConfigError
        Where matplotlib is not installed.
    """
    figures = loaded("matplotlib.figure", "pictures")
    return figures.Figure(figsize=(width_in, height_in), layout="constrained", **given)


@contextlib.contextmanager
def drawing() -> Iterator[None]:
    """Draw with the settings of our pages while it lasts."""
    with loaded("matplotlib", "pictures").rc_context(_SETTINGS):
        yield


def svg_of(figure: Any, name: str) -> str:  # noqa: ANN401 a figure
    """Return a figure as an SVG element that stands in a page.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    name : str
        Unique in the page, of letters, digits and dashes: ids of its parts begin with it.
    """
    content = io.StringIO()
    matplotlib = loaded("matplotlib", "pictures")
    # The salt makes the same picture the same bytes.
    with matplotlib.rc_context({**_SETTINGS, "svg.hashsalt": name}):
        figure.savefig(content, format="svg", metadata={"Date": None})
    text = content.getvalue()
    text = _METADATA.sub("", text[text.index("<svg") :])
    text = _ID.sub(rf"\g<1>{name}-", text)
    return text.replace("<svg ", '<svg role="img" ', 1)
