"""The endpoint-corrected Hilbert transform against meegkit's."""

from typing import Final

import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.block import StreamLayout
from detectors.rhythm.oscillation import Oscillation, OscillationConfig
from tests.support.blocks import block_of

peer = pytest.importorskip("meegkit.phase", reason="meegkit is not installed (extra `peers`)")

#: A second, so that the bins are whole hertz: the peer rounds their frequencies to those.
_WINDOW_S: Final = 1.0


def _ours(
    signal_uv: NDArray[np.float64], rate_hz: float, centre_hz: float, half_width_hz: float
) -> NDArray[np.complex128]:
    """Return amplitude and phase of every hop, as complex numbers."""
    config = OscillationConfig(
        id="beta",
        stream="LFP",
        centre_hz=centre_hz,
        half_width_hz=half_width_hz,
        method="hilbert",
        window_s=_WINDOW_S,
        hop_s=0.1,
    )
    detector = Oscillation(config, StreamLayout("LFP", rate_hz, ("a",)))
    found = detector.update(block_of(signal_uv[:, None], rate_hz)).estimates
    valid = found.valid.all(axis=1)
    assert found.sample[valid][0] == round(_WINDOW_S * rate_hz) - 1
    made: NDArray[np.complex128] = found.values[valid, 0] * np.exp(1j * found.values[valid, 1])
    return made


def _theirs(
    signal_uv: NDArray[np.float64], rate_hz: float, centre_hz: float, half_width_hz: float
) -> NDArray[np.complex128]:
    """Return meegkit's result, calibrated so that a steady rhythm has its own amplitude."""
    n_window = round(_WINDOW_S * rate_hz)
    transform = peer.ECHT(
        centre_hz - half_width_hz, centre_hz + half_width_hz, rate_hz, n_window, filt_order=1
    )
    transform.fit(signal_uv[:n_window, None])

    def newest(window_uv: NDArray[np.float64]) -> complex:
        return complex(transform.transform(window_uv[:, None])[-1, 0])

    angle = 2.0 * np.pi * centre_hz * np.arange(1 - n_window, 1) / rate_hz
    cosine, sine = newest(np.cos(angle)), newest(np.sin(angle))
    matrix = [[cosine.real, -sine.real], [cosine.imag, -sine.imag]]
    step = round(0.1 * rate_hz)
    found = [
        newest(signal_uv[last - n_window : last])
        for last in range(n_window, signal_uv.size + 1, step)
    ]
    real, imaginary = np.linalg.solve(matrix, [np.real(found), np.imag(found)])
    return np.asarray(real + 1j * imaginary)


@pytest.mark.parametrize("rate_hz", [250.0, 1000.0])
@pytest.mark.parametrize(("centre_hz", "half_width_hz"), [(20.0, 5.0), (7.5, 3.2), (60.0, 20.0)])
def test_every_estimate_is_the_same(rate_hz: float, centre_hz: float, half_width_hz: float) -> None:
    signal_uv = np.random.default_rng(41).normal(0.0, 20.0, round(6.0 * rate_hz)) + 300.0
    ours = _ours(signal_uv, rate_hz, centre_hz, half_width_hz)
    theirs = _theirs(signal_uv, rate_hz, centre_hz, half_width_hz)
    assert ours.size == 51
    np.testing.assert_allclose(ours, theirs, rtol=0.0, atol=1e-8)
