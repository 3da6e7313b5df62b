"""A device's own time: it only goes forward, and a step of the clock behind it is noticed."""

#: A device looks at its clock every few milliseconds, on a busy machine every few tens. A clock
#: that is this much further than at the last look was set, or the device did not run: both mean
#: that it does not know how late it is by the service's clock.
STEP_US_MAX = 1_000_000


class OwnTime:
    """Microseconds since a device was switched on, from a clock that may be set.

    Where its clock is set back time goes on from where it was: a timer that waits for the clock
    to catch up would keep a lease alive for as long as the clock was set back.

    Attributes
    ----------
    now_us : int
        The sum of all that the clock went forward.
    doubtful_us : int
        The part of it, at the last look, of which nobody knows whether it passed.
    """

    def __init__(self) -> None:
        self.now_us = 0
        self.doubtful_us = 0
        self._clock_us: int | None = None

    def read(self, clock_us: int) -> str | None:
        """Take in what the clock shows; return what is wrong with it, or None."""
        passed_us = 0 if self._clock_us is None else clock_us - self._clock_us
        self._clock_us = clock_us
        self.now_us += max(0, passed_us)
        self.doubtful_us = passed_us if passed_us > STEP_US_MAX else 0
        if passed_us < 0:
            return f"its own clock was set back by {-passed_us / 1e6:.3f} s"
        if passed_us > STEP_US_MAX:
            return f"its own clock went {passed_us / 1e6:.3f} s forward in one step"
        return None
