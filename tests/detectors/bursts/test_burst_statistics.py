"""`burst_statistics`, hop by hop: which bursts count, in which window, and when it is valid."""

from typing import Any

import msgspec
import numpy as np
import pytest

from detectors.block import StreamLayout, Taint
from detectors.bursts.burst import Burst, BurstConfig, BurstThreshold
from detectors.bursts.statistics import (
    BurstStatistics,
    BurstStatisticsColumns,
    BurstStatisticsConfig,
)
from detectors.chain import DetectorChain
from detectors.estimates import Estimates
from detectors.power.band_power import BandPowerConfig
from detectors.power.scale import PowerBaseline
from detectors.rhythm.oscillation import OscillationConfig

_HOP = 10
_BETA = BandPowerConfig(id="beta", stream="LFP", band_hz=(13.0, 30.0))
_DECIBEL = msgspec.structs.replace(_BETA, scale="decibel", baseline=PowerBaseline(power_uv2=10.0))


def chain_of(n_channels: int = 1, burst: dict[str, Any] | None = None, **keys: Any) -> Any:
    layout = StreamLayout("LFP", 1000.0, tuple(f"C{index}" for index in range(n_channels)))
    settings: dict[str, Any] = {"threshold": BurstThreshold(level=10.0), "duration_s_min": 0.02}
    statistics: dict[str, Any] = {"window_s": 0.3, "hop_s": 0.1, "long_s": 0.03, "n_bursts_min": 1}
    power = _DECIBEL if "hysteresis_level" in settings | (burst or {}) else _BETA
    return DetectorChain(
        [
            power,
            BurstConfig(id="bursts", of="beta", **(settings | (burst or {}))),
            BurstStatisticsConfig(id="statistics", of="bursts", **(statistics | keys)),
        ],
        {"LFP": layout},
    )


class FedStatistics:
    """A burst detector and its statistics, fed with one measure a hop."""

    def __init__(self, *, burst: dict[str, Any] | None = None, **keys: Any) -> None:
        chain = chain_of(burst=burst, **keys)
        self.bursts: Burst = chain.detectors["bursts"]
        self.statistics: BurstStatistics = chain.detectors["statistics"]
        self._n_hops = 0

    def see(self, *measures: float | None) -> list[dict[str, float | None]]:
        """Return the outputs of every estimate; None stands for invalid, as in the measure."""
        hops = self._n_hops + np.arange(1, len(measures) + 1)
        self._n_hops += len(measures)
        sample = _HOP * hops.astype(np.int64) - 1
        given = Estimates(
            "beta",
            sample,
            sample / 1000.0,
            np.array([[each or 0.0] for each in measures]),
            np.array([[each is not None] for each in measures]),
            np.zeros(len(sample), dtype=np.uint16),
        )
        seen = self.statistics.update(self.bursts.update(given).estimates).estimates
        return [
            {
                name: float(row[index]) if good[index] else None
                for index, name in enumerate(BurstStatisticsColumns._fields)
            }
            for row, good in zip(seen.values, seen.valid, strict=True)
        ]


#: One burst of four hops (the first before it is one), one too short, and quiet.
_TEN: tuple[float, ...] = (1.0, 12.0, 14.0, 20.0, 18.0, 1.0, 30.0, 1.0, 1.0, 1.0)
_QUIET = (1.0,) * 10


def test_a_burst_counts_with_all_its_hops_when_it_ends() -> None:
    (seen,) = FedStatistics(window_s=0.1).see(*_TEN)
    assert seen["n_bursts"] == 1.0
    assert seen["seen_s"] == pytest.approx(0.1)
    assert seen["rate_hz"] == pytest.approx(10.0)
    assert seen["mean_duration_s"] == pytest.approx(0.04)
    assert seen["mean_amplitude"] == pytest.approx(16.0)
    assert seen["peak_amplitude"] == pytest.approx(20.0)
    assert seen["long_fraction"] == 1.0


def test_the_duration_is_that_of_the_detections() -> None:
    random = np.random.default_rng(3)
    measures = np.abs(random.normal(0.0, 2.0, 5000).cumsum() % 40.0 - 20.0)
    rig = FedStatistics(window_s=50.0, hop_s=50.0)
    sample = _HOP * np.arange(1, 5001) - 1
    seen = rig.bursts.update(
        Estimates(
            "beta",
            sample,
            sample / 1e3,
            measures[:, None],
            np.ones((5000, 1), np.bool_),
            np.zeros(5000, np.uint16),
        )
    )
    (found,) = rig.statistics.update(seen.estimates).estimates.values
    onsets = [each.sample for each in seen.detections if each.kind == "onset"]
    offsets = [each.sample for each in seen.detections if each.kind == "offset"]
    durations_s = (np.array(offsets) - np.array(onsets[: len(offsets)])) / 1000.0
    columns = rig.statistics.columns("C0")
    assert found[columns.n_bursts] == len(offsets) > 50
    assert found[columns.mean_duration_s] == pytest.approx(durations_s.mean(), rel=1e-12)
    assert found[columns.long_fraction] == pytest.approx((durations_s > 0.03).mean(), rel=1e-12)


