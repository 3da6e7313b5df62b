"""The null of bursts: Rice's closed form, and simulated noise through the same filters."""

from typing import Any, ClassVar

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import butter, freqz_sos, hilbert, sosfilt

from detectors.block import Block, StreamLayout
from detectors.bursts import statistics_state as columns
from detectors.bursts.burst import Burst, BurstConfig, BurstThreshold
from detectors.bursts.null import burst_null
from detectors.bursts.null_kernel import count_bursts
from detectors.bursts.rule import BurstRule
from detectors.bursts.statistics import BurstStatistics, BurstStatisticsConfig
from detectors.chain import DetectorChain
from detectors.compiling.bundle import Bundle
from detectors.detector import DetectorConfig, Input, Reads
from detectors.estimates import Detection, Estimates, Seen
from detectors.null_simulation.simulation import NullSimulation
from detectors.outputs import Output
from detectors.power.band_power import BandPowerConfig
from detectors.power.scale import PowerBaseline
from detectors.rhythm.oscillation import OscillationConfig
from tests.support.blocks import block_of

RATE_HZ = 1000.0
LAYOUT = StreamLayout("LFP", RATE_HZ, tuple("abcdefgh"))
#: Mean duration at the 75th percentile, times the rms bandwidth: 1 / (2 sqrt(pi ln 4)).
RICE = 0.2396
#: Without a calibration the null is white.
_WHITE = BurstThreshold(level=1.0)
_QUARTER = BurstThreshold(percentile=75.0, calibrate_s=20.0)


class Envelope:
    """A detector whose measure a test writes down, one channel, every sample."""

    id = "envelope"
    channels: tuple[str, ...] = ("C0",)
    outputs: tuple[Output, ...] = (Output("C0", "amplitude", "µV"),)
    hop_samples = 1
    rate_hz = RATE_HZ
    delay_s = 0.0
    span_samples = 1
    config_type: ClassVar[type[DetectorConfig]] = DetectorConfig

    def update(self, given: Input) -> Seen:
        raise NotImplementedError

    def reset(self) -> None:
        raise NotImplementedError


def durations_s(detections: tuple[Detection, ...]) -> NDArray[np.float64]:
    """Return the duration of each finished burst."""
    onsets = [each.sample for each in detections if each.kind == "onset"]
    offsets = [each.sample for each in detections if each.kind == "offset"]
    return np.array([b - a for a, b in zip(onsets, offsets, strict=False)]) / RATE_HZ


def bandwidth_hz(sos: NDArray[np.float64]) -> float:
    """Return the rms bandwidth of filtered noise about its mean frequency."""
    frequency_hz, response = freqz_sos(sos, 200_000, fs=RATE_HZ)
    power = np.abs(response) ** 2
    mean_hz = (frequency_hz * power).sum() / power.sum()
    return float(np.sqrt(((frequency_hz - mean_hz) ** 2 * power).sum() / power.sum()))


@pytest.mark.parametrize(
    ("band_hz", "order", "expected_ms"),
    [
        ((17.0, 23.0), 2, 73.9),
        ((17.0, 23.0), 4, 123.5),
        ((13.0, 30.0), 4, 43.0),
        ((13.0, 30.0), 2, 25.2),
        ((4.0, 12.0), 2, 48.9),
    ],
)
def test_bursts_of_a_gaussian_envelope_are_those_of_rice(
    band_hz: tuple[float, float], order: int, expected_ms: float
) -> None:
    sos = butter(order, band_hz, "bandpass", fs=RATE_HZ, output="sos")
    noise = np.random.default_rng(1).normal(size=600_000)
    envelope = np.abs(hilbert(sosfilt(sos, noise)))
    threshold = BurstThreshold(level=float(np.percentile(envelope, 75.0)))
    config = BurstConfig(
        id="bursts", of="envelope", threshold=threshold, hysteresis=0.0, duration_s_min=0.0
    )
    sample = np.arange(envelope.size)
    seen = Burst(config, Envelope()).update(
        Estimates(
            "envelope",
            sample,
            sample / RATE_HZ,
            envelope[:, None],
            np.ones((envelope.size, 1), dtype=np.bool_),
            np.zeros(len(sample), dtype=np.uint16),
        )
    )
    found_s = durations_s(seen.detections)
    b = bandwidth_hz(sos)
    assert found_s.mean() == pytest.approx(expected_ms / 1e3, rel=0.03)
    assert found_s.mean() == pytest.approx(RICE / b, rel=0.03)
    rho = np.sqrt(np.log(4.0))
    assert found_s.size / 600.0 == pytest.approx(
        2.0 * np.sqrt(np.pi) * b * rho * np.exp(-(rho**2)), rel=0.03
    )


