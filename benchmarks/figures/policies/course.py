"""What one run of a policy on the simulated patient shows."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.figures.signals import Line
from stimloop.config import Config
from stimloop.key_path import innermost
from stimulators.decisions import Decision, Send, StateChanged
from stimulators.policies.parts.discriminant_table import LinearDiscriminantConfig
from stimulators.wire.messages import Command
from stimulators.wire.received import AckHeard, DeviceStatusHeard
from streamer.closed_loop import Outcome
from streamer.events import Chunk, ClockCorrection, Event
from streamer.session_parts import RunningSession

#: The detectors of the simulated patient's file.
BETA: Final = "beta"
_BURST: Final = "beta_burst"
#: What counts as a long burst.
_LONG_S: Final = 0.6
_FUZZ_MA: Final = 1e-6


class Course(NamedTuple):
    """One run; seconds since the loop was closed.

    Parameters
    ----------
    raw_uv, beta_uv2 : Line
        The channel, and its power in 13-30 Hz.
    decided : Line
        What the policy decided on at each hop: power, mean or sum.
    thresholds : tuple of Line
        What that was compared with.
    applied_ma : Line
        What the device said that it gave, each from then on.
    others_ma : Line
        What a second device said that it gave; empty without one.
    withheld_ma : Line
        What was wanted and not sent, as an arm withholds it; empty where nothing was.
    triggers_s : ndarray
        When it gave triggers.
    bursts_s : ndarray, shape (n_bursts, 2)
        Onsets and offsets above the median that beta had before.
    end_s : float
        When the run ended.
    lowest_ma : float
        The least that the policy may ask for.
    therapy : mapping
        What `summary.json` says of the device.
    safe_because : str
        Why the rig was made safe; empty where it was not.
    """

    raw_uv: Line
    beta_uv2: Line
    decided: Line
    thresholds: tuple[Line, ...]
    applied_ma: Line
    others_ma: Line
    withheld_ma: Line
    triggers_s: NDArray[np.float64]
    bursts_s: NDArray[np.float64]
    end_s: float
    lowest_ma: float
    therapy: Mapping[str, Any]
    safe_because: str

    @property
    def power_uv2(self) -> float:
        """Mean power of beta since the loop was closed."""
        time_s, power_uv2 = self.beta_uv2
        return float(np.nanmean(power_uv2[time_s >= 0.0]))

    @property
    def on_percent(self) -> float:
        """Share of the time in which more than the lowest amount was given."""
        lasted_s, amount_ma = self._stretches()
        is_on = amount_ma > self.lowest_ma + _FUZZ_MA
        return float(100.0 * lasted_s[is_on].sum() / self.end_s)

    @property
    def mean_square_ma2(self) -> float:
        """Mean square of what was given: at one pulse width, rate and impedance the energy."""
        lasted_s, amount_ma = self._stretches()
        return float((lasted_s * amount_ma**2).sum() / self.end_s)

    @property
    def long_bursts_per_min(self) -> float:
        """Bursts that lasted longer than 0.6 s."""
        if not self.bursts_s.size:
            return 0.0
        is_in = self.bursts_s[:, 0] >= 0.0
        n_long = np.count_nonzero(np.diff(self.bursts_s[is_in], axis=1) > _LONG_S)
        return 60.0 * n_long / self.end_s

    def mean_ma(self, spans_s: NDArray[np.float64]) -> float:
        """Return the mean of what was given within some spans, shape (n_spans, 2)."""
        edges_s, amount_ma = self._edges_s(), self.applied_ma[1]
        within_s = np.zeros(amount_ma.size)
        for start_s, end_s in np.clip(spans_s, 0.0, self.end_s):
            within_s += np.diff(np.clip(edges_s, start_s, end_s))
        return float((within_s * amount_ma).sum() / within_s.sum())

    def _stretches(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return how long each amount was given, and the amounts."""
        return np.diff(self._edges_s()), self.applied_ma[1]

    def _edges_s(self) -> NDArray[np.float64]:
        """Return when each amount began to be given, and the end."""
        edges_s: NDArray[np.float64] = np.append(self.applied_ma[0], self.end_s)
        return edges_s.clip(0.0, self.end_s)


