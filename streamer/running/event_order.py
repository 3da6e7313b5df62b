"""The one order of events: each is acted on to its end before the next one."""

from collections import deque
from collections.abc import Callable

from streamer.events import Event

#: Events that may wait while one is acted on; more means that the loop has stalled.
_N_WAITING_MAX = 4096


class EventOrder:
    """Hands events on one at a time, in the order in which they came.

    Parameters
    ----------
    act : callable
        Acts on one event. Events that it gives rise to wait until it has returned.
    fail : callable
        Given the error that `act` raised, or that events wait without end.
    """

    def __init__(self, act: Callable[[Event], None], fail: Callable[[BaseException], None]) -> None:
        self._act = act
        self._fail = fail
        self._waiting: deque[Event] = deque()
        self._is_acting = False
        self._is_stalled = False

    def emit(self, event: Event) -> None:
        """Act on one event, after all that came before it; call on the loop's thread only."""
        if self._is_acting:
            self._put_off(event)
            return
        self._waiting.append(event)
        self._is_acting = True
        try:
            while self._waiting:
                self._act(self._waiting.popleft())
        except Exception as error:  # noqa: BLE001 a callback's error must end the run, not be logged
            self._fail(error)
        finally:
            self._is_acting = False

    def _put_off(self, event: Event) -> None:
        if self._is_stalled:
            return
        self._waiting.append(event)
        if len(self._waiting) >= _N_WAITING_MAX:
            self._is_stalled = True
            self._fail(RuntimeError(f"{len(self._waiting)} events wait: the loop has stalled"))