def chain_of(source: Any, layout: StreamLayout = LAYOUT, **keys: Any) -> DetectorChain:
    settings = {"threshold": _WHITE, "id": "bursts", "of": source.id} | keys
    return DetectorChain(
        [
            source,
            BurstConfig(**settings),
            BurstStatisticsConfig(id="statistics", of="bursts", window_s=280.0, hop_s=140.0),
        ],
        {layout.name: layout},
    )


def null_of(chain: DetectorChain) -> NDArray[np.float64]:
    statistics = chain.detectors["statistics"]
    assert isinstance(statistics, BurstStatistics)
    null: NDArray[np.float64] = statistics.nulls[0]
    return null


def power_of(**keys: Any) -> BandPowerConfig:
    settings: dict[str, Any] = {"id": "beta", "stream": "LFP", "band_hz": (13.0, 30.0)}
    return BandPowerConfig(**(settings | keys))


def test_the_null_of_one_bin_is_that_of_rice() -> None:
    """One bin of a Hann window of T seconds is a filter with the rms bandwidth 1 / (sqrt(3) T)."""
    chain = chain_of(power_of(band_hz=(40.0, 40.5)), hysteresis=0.0, duration_s_min=0.0)
    null = null_of(chain)[2:-1]
    share, rate_hz, duration_s = null[:, :3].T
    rho = np.sqrt(-np.log(share))
    expected_s = 1.0 / (2.0 * np.sqrt(np.pi) * rho / np.sqrt(3.0))
    np.testing.assert_allclose(duration_s, expected_s, rtol=0.07)
    np.testing.assert_allclose(rate_hz, share / expected_s, rtol=0.07)
    quarter = np.flatnonzero(share == 0.25)
    assert duration_s[quarter] == pytest.approx(RICE * np.sqrt(3.0), rel=0.03)


def test_amplitudes_of_one_bin_are_those_of_an_exponential() -> None:
    """Power in one bin is exponential: above any level its mean excess is one mean."""
    chain = chain_of(power_of(band_hz=(40.0, 40.5)), hysteresis=0.0, duration_s_min=0.0)
    null = null_of(chain)
    quarter = null[null[:, 0] == 0.25][0]
    # Weighted by duration the excess is 1 / ln 4 of the threshold; long bursts are the high ones.
    assert 1.0 < quarter[3] < 1.0 + 1.0 / np.log(4.0)
    assert quarter[4] > quarter[3]


