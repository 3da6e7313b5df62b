"""`aperiodic` against closed forms and its null, and what its configuration refuses."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.signal import get_window, welch
from scipy.special import huber

from detectors.aperiodic.aperiodic import Aperiodic, AperiodicConfig
from detectors.aperiodic.line_kernel import leakage
from detectors.block import StreamLayout
from detectors.chain import AnyDetectorConfig, DetectorChain
from detectors.estimates import Estimates
from tests.detectors.aperiodic.power_law import power_law
from tests.support.blocks import block_of
from tests.support.cole2017 import cortex_uv

EXPONENT, OFFSET, OVER_DB, OVER_DB_NULL, MISFIT = range(5)


def layout_of(n_channels: int = 1, rate_hz: float = 250.0) -> StreamLayout:
    return StreamLayout("LFP", rate_hz, tuple(f"C{index}" for index in range(n_channels)))


def config_of(**keys: Any) -> AperiodicConfig:
    usual: dict[str, Any] = {"id": "slope", "stream": "LFP"}
    return AperiodicConfig(**(usual | keys))


def aperiodic(
    samples_uv: NDArray[np.float64], rate_hz: float = 250.0, **keys: Any
) -> tuple[Aperiodic, Estimates]:
    detector = Aperiodic(config_of(**keys), layout_of(samples_uv.shape[1], rate_hz))
    return detector, detector.update(block_of(samples_uv, rate_hz)).estimates


def measured(samples_uv: NDArray[np.float64], **keys: Any) -> NDArray[np.float64]:
    """Return the outputs over all samples as one window, a row for each channel."""
    _, found = aperiodic(samples_uv, window_s=len(samples_uv) / 250.0, **keys)
    assert found.valid[-1].all()
    values: NDArray[np.float64] = found.values[-1].reshape(-1, 5)
    return values


@lru_cache
def independent_windows(
    exponent: float, window_s: int, n_windows: int, n_channels: int = 40
) -> tuple[Aperiodic, NDArray[np.float64]]:
    """Return the outputs in windows of power-law noise without overlap, a row for each."""
    samples_uv = power_law(exponent, 250 * window_s * n_windows, 250.0, n_channels, window_s)
    detector, found = aperiodic(samples_uv, window_s=float(window_s))
    apart = (found.sample + 1) % detector.window_samples == 0
    assert apart.sum() == n_windows
    assert found.valid[apart].all()
    return detector, found.values[apart].reshape(-1, 5)


@pytest.mark.parametrize("exponent", [0.0, 1.0, 2.0])
@pytest.mark.parametrize("window_s", [30, 60])
def test_a_power_law_gives_its_exponent_and_no_rhythm(exponent: float, window_s: int) -> None:
    detector, values = independent_windows(exponent, window_s, 12)
    chance = detector.chance
    error = values[:, [EXPONENT, OFFSET, OVER_DB]] - [exponent, 0.0, 0.0]
    spread = np.array([chance.exponent_sd, chance.offset_sd, chance.over_db_sd])
    # Four standard errors of the mean, plus the remaining errors of series and Huber's loss.
    assert (np.abs(error.mean(axis=0)) < 4.0 * spread / np.sqrt(len(error)) + 0.005).all()
    assert error.std(axis=0) == pytest.approx(spread, rel=0.12)
    assert (values[:, MISFIT] ** 2).mean() == pytest.approx(1.0, abs=0.1)


def test_a_minute_of_a_power_law_is_met_within_the_tolerance_of_the_handbook() -> None:
    detector, values = independent_windows(1.0, 60, 12)
    assert np.sqrt(((values[:, EXPONENT] - 1.0) ** 2).mean()) < 0.05
    assert np.sqrt((values[:, OVER_DB] ** 2).mean()) < 0.3
    assert detector.chance.exponent_sd < 0.05
    assert detector.chance.over_db_sd < 0.3


@pytest.mark.parametrize(("exponent", "window_s"), [(0.0, 8), (1.0, 8), (2.0, 8), (1.0, 30)])
def test_noise_exceeds_the_level_in_one_of_twenty_windows(exponent: float, window_s: int) -> None:
    _, values = independent_windows(exponent, window_s, 40)
    exceeds = values[:, OVER_DB] > values[:, OVER_DB_NULL]
    # 1600 windows: three standard deviations of the binomial are 0.016.
    assert exceeds.mean() == pytest.approx(0.05, abs=0.017)


def test_with_few_segments_noise_exceeds_the_level_more_rarely() -> None:
    _, values = independent_windows(1.0, 3, 60)
    exceeds = values[:, OVER_DB] > values[:, OVER_DB_NULL]
    assert exceeds.mean() == pytest.approx(0.04, abs=0.0125)


@pytest.mark.parametrize(
    ("window_s", "spread"), [(30.0, (0.049, 0.070, 0.30)), (60.0, (0.035, 0.049, 0.21))]
)
def test_what_chance_gives_is_as_stated(
    window_s: float, spread: tuple[float, float, float]
) -> None:
    chance = Aperiodic(config_of(window_s=window_s), layout_of(1, 1000.0)).chance
    found = (chance.exponent_sd, chance.offset_sd, chance.over_db_sd)
    assert found == pytest.approx(spread, rel=0.02)
    assert chance.over_db_null == pytest.approx(1.645 * chance.over_db_sd, rel=1e-3)


def test_the_level_depends_on_nothing_but_the_configuration() -> None:
    detector, found = aperiodic(power_law(1.0, 20_000, 250.0, 2, 1))
    valid = found.values[found.valid[:, 0]].reshape(-1, 5)
    assert (valid[:, OVER_DB_NULL] == detector.chance.over_db_null).all()


def test_white_noise_stands_at_its_density() -> None:
    samples_uv = np.random.default_rng(2).normal(0.0, 3.0, (250 * 600, 4))
    values = measured(samples_uv)
    assert values[:, OFFSET] == pytest.approx(np.log10(2.0 * 9.0 / 250.0), abs=0.06)
    assert values[:, EXPONENT] == pytest.approx(0.0, abs=0.05)


def test_a_larger_signal_raises_the_offset_and_nothing_else() -> None:
    samples_uv = power_law(1.0, 10_000, 250.0, 3, 3)
    values, larger = measured(samples_uv), measured(1000.0 * samples_uv)
    assert larger[:, OFFSET] == pytest.approx(values[:, OFFSET] + 6.0, abs=1e-9)
    others = [EXPONENT, OVER_DB, OVER_DB_NULL, MISFIT]
    assert larger[:, others] == pytest.approx(values[:, others], abs=1e-9)


@pytest.mark.parametrize("amplitude_uv", [0.3, 1.0, 5.0])
def test_a_rhythm_stands_over_the_line_by_its_power(amplitude_uv: float) -> None:
    time_s = np.arange(250 * 240) / 250.0
    rhythm_uv = amplitude_uv * np.cos(2.0 * np.pi * 20.3 * time_s)
    values = measured(power_law(1.0, time_s.size, 250.0, 10, 4) + rhythm_uv[:, None])
    below = (1.0 / np.arange(13, 30)).sum()  # one bin a hertz
    expected_db = 10.0 * np.log10(1.0 + amplitude_uv**2 / 2.0 / below)
    assert values[:, OVER_DB].mean() == pytest.approx(expected_db, abs=0.15)
    assert values[:, EXPONENT].mean() == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize("exponent", [0.5, 1.0, 1.5, 2.0])
@pytest.mark.parametrize("cycles", [3, 4, 6, 20])
def test_the_width_of_a_segment_is_taken_into_account(exponent: float, cycles: int) -> None:
    """Compare the series with the expected spectrum of a segment."""
    n_segment, n_fine = 500, 2**16
    window = get_window("hann", n_segment) * np.exp(
        -2j * np.pi * cycles * np.arange(n_segment) / n_segment
    )
    # The mean of the segment is taken off before.
    gain = np.abs(np.fft.fft(window - window.mean(), n_fine)) ** 2
    gain = gain[1 : n_fine // 2] + gain[: n_fine // 2 : -1]
    frequency = np.arange(1, n_fine // 2) * n_segment / n_fine  # in cycles a segment
    expected = (gain * frequency**-exponent).sum() / gain.sum() * cycles**exponent
    assert leakage(exponent, cycles**-2.0) == pytest.approx(expected, abs=0.015)
    assert abs(leakage(exponent, cycles**-2.0) - expected) <= 0.2 * (expected - 1.0)


@pytest.mark.parametrize("amplitude_uv", [1.0, 100.0])
def test_a_peak_among_the_bins_hardly_moves_the_line_and_is_told(amplitude_uv: float) -> None:
    """Test peaks at 40 Hz, 11 and 51 dB over the line; a least-squares line would tilt far more."""
    samples_uv = power_law(1.0, 250 * 240, 250.0, 10, 5)
    tone = amplitude_uv * np.cos(2.0 * np.pi * 40.0 * np.arange(len(samples_uv)) / 250.0)
    clean, peaked = measured(samples_uv), measured(samples_uv + tone[:, None])
    assert np.abs(peaked[:, EXPONENT] - clean[:, EXPONENT]).max() < 0.03
    assert np.abs(peaked[:, OVER_DB] - clean[:, OVER_DB]).max() < 0.2
    assert (peaked[:, MISFIT] > 10.0).all()
    frequency_hz, power = welch(samples_uv[:, 0] + tone, 250.0, nperseg=250)
    is_line = ((frequency_hz >= 3) & (frequency_hz < 6)) | (
        (frequency_hz >= 35) & (frequency_hz < 45)
    )
    plain = -np.polyfit(np.log10(frequency_hz[is_line]), np.log10(power[is_line]), 1)[0]
    assert abs(plain - clean[0, EXPONENT]) > 0.2


@pytest.mark.parametrize("with_peak", [False, True])
def test_the_turns_suffice_to_reach_the_lowest_loss(*, with_peak: bool) -> None:
    samples_uv = power_law(1.5, 10_000, 250.0, 1, 6)
    if with_peak:
        samples_uv[:, 0] += 2.0 * np.cos(2.0 * np.pi * 40.0 * np.arange(10_000) / 250.0)
    keys: dict[str, Any] = {"exclude_hz": ((6.0, 35.0),), "segment_s": 2.0}
    detector, found = aperiodic(samples_uv, window_s=40.0, **keys)
    frequency_hz, power = welch(samples_uv[:, 0], 250.0, nperseg=500)
    is_line = ((frequency_hz >= 3) & (frequency_hz < 6)) | (
        (frequency_hz >= 35) & (frequency_hz < 45)
    )
    x = np.log10(frequency_hz[is_line])
    y = np.log10(power[is_line]) + detector.chance.bias
    lift = [np.log10(leakage(found.values[-1, EXPONENT], (2.0 * f) ** -2)) for f in 10.0**x]

    def loss(line: NDArray[np.float64]) -> float:
        left = y - np.array(lift) - line[0] + line[1] * x
        return float(huber(1.345, left / detector.chance.bin_sd).sum())

    best = minimize(loss, [0.0, 1.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12})
    assert found.values[-1, OFFSET] == pytest.approx(best.x[0], abs=2e-4)
    assert found.values[-1, EXPONENT] == pytest.approx(best.x[1], abs=2e-4)


def test_an_offset_changes_nothing() -> None:
    samples_uv = power_law(1.0, 10_000, 250.0, 2, 7)
    assert measured(samples_uv + 1e9) == pytest.approx(measured(samples_uv), abs=1e-5)


def test_an_artifact_that_nobody_tainted_leaves_no_trace() -> None:
    samples_uv = power_law(1.0, 250 * 60, 250.0, 1, 8)
    spiked = samples_uv.copy()
    spiked[4000] = 1e11
    (detector, clean), (_, found) = (
        aperiodic(each, window_s=10.0) for each in (samples_uv, spiked)
    )
    is_left = clean.sample >= 4000 + detector.window_samples
    assert is_left.sum() > 20
    assert found.values[is_left].tobytes() == clean.values[is_left].tobytes()
    assert np.isfinite(found.values).all()


@pytest.mark.parametrize("constant_uv", [0.0, 7.0, -1e9])
def test_a_dead_channel_is_not_valid_and_spoils_no_other(constant_uv: float) -> None:
    samples_uv = power_law(1.0, 10_000, 250.0, 3, 9)
    samples_uv[:, 1] = constant_uv
    _, found = aperiodic(samples_uv)
    assert not found.valid[:, 5:10].any()
    assert found.valid[-1, [0, 4, 10, 14]].all()
    assert (found.values[:, 5:10] == 0.0).all()


@pytest.mark.parametrize("rate_hz", [100.0, 418.4, 2048.0])
def test_any_rate_gives_the_same_spectrum(rate_hz: float) -> None:
    samples_uv = power_law(1.0, round(60.0 * rate_hz), rate_hz, 20, 10)
    detector, found = aperiodic(samples_uv, rate_hz, window_s=50.0)
    values = found.values[-1].reshape(-1, 5)
    assert values[:, EXPONENT].mean() == pytest.approx(1.0, abs=0.04)
    assert values[:, OVER_DB].mean() == pytest.approx(0.0, abs=0.25)
    assert detector.delay_s == pytest.approx(25.0, abs=0.5)
    assert detector.span_samples == detector.window_samples


def test_the_beta_of_a_real_cortex_stands_far_over_its_level(data_dir: Path) -> None:
    """The recording's description says 13.7 dB at 18 Hz over a least-squares line."""
    samples_uv = cortex_uv(data_dir)
    _, found = aperiodic(samples_uv[:, None], 1000.0)
    values = found.values[found.valid[:, 0]]
    assert len(values) == 59
    assert (values[:, OVER_DB] > 10.0 * values[:, OVER_DB_NULL]).all()
    assert values[:, OVER_DB].mean() == pytest.approx(8.5, abs=0.5)
    keys: dict[str, Any] = {"fit_hz": (3.0, 90.0), "exclude_hz": ((7.0, 36.0),), "segment_s": 2.0}
    _, peak = aperiodic(samples_uv[:, None], 1000.0, band_hz=(18.0, 18.4), window_s=88.0, **keys)
    assert peak.values[-1, OVER_DB] == pytest.approx(13.7, abs=1.0)


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ({"band_hz": (30.0, 13.0)}, "band_hz: expected 0 < low < high, found [30, 13]"),
        ({"fit_hz": (0.0, 45.0)}, "fit_hz: expected 0 < low < high, found [0, 45]"),
        (
            {"exclude_hz": ((6.0, 35.0), (52.0, 48.0))},
            "exclude_hz[1]: expected 0 <= low < high, found [52, 48]",
        ),
        (
            {"fit_hz": (3.0, 130.0)},
            "fit_hz: expected at most 125 Hz, half the rate of 'LFP', found [3, 130]",
        ),
        (
            {"band_hz": (13.0, 130.0)},
            "band_hz: expected at most 125 Hz, half the rate of 'LFP', found [13, 130]",
        ),
        (
            {"segment_s": 0.4},
            (
                "segment_s: expected at least 2 cycles of 3 Hz, where fit_hz begins (0.666667 s), "
                "found 0.4"
            ),
        ),
        (
            {"segment_s": 0.001},
            (
                "segment_s: expected at least 2 cycles of 13 Hz, where band_hz begins "
                "(0.153846 s), found 0.001"
            ),
        ),
        (
            {"band_hz": (1.0, 4.0)},
            "segment_s: expected at least 2 cycles of 1 Hz, where band_hz begins (2 s), found 1",
        ),
        (
            {"exclude_hz": ((3.0, 43.0),)},
            (
                "fit_hz: expected at least 3 bins of 1 Hz (segment_s = 1) beside exclude_hz, "
                "found [3, 45]"
            ),
        ),
        (
            {"band_hz": (13.1, 13.15)},
            (
                "band_hz: expected a band of at least 0.1 Hz, a tenth of a bin (segment_s = 1), "
                "found [13.1, 13.15]"
            ),
        ),
        (
            {"hop_s": 0.7},
            "hop_s: expected a multiple of half a segment (0.5 s), found 0.7",
        ),
        (
            {"window_s": 1.2},
            "window_s: expected at least two segments (1.5 s), found 1.2",
        ),
        (
            {"window_s": 4.0, "hop_s": 4.0},
            "window_s: expected more than one hop (4 s), found 4",
        ),
        ({"channels": ("C0", "C9")}, "channels[1]: expected one of C0, C1, found 'C9'"),
        ({"channels": ("C0", "C0")}, "channels[1]: expected unique labels, found 'C0' twice"),
    ],
)
def test_what_does_not_fit_is_an_error_that_names_the_key(keys: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError) as raised:  # noqa: PT011 the whole text is compared
        Aperiodic(config_of(**keys), layout_of(2))
    assert str(raised.value) == text


def test_a_table_configures_it() -> None:
    table = {"kind": "aperiodic", "id": "slope", "stream": "LFP", "exclude_hz": [[6, 35]]}
    config = msgspec.convert(table, AnyDetectorConfig)
    chain = DetectorChain((config,), {"LFP": layout_of(2)})
    detector = chain.detectors["slope"]
    assert [(each.measure, each.unit, each.null) for each in detector.outputs[:5]] == [
        ("exponent", "", None),
        ("offset", "log10 µV²/Hz", None),
        ("over_aperiodic_db", "dB", "over_aperiodic_db_null"),
        ("over_aperiodic_db_null", "dB", None),
        ("misfit", "", None),
    ]
    assert {each.channel for each in detector.outputs[:5]} == {"C0"}
    assert len(detector.outputs) == 10
    assert detector.hop_samples == 250
