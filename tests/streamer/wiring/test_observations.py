"""Hops of several detectors are joined on the grid of the first, the same in any chunks."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from detectors.estimates import Detection, Estimates, Seen
from detectors.outputs import Output
from stimulators.policies.policy import EventRead, MeasureRead
from stimulators.targets import Observation
from streamer.wiring.observations import Observations
from streamer.wiring.policy_reads import resolve

_RATE_HZ = 100.0


class _Detector:
    channels = ("L",)
    detects = ("onset", "offset", "moment")
    rate_hz = _RATE_HZ

    def __init__(self, id_: str, hop_samples: int, *measures: str, calibration_s: float) -> None:
        self.id = id_
        self.hop_samples = hop_samples
        self.outputs = tuple(Output("L", measure, "") for measure in measures)
        self.calibration_s = calibration_s


_FAST = _Detector("fast", 5, "power", "is_calibrating", calibration_s=1.0)
_SLOW = _Detector("slow", 20, "slope", calibration_s=0.0)
_LATE = _Detector("late", 5, "level", calibration_s=3.0)
_ALL: dict[str, Any] = {each.id: each for each in (_FAST, _SLOW, _LATE)}
_READS = (
    MeasureRead("of", "fast", "", "power"),
    MeasureRead("beside", "slow", "", "slope"),
    EventRead("of", "fast", "", ("onset", "moment")),
)


def _observations(reads: Sequence[MeasureRead | EventRead] = _READS) -> Observations:
    names = dict.fromkeys(each.detector for each in reads)
    return Observations(resolve(reads, _ALL), [_ALL[name] for name in names])


def _seen(
    detector: str,
    samples: Sequence[int],
    values: Sequence[Sequence[float]],
    *,
    n_values: int = 1,
    invalid: Sequence[int] = (),
    late_s: float = 0.0,
    detections: tuple[Detection, ...] = (),
) -> Seen:
    made = np.array(values, dtype=np.float64).reshape(len(samples), n_values)
    valid = np.ones(made.shape, dtype=np.bool_)
    valid[[index for index, sample in enumerate(samples) if sample in invalid], 0] = False
    sample = np.array(samples, dtype=np.int64)
    time_s = 50.0 + sample / _RATE_HZ + late_s
    taint = np.zeros(len(samples), dtype=np.uint16)
    return Seen(Estimates(detector, sample, time_s, made, valid, taint), detections)


def _fast(samples: Sequence[int], **keys: Any) -> Seen:
    return _seen("fast", samples, [(float(sample), 0.0) for sample in samples], n_values=2, **keys)


def _slow(samples: Sequence[int], **keys: Any) -> Seen:
    return _seen("slow", samples, [(10.0 * sample,) for sample in samples], **keys)


def _detection(sample: int, kind: Any = "onset", channel: str = "L") -> Detection:
    return Detection("fast", channel, kind, sample - 1, sample, 50.0 + sample / _RATE_HZ, 2.0)


def test_another_detector_counts_with_its_newest_hop_for_one_hop_of_its_own() -> None:
    made = _observations().of([_fast([4, 9, 14, 19, 24, 34, 39, 44]), _slow([19])])
    assert [each.values[0] for each in made] == [4.0, 9.0, 14.0, 19.0, 24.0, 34.0, 39.0, 44.0]
    assert [each.values_valid[1] for each in made] == [False] * 3 + [True] * 3 + [False] * 2
    assert [each.valid for each in made] == [False] * 3 + [True] * 3 + [False] * 2
    assert {each.values[1] for each in made if each.valid} == {190.0}
    assert [each.time_s for each in made][:2] == [50.04, 50.09]


def test_a_hop_from_before_a_gap_of_time_does_not_count() -> None:
    observations = _observations()
    (_, before) = observations.of([_fast([14, 19]), _slow([19])])
    (after,) = observations.of([_fast([24], late_s=5.0)])
    assert (before.valid, after.valid) == (True, False)


def test_an_invalid_hop_beside_makes_all_of_it_invalid() -> None:
    (made,) = _observations().of([_fast([19]), _slow([19], invalid=[19])])
    assert (made.valid, made.calibrating, made.values_valid) == (False, False, (True, False))


def test_a_detector_that_says_that_it_calibrates_is_believed() -> None:
    reads = (MeasureRead("of", "fast", "", "power"),)
    for calibrating, invalid, expected in (
        (1.0, (19,), (False, True)),
        (0.0, (19,), (False, False)),
        (1.0, (), (True, True)),
    ):
        seen = _seen("fast", [19], [(1.0, calibrating)], n_values=2, invalid=invalid)
        (made,) = _observations(reads).of([seen])
        assert (made.valid, made.calibrating) == expected


def test_a_detector_that_does_not_say_so_calibrates_until_it_was_valid_once() -> None:
    reads = (MeasureRead("of", "late", "", "level"),)
    seen = _seen("late", [4, 9, 14, 19], [(1.0,)] * 4, invalid=[4, 9, 19])
    made = _observations(reads).of([seen])
    assert [each.valid for each in made] == [False, False, True, False]
    assert [each.calibrating for each in made] == [True, True, False, False]


def test_what_is_suspect_beside_what_calibrates_is_suspect() -> None:
    reads = (MeasureRead("of", "late", "", "level"), MeasureRead("x", "fast", "", "power"))
    seen = [_seen("late", [4], [(1.0,)], invalid=[4]), _fast([4], invalid=[4])]
    (made,) = _observations(reads).of(seen)
    assert (made.valid, made.calibrating) == (False, False)


def test_detections_stand_at_the_hop_that_confirmed_them() -> None:
    detections = (
        _detection(9),
        _detection(12, "moment"),
        _detection(14, "offset"),
        _detection(14, channel="R"),
        _detection(19),
    )
    made = _observations().of([_fast([4, 9, 14, 19], detections=detections), _slow([])])
    assert [[each.kind for each in hop.moments] for hop in made] == [
        [],
        ["onset"],
        ["moment"],
        ["onset"],
    ]
    (first,) = made[1].moments
    assert (first.sample, first.time_s, first.strength) == (8, 50.09, 2.0)


@given(cuts=st.sets(st.integers(1, 199)), gap=st.integers(0, 199))
def test_chunks_do_not_show(cuts: set[int], gap: int) -> None:
    def run(borders: Sequence[int]) -> list[Observation]:
        observations, made = _observations(), []
        for first, last in itertools.pairwise(borders):
            hops = [each for each in range(4, 200, 5) if first <= each < last]
            slow = [each for each in range(19, 200, 20) if first <= each < last]
            found = tuple(_detection(each) for each in range(7, 200, 31) if first <= each < last)
            seen = [
                _fast(hops, invalid=[gap], detections=found),
                _slow(slow, invalid=[gap]),
            ]
            made += observations.of([each for each in seen if each.estimates.sample.size])
        return made

    whole = [0, 200]
    detected = {each.sample for hop in run(whole) for each in hop.moments}
    assert len(run(whole)) == 40
    assert len(detected) == 7
    # A detector returns a detection together with the hop that confirms it.
    borders = sorted({0, 200, *(5 * (cut // 5) for cut in cuts)})
    assert run(borders) == run(whole)
