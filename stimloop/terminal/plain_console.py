"""A Rich console that escapes control characters, so that no text acts on the terminal."""

from collections.abc import Iterable
from typing import IO, Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from stimloop.terminal.plain_text import plain


class PlainConsole(Console):
    """The one console that all of stimloop prints on.

    A string, printed or in a table's cell, is text: no markup, one line, made plain. In `Text`
    that is put together by our own code line breaks stay, and all else is made plain at last.

    Parameters
    ----------
    file : text file, optional
        Where to print; stdout without.
    stderr : bool
        Print on stderr instead.
    """

    def __init__(self, *, file: IO[str] | None = None, stderr: bool = False) -> None:
        super().__init__(file=file, stderr=stderr, markup=False, emoji=False, highlight=False)

    def render_str(self, text: str, **keys: Any) -> Text:  # noqa: ANN401
        """Return a string as text without markup."""
        return super().render_str(plain(text), **keys | {"markup": False, "emoji": False})

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Yield the segments of what is printed; only Rich's own control codes are kept."""
        for segment in super().render(renderable, options):
            if segment.control is not None:
                yield segment
                continue
            lines = [plain(line) for line in segment.text.split("\n")]
            yield Segment("\n".join(lines), segment.style)
