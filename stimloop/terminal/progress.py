"""The progress of a long task: a bar on a screen, else a line now and then."""

import contextlib
import sys
from collections.abc import Callable, Iterator

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from stimloop.terminal.plain_console import PlainConsole
from stimloop.terminal.plain_text import plain

#: Called with how much is done, and how much there is in all if that is known.
Advance = Callable[[float, float | None], None]

#: Without a screen: nothing for tasks shorter than this, and lines at least this far apart.
_LINE_S = 10.0


@contextlib.contextmanager
def progress(what: str, *, is_shown: bool = True) -> Iterator[Advance]:
    """Show the progress of a task on stderr while it runs; see `progress_of_named`."""
    with progress_of_named(what, is_shown=is_shown) as advance:
        yield lambda done, total: advance(done, total, "")


@contextlib.contextmanager
def progress_of_named(
    what: str, *, is_shown: bool = True
) -> Iterator[Callable[[float, float | None, str], None]]:
    """Show the progress of a task on stderr, with the name of what is done now.

    A bar where stderr is a screen, there from the start; elsewhere a line every ten seconds.
    Nothing where it is not to be shown, as when a machine reads the result.
    """
    if not is_shown:
        yield lambda _done, _total, _name: None
        return
    console = PlainConsole(stderr=True)
    if not console.is_terminal:
        yield _lines(what)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=None)

        def advance(done: float, total: float | None, name: str) -> None:
            said = f"{what} {name}".rstrip()
            bar.update(task, completed=done, total=total, description=said)

        yield advance


def _lines(what: str) -> Callable[[float, float | None, str], None]:
    from streamer.clock import now_s  # noqa: PLC0415 numpy comes with it: a stop does without

    due_s = now_s() + _LINE_S

    def advance(done: float, total: float | None, name: str) -> None:
        nonlocal due_s
        if now_s() < due_s:
            return
        due_s = now_s() + _LINE_S
        of = f" of {total:g}" if total is not None else ""
        named = f"{what} {name}".rstrip()
        sys.stderr.write(f"stimloop: {plain(f'{named}: {done:g}{of}')}\n")
        sys.stderr.flush()

    return advance
