"""How long a command may still wait, on a terminal: one line that is written over."""

import contextlib
import sys
from collections.abc import Iterator

from stimloop.terminal.plain_text import plain
from stimulators.operator.countdown import Countdown, no_countdown

_CLEAR = "\r\x1b[K"


@contextlib.contextmanager
def shown_countdown() -> Iterator[Countdown]:
    """Give a countdown that is shown on stderr where that is a terminal, and cleared at the end."""
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
