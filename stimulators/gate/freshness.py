"""Whether the data under a decision are there, good, and young enough."""

import math
from typing import Literal, NamedTuple

import msgspec

from stimulators.gate import remedies
from stimulators.gate_config import GateConfig
from stimulators.targets import Observation

#: How long data must be good, without a break, before a rig is armed.
GOOD_S_MIN = 2.0
#: Of the pauses between two reports the longest of this time is kept.
_INTERVAL_MEMORY_S = 2.0


class StreamReport(msgspec.Struct, frozen=True, gc=False):
    """Time, clock uncertainty and quality of the newest sample of a watched stream.

    Parameters
    ----------
    stream : str
        Name of the stream.
    newest_time_s : float
        Time of the newest sample in the service's clock.
    uncertainty_s : float or None
        Uncertainty of the stream's clock; None while it has not been measured.
    problem : str or None
        Why the newest sample may not be used.
    """

    stream: str
    newest_time_s: float
    uncertainty_s: float | None
    problem: str | None


class Flaw(NamedTuple):
    """A fault of data, estimates or a device: its reason in one word, what was found, expected."""

    reason: Literal["silent", "clock", "future", "late", "suspect", "ack", "refused", "device"]
    found: str
    expected: str


class StreamWatch:
    """One watched stream: its newest report, and since when it has been good.

    Attributes
    ----------
    good_since_s : float or None
        When the first good report since the last flaw was received.
    broken_by : Flaw or None
        The flaw that ended the last good time, until the data have been good for `GOOD_S_MIN`: so
        a flaw that comes and goes is shown all the time.
    interval_s : float
        The longest pause between two reports of the last seconds.
    """

    def __init__(self, name: str, timing: GateConfig) -> None:
        self.name = name
        self.good_since_s: float | None = None
        self.broken_by: Flaw | None = None
        self.interval_s = 0.0
        self._timing = timing
        self._broken_remedy = ""
        self._newest: StreamReport | None = None
        self._reported_s = 0.0
        self._interval_ends_s = 0.0

    def report(self, newest: StreamReport, now_s: float) -> Flaw | None:
        """Take in the newest report, and return its flaw, or None."""
        if self._newest is not None:
            interval_s = now_s - self._reported_s
            if interval_s >= self.interval_s or now_s >= self._interval_ends_s:
                self.interval_s = interval_s
                self._interval_ends_s = now_s + _INTERVAL_MEMORY_S
            if interval_s > self._timing.data_age_s_max:
                self.good_since_s = None
        self._newest = newest
        self._reported_s = now_s
        return self.check(now_s)

    def check(self, now_s: float) -> Flaw | None:
        """Check the newest report at `now_s`: return its flaw, and update `good_since_s`."""
        flaw = self._flaw(now_s)
        if flaw is not None:
            if self.good_since_s is not None or self.broken_by is not None:
                self.broken_by = flaw
                self._broken_remedy = self._remedy(flaw, now_s)
            self.good_since_s = None
        elif self.good_since_s is None:
            self.good_since_s = now_s
        elif now_s - self.good_since_s >= GOOD_S_MIN:
            self.broken_by = None
        return flaw

    @property
    def uncertainty_s(self) -> float:
        """The uncertainty of its clock; endless while it is not known."""
        newest = self._newest
        if newest is None or newest.uncertainty_s is None:
            return math.inf
        return newest.uncertainty_s

    def good_s(self, now_s: float) -> float:
        """Return how long the stream has been good without a break."""
        return 0.0 if self.good_since_s is None else now_s - self.good_since_s

    def remedy(self, flaw: Flaw, now_s: float) -> str:
        """Return what to do about a flaw of this stream, as it was where it is over."""
        return self._broken_remedy if flaw is self.broken_by else self._remedy(flaw, now_s)

    def _remedy(self, flaw: Flaw, now_s: float) -> str:
        newest, reported_s = self._newest, self._reported_s
        is_late = flaw.reason == "late"
        if newest is None or (is_late and now_s - reported_s > self._timing.data_age_s_max):
            return remedies.OF_SILENCE
        if flaw.reason == "future":
            ahead_s = newest.newest_time_s - reported_s
            return remedies.of_future(ahead_s, newest.newest_time_s, reported_s)
        if is_late:
            return remedies.of_late(now_s - newest.newest_time_s)
        return remedies.OF_CLOCK if flaw.reason == "clock" else remedies.of_problem(flaw.found)

    def restart(self) -> None:
        """Begin the good time anew, with the next good report."""
        self.good_since_s = None
        self.broken_by = None

    def forget(self) -> None:
        """Forget the last report: the stream was replaced by another one."""
        self.restart()
        self._newest = None

    def _flaw(self, now_s: float) -> Flaw | None:
        newest, timing = self._newest, self._timing
        if newest is None:
            return Flaw("silent", "no data", "data")
        uncertainty_s = newest.uncertainty_s
        if uncertainty_s is None or not 0.0 <= uncertainty_s <= timing.clock_uncertainty_s_max:
            found = "no correction" if uncertainty_s is None else f"{uncertainty_s:g} s uncertain"
            return Flaw("clock", found, f"at most {timing.clock_uncertainty_s_max:g} s")
        age_s = now_s - newest.newest_time_s
        if age_s < -timing.clock_uncertainty_s_max:
            return Flaw("future", f"data of {-age_s:.3g} s ahead", "data of the past")
        if not age_s <= timing.data_age_s_max:
            found, expected = f"data of {age_s:.3g} s ago", f"at most {timing.data_age_s_max:g} s"
            return Flaw("late", found, expected)
        if newest.problem is not None:
            return Flaw("suspect", newest.problem, "good data")
        return None


