"""Tells in a line what a service waits for, whenever that changes, where there is no screen."""

import re

from stimloop.live.news import NewsLine
from stimloop.terminal.plain_text import plain

#: A condition that lasts shorter is not printed: at start one follows another.
_STANDS_S = 0.5
#: A condition that returns sooner than this counts as unchanged.
_FORGET_S = 10.0
_NUMBER = re.compile(r"\d[\d.]*(e[+-]?\d+)?")


class _Said:
    """A text of the status without its numbers: since when it holds, and whether it was printed."""

    def __init__(self, now_s: float) -> None:
        self.first_s = now_s
        self.last_s = now_s
        self.is_told = False


class StatusNews:
    """Decides when a text of the status is news, and is to be printed again.

    Two reasons that take turns are told once each; a number that counts down is no change.
    """

    def __init__(self) -> None:
        self._said: dict[str, _Said] = {}

    def see(self, state: str, reason: str, status_text: str, now_s: float) -> NewsLine | None:
        """Take the texts of the status at `now_s`; return the line to print, or None.

        Parameters
        ----------
        state, reason : str
            Of the rig: news of their own.
        status_text : str
            The reason, and what it waits for where it waits.
        now_s : float
            The service's clock.
        """
        self._said = {
            key: said for key, said in self._said.items() if now_s - said.last_s <= _FORGET_S
        }
        if status_text == reason:
            return None
        text = f"{state}: {status_text}"
        said = self._said.setdefault(_NUMBER.sub("#", text), _Said(now_s))
        said.last_s = now_s
        if said.is_told or now_s - said.first_s < _STANDS_S:
            return None
        said.is_told = True
        return NewsLine(plain(text))
