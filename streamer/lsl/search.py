"""Searches the network for streams with given properties."""

import threading
import unicodedata
from collections.abc import Callable

import pylsl

from detectors.spelling import normal_form
from streamer.streams import Match

#: liblsl asks by multicast first and its known peers half a second later: no search is complete
#: before both have had their time, nor sooner than a quarter second after the first answer.
_ALL_ASKED_S = 0.8
_SETTLE_S = 0.25
_POLL_S = 0.02
#: Longer than any search: an answer once given counts until its end.
_FORGET_S = 1000.0


class Search:
    """A search under way; its calls block and belong on a thread.

    Parameters
    ----------
    match : Match or None
        What is looked for; None finds every stream.
    now_s : callable
        The service's clock.
    is_over : threading.Event
        Ends the search, with what was found so far, once set.
    left_out : frozenset of str
        The uids of streams that do not count.

    Notes
    -----
    A first answer can be worked on while others may still come in: a stream is the one that is
    meant only if `everyone` finds no other.
    """

    def __init__(
        self,
        match: Match | None,
        *,
        now_s: Callable[[], float],
        is_over: threading.Event,
        left_out: frozenset[str] = frozenset(),
    ) -> None:
        self._left_out = left_out
        self._now_s = now_s
        self._is_over = is_over
        self._all_asked_s = now_s() + _ALL_ASKED_S
        self._resolver = pylsl.ContinuousResolver(
            pred=(predicate(match) or None) if match is not None else None,
            forget_after=_FORGET_S,
        )

    def find_first(self, wait_s: float) -> pylsl.StreamInfo | None:
        """Return the first stream that answers; None where none does within `wait_s` seconds."""
        end_s = self._now_s() + wait_s
        while not (found := self._found()):
            if self._now_s() >= end_s or self._is_over.wait(_POLL_S):
                return None
        self._all_asked_s = max(self._all_asked_s, self._now_s() + _SETTLE_S)
        return found[0]

    def find_all(self) -> list[pylsl.StreamInfo]:
        """Return all streams that answer within the search's time.

        Returns
        -------
        list of pylsl.StreamInfo
            Partial, as the network gives them: without channel descriptions.
        """
        while self._now_s() < self._all_asked_s and not self._is_over.wait(_POLL_S):
            pass
        return self._found()

    def _found(self) -> list[pylsl.StreamInfo]:
        return [each for each in self._resolver.results() if each.uid() not in self._left_out]


def is_answering(uid: str, *, now_s: Callable[[], float], is_over: threading.Event) -> bool:
    """Return whether the very outlet with this `uid` is still on the network; blocks."""
    resolver = pylsl.ContinuousResolver(prop="uid", value=uid, forget_after=_FORGET_S)
    end_s = now_s() + _ALL_ASKED_S
    while not resolver.results():
        if now_s() >= end_s or is_over.wait(_POLL_S):
            return False
    return True


def predicate(match: Match) -> str:
    """Return the XPath 1.0 condition that liblsl sends round; empty where any stream will do.

    A text with accents may be sent composed or decomposed: either is looked for.
    """
    conditions: list[str] = []
    for key, value in match.asked.items():
        forms = dict.fromkeys((value, normal_form(value), unicodedata.normalize("NFD", value)))
        condition = " or ".join(f"{key}={_quoted(form)}" for form in forms)
        conditions.append(f"({condition})" if len(forms) > 1 else condition)
    return " and ".join(conditions)


def _quoted(text: str) -> str:
    """Quote for XPath 1.0, which knows no escapes."""
    if "'" not in text:
        return f"'{text}'"
    parts = ', "\'", '.join(f"'{part}'" for part in text.split("'"))
    return f"concat({parts})"