def test_a_burst_leaves_with_the_hop_in_which_it_ended() -> None:
    seen = FedStatistics().see(*_TEN, *_QUIET, *_QUIET, *_QUIET)
    assert [each["n_bursts"] for each in seen] == [1.0, 1.0, 1.0, 0.0]
    assert [each["seen_s"] for each in seen] == pytest.approx([0.1, 0.2, 0.3, 0.3])
    # At first the detector was valid for less than half of the window of 0.3 s.
    assert [each["rate_hz"] for each in seen] == [
        None,
        pytest.approx(5.0),
        pytest.approx(10 / 3),
        0,
    ]
    assert [each["mean_duration_s"] is None for each in seen] == [False, False, False, True]


def test_a_burst_over_two_hops_counts_in_the_second_with_all_it_was() -> None:
    first, second = FedStatistics().see(*_QUIET[:8], 20.0, 20.0, *(20.0,) * 3, *_QUIET[:7])
    assert first["n_bursts"] == 0.0
    assert second["n_bursts"] == 1.0
    assert second["mean_duration_s"] == pytest.approx(0.05)


def test_bad_data_are_not_seen_and_what_they_cut_counts_for_the_rate_alone() -> None:
    (seen,) = FedStatistics(window_s=0.1).see(
        1.0, 20.0, 20.0, 20.0, None, None, 20.0, 20.0, 20.0, 1.0
    )
    assert seen["seen_s"] == pytest.approx(0.08)
    assert seen["rate_hz"] == pytest.approx(2 / 0.08)
    assert seen["n_bursts"] == 1.0
    (seen,) = FedStatistics(window_s=0.1).see(*(None,) * 6, *(1.0,) * 4)
    assert seen["rate_hz"] is None
    (seen,) = FedStatistics(window_s=0.1).see(*(None,) * 10)
    assert (seen["n_bursts"], seen["seen_s"], seen["rate_hz_null"]) == (0.0, 0.0, None)


def test_calibration_is_not_seen() -> None:
    threshold = BurstThreshold(percentile=50.0, calibrate_s=0.06)
    (seen,) = FedStatistics(burst={"threshold": threshold}, window_s=0.1).see(*_TEN)
    assert seen["seen_s"] == pytest.approx(0.04)
    assert seen["rate_hz"] is None


def test_too_few_bursts_have_no_mean() -> None:
    seen = FedStatistics(n_bursts_min=2).see(*_TEN, *_TEN, *_QUIET, *_QUIET)
    assert [each["mean_amplitude"] is None for each in seen] == [True, False, False, True]


def test_the_null_is_that_of_noise_as_often_above_the_threshold() -> None:
    rig = FedStatistics(window_s=0.1, n_bursts_min=1)
    (seen,) = rig.see(*_TEN)
    null = rig.statistics.nulls[0]
    at_half = null[null[:, 0] == 0.5][0]
    assert seen["rate_hz_null"] == pytest.approx(at_half[1])
    assert seen["mean_duration_s_null"] == pytest.approx(at_half[2])
    assert seen["mean_amplitude_null"] == pytest.approx(10.0 * at_half[3])
    assert seen["peak_amplitude_null"] == pytest.approx(10.0 * at_half[4])
    assert seen["long_fraction_null"] == pytest.approx(at_half[5])
    assert 1.0 < at_half[3] < at_half[4]


@pytest.mark.parametrize("measures", [_QUIET, (20.0,) * 10])
def test_a_share_that_was_not_tried_has_no_null(measures: tuple[float, ...]) -> None:
    (seen,) = FedStatistics(window_s=0.1).see(*measures)
    assert seen["rate_hz"] == 0.0
    assert seen["rate_hz_null"] is None


def test_amplitudes_in_a_unit_that_may_be_negative_lie_so_far_above_the_threshold() -> None:
    burst = {"threshold": BurstThreshold(level=-10.0), "hysteresis_level": 1.0}
    rig = FedStatistics(burst=burst, window_s=0.1)
    (seen,) = rig.see(*(each - 20.0 for each in _TEN))
    assert seen["mean_amplitude"] == pytest.approx(-4.0)
    assert seen["peak_amplitude"] == pytest.approx(0.0)
    null = rig.statistics.nulls[0]
    at_half = null[null[:, 0] == 0.5][0]
    assert seen["mean_amplitude_null"] == pytest.approx(at_half[3] - 10.0)


