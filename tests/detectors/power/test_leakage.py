"""How much a line beside a band adds, by closed form, and the measures that show it."""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import butter, freqz_zpk

from benchmarks.figures.leakage import attenuation
from detectors.chain import AnyDetectorConfig, DetectorChain
from detectors.estimates import Seen
from tests.detectors.rhythm.rhythms import RATE_HZ
from tests.support.blocks import block_of, layout_of

_GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "detectors.md"


def sine(frequency_hz: float, amplitude_uv: float, n_samples: int = 8000) -> NDArray[np.float64]:
    phase = 2.0 * np.pi * frequency_hz * np.arange(n_samples) / RATE_HZ
    made: NDArray[np.float64] = amplitude_uv * np.cos(phase)
    return made


def look(signal_uv: NDArray[np.float64], *tables: dict[str, Any]) -> tuple[Seen, ...]:
    """Return the results of each detector on one channel."""
    whole = [table if "of" in table else {"stream": "LFP", **table} for table in tables]
    configs = msgspec.convert(whole, list[AnyDetectorConfig])
    return DetectorChain(configs, {"LFP": layout_of(1)}).update(block_of(signal_uv[:, None]))


def power_table(**keys: Any) -> dict[str, Any]:
    usual = {"id": "beta", "kind": "band_power", "band_hz": [13.0, 30.0], "method": "recursive"}
    return usual | keys


def rhythm_table(**keys: Any) -> dict[str, Any]:
    usual = {"id": "phase", "kind": "oscillation", "centre_hz": 60.0, "hop_s": 0.003}
    return usual | {"output": "amplitude_phase_and_outside"} | keys


def test_the_guide_shows_what_the_command_prints() -> None:
    guide = _GUIDE.read_text("utf-8")
    for row in attenuation():
        assert row in guide


@pytest.mark.parametrize("order", [1, 2, 3, 4, 8])
@pytest.mark.parametrize("offset_hz", [-5.0, 5.0])
def test_half_the_power_passes_at_the_half_width_of_any_order(order: int, offset_hz: float) -> None:
    signal_uv = sine(60.0 + offset_hz, 10.0)
    (seen,) = look(signal_uv, rhythm_table(order=order))
    squares = seen.estimates.values[-1000:, 0] ** 2
    assert squares.mean() == pytest.approx(50.0, rel=0.06)


@pytest.mark.parametrize("order", [1, 2, 4])
def test_the_share_outside_a_power_is_that_of_both_filters(order: int) -> None:
    signal_uv = sine(20.0, 7.0) + sine(36.0, 30.0)
    (seen,) = look(signal_uv, power_table(order=order, output="power_and_outside"))
    first, second = (
        np.abs(
            freqz_zpk(
                *butter(each, [13.0, 30.0], "bandpass", output="zpk", fs=RATE_HZ),
                worN=[20.0, 36.0],
                fs=RATE_HZ,
            )[1]
        )
        ** 2
        for each in (order, 4)
    )
    powers = np.array([49.0, 900.0]) / 2.0 * first
    expected = 1.0 - float(second @ powers) / powers.sum()
    assert seen.estimates.values[-50:, 1].mean() == pytest.approx(expected, abs=0.005)
    assert seen.estimates.values[-50:, 0].mean() == pytest.approx(powers.sum(), rel=0.02)


@pytest.mark.parametrize("order", [1, 3])
@pytest.mark.parametrize(
    ("offset_hz", "share"), [(0.0, 0.0), (2.5, 0.0039), (5.0, 0.5), (7.5, 0.962), (10.0, 0.9961)]
)
def test_the_share_outside_a_rhythm_is_how_far_a_line_is_from_its_centre(
    order: int, offset_hz: float, share: float
) -> None:
    (seen,) = look(sine(60.0 + offset_hz, 10.0), rhythm_table(order=order))
    assert seen.estimates.valid[-1].all()
    assert seen.estimates.values[-300:, 2].mean() == pytest.approx(share, abs=0.03)


