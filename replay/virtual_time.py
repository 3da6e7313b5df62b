"""An event loop whose time jumps to the next timer: hours in seconds, the same every time."""

import asyncio
import math
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

_T = TypeVar("_T")

#: Nothing is waited for here but timers, so the system is asked only once in so many turns what is
#: ready: an interrupt, or what another thread has handed over.
_N_TURNS_UNASKED = 1024

#: No run is longer: some hundred days.
_RUN_S_MAX = 1e7


class _VirtualTimeSelector(selectors.DefaultSelector):
    """Never waits: where nothing is ready, time moves to when the first timer is due.

    Nanoseconds are counted as integers: sums of floats would drift.
    """

    def __init__(self, start_s: float) -> None:
        super().__init__()
        self._now_ns = round(start_s * 1e9)
        self.now_s = self._now_ns / 1e9
        self._n_turns = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._n_turns += 1
        if timeout is None or self._n_turns % _N_TURNS_UNASKED == 0:
            ready: list[tuple[selectors.SelectorKey, int]] = super().select(0)
            if ready:
                return ready
            if timeout is None:
                raise RuntimeError("deadlock: every task waits and no timer is set")
        if timeout:
            self._now_ns += round(timeout * 1e9)
            self.now_s = self._now_ns / 1e9
        return []


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time.

    Parameters
    ----------
    start_s : float
        What `time` returns at first.

    Notes
    -----
    What waits for a thread or for the network has no timer: time jumps ahead while it waits, or
    the loop reports a deadlock. Run only what lives on the loop itself.

    Raises
    ------
    RuntimeError
        From the run, where every task waits and no timer is set.
    """

    def __init__(self, start_s: float = 0.0) -> None:
        self._virtual = _VirtualTimeSelector(start_s)
        super().__init__(self._virtual)
        # A timer is due within this of its time. The system's own can be 16 ms; and with less
        # than a float of this size can tell apart, no timer would ever be due.
        self._clock_resolution = 2.0 * math.ulp(abs(start_s) + _RUN_S_MAX)

    def time(self) -> float:
        """Return the virtual time in seconds."""
        return self._virtual.now_s


async def pass_time(lasts_s: float) -> None:
    """Wait on the running loop as `asyncio.sleep` does, in fewer steps; not for several at once."""
    loop = asyncio.get_running_loop()
    over = loop.create_future()
    loop.call_later(lasts_s, _end, over)
    await over


def _end(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def run_virtually(main: Coroutine[Any, Any, _T], *, start_s: float = 0.0) -> _T:
    """Run a coroutine to its end in virtual time and return what it returns.

    Parameters
    ----------
    main : coroutine
        What to run; its tasks are cancelled when it ends.
    start_s : float
        Virtual time at the start.

    Raises
    ------
    RuntimeError
        Where every task waits and no timer is set.
    """
    with asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(start_s)) as runner:
        return runner.run(main)
