"""How a device reports stops: every stop acts, but unsigned ones share one report a second."""

from stimulators.wire.messages import Stop

_PERIOD_US = 1_000_000
#: Names and reasons from the network are cut to this many characters.
_N_TEXT_MAX = 300


class StopReports:
    """Writes the text that reports a stop; for unverified ones once a second, with their number."""

    def __init__(self) -> None:
        self._reported_us: int | None = None
        self._n_unreported = 0
        self._newest = ""

    def report(self, stop: Stop, now_us: int, *, is_verified: bool, is_change: bool) -> str | None:
        """Return the text that reports a stop; None where it is only counted for a later report.

        Parameters
        ----------
        stop : Stop
            As it was received.
        now_us : int
            The device's own time.
        is_verified : bool
            Whether somebody with the key sent it: then it is always reported.
        is_change : bool
            Whether the device was not stopped before: that is always reported, too.
        """
        text = f"stop by {stop.operator}: {stop.reason}"[:_N_TEXT_MAX]
        if is_verified:
            return text
        self._newest = f"{text} (not verified)"
        if (
            not is_change
            and self._reported_us is not None
            and now_us < self._reported_us + _PERIOD_US
        ):
            self._n_unreported += 1
            return None
        return self._write(now_us)

    def report_due(self, now_us: int) -> str | None:
        """Return the text on stops that were only counted so far, once a second; or None."""
        if (
            not self._n_unreported
            or self._reported_us is None
            or now_us < self._reported_us + _PERIOD_US
        ):
            return None
        return self._write(now_us)

    def _write(self, now_us: int) -> str:
        more = f", {self._n_unreported} more not reported" if self._n_unreported else ""
        self._reported_us = now_us
        self._n_unreported = 0
        return self._newest + more
