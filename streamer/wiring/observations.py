"""Puts the estimates of a step together as a policy reads them, hop by hop."""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from detectors.detector import Detector
from detectors.estimates import Detection, Seen
from stimulators.targets import DetectedEvent, Observation
from streamer.wiring.policy_reads import Found

#: A hop of another detector is as new as it can be for one hop of its own; by stamps, which
#: jitter, a little longer.
_STAMP_HOPS = 1.5


class _Hop(NamedTuple):
    sample: int
    time_s: float
    values: list[float]
    valid: list[bool]


class _Detector:
    """One detector that a policy reads: its newest hop, and hops that are not read yet."""

    def __init__(self, detector: Detector, *, keeps_detections: bool) -> None:
        self._keeps_detections = keeps_detections
        self.newest: _Hop | None = None
        self.may_calibrate = getattr(detector, "calibration_s", 0.0) > 0.0
        self.hops: deque[_Hop] = deque()
        self._detections: deque[Detection] = deque()
        self._before: _Hop | None = None
        self._hop_samples = detector.hop_samples
        self._age_s_max = _STAMP_HOPS * detector.hop_samples / detector.rate_hz

    def take(self, seen: Seen) -> None:
        """Take the estimates and detections of a step."""
        estimates = seen.estimates
        self.hops.extend(
            map(
                _Hop,
                estimates.sample.tolist(),
                estimates.time_s.tolist(),
                estimates.values.tolist(),
                estimates.valid.tolist(),
            )
        )
        if self._keeps_detections:
            self._detections.extend(seen.detections)

    def go_to(self, sample: int, time_s: float) -> None:
        """Set the newest hop at or before this sample; None where that one is too old."""
        while self.hops and self.hops[0].sample <= sample:
            self._before = self.hops.popleft()
        before = self._before
        is_new = (
            before is not None
            and sample - before.sample < self._hop_samples
            and abs(time_s - before.time_s) <= self._age_s_max
        )
        self.newest = before if is_new else None

    def detected(self, sample: int) -> list[Detection]:
        """Return detections up to a sample, each only once."""
        found = []
        while self._detections and self._detections[0].confirmed_sample <= sample:
            found.append(self._detections.popleft())
        return found


class Observations:
    """Puts the hops of a policy's detectors together, on the hop grid of the first.

    Parameters
    ----------
    reads : sequence of Found
        What it reads; the detector of the first gives the grid.
    detectors : sequence of Detector
        Each detector of those once, in their order. More than one read the same single stream.

    Notes
    -----
    Of a detector beside the first the newest hop counts that is not newer than the grid's, and
    it is valid for one hop of its own, by samples and by stamps. Pure, and the same in any
    chunks: all hops up to a sample of one stream are there together.
    """

    def __init__(self, reads: Sequence[Found], detectors: Sequence[Detector]) -> None:
        watched = {each.read.detector for each in reads if each.kinds}
        self._detectors = {
            each.id: _Detector(each, keeps_detections=each.id in watched) for each in detectors
        }
        self._grid = next(iter(self._detectors.values()))
        self._beside = [each for each in self._detectors.values() if each is not self._grid]
        self._reads = [(each, self._detectors[each.read.detector]) for each in reads]
        self._columns = [each.column for each in reads if each.column >= 0]
        self._all_valid = (True,) * len(self._columns)
        self._calibrating = {each.calibrating for each in reads if each.calibrating >= 0}
        self._all_say_calibrating = all(each.calibrating >= 0 for each in reads)
        self._kinds = {
            (found.read.detector, found.read.channel, kind)
            for found in reads
            for kind in found.kinds
        }

    def of(self, seen: Sequence[Seen]) -> list[Observation]:
        """Return an observation for each hop of the grid that this step completed."""
        for each in seen:
            if (detector := self._detectors.get(each.estimates.detector)) is not None:
                detector.take(each)
        grid, made = self._grid, []
        while grid.hops:
            made.append(self._observation(grid.hops.popleft()))
        return made

    def _observation(self, hop: _Hop) -> Observation:
        self._grid.newest = hop
        if not self._beside and all(hop.valid):
            return self._all_of(hop)
        for each in self._beside:
            each.go_to(hop.sample, hop.time_s)
        values: list[float] = []
        values_valid: list[bool] = []
        of_invalid: list[bool] = []
        is_calibrating = False
        for found, detector in self._reads:
            newest = detector.newest
            is_valid = newest is not None and all(newest.valid[index] for index in found.needed)
            is_early = _is_early(found, detector, is_valid=is_valid)
            is_calibrating |= is_early
            if not is_valid:
                of_invalid.append(is_early)
            if found.column >= 0:
                values.append(0.0 if newest is None else newest.values[found.column])
                values_valid.append(is_valid)
        return Observation(
            sample=hop.sample,
            time_s=hop.time_s,
            valid=not of_invalid,
            calibrating=all(of_invalid) if of_invalid else is_calibrating,
            values=tuple(values),
            values_valid=tuple(values_valid),
            moments=tuple(self._moments(hop.sample)) if self._kinds else (),
        )

    def _all_of(self, hop: _Hop) -> Observation:
        """Return a hop of a single detector whose values are all valid: the quick, usual case."""
        values = hop.values
        if not self._all_say_calibrating:
            self._grid.may_calibrate = False
        return Observation(
            sample=hop.sample,
            time_s=hop.time_s,
            valid=True,
            calibrating=any(values[index] for index in self._calibrating),
            values=tuple([values[index] for index in self._columns]),
            values_valid=self._all_valid,
            moments=tuple(self._moments(hop.sample)) if self._kinds else (),
        )

    def _moments(self, sample: int) -> Iterator[DetectedEvent]:
        for name, detector in self._detectors.items():
            for each in detector.detected(sample):
                if (name, each.channel, each.kind) in self._kinds:
                    yield DetectedEvent(
                        detector=name,
                        channel=each.channel,
                        kind=each.kind,
                        sample=each.sample,
                        time_s=each.onset_s,
                        strength=each.strength,
                    )


def _is_early(found: Found, detector: _Detector, *, is_valid: bool) -> bool:
    """Return whether the channel still calibrates: it says so, or has never been valid."""
    if found.calibrating >= 0:
        newest = detector.newest
        return newest is not None and bool(newest.values[found.calibrating])
    if is_valid:
        detector.may_calibrate = False
    return detector.may_calibrate
