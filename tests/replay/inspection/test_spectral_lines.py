"""Narrow lines: where they are to a hundredth of a hertz, and what they are taken for."""

import numpy as np
import pytest
from numpy.typing import NDArray

from replay.inspection.spectral_lines import SpectralLine, lines_of
from replay.inspection.welch_sums import WelchSums
from tests.replay.inspection.noise import block_of, one_over_f, rhythm

_RATE_HZ = 250.0
_N = 15_000
_TIME_S = np.arange(_N) / _RATE_HZ
_NOISE_UV = one_over_f(3, n_samples=_N, rate_hz=_RATE_HZ, exponent=1.0)


def _lines(samples_uv: NDArray[np.float64]) -> tuple[SpectralLine, ...]:
    sums = WelchSums(_RATE_HZ, 1, segment_s=10.0, highest_hz=125.0, n_blocks_max=2)
    sums.add(block_of(samples_uv, _RATE_HZ))
    return lines_of(sums.spectrum(), 0, _RATE_HZ)


def _sine(frequency_hz: float, amplitude_uv: float = 0.3) -> NDArray[np.float64]:
    return amplitude_uv * np.sin(2.0 * np.pi * frequency_hz * _TIME_S)[:, None]


@pytest.mark.parametrize("frequency_hz", [49.96, 60.02, 99.9])
def test_mains_are_found_where_they_are(frequency_hz: float) -> None:
    (found,) = _lines(_NOISE_UV + _sine(frequency_hz))
    assert found.kind == "mains"
    assert found.frequency_hz == pytest.approx(frequency_hz, abs=0.01)


def test_a_stimulation_is_told_by_its_harmonics_that_are_folded() -> None:
    # Harmonics 2 and 3 of 90.4 Hz, 180.8 and 271.2 Hz, appear at 69.2 and 21.2 Hz.
    found = _lines(_NOISE_UV + _sine(90.4, 3.0) + _sine(180.8) + _sine(271.2))
    told = [(round(each.frequency_hz, 1), each.kind, each.note) for each in found]
    assert told == [
        (21.2, "stimulation", "harmonic 3 of 90.40 Hz"),
        (69.2, "stimulation", "harmonic 2 of 90.40 Hz"),
        (90.4, "stimulation", ""),
    ]


def test_a_line_of_nothing_known_is_unknown() -> None:
    (found,) = _lines(_NOISE_UV + _sine(33.3, 0.5))
    assert (found.kind, found.note) == ("unknown", "")


def test_neither_noise_nor_a_rhythm_is_a_line() -> None:
    assert _lines(_NOISE_UV) == ()
    wide_uv = rhythm(1, n_samples=_N, rate_hz=_RATE_HZ, centre_hz=20.0, sd_uv=3.0)
    assert _lines(_NOISE_UV + wide_uv) == ()