class Collected:
    """Collects what a run shows, step by step.

    Parameters
    ----------
    device : str
        The first device that its policy drives.
    """

    def __init__(self, device: str) -> None:
        self._device = device
        self.samples: list[Event] = []
        self._beta: list[Line] = []
        self._bursts: list[tuple[str, float]] = []
        self._decided: list[tuple[float, float, float]] = []
        self._applied: list[tuple[float, float]] = []
        self._others: list[tuple[float, float]] = []
        self._withheld: list[tuple[float, float]] = []
        self._triggers: set[int] = set()
        self._triggers_s: list[float] = []
        self._closed_s = float("nan")
        self._now_s = float("nan")
        self._safe_because = ""

    @contextlib.contextmanager
    def watching(self, running: RunningSession) -> Iterator[None]:
        """Watch a session while the context lasts."""
        running.service.watchers.append(self._watch)
        yield

    def _watch(self, event: Event, now_s: float, outcome: Outcome) -> None:
        self._now_s = now_s
        if isinstance(event, Chunk | ClockCorrection):
            self.samples.append(event)
        elif isinstance(event, AckHeard | DeviceStatusHeard):
            self._hear(event, now_s)
        for seen in outcome.seen:
            if seen.estimates.detector == BETA:
                values = np.where(seen.estimates.valid, seen.estimates.values, np.nan)
                self._beta.append((seen.estimates.time_s, values))
            elif seen.estimates.detector == _BURST:
                self._bursts += [(each.kind, each.onset_s) for each in seen.detections]
        for each in outcome.targets:
            if each.device == self._device:
                self._decided.append((each.time_s, each.value, each.threshold))
            if each.withheld:
                self._withheld.append((each.time_s, each.amount))
        for decision in outcome.decisions:
            self._note(decision, now_s)

    def _note(self, decision: Decision, now_s: float) -> None:
        if isinstance(decision, Send) and isinstance(decision.message, Command):
            if decision.message.kind == "trigger":
                self._triggers.add(decision.message.seq)
        elif isinstance(decision, StateChanged):
            if decision.after == "active":
                self._closed_s = float(np.fmin(self._closed_s, now_s))
            elif decision.after == "safe":
                self._safe_because = decision.reason

    def _hear(self, event: AckHeard | DeviceStatusHeard, now_s: float) -> None:
        message = event.message
        if message.applied_ma is not None:
            given = self._applied if event.device == self._device else self._others
            given.append((now_s, message.applied_ma))
        if isinstance(event, AckHeard) and event.message.seq in self._triggers:
            fired_us = event.message.applied_us
            if fired_us is not None and event.message.refused is None:
                self._triggers_s.append(fired_us * 1e-6)

    def course(
        self,
        config: Config,
        raw_uv: Line,
        *,
        column: int,
        lowest_ma: float,
        therapy: Mapping[str, Any],
    ) -> Course:
        """Return the run, its zero where the loop was closed."""
        zero_s = self._closed_s
        decided_s, value, threshold = np.array(self._decided).reshape(-1, 3).T
        (policy,) = config.policies
        _, policy = innermost("", policy)
        declared = policy.compares_with
        sides: tuple[float | None, ...] = (None,)
        if isinstance(policy, LinearDiscriminantConfig):
            sums = policy.discriminants
            sides = tuple(
                side for each in sums for side in (each.lower_threshold, each.upper_threshold)
            )
        elif declared is not None:
            sides = (declared.lower, declared.upper)
        lines = [
            threshold if side is None else np.full_like(threshold, side)
            for side in dict.fromkeys(sides)
        ]
        first, others, withheld = (
            np.array(each).reshape(-1, 2).T
            for each in (self._applied, self._others, self._withheld)
        )
        beta_s = np.concatenate([time_s for time_s, _ in self._beta])
        values = np.concatenate([each for _, each in self._beta])
        spans = [
            (self._bursts[place][1], self._bursts[place + 1][1])
            for place in range(len(self._bursts) - 1)
            if self._bursts[place][0] == "onset"
        ]
        return Course(
            raw_uv=(raw_uv[0] - zero_s, raw_uv[1]),
            beta_uv2=(beta_s - zero_s, values[:, column]),
            decided=(decided_s - zero_s, value),
            thresholds=tuple((decided_s - zero_s, each) for each in lines),
            applied_ma=(first[0] - zero_s, first[1]),
            others_ma=(others[0] - zero_s, others[1]),
            withheld_ma=(withheld[0] - zero_s, withheld[1]),
            triggers_s=np.array(self._triggers_s) - zero_s,
            bursts_s=np.array(spans).reshape(-1, 2) - zero_s,
            end_s=self._now_s - zero_s,
            lowest_ma=lowest_ma,
            therapy=therapy,
            safe_because=self._safe_because,
        )
