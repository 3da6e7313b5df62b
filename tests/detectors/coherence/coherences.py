"""Coherence of arrays for tests: one window over all samples, or windows without overlap."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.coherence.coherence import Coherence, CoherenceConfig
from detectors.estimates import Estimates, Seen
from tests.support.blocks import block_of, layout_of

#: Pairs of channels in `independent_windows`.
N_PAIRS = 20


def config_of(**keys: Any) -> CoherenceConfig:
    usual: dict[str, Any] = {
        "id": "sync",
        "stream": "LFP",
        "band_hz": (13.0, 30.0),
        "segment_s": 0.5,
        "window_s": 2.0,
    }
    return CoherenceConfig(**(usual | keys))


def look(
    samples_uv: NDArray[np.float64], rate_hz: float = 250.0, **keys: Any
) -> tuple[Coherence, Seen]:
    detector = Coherence(config_of(**keys), layout_of(samples_uv.shape[1], rate_hz))
    return detector, detector.update(block_of(samples_uv, rate_hz))


def coherence(
    samples_uv: NDArray[np.float64], rate_hz: float = 250.0, **keys: Any
) -> tuple[Coherence, Estimates]:
    detector, seen = look(samples_uv, rate_hz, **keys)
    return detector, seen.estimates


def measured(samples_uv: NDArray[np.float64], **keys: Any) -> dict[str, float]:
    """Return the outputs of the only pair over all samples, as one window."""
    detector, found = coherence(samples_uv, window_s=len(samples_uv) / 250.0, **keys)
    assert found.valid[-1].all()
    return dict(zip(detector.measures, found.values[-1].tolist(), strict=True))


def independent_windows(
    n_segments: int,
    n_windows: int,
    squared: float = 0.0,
    overlap: float = 0.5,
    **keys: Any,
) -> dict[str, NDArray[np.float64]]:
    """Return the outputs in windows without overlap, n_windows times `N_PAIRS` of each.

    Pairs of white noise of such a squared coherence; segments of 32 samples at 32 Hz, so that
    bins are whole numbers of hertz.
    """
    step = round(32 * (1.0 - overlap))
    window = step * (n_segments - 1) + 32
    mixed = np.sqrt(squared)
    random = np.random.default_rng(n_segments)
    own = random.normal(0.0, np.sqrt(1.0 - mixed), (window * n_windows, 2 * N_PAIRS))
    shared = random.normal(0.0, np.sqrt(mixed), (window * n_windows, N_PAIRS))
    samples_uv = own + np.repeat(shared, 2, axis=1)
    detector, found = coherence(
        samples_uv,
        32.0,
        **({"band_hz": (8.0, 8.5)} | keys),
        segment_s=1.0,
        window_s=window / 32.0,
        hop_s=step / 32.0,
        pairs=tuple((f"C{index}", f"C{index + 1}") for index in range(0, 2 * N_PAIRS, 2)),
    )
    assert detector.segments.number == n_segments
    assert detector.segments.step == step
    apart = found.sample % window == window - 1
    values = found.values[apart].reshape(-1, len(detector.measures))
    assert found.valid[apart].all()
    return dict(zip(detector.measures, values.T, strict=True))