@pytest.mark.parametrize(
    ("source", "keys"),
    [
        (power_of(window_s=0.4), {}),
        (power_of(window_s=0.4), {"hysteresis": 0.0, "duration_s_min": 0.0}),
        (
            power_of(window_s=0.4, scale="decibel", baseline=PowerBaseline(power_uv2=1e-3)),
            {"hysteresis_level": 0.5, "duration_s_min": 0.15},
        ),
        pytest.param(power_of(band_hz=(4.0, 12.0)), {"hysteresis": 0.3}, marks=pytest.mark.slow),
        (
            OscillationConfig(id="beta", stream="LFP", centre_hz=20.0, output="amplitude"),
            {"duration_s_min": 0.05},
        ),
        pytest.param(
            OscillationConfig(
                id="beta", stream="LFP", centre_hz=20.0, half_width_hz=2.0, output="amplitude"
            ),
            {},
            marks=pytest.mark.slow,
        ),
    ],
    ids=lambda each: str(each.window_s) if isinstance(each, BandPowerConfig) else None,
)
def test_the_null_is_what_the_detector_makes_of_noise(source: Any, keys: dict[str, Any]) -> None:
    chain = chain_of(source, threshold=_QUARTER, **keys)
    n_samples = 310_000
    shape = (n_samples, len(LAYOUT.channels))
    noise = np.random.default_rng(77).normal(0.0, 10.0, shape)
    # The threshold is calibrated first, so one window of 280 s is after it but for its start.
    block = block_of(noise, RATE_HZ)
    (seen,) = (each for each in chain.update(block) if each.estimates.detector == "statistics")
    values = seen.estimates.values[-1].reshape(len(LAYOUT.channels), -1)
    valid = seen.estimates.valid[-1].reshape(values.shape)
    assert valid.all()
    found = values.mean(axis=0)
    n_bursts = values[:, columns.N_BURSTS].sum()
    assert n_bursts > 800
    expected = found[columns.NULL : columns.NULL + columns.N_MEASURES]
    for measure, tolerance in (
        (columns.RATE, 0.07),
        (columns.DURATION, 0.05),
        (columns.MEAN_AMPLITUDE, 0.03),
        (columns.PEAK_AMPLITUDE, 0.03),
    ):
        assert found[measure] == pytest.approx(expected[measure], rel=tolerance)
    # Standard errors of both: the null has 1000 bursts, the noise of this test fewer.
    share = expected[columns.LONG_FRACTION]
    sd = np.sqrt(max(share * (1.0 - share), 1e-3) * (1.0 / 1000.0 + 1.0 / n_bursts))
    assert abs(found[columns.LONG_FRACTION] - share) < 3.0 * sd


class SignedEnvelope(Envelope):
    """A detector whose measure may be negative."""

    outputs: tuple[Output, ...] = (Output("C0", "amplitude", "µV", signed=True),)


def test_one_pass_counts_as_the_rigs_kernels_do() -> None:
    """Test that the null's kernel and the two live kernels follow the same rule."""
    random = np.random.default_rng(5)
    n_hops, n_channels, level = 3000, 3, 1.0
    measure = random.normal(0.0, 1.0, (n_hops, n_channels)).cumsum(axis=0)
    measure -= measure.mean(axis=0)
    valid = random.random((n_hops, n_channels)) > 0.005
    config = BurstConfig(
        id="bursts",
        of="envelope",
        threshold=BurstThreshold(level=level),
        hysteresis_level=0.7,
        duration_s_min=0.007,
    )
    summary = Bundle(columns.BurstSummary(columns.BurstTally(), np.zeros(columns.N_COLUMNS)))
    count_bursts(
        np.ascontiguousarray(measure.T),
        np.ascontiguousarray(valid.T),
        level,
        level - 0.7,
        7,
        20.0,
        summary.addresses,
    )
    live = np.zeros((n_channels, 6), dtype=np.int64)
    for channel in range(n_channels):
        sample = np.arange(n_hops)
        seen = Burst(config, SignedEnvelope()).update(
            Estimates(
                "envelope",
                sample,
                sample / RATE_HZ,
                measure[:, channel : channel + 1] * valid[:, channel : channel + 1],
                valid[:, channel : channel + 1].copy(),
                np.zeros(len(sample), dtype=np.uint16),
            )
        )
        offsets = [each for each in seen.detections if each.kind == "offset"]
        is_whole = np.array([each.complete for each in offsets])
        hops = np.rint(durations_s(seen.detections) * RATE_HZ)[: len(offsets)]
        live[channel] = (
            valid[:, channel].sum(),
            (valid[:, channel] & (measure[:, channel] > level)).sum(),
            is_whole.sum(),
            (~is_whole).sum(),
            hops[is_whole].sum(),
            (hops[is_whole] > 20.0).sum(),
        )
    counts = summary.fields.tally.array.tolist()[:6]
    assert list(counts) == live.sum(axis=0).tolist()
    assert min(counts) > 0


