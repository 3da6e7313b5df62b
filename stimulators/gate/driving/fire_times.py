"""How exactly a device can meet a time to fire: as well as it knows the service's clock."""

import math

from stimulators.wire.messages import DeviceStatus

#: How fast what a device knows of our clock becomes worse: twice what a cheap crystal drifts.
_DRIFT = 100e-6


class KnownTime:
    """How well a device knows the service's time, as its reports say.

    Notes
    -----
    A device measures its offset to our clock about once a second and says in its reports how far
    off it may be; after that this grows as clocks drift. Of a device that states no time, or that
    of another service, nothing is known.
    """

    def __init__(self) -> None:
        self._said_s = self._uncertainty_s = math.nan

    def take(self, status: DeviceStatus, session: str) -> None:
        """Take in its newest report: how well it knows the clock of this session's service."""
        self.forget()
        if status.said_clock == session and status.said_us is not None:
            self._said_s = status.said_us / 1e6
            self._uncertainty_s = status.said_uncertainty_us / 1e6

    def forget(self) -> None:
        """Know nothing, as of another boot of the device."""
        self._said_s = self._uncertainty_s = math.nan

    def uncertainty_s(self, now_s: float) -> float | None:
        """Return how far off its idea of our time may be; None where it did not say."""
        if not self._uncertainty_s >= 0.0:
            return None
        return self._uncertainty_s + _DRIFT * max(0.0, now_s - self._said_s)
