"""How much is told of stops that nobody signed: all of them act, whoever wrote them."""

from stimulators.wire.messages import Stop

_PERIOD_US = 1_000_000
#: Names and reasons that came over the network are cut to this.
_N_TEXT_MAX = 300


class ToldStops:
    """Puts stops into words; of unverified ones at most one in a second, with a count."""

    def __init__(self) -> None:
        self._told_us: int | None = None
        self._n_untold = 0
        self._newest = ""

    def word(self, stop: Stop, now_us: int, *, is_verified: bool, is_change: bool) -> str | None:
        """Return what is to be told of a stop, or None where it is only counted.

        Parameters
        ----------
        stop : Stop
            As it came.
        now_us : int
            The device's own time.
        is_verified : bool
            Whether somebody with the key sent it: then it is always told.
        is_change : bool
            Whether the device was not stopped before: that is always told, too.
        """
        text = f"stop by {stop.operator}: {stop.reason}"[:_N_TEXT_MAX]
        if is_verified:
            return text
        self._newest = f"{text} (not verified)"
        if not is_change and self._told_us is not None and now_us < self._told_us + _PERIOD_US:
            self._n_untold += 1
            return None
        return self._tell(now_us)

    def due(self, now_us: int) -> str | None:
        """Return what is to be told of those that were only counted, once a second."""
        if not self._n_untold or self._told_us is None or now_us < self._told_us + _PERIOD_US:
            return None
        return self._tell(now_us)

    def _tell(self, now_us: int) -> str:
        more = f", {self._n_untold} more not told" if self._n_untold else ""
        self._told_us = now_us
        self._n_untold = 0
        return self._newest + more
