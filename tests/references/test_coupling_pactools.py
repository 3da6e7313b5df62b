"""Phase-amplitude coupling against pactools: where it is found in pactools' simulated signal."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.block import StreamLayout
from detectors.coupling.phase_amplitude_coupling import (
    PhaseAmplitudeCoupling,
    PhaseAmplitudeCouplingConfig,
)
from detectors.outputs import column_of
from tests.support.blocks import block_of

if find_spec("pactools") is None:
    pytest.skip("pactools is not installed (extra `peers`)", allow_module_level=True)

_RATE_HZ: Final = 200.0
_SLOW_HZ: Final = np.arange(2.0, 6.5, 0.5)
_FAST_HZ: Final = np.arange(30.0, 90.0, 10.0)
#: Half the width of the fast band: it has to reach the side bands of the slowest phase.
_HALF_WIDTH_HZ: Final = 8.0


#: In a process of its own: it resets the warning filters of the whole one it is in.
_PEER: Final = """
import sys
import numpy as np
from pactools import Comodulogram, simulate_pac
rate_hz, width_hz = float(sys.argv[2]), float(sys.argv[3])
slow_hz, fast_hz = (np.array(each.split(), float) for each in sys.argv[4:])
random = np.random.RandomState(0)
signal = simulate_pac(
    12_000, rate_hz, 50.0, 3.0, 1.0, noise_level=0.1, random_state=random
).ravel()
found = Comodulogram(
    fs=rate_hz,
    low_fq_range=slow_hz,
    low_fq_width=1.0,
    high_fq_range=fast_hz,
    high_fq_width=width_hz,
    method="tort",
    progress_bar=False,
).fit(signal)
np.savez(sys.argv[1], signal=signal, found=found.comod_)
"""


def _theirs(folder: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a carrier of 50 Hz that follows the phase of 3 Hz, and pactools' comodulogram."""
    numbers = [str(_RATE_HZ), str(2.0 * _HALF_WIDTH_HZ)]
    grids = [" ".join(map(str, each)) for each in (_SLOW_HZ, _FAST_HZ)]
    command = [sys.executable, "-W", "ignore", "-c", _PEER, str(folder / "made.npz")]
    subprocess.run([*command, *numbers, *grids], check=True, timeout=100)
    made = np.load(folder / "made.npz")
    return made["signal"], made["found"]


def _ours(signal: NDArray[np.float64], slow_hz: float, fast_hz: float) -> float:
    config = PhaseAmplitudeCouplingConfig(
        id="coupling",
        stream="LFP",
        phase_band_hz=(slow_hz - 0.5, slow_hz + 0.5),
        amplitude_band_hz=(fast_hz - _HALF_WIDTH_HZ, fast_hz + _HALF_WIDTH_HZ),
        window_s=50.0,
        hop_s=1.0,
    )
    detector = PhaseAmplitudeCoupling(config, StreamLayout("LFP", _RATE_HZ, ("a",)))
    found = detector.update(block_of(signal[:, None], _RATE_HZ)).estimates
    position = column_of(detector.outputs, "a", "modulation_index")
    assert found.valid[-1, position]
    return float(found.values[-1, position])


def _peak(comodulogram: NDArray[np.float64]) -> tuple[float, float]:
    slow, fast = np.unravel_index(comodulogram.argmax(), comodulogram.shape)
    return float(_SLOW_HZ[slow]), float(_FAST_HZ[fast])


def test_the_coupling_is_found_where_it_was_put_and_where_the_peer_finds_it(
    tmp_path: Path,
) -> None:
    signal, theirs = _theirs(tmp_path)
    ours = np.array([[_ours(signal, slow, fast) for fast in _FAST_HZ] for slow in _SLOW_HZ])
    assert _peak(theirs) == (3.0, 50.0)
    assert _peak(ours) == (3.0, 50.0)
    # Not the peak alone: it falls off along the phase as the peer's does.
    fast = _FAST_HZ.tolist().index(50.0)
    assert np.corrcoef(ours[:, fast], theirs[:, fast])[0, 1] > 0.95
