"""Bands, windows and streams in which no coupling can be measured are refused."""

from typing import Any

import msgspec
import pytest

from detectors.chain import AnyDetectorConfig
from tests.detectors.coupling.coupling_signals import detector_of


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (
            {"amplitude_band_hz": (60.0, 600.0)},
            r"^amplitude_band_hz: expected at most 500 Hz.*found \[60, 600\]$",
        ),
        ({"window_s": 0.5}, r"^window_s: expected at least 10 cycles of 13 Hz \(0.76"),
        (
            {"window_s": 1.0, "phase_band_hz": (18.0, 19.0)},
            r"^phase_band_hz: expected a width of at least 2 Hz \(window_s = 1\), found",
        ),
        ({"hop_s": 10.0}, r"^window_s: expected more than one hop \(10 s\), found 10$"),
        ({"hop_s": 0.001}, r"^window_s: expected at most 1000 hops of 0.001 s, found 10$"),
        ({"channels": ("C0", "C9")}, r"^channels\[1\]: expected one of C0, C1, found 'C9'$"),
        ({"channels": ("C1", "C1")}, r"^channels\[1\]: expected unique labels, found 'C1' twice$"),
    ],
)
def test_what_does_not_fit_the_stream_is_refused(keys: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        detector_of(2, **keys)


@pytest.mark.parametrize(
    ("slow", "fast", "text"),
    [
        ("[30.0, 13.0]", "[60.0, 200.0]", "phase_band_hz: expected 0 < low < high, found [30, 13]"),
        ("[0.0, 13.0]", "[60.0, 200.0]", "phase_band_hz: expected 0 < low < high, found [0, 13]"),
        ("[nan, 13.0]", "[60.0, 200.0]", "phase_band_hz: expected 0 < low < high, found [nan, 13]"),
        (
            "[13.0, 30.0]",
            "[60.0, 90.0]",
            "expected a width of at least 60 Hz, twice the highest frequency of the phase",
        ),
        ("[13.0, 30.0]", "[25.0, 200.0]", "amplitude_band_hz: expected 38.5 <= low < high"),
    ],
)
def test_what_cannot_carry_coupling_is_refused_by_the_table(
    slow: str, fast: str, text: str
) -> None:
    table = (
        'kind = "phase_amplitude_coupling"\nid = "pac"\nstream = "LFP"\n'
        f"phase_band_hz = {slow}\namplitude_band_hz = {fast}\n"
    )
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert([msgspec.toml.decode(table)], tuple[AnyDetectorConfig, ...], strict=True)
    assert text in str(refused.value)
