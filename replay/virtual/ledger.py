"""What a rig's services write down of the past, kept in memory."""

from collections.abc import Iterable

from stimulators.gate.usage.past import DevicePast
from streamer.events import PastKnown

_PERIOD_S = 1.0


class MemoryLedger:
    """Keeps in memory the newest past that a service wrote, for the next service."""

    def __init__(self) -> None:
        self._past: tuple[DevicePast, ...] = ()
        self._kept_s: float | None = None

    def is_due(self, now_s: float) -> bool:
        """Say whether it is time to write."""
        return self._kept_s is None or now_s - self._kept_s >= _PERIOD_S

    def keep(self, past: Iterable[DevicePast], now_s: float) -> None:
        """Write what a service knows now."""
        self._past = tuple(past)
        self._kept_s = now_s

    def event(self, now_s: float, *, read_s: float) -> PastKnown:
        """Return the event that tells the next service of the past, with ages as of now.

        Times are of the day, but for `read_s`, which is of the service's own clock.
        """
        older_s = 0.0 if self._kept_s is None else max(0.0, now_s - self._kept_s)
        return PastKnown(past=tuple(each.aged(older_s) for each in self._past), read_s=read_s)