def test_it_goes_on_over_calls_and_forgets_at_a_reset() -> None:
    rig = FedStatistics(window_s=0.1)
    assert rig.see(*_TEN[:4]) == []
    (seen,) = rig.see(*_TEN[4:])
    assert seen["mean_duration_s"] == pytest.approx(0.04)
    rig.see(*_TEN[:4])
    rig.bursts.reset()
    rig.statistics.reset()
    (seen,) = rig.see(*_QUIET)
    assert seen["n_bursts"] == 0.0


def test_each_channel_has_its_own() -> None:
    chain = chain_of(2, window_s=0.1)
    measures = np.stack((_TEN, _QUIET), axis=1)
    sample = _HOP * np.arange(1, 11) - 1
    given = Estimates(
        "beta", sample, sample / 1e3, measures, np.ones((10, 2), np.bool_), np.zeros(10, np.uint16)
    )
    statistics = chain.detectors["statistics"]
    (row,) = statistics.update(chain.detectors["bursts"].update(given).estimates).estimates.values
    assert row[statistics.columns("C0").n_bursts] == 1.0
    assert row[statistics.columns("C1").n_bursts] == 0.0
    labels = [each.label for each in statistics.outputs[13:15]]
    assert labels == ["C1.rate_hz", "C1.mean_duration_s"]


def test_hop_and_delay_are_declared() -> None:
    statistics = FedStatistics(window_s=0.3).statistics
    assert statistics.hop_samples == 100
    assert statistics.delay_s == pytest.approx(0.5 + 0.01 + 0.15)


def test_only_bursts_have_statistics() -> None:
    amplitude = OscillationConfig(id="beta", stream="LFP", centre_hz=20.0, output="amplitude")
    table = BurstStatisticsConfig(id="statistics", of="beta")
    layouts = {"LFP": StreamLayout("LFP", 1000.0, ("C0",))}
    with pytest.raises(ValueError, match=r"^detectors\[1\]\.of: expected a burst detector, found"):
        DetectorChain([amplitude, table], layouts)
    with pytest.raises(ValueError, match=r"^detectors\[0\]\.of: expected a detector before this"):
        DetectorChain([table], layouts)


@pytest.mark.parametrize("rate_hz", [250.0, 418.4, 1000.0, 2048.0])
def test_the_default_window_fits_at_any_rate(rate_hz: float) -> None:
    config = BurstStatisticsConfig(id="statistics", of="bursts")
    burst = BurstConfig(id="bursts", of="beta", threshold=BurstThreshold(level=10.0))
    layout = StreamLayout("LFP", rate_hz, ("C0",))
    made = DetectorChain([_BETA, burst, config], {"LFP": layout}).detectors["statistics"]
    window_s = 2.0 * (
        made.delay_s - DetectorChain([_BETA, burst], {"LFP": layout}).detectors["bursts"].delay_s
    )
    assert window_s == pytest.approx(60.0, abs=0.5 * made.hop_samples / rate_hz)


@pytest.mark.parametrize(
    "keys",
    [
        {"window_s": 0.25},
        {"window_s": 0.05},
        {"window_s": 100.1},
        {"window_s": 60.0, "hop_s": 0.01},
    ],
)
def test_a_window_is_a_whole_number_of_hops(keys: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^detectors\[2\]\.window_s: expected 1 to 1000 times"):
        chain_of(**keys)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("window_s = 0.0", "`$.window_s`"),
        ("hop_s = nan", "`$.hop_s`"),
        ("long_s = -1.0", "`$.long_s`"),
        ("n_bursts_min = 0", "`$.n_bursts_min`"),
        ("long = 1.0", "unknown field `long`"),
    ],
)
def test_what_cannot_be_is_refused_by_the_table_itself(key: str, text: str) -> None:
    with pytest.raises(msgspec.ValidationError) as error:
        msgspec.toml.decode(
            f'kind = "burst_statistics"\nid = "s"\nof = "b"\n{key}\n', type=BurstStatisticsConfig
        )
    assert text in str(error.value)


def test_the_statistics_say_what_soft_taint_their_window_holds() -> None:
    measures = [1.0] * 40
    taint = np.zeros(40, dtype=np.uint16)
    taint[13] = np.uint16(Taint.STIMULATION)
    rig = FedStatistics(window_s=0.1, hop_s=0.05)
    sample = _HOP * np.arange(1, 41, dtype=np.int64) - 1
    values = np.array(measures)[:, None]
    given = Estimates("beta", sample, sample / 1e3, values, np.ones((40, 1), np.bool_), taint)
    seen = rig.statistics.update(rig.bursts.update(given).estimates).estimates
    assert seen.taint.tolist() == [0, 0, 64, 64, 0, 0, 0, 0]
