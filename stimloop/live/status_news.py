"""What a service waits for, as a line whenever that changes, for where there is no screen."""

import re

from stimloop.live.news import NewsLine
from stimloop.terminal.plain_text import plain

#: A condition that is over sooner than this is no line: at start one follows the other.
_STANDS_S = 0.5
#: What comes back sooner than this after it was last so has not changed.
_FORGET_S = 10.0
_NUMBER = re.compile(r"\d[\d.]*(e[+-]?\d+)?")


class _Said:
    """One text of the status, whatever numbers are in it: since when, until when, and told."""

    def __init__(self, now_s: float) -> None:
        self.first_s = now_s
        self.last_s = now_s
        self.is_told = False


class StatusNews:
    """Tells what the service waits for once, and again when it has been something else.

    Two reasons that take turns are told once each; a number that counts down is no change.
    """

    def __init__(self) -> None:
        self._said: dict[str, _Said] = {}

    def see(self, state: str, reason: str, status_text: str, now_s: float) -> NewsLine | None:
        """Take in what the status says at `now_s`; return the line to be told, or None.

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
