"""A device's own time: it never goes back, and a step of the clock under it is noticed."""

#: A device reads its clock every few milliseconds, on a busy machine every few tens. Where two
#: readings are this far apart the clock was set, or the device did not run: either way it no longer
#: knows the time of the service.
STEP_US_MAX = 1_000_000


class OwnTime:
    """Microseconds since a device was switched on, from a clock that may be set.

    Where the clock is set back, this time goes on from where it was: a timer that waited for the
    clock to catch up would keep a lease alive for as long as the clock was set back.

    Attributes
    ----------
    now_us : int
        The sum of all that the clock went forward.
    doubtful_us : int
        The part of it, at the last reading, that may not have passed: the clock may have been set.
    """

    def __init__(self) -> None:
        self.now_us = 0
        self.doubtful_us = 0
        self._clock_us: int | None = None

    def read(self, clock_us: int) -> str | None:
        """Take a reading of the clock; return what is wrong with it, or None."""
        passed_us = 0 if self._clock_us is None else clock_us - self._clock_us
        self._clock_us = clock_us
        self.now_us += max(0, passed_us)
        self.doubtful_us = passed_us if passed_us > STEP_US_MAX else 0
        if passed_us < 0:
            return f"its own clock was set back by {-passed_us / 1e6:.3f} s"
        if passed_us > STEP_US_MAX:
            return f"its own clock went {passed_us / 1e6:.3f} s forward in one step"
        return None
