"""Whether the data under a decision are there, good, and as old as they should be."""

from typing import Literal, NamedTuple

import msgspec

from stimulators.gate import remedies
from stimulators.gate_config import GateConfig
from stimulators.targets import Observation

#: How long data must be good, without a break, before a rig is armed.
GOOD_S_MIN = 2.0
#: The pauses that are remembered when the longest between two reports is asked for.
_INTERVAL_MEMORY_S = 2.0


class StreamReport(msgspec.Struct, frozen=True, gc=False):
    """What the newest samples of a watched stream are like.

    Parameters
    ----------
    stream : str
        Name of the stream.
    newest_time_s : float
        Time of the newest sample in the service's clock.
    uncertainty_s : float or None
        Of the stream's clock; None while it has not been measured.
    problem : str or None
        Why the newest sample may not be used.
    """

    stream: str
    newest_time_s: float
    uncertainty_s: float | None
    problem: str | None


class Flaw(NamedTuple):
    """What is wrong, in one word, and in two texts what was found and expected."""

    reason: Literal["silent", "clock", "future", "late", "suspect", "ack", "refused", "device"]
    found: str
    expected: str


class StreamWatch:
    """One watched stream: its newest report, and since when it has been good.

    Attributes
    ----------
    good_since_s : float or None
        When the first of an unbroken row of good reports came.
    broken_by : Flaw or None
        What ended the last row of good reports, until the next one is long enough: what comes and
        goes between two reports is told all the time.
    interval_s : float
        The longest pause between two reports of late.
    """

    def __init__(self, name: str, timing: GateConfig) -> None:
        self.name = name
        self.good_since_s: float | None = None
        self.broken_by: Flaw | None = None
        self.interval_s = 0.0
        self._timing = timing
        self._newest: StreamReport | None = None
        self._reported_s = 0.0
        self._interval_ends_s = 0.0

    def report(self, newest: StreamReport, now_s: float) -> Flaw | None:
        """Take the newest report in and return what is wrong with it."""
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
        """Look at the newest report: return what is wrong, and keep `good_since_s` in step."""
        flaw = self._flaw(now_s)
        if flaw is not None:
            if self.good_since_s is not None or self.broken_by is not None:
                self.broken_by = flaw
            self.good_since_s = None
        elif self.good_since_s is None:
            self.good_since_s = now_s
        elif now_s - self.good_since_s >= GOOD_S_MIN:
            self.broken_by = None
        return flaw

    def good_s(self, now_s: float) -> float:
        """Return how long it has been good without a break."""
        return 0.0 if self.good_since_s is None else now_s - self.good_since_s

    def remedy(self, flaw: Flaw, now_s: float) -> str:
        """Return what to do about a flaw of the newest report, or of the one that broke the row."""
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
        """Begin the row of good reports anew."""
        self.good_since_s = None
        self.broken_by = None

    def forget(self) -> None:
        """Know nothing until the stream is reported again: it is another one."""
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
    """The estimates one device's policy decides on: valid, and not standing still."""

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
        """Whether there is no valid estimate only because none can be yet."""
        return self._newest is not None and self._newest.calibrating

    @property
    def calibrates_for_s(self) -> float:
        """How long it has calibrated by now, in the time of its samples."""
        if self._newest is None or self._calibrates_since_s is None:
            return 0.0
        return max(0.0, self._newest.time_s - self._calibrates_since_s)

    def observe(self, newest: Observation) -> None:
        """Take the newest hop in."""
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
        """Return what is wrong at `now_s` with deciding on these estimates, or None."""
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
