"""A progress bar on stderr, where stderr is a screen."""

import contextlib
from collections.abc import Callable, Iterator

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from stimloop.plain_console import PlainConsole

#: Given how much is done, and of how much where that is known.
Advance = Callable[[float, float | None], None]


@contextlib.contextmanager
def progress(what: str) -> Iterator[Advance]:
    """Show a bar while something goes on."""
    console = PlainConsole(stderr=True)
    if not console.is_terminal:
        yield lambda done, total: None  # noqa: ARG005 nobody looks
        return
    columns = (TextColumn(what), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