class HopWatch:
    """Whether the estimates under one device's policy are valid, and go on."""

    def __init__(self, timing: GateConfig) -> None:
        self._timing = timing
        self._newest: Observation | None = None
        self._valid_time_s = 0.0
        self._spacing_s = 0.0
        self._calibrates_since_s: float | None = None

    @property
    def is_valid(self) -> bool:
        """Whether the newest estimate may be used."""
        return self._newest is not None and self._newest.valid

    @property
    def is_calibrating(self) -> bool:
        """Whether estimates are not valid only because a detector is still calibrating."""
        return self._newest is not None and self._newest.calibrating

    @property
    def calibrates_for_s(self) -> float:
        """How long the calibration has lasted, in the time of its samples."""
        if self._newest is None or self._calibrates_since_s is None:
            return 0.0
        return max(0.0, self._newest.time_s - self._calibrates_since_s)

    def observe(self, newest: Observation) -> None:
        """Take in the newest hop."""
        if self._newest is not None:
            self._spacing_s = max(0.0, newest.time_s - self._newest.time_s)
        self._newest = newest
        if not newest.calibrating:
            self._calibrates_since_s = None
        elif self._calibrates_since_s is None:
            self._calibrates_since_s = newest.time_s
        if newest.valid:
            self._valid_time_s = newest.time_s

    def flaw(self, now_s: float) -> Flaw | None:
        """Return the flaw of these estimates at `now_s`, or None."""
        if self._newest is None:
            return Flaw("silent", "no estimate", "estimates")
        if not self._newest.valid and not self._newest.calibrating:
            return Flaw("suspect", "an estimate that is not valid", "valid estimates")
        age_s = now_s - self._valid_time_s
        age_s_max = self._timing.data_age_s_max + self._spacing_s
        if age_s < -self._timing.clock_uncertainty_s_max:
            return Flaw("future", f"an estimate of {-age_s:g} s ahead", "estimates of the past")
        if not age_s <= age_s_max:
            return Flaw("late", f"an estimate of {age_s:g} s ago", f"at most {age_s_max:g} s")
        return None
