"""The null of bursts is that of phase-randomised surrogates of real recordings."""

from typing import Final

import pytest

from benchmarks.figures.burst_nulls import SOURCES, mean_of, null, of_periods, surrogates
from benchmarks.figures.recordings import Recorded, m1_ecog, percept, stn_ecog

#: The recording that lasts longest, measured at every sample.
_SLOW: Final = ("percept", "`oscillation` 18 Hz")


def _recorded(name: str) -> Recorded:
    if name == "m1":
        return m1_ecog()
    return stn_ecog() if name == "stn" else percept()[0]


@pytest.mark.usefixtures("data_dir")
@pytest.mark.parametrize(
    ("name", "channel", "what"),
    [
        pytest.param(name, channel, what, marks=[pytest.mark.slow] * ((name, what) == _SLOW))
        for name, channel in (("m1", 0), ("percept", 0), ("stn", 4))
        for what in SOURCES
    ],
)
def test_it_is_within_five_per_cent_of_fifty_surrogates(name: str, channel: int, what: str) -> None:
    source = SOURCES[what]
    recorded = _recorded(name)
    samples_uv = recorded.samples_uv[:, channel]
    expected = mean_of(of_periods(surrogates(samples_uv, 50), recorded.rate_hz, source))
    found = null(samples_uv, recorded.rate_hz, source)
    assert found.duration_s == pytest.approx(expected.duration_s, rel=0.05)
    assert found.rate_hz == pytest.approx(expected.rate_hz, rel=0.05)
