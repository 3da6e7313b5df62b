"""A centre beside the rhythm costs alignment: little at 1 Hz, much at 3 Hz, by a closed form."""

import pytest

from benchmarks.figures.policies.detuning import HALF_WIDTHS_HZ, OFF_HZ, alignment, expected


@pytest.mark.parametrize("half_width_hz", HALF_WIDTHS_HZ)
def test_what_is_kept_is_the_cosine_of_the_phase_of_the_resonator_and_the_lead(
    half_width_hz: float,
) -> None:
    right = alignment(0.0, half_width_hz, seconds=80.0)
    for off_hz in OFF_HZ:
        kept = alignment(off_hz, half_width_hz, seconds=80.0) / right
        assert kept == pytest.approx(expected(off_hz, half_width_hz), abs=0.07)


def test_published_shares_lie_between_those_of_narrow_filters() -> None:
    """1 Hz keeps about 75 %, 3 Hz 40 % (PMC7615935): as a half width between 1 and 2.2 Hz."""
    assert expected(1.0, 1.0) < 0.75 < expected(1.0, 2.0)
    assert expected(3.0, 1.0) < 0.40 < expected(3.0, 2.2)
