"""A countdown on a terminal: how long a command may still wait, on one line that is overwritten."""

import contextlib
import sys
from collections.abc import Iterator

from stimloop.terminal.plain_text import plain
from stimulators.operator.countdown import Countdown, no_countdown

_CLEAR = "\r\x1b[K"


@contextlib.contextmanager
def shown_countdown() -> Iterator[Countdown]:
    """Return a countdown that is shown on stderr if that is a terminal, and cleared at the end."""
    if not sys.stderr.isatty():
        yield no_countdown
        return

    def show(remaining_s: float, waits_for: str) -> None:
        sys.stderr.write(f"{_CLEAR}waiting {remaining_s:.0f} s for {plain(waits_for)}")
        sys.stderr.flush()

    try:
        yield show
    finally:
        sys.stderr.write(_CLEAR)
        sys.stderr.flush()
