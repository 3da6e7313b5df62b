"""`burst`, hop by hop: edges, hysteresis, duration, calibration, and interruptions."""

import re
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.block import StreamLayout
from detectors.bursts.burst import Burst, BurstColumns, BurstConfig, BurstThreshold
from detectors.chain import AnyDetectorConfig
from detectors.estimates import Estimates, Seen
from detectors.kernels.calibrated_threshold import percentile_of
from detectors.outputs import Output
from detectors.power.band_power import BandPower, BandPowerConfig

_HOP = 10
_FIXED = BurstThreshold(level=10.0)


def detector_of(n_channels: int = 1, *, hop_s: float = _HOP / 1000.0, **keys: Any) -> Burst:
    layout = StreamLayout("LFP", 1000.0, tuple(f"C{index}" for index in range(n_channels)))
    below = BandPowerConfig(id="beta", stream="LFP", band_hz=(13.0, 30.0), hop_s=hop_s)
    source = BandPower(below, layout)
    _let_be_signed(source, signed="hysteresis_level" in keys)
    settings: dict[str, Any] = {"threshold": _FIXED, "duration_s_min": 0.0}
    return Burst(BurstConfig(id="bursts", of="beta", **(settings | keys)), source)


def _let_be_signed(source: BandPower, *, signed: bool) -> None:
    source.outputs = tuple(each._replace(signed=signed) for each in source.outputs)


def power_of(*values: float | None) -> Estimates:
    """Return the hops of one channel; None stands for a hop that is not valid."""
    sample = _HOP * np.arange(1, len(values) + 1, dtype=np.int64) - 1
    return Estimates(
        "beta",
        sample,
        50.0 + sample / 1000.0,
        np.array([[value or 0.0] for value in values]),
        np.array([[value is not None] for value in values]),
        np.zeros(len(values), dtype=np.uint16),
    )


