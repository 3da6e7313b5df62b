"""Where harmonics appear: closed form, and in a sampled sine."""

import numpy as np
import pytest

from detectors.aliasing import Band, alias_hz, aliased_harmonics, bands_of
from detectors.coupling.phase_amplitude_coupling import PhaseAmplitudeCouplingConfig
from detectors.detector import DetectorConfig
from detectors.power.band_power import BandPowerConfig
from detectors.rhythm.oscillation import OscillationConfig


class _Odd(DetectorConfig, frozen=True, kw_only=True, tag_field="kind", tag="odd"):
    width_of_band_hz: float = 3.0
    n_of_bands_hz: int = 2
    side_bands_hz: tuple[float, ...] = (4.0, 8.0)
    mains_band_hz: str = "eu"
    preset: str = "of my own"


def test_keys_of_other_meaning_are_no_bands() -> None:
    assert list(bands_of(_Odd(id="x"))) == []


def test_130_hz_sampled_at_250_appears_in_beta() -> None:
    found = [alias_hz(n * 130.0, 250.0) for n in range(1, 7)]
    assert found == [120.0, 10.0, 110.0, 20.0, 100.0, 30.0]
    assert aliased_harmonics(130.0, 250.0, (13.0, 29.0)) == ((4, 20.0),)
    assert aliased_harmonics(130.0, 250.0, (13.0, 29.0), n_harmonics=3) == ()


@pytest.mark.parametrize("rate_hz", [250.0, 418.4, 1000.0, 2048.0])
@pytest.mark.parametrize("frequency_hz", [55.0, 130.0, 185.0, 1333.0])
def test_a_sampled_sine_has_its_peak_where_it_folds(frequency_hz: float, rate_hz: float) -> None:
    values = np.cos(2.0 * np.pi * frequency_hz * np.arange(8000) / rate_hz)
    spectrum = abs(np.fft.rfft(values * np.hanning(8000)))
    peak_hz = np.argmax(spectrum) * rate_hz / 8000
    assert abs(alias_hz(frequency_hz, rate_hz) - peak_hz) <= rate_hz / 8000


def test_every_band_of_a_table_is_found() -> None:
    coupling = PhaseAmplitudeCouplingConfig(
        id="c", stream="S", phase_band_hz=(13.0, 30.0), amplitude_band_hz=(60.0, 200.0)
    )
    assert list(bands_of(coupling)) == [
        Band("phase_band_hz", 13.0, 30.0),
        Band("amplitude_band_hz", 60.0, 200.0),
    ]
    rhythm = OscillationConfig(id="o", stream="S", centre_hz=20.0, half_width_hz=4.0)
    assert list(bands_of(rhythm)) == [Band("centre_hz", 16.0, 24.0)]
    power = BandPowerConfig(id="p", stream="S", band_hz=(4.0, 12.0))
    assert list(bands_of(power)) == [Band("band_hz", 4.0, 12.0)]