def test_a_rhythm_alone_is_all_inside_whatever_its_mirrored_frequency_leaks() -> None:
    (seen,) = look(sine(9.0, 10.0), rhythm_table(centre_hz=9.0, half_width_hz=8.0))
    assert seen.estimates.values[-300:, 2].max() < 1e-6


def test_what_is_mostly_of_another_line_is_not_valid_while_it_lasts() -> None:
    line_uv = np.zeros(20_000)
    line_uv[6000:12_000] = sine(43.5, 107.0, 6000)
    signal_uv = sine(20.0, 7.0, 20_000) + line_uv
    power, rhythm = look(
        signal_uv,
        power_table(outside_max=0.4),
        rhythm_table(centre_hz=20.0, order=2, outside_max=0.5, output="amplitude"),
    )
    for seen in (power, rhythm):
        sample, is_valid = seen.estimates.sample, seen.estimates.valid[:, 0]
        assert is_valid[(sample > 2500) & (sample < 6000)].all()
        assert not is_valid[(sample > 6400) & (sample < 12_000)].any()
        assert is_valid[sample > 16_000].all()
        assert (seen.estimates.values[~is_valid] == 0.0).all()
    # Without the bound the same hops are valid and wrong.
    (plain,) = look(signal_uv, power_table())
    is_beside = (plain.estimates.sample > 8000) & (plain.estimates.sample < 12_000)
    assert plain.estimates.valid[is_beside].all()
    assert plain.estimates.values[is_beside].min() > 200.0


def test_no_moment_is_told_of_a_line_outside_the_band() -> None:
    line_uv = np.zeros(20_000)
    line_uv[6000:12_000] = sine(43.5, 107.0, 6000)
    gate = {"amplitude_uv_min": 3.0, "outside_max": 0.5}
    peak = {"id": "peak", "kind": "target_phase", "of": "phase", "gate": gate}
    source = rhythm_table(centre_hz=20.0, order=2, hop_s=0.002)
    *_, seen = look(sine(20.0, 7.0, 20_000) + line_uv, source, peak)
    told = np.array([each.sample for each in seen.detections])
    assert np.isin(told[told < 6000] % 50, (0, 49, 1)).all()
    assert ((told > 2500) & (told < 6000)).sum() == pytest.approx(70, abs=1)
    assert not ((told > 6400) & (told < 12_000)).any()
    assert ((told > 16_000) & (told < 19_000)).sum() == pytest.approx(60, abs=1)
    *_, ungated = look(
        sine(20.0, 7.0, 20_000) + line_uv, source, peak | {"gate": {"amplitude_uv_min": 3.0}}
    )
    wrong = np.array([each.sample for each in ungated.detections])
    assert ((wrong > 6400) & (wrong < 12_000)).sum() > 50


@pytest.mark.parametrize(
    ("table", "text"),
    [
        (
            power_table(method="periodogram", outside_max=0.3),
            "outside_max: expected none where method is 'periodogram', found 0.3",
        ),
        (
            power_table(method="periodogram", output="power_and_outside"),
            "output: expected 'power' where method is 'periodogram'",
        ),
        (
            rhythm_table(method="hilbert", outside_max=0.3),
            "outside_max: expected none where method is 'hilbert', found 0.3",
        ),
        (rhythm_table(method="hilbert"), "output: expected 'amplitude_and_phase' or 'amplitude'"),
    ],
)
def test_a_share_is_refused_where_there_is_none(table: dict[str, Any], text: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=text):
        look(sine(20.0, 1.0, 100), table)


def test_a_gate_on_a_share_that_the_source_does_not_give_is_refused() -> None:
    gate = {"amplitude_uv_min": 3.0, "outside_max": 0.6}
    peak = {"id": "peak", "kind": "target_phase", "of": "phase", "gate": gate}
    with pytest.raises(ValueError, match=r"gate\.outside_max: expected none where"):
        look(sine(60.0, 1.0, 100), rhythm_table(output="amplitude_and_phase"), peak)
