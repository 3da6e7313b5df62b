"""Where samples stand in a file: gaps filled, clocks that were set not, true rates said."""

import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.conditioning.conditioner import Conditioner, ConditioningConfig
from stimloop.sharing.file_time import FileTime, Fill

_RATE_HZ = 500.0


def _time_of(stamps_s: NDArray[np.float64], *, resumed_at: int = -1) -> FileTime:
    """Return the positions of samples with these stamps, handed over in chunks of seven."""
    config = ConditioningConfig(name="LFP", kind="other")
    conditioner = Conditioner(config, rate_hz=_RATE_HZ, channels=("a",), units=("uV",))
    found = FileTime(_RATE_HZ)
    samples = np.zeros((stamps_s.size, 1))
    for start in range(0, stamps_s.size, 7):
        if start == resumed_at:
            conditioner.restart("it came back")
        part = slice(start, start + 7)
        block, notes = conditioner.update(start, samples[part], stamps_s[part])
        found.take(block, notes, float(stamps_s[part][-1]))
    return found


def test_a_gap_takes_as_many_positions_as_it_is_long() -> None:
    stamps_s = np.arange(2000) / _RATE_HZ
    stamps_s[1000:] += 0.25
    found = _time_of(stamps_s)
    assert found.fills == [Fill(1000, 125, "gap")]
    assert [found.position(each) for each in (0, 999, 1000, 1999)] == [0, 999, 1125, 2124]
    assert found.n_positions == 2125
    assert found.position_at(1.0) == pytest.approx(500.0, abs=1e-6)
    assert found.position_at(2.125) == pytest.approx(1062.5, abs=1.0)
    assert found.position_at(3.25) == pytest.approx(1625.0, abs=1e-6)
    assert found.position_at(-1.0) == pytest.approx(-500.0, abs=1e-6)
    assert found.stretches(990, 1010) == [(990, 1000, 990), (1000, 1010, 1125)]


def test_a_stream_that_was_lost_and_came_back_is_a_gap() -> None:
    stamps_s = np.arange(1400) / _RATE_HZ
    stamps_s[700:] += 90.0
    found = _time_of(stamps_s, resumed_at=700)
    assert found.fills == [Fill(700, 45_000, "gap")]


def test_a_clock_that_was_set_fills_nothing() -> None:
    stamps_s = np.arange(2000) / _RATE_HZ
    stamps_s[1000:] += 5000.0
    found = _time_of(stamps_s)
    assert found.fills == [Fill(1000, 0, "clock")]
    assert found.position(1999) == 1999


def test_the_true_rate_is_that_of_the_stamps() -> None:
    found = _time_of(np.arange(5000) / 500.1)
    assert found.rate_true_hz == pytest.approx(500.1, abs=1e-4)
    assert found.position_at(4000 / 500.1) == pytest.approx(4000.0, abs=0.01)