def simulation_of(source: DetectorConfig, layout: StreamLayout = LAYOUT) -> NullSimulation:
    burst = BurstConfig(id="bursts", of=source.id, threshold=_QUARTER)
    return NullSimulation((source, burst), {layout.name: layout}, DetectorChain)


_RULE = BurstRule(0.9, 0.0, 0.0, 100)


def test_the_same_rig_hears_the_same_noise_and_only_once() -> None:
    first = burst_null(simulation_of(power_of()), _RULE, 10, RATE_HZ, 50.0)
    assert burst_null(simulation_of(power_of()), _RULE, 10, RATE_HZ, 50.0) is first
    burst_null.cache_clear()
    again = burst_null(simulation_of(power_of()), _RULE, 10, RATE_HZ, 50.0)
    assert again is not first
    assert again.tobytes() == first.tobytes()
    with pytest.raises(ValueError, match="read-only"):
        again[0] = 0.0
    other = burst_null(simulation_of(power_of(hop_s=0.02)), _RULE, 20, RATE_HZ, 25.0)
    assert other.tobytes() != first.tobytes()


def test_the_null_does_not_depend_on_what_other_channels_there_are() -> None:
    few = StreamLayout("LFP", RATE_HZ, ("STN_L_13",))
    found = null_of(chain_of(power_of(channels=("STN_L_13",)), few, duration_s_min=0.0))
    expected = null_of(chain_of(power_of(), duration_s_min=0.0))
    np.testing.assert_allclose(found[4:-2, :3], expected[4:-2, :3], rtol=0.12)


def test_a_detector_that_names_its_channels_in_a_way_of_its_own_hears_noise_on_those() -> None:
    simulation = NullSimulation((_Named(id="named", stream="LFP"),), {"LFP": LAYOUT}, _ChainOfNamed)
    (stretch,) = next(simulation.run(100))
    assert stretch.values.shape == (1, len(LAYOUT.channels))


class _Named(DetectorConfig, frozen=True, kw_only=True, tag="named"):
    stream: str

    @property
    def reads(self) -> tuple[Reads, ...]:
        return (Reads("stream", "stream", self.stream),)


class _ChainOfNamed(DetectorChain):
    """A detector that only accepts the rig's own channel labels."""

    def __init__(self, configs: Any, layouts: Any) -> None:
        if layouts["LFP"] is not LAYOUT:
            raise ValueError("reference: expected one of 0, 1, 2, found 'a'")
        super().__init__([], {})
        self.configs = configs

    def update(self, block: Block) -> tuple[Seen, ...]:
        values = block.samples_uv[-1:]
        given = msgspec.structs.replace(
            Estimates.empty("named", 1, values.shape[1]),
            sample=np.array([0]),
            time_s=np.array([0.0]),
            values=values,
            valid=np.ones(values.shape, dtype=np.bool_),
        )
        return (Seen(given),)


def test_what_noise_never_does_has_no_null() -> None:
    source = power_of()
    null = null_of(chain_of(source, duration_s_min=10.0))
    assert np.isnan(null[:10, 2:]).all()
    np.testing.assert_array_equal(null[:10, 1], 0.0)


def test_the_noise_is_the_same_whatever_a_class_is_called() -> None:
    class Renamed(
        BandPowerConfig,
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=True,
        tag_field="kind",
        tag="band_power",
    ):
        """The same table."""

    keys: dict[str, Any] = {"id": "beta", "stream": "LFP", "band_hz": (13.0, 30.0)}
    layouts = {"LFP": LAYOUT}
    known, renamed = (
        NullSimulation((each(**keys),), layouts, DetectorChain)
        for each in (BandPowerConfig, Renamed)
    )
    other = NullSimulation((BandPowerConfig(**keys | {"hop_s": 0.1}),), layouts, DetectorChain)
    assert known == renamed != other
