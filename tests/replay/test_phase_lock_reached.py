"""How well `phase_lock` meets a rhythm that loses its phase, in noise, through the whole loop."""

import numpy as np
import pytest

from benchmarks.figures.phase_lock import Met, meet, resultant

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("lost_per_s", "snr_db", "expected"),
    [(2.0, 10.0, 0.90), (2.0, 5.0, 0.78), (5.0, 10.0, 0.84), (5.0, 5.0, 0.72)],
)
def test_the_mean_resultant_of_the_phases_at_the_electrode(
    lost_per_s: float, snr_db: float, expected: float
) -> None:
    met = meet(lost_per_s, snr_db)
    assert met.true_rad.size > 1000
    assert resultant(met.true_rad) >= expected
    assert resultant(met.floor_rad) > resultant(met.true_rad)
    assert _is_exact(met)


def _is_exact(met: Met) -> bool:
    """Say whether the device gave each within a few microseconds of its time."""
    return bool(np.abs(met.given.late_s).max() < 1e-4)