def edges(seen: Seen) -> list[tuple[str, int, int, bool]]:
    """Return kind, hop of the edge, hop of its confirmation, and whether the burst was complete."""
    return [
        (each.kind, each.sample // _HOP, each.confirmed_sample // _HOP, each.complete)
        for each in seen.detections
    ]


def column(seen: Seen, name: str) -> list[float | None]:
    index = getattr(BurstColumns(0, 1, 2, 3), name)
    return [
        float(value) if valid else None
        for value, valid in zip(
            seen.estimates.values[:, index], seen.estimates.valid[:, index], strict=True
        )
    ]


def test_a_burst_begins_above_the_threshold_and_ends_below_the_hysteresis() -> None:
    seen = detector_of(hysteresis=0.2).update(power_of(9.0, 10.0, 10.1, 8.5, 8.0, 7.9, 9.9))
    assert edges(seen) == [("onset", 2, 2, True), ("offset", 5, 5, True)]
    assert column(seen, "is_on") == [0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0]
    onset, offset = seen.detections
    assert (onset.onset_s, onset.strength) == (50.029, 10.1)
    assert (offset.onset_s, offset.strength) == (50.059, 7.9)
    assert (onset.detector, onset.channel) == ("bursts", "C0")


def test_a_burst_counts_once_it_has_lasted_and_its_onset_is_when_it_began() -> None:
    seen = detector_of(duration_s_min=0.03).update(
        power_of(1.0, 20.0, 21.0, 1.0, 20.0, 22.0, 23.0, 24.0, 1.0)
    )
    assert edges(seen) == [("onset", 4, 6, True), ("offset", 8, 8, True)]
    assert seen.detections[0].strength == 20.0
    assert column(seen, "is_on") == [0.0] * 6 + [1.0, 1.0, 0.0]


@pytest.mark.parametrize("hop", [1, 7, 10, 13, 20, 25, 30, 50, 100, 150])
def test_a_burst_of_the_shortest_duration_is_kept_and_a_shorter_one_is_not(hop: int) -> None:
    """Duration from the sample of the onset to that of the offset, at any hop."""
    shortest = 100
    n_kept = -(-shortest // hop)
    for n_above in range(1, n_kept + 2):
        detector = detector_of(hop_s=hop / 1000.0, duration_s_min=0.1)
        measures = [1.0, *(20.0,) * n_above, 1.0, 1.0]
        sample = hop * np.arange(1, len(measures) + 1, dtype=np.int64) - 1
        seen = detector.update(
            Estimates(
                "beta",
                sample,
                sample / 1000.0,
                np.array(measures)[:, None],
                np.ones((len(measures), 1), dtype=np.bool_),
                np.zeros(len(measures), dtype=np.uint16),
            )
        )
        durations = [b.sample - a.sample for a, b in pairwise(seen.detections)]
        assert durations == ([n_above * hop] if n_above * hop >= shortest else [])


def test_what_falls_below_the_threshold_but_not_the_hysteresis_is_one_episode() -> None:
    seen = detector_of(duration_s_min=0.02).update(power_of(11.0, 9.5, 9.5, 8.0))
    assert edges(seen) == [("onset", 0, 1, True), ("offset", 3, 3, True)]


def test_bad_data_end_a_burst_that_is_then_not_complete() -> None:
    seen = detector_of().update(power_of(1.0, 20.0, 25.0, None, 20.0, 1.0))
    assert edges(seen) == [
        ("onset", 1, 1, True),
        ("offset", 3, 3, False),
        ("onset", 4, 4, True),
        ("offset", 5, 5, True),
    ]
    assert seen.detections[1].strength == 25.0
    assert column(seen, "is_on") == [0.0, 1.0, 1.0, None, 1.0, 0.0]


def test_bad_data_drop_an_episode_that_was_no_burst_yet() -> None:
    seen = detector_of(duration_s_min=0.03).update(power_of(20.0, 20.0, None, 20.0, 20.0, 1.0))
    assert edges(seen) == []


def test_an_unfinished_burst_goes_on_in_the_next_call() -> None:
    detector = detector_of()
    assert edges(detector.update(power_of(20.0))) == [("onset", 0, 0, True)]
    assert edges(detector.update(power_of(20.0))) == []
    assert edges(detector.update(power_of(1.0))) == [("offset", 0, 0, True)]


def test_the_threshold_is_the_percentile_of_the_calibration_and_then_frozen() -> None:
    detector = detector_of(threshold=BurstThreshold(percentile=75.0, calibrate_s=0.05))
    seen = detector.update(power_of(3.0, None, 1.0, 5.0, 2.0, 4.0, 100.0, 1.0, 4.1))
    assert column(seen, "is_calibrating") == [1.0] * 6 + [0.0] * 3
    assert column(seen, "threshold") == [None] * 6 + [4.0] * 3
    assert column(seen, "value") == [3.0, None, 1.0, 5.0, 2.0, 4.0, 100.0, 1.0, 4.1]
    assert column(seen, "is_on") == [None] * 6 + [1.0, 0.0, 1.0]
    assert edges(seen)[0] == ("onset", 6, 6, True)


def test_calibration_never_starts_again_by_itself_but_does_at_a_reset() -> None:
    detector = detector_of(threshold=BurstThreshold(percentile=50.0, calibrate_s=0.03))
    detector.update(power_of(1.0, 2.0, 3.0))
    for _ in range(3):
        seen = detector.update(power_of(None, None, None, 1e3))
        assert column(seen, "threshold") == [2.0] * 4
    detector.reset()
    assert column(detector.update(power_of(7.0)), "is_calibrating") == [1.0]


def test_a_dead_calibration_stretch_never_gives_a_burst() -> None:
    detector = detector_of(threshold=BurstThreshold(percentile=75.0, calibrate_s=0.03))
    seen = detector.update(power_of(0.0, 0.0, 0.0, 0.0, 50.0, 50.0))
    assert column(seen, "threshold")[-1] == 0.0
    assert edges(seen) == []


def test_each_channel_has_its_own_threshold_and_edges_come_hop_by_hop() -> None:
    detector = detector_of(2, threshold=BurstThreshold(percentile=100.0, calibrate_s=0.02))
    values = np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 15.0], [3.0, 25.0], [1.0, 1.0]])
    sample = _HOP * np.arange(1, 6, dtype=np.int64) - 1
    valid = np.ones((5, 2), dtype=np.bool_)
    taint = np.arange(5, dtype=np.uint16)
    seen = detector.update(Estimates("beta", sample, sample / 1000.0, values, valid, taint))
    assert seen.estimates.taint.tolist() == taint.tolist()
    assert [(each.channel, each.kind, each.sample // _HOP) for each in seen.detections] == [
        ("C0", "onset", 2),
        ("C1", "onset", 3),
        ("C0", "offset", 4),
        ("C1", "offset", 4),
    ]
    assert detector.columns("C1") == BurstColumns(4, 5, 6, 7)
    assert detector.outputs[4:] == (
        Output("C1", "value", "µV²"),
        Output("C1", "threshold", "µV²"),
        Output("C1", "is_on", ""),
        Output("C1", "is_calibrating", ""),
    )
    assert seen.estimates.values[-1, detector.columns("C1").threshold] == 20.0


def test_a_measure_that_may_be_negative_has_its_hysteresis_in_its_own_unit() -> None:
    detector = detector_of(threshold=BurstThreshold(level=-2.0), hysteresis_level=1.5)
    seen = detector.update(power_of(-2.0, -1.9, -3.5, -3.51, 0.5, None))
    assert edges(seen) == [
        ("onset", 1, 1, True),
        ("offset", 3, 3, True),
        ("onset", 4, 4, True),
        ("offset", 5, 5, False),
    ]
    seen = detector_of(threshold=BurstThreshold(level=0.0), hysteresis_level=0.0).update(
        power_of(-1.0, 0.0, 0.1, 0.0, -0.1)
    )
    assert edges(seen) == [("onset", 2, 2, True), ("offset", 4, 4, True)]


def test_a_percentile_below_zero_is_a_threshold_like_any_other_there() -> None:
    threshold = BurstThreshold(percentile=50.0, calibrate_s=0.03)
    hops = power_of(-9.0, -6.0, -7.0, -6.9, -7.1, -8.1)
    assert edges(detector_of(threshold=threshold).update(hops)) == []
    seen = detector_of(threshold=threshold, hysteresis_level=1.0).update(hops)
    assert edges(seen) == [("onset", 3, 3, True), ("offset", 5, 5, True)]


def test_a_measure_that_does_not_change_is_not_above_itself() -> None:
    threshold = BurstThreshold(percentile=75.0, calibrate_s=0.03)
    detector = detector_of(threshold=threshold, hysteresis_level=0.5)
    assert edges(detector.update(power_of(*[-3.0] * 30))) == []


def test_a_source_that_may_be_negative_wants_the_hysteresis_in_its_unit() -> None:
    layout = StreamLayout("LFP", 1000.0, ("C0",))
    source = BandPower(BandPowerConfig(id="beta", stream="LFP", band_hz=(13.0, 30.0)), layout)
    _let_be_signed(source, signed=True)
    config = BurstConfig(id="bursts", of="beta", threshold=_FIXED)
    with pytest.raises(ValueError, match=r"^hysteresis_level: expected one, as 'beta' may be neg"):
        Burst(config, source)
    config = msgspec.structs.replace(config, hysteresis_level=1.0)
    assert Burst(config, source).rule.is_signed
    _let_be_signed(source, signed=False)
    with pytest.raises(ValueError, match=r"^hysteresis_level: expected none but hysteresis, as"):
        Burst(config, source)


@given(
    st.lists(st.floats(0.0, 1e6, allow_subnormal=False), min_size=1, max_size=60),
    st.one_of(st.floats(0.0, 100.0), st.sampled_from([0.0, 25.0, 50.0, 75.0, 100.0])),
)
def test_the_percentile_is_that_of_numpy(values: list[float], percentile: float) -> None:
    given_values = np.array(values)
    found = percentile_of(given_values, percentile)
    assert found == pytest.approx(np.percentile(given_values, percentile), rel=1e-12, abs=1e-300)
    assert given_values.tolist() == values


def test_delay_and_calibration_are_declared() -> None:
    assert detector_of(duration_s_min=0.2).delay_s == pytest.approx(0.69)
    assert detector_of(smoothing_s=0.2).delay_s == pytest.approx(0.5 + 0.095)
    assert detector_of(smoothing_s=0.2).span_samples == 1000 + 190
    assert detector_of().calibration_s == 0.0
    threshold = BurstThreshold(percentile=75.0, calibrate_s=20.0)
    assert detector_of(threshold=threshold).calibration_s == 20.0


def test_smoothing_is_the_mean_of_so_many_hops_and_begins_anew_after_bad_ones() -> None:
    detector = detector_of(smoothing_s=0.03)
    seen = [
        detector.update(power_of(*measures))
        for measures in ((3.0, 6.0), (9.0, 30.0, None, 30.0, 1.0), (2.0, 27.0))
    ]
    values = [value for each in seen for value in column(each, "value")]
    assert values == [None, None, 6.0, 15.0, None, None, None, 11.0, 10.0]
    found = [each for one in seen for each in edges(one)]
    assert [each[0] for each in found] == ["onset", "offset", "onset"]


def test_a_detector_with_several_measures_a_channel_is_no_source() -> None:
    bursts = detector_of()
    with pytest.raises(ValueError, match=r"^of: expected a detector with one measure a channel"):
        Burst(BurstConfig(id="again", of="bursts", threshold=_FIXED), bursts)


@pytest.mark.parametrize(
    ("threshold", "text"),
    [
        ("{}", "threshold: expected percentile and calibrate_s, or level, found none"),
        ("{ percentile = 75.0 }", "found percentile - at `$.threshold`"),
        ("{ calibrate_s = 20.0 }", "found calibrate_s"),
        ("{ percentile = 75.0, calibrate_s = 1.0, level = 1.0 }", "found percentile, cal"),
        ("{ percentile = 101.0, calibrate_s = 1.0 }", "`$.threshold.percentile`"),
        ("{ percentile = 75.0, calibrate_s = 0.0 }", "`$.threshold.calibrate_s`"),
        ("{ level = 0.0 }", "threshold.level: expected above 0 unless hysteresis_level is given"),
        ("{ level = -2e24 }", "`$.threshold.level`"),
        ("{ level = nan }", "`$.threshold.level`"),
        ("{ level = 1.0 }\nhysteresis = 1.0", "`$.hysteresis`"),
        ("{ level = 1.0 }\nduration_s_min = -1.0", "`$.duration_s_min`"),
        ("{ power_uv2 = 1.0 }", "unknown field `power_uv2`"),
        (
            "{ level = 1.0 }\nhysteresis = 0.1\nhysteresis_level = 1.0",
            "hysteresis_level: expected none where hysteresis is given",
        ),
        ("{ level = 1.0 }\nhysteresis_level = -1.0", "`$.hysteresis_level`"),
    ],
)
def test_what_cannot_be_is_refused_by_the_table_itself(threshold: str, text: str) -> None:
    table = f'kind = "burst"\nid = "bursts"\nof = "beta"\nthreshold = {threshold}\n'
    with pytest.raises(msgspec.ValidationError, match=re.escape(text)):
        msgspec.toml.decode(table, type=AnyDetectorConfig)
