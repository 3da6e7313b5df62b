"""The null of bursts is that of phase-randomised surrogates of real recordings."""

import pytest

from benchmarks.burst_nulls import SOURCES, mean_of, null, of_periods, surrogates
from benchmarks.recordings import Recorded, m1_ecog, percept, stn_ecog


def _recorded(name: str) -> Recorded:
    if name == "m1":
        return m1_ecog()
    return stn_ecog() if name == "stn" else percept()[0]


@pytest.mark.usefixtures("data_dir")
@pytest.mark.parametrize("source", SOURCES.values(), ids=list(SOURCES))
@pytest.mark.parametrize(("name", "channel"), [("m1", 0), ("percept", 0), ("stn", 4)])
def test_it_is_within_five_per_cent_of_fifty_surrogates(
    name: str, channel: int, source: dict[str, object]
) -> None:
    recorded = _recorded(name)
    samples_uv = recorded.samples_uv[:, channel]
    expected = mean_of(of_periods(surrogates(samples_uv, 50), recorded.rate_hz, source))
    found = null(samples_uv, recorded.rate_hz, source)
    assert found.duration_s == pytest.approx(expected.duration_s, rel=0.05)
    assert found.rate_hz == pytest.approx(expected.rate_hz, rel=0.05)
