"""Band power by a causal band-pass, squared and averaged: little delay, and none to spare."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, lfilter

from detectors.block import Block, StreamLayout
from detectors.checks import require_memory
from detectors.estimates import Estimates
from detectors.kernels.hop_kernel import HopKernel
from detectors.power import recursive_kernel as kernel
from detectors.power.band_pass_kernel import LANES, MEMORY, TILE
from detectors.power.config import PowerBand
from detectors.power.recursive_state import WAITS, Counters, State

#: Seconds within which a filter must have settled.
_SETTLE_S_MAX: Final = 60.0
#: Share of its response that may be left where a filter counts as settled, and time constants after
#: which as much is left of an exponential mean.
_SHARE_LEFT: Final = 0.05
_MEAN_CONSTANTS: Final = 3.0
#: Pole pairs of the filter that a signal goes through a second time.
_SECOND_ORDER: Final = 4
#: Time constants of the slowest pole after which nothing is left of a filter's response.
_RESPONSE_CONSTANTS: Final = 12.0


class RecursivePower:
    """Butterworth band-pass, squared, then an exponential or a running mean.

    Parameters
    ----------
    detector : str
        Its id.
    bands : tuple of PowerBand
        Each gets a filter of its own; they share what is read of a sample.
    order : int
        Pole pairs of each filter.
    is_twice : bool
        Whether what comes out goes through a filter of four pole pairs and the same edges.
    time_constant_s : float or None
        Of the exponential mean; None for a running mean.
    window_s : float
        Length of the running mean; rounded to hops, at least one.
    columns : ndarray of int64, shape (n_channels,)
        Columns of the block that are used.
    layout : StreamLayout
        The stream.
    hop_samples : int
        Samples from one estimate to the next.

    Attributes
    ----------
    delay_s : float
        Group delay at the centre of the slowest band, and that of the mean.
    span_samples : int
        Good samples in a row after which the slowest filter has settled, and after it the mean:
        5 % of what was before is left of either, nothing of a running mean.
    """

    def __init__(
        self,
        detector: str,
        bands: tuple[PowerBand, ...],
        *,
        order: int,
        is_twice: bool = False,
        time_constant_s: float | None,
        window_s: float,
        columns: NDArray[np.int64],
        layout: StreamLayout,
        hop_samples: int,
    ) -> None:
        rate_hz = layout.rate_hz
        self._detector = detector
        self._hop_samples = hop_samples
        self._mean_hops = 0
        if time_constant_s is None:
            self._mean_hops = max(1, round(window_s * rate_hz / hop_samples))
            require_memory(
                "window_s", window_s, self._mean_hops * (columns.size + LANES) * len(bands)
            )
            keep = weight = 1.0
            mean_samples = mean_span = self._mean_hops * hop_samples
            mean_delay = (mean_samples - 1) / 2.0
        else:
            keep = np.exp(-1.0 / (rate_hz * time_constant_s))
            weight = 1.0 - keep
            mean_samples = 1
            mean_span = int(np.ceil(_MEAN_CONSTANTS * rate_hz * time_constant_s))
            mean_delay = keep / weight
        sections_of: list[list[float]] = []
        scale: list[float] = []
        delays: list[float] = []
        spans: list[int] = []
        for band in bands:
            poles, gain = _design(band, order, layout)
            if is_twice:
                second, second_gain = _design(band, _SECOND_ORDER, layout)
                poles, gain = np.concatenate((poles, second)), gain * second_gain
            sections = _sections(poles)
            sections_of.append(sections)
            scale.append(gain * gain / mean_samples)
            delays.append(mean_delay + _group_delay(poles, band, rate_hz))
            spans.append(_settle_samples(poles, sections) + mean_span)
        self.delay_s = max(delays) / rate_hz
        self.span_samples = max(*spans, hop_samples + 1)
        self._columns = columns
        self._sections = np.array(sections_of)
        self._scale, self._keep, self._weight = scale, keep, weight
        stands_together = (np.diff(columns) == 1).all()
        self._first_column = int(columns[0]) if stands_together else -1
        self._n_outputs = columns.size * len(bands)
        self.reset()

    def reset(self) -> None:
        """Forget everything: what follows is as after construction."""
        n_bands, n_sections = len(self._sections), self._sections.shape[1] // 2
        n_channels = self._columns.size
        n_groups = -(-n_channels // LANES)
        n_sums = n_bands * n_groups * LANES
        state = State(
            columns=self._columns,
            scale=np.array(self._scale),
            keep=np.full(n_bands, self._keep),
            weight=np.full(n_bands, self._weight),
            sections=self._sections,
            began=np.full(n_channels, WAITS),
            reference_uv=np.zeros(n_groups * LANES),
            newest=np.zeros(n_sums),
            window=np.zeros(n_sums),
            group=np.zeros(n_sums),
            ring=np.zeros((self._mean_hops, n_sums)),
            memory=np.zeros((n_bands, n_groups * n_sections * MEMORY)),
            tiles=np.zeros((2, n_groups * TILE)),
            counters=Counters(
                n_waiting=n_channels,
                hop_samples=self._hop_samples,
                span_samples=self.span_samples,
                mean_hops=self._mean_hops,
                first_column=self._first_column,
            ),
        )
        self._kernel = HopKernel(kernel.update, self._detector, self._n_outputs, state)

    def update(self, block: Block) -> Estimates:
        """Take a block, and return the powers of every hop that it completes."""
        return self._kernel.update(block, self._hop_samples)


def _design(
    band: PowerBand, order: int, layout: StreamLayout
) -> tuple[NDArray[np.complex128], float]:
    """Return the poles of scipy's Butterworth band-pass and its gain; zeros are at 1 and -1."""
    low_hz, high_hz = band.band_hz
    rate_hz = layout.rate_hz
    if low_hz <= 0.0 or high_hz >= rate_hz / 2.0:
        raise ValueError(
            f"{band.key}: expected edges between 0 and {rate_hz / 2.0:g} Hz, half the rate of "
            f"{layout.name!r}, where method is 'recursive', found [{low_hz:g}, {high_hz:g}]"
        )
    _, poles, gain = butter(order, [low_hz, high_hz], "bandpass", output="zpk", fs=rate_hz)
    settles_s = 3.0 * _memory_samples(poles) / rate_hz
    if not settles_s <= _SETTLE_S_MAX:
        raise ValueError(
            f"{band.key}: expected a band wide enough to settle within {_SETTLE_S_MAX:g} s, "
            f"found [{low_hz:g}, {high_hz:g}]"
        )
    return poles, float(gain)


def _memory_samples(poles: NDArray[np.complex128]) -> float:
    """Return the time constant of the slowest pole."""
    slowest = float(np.abs(poles).max())
    return -1.0 / np.log(slowest) if slowest < 1.0 else np.inf


def _sections(poles: NDArray[np.complex128]) -> list[float]:
    """Return a and b of ``1 + a/z + b/z²`` for each pair of poles, those near the circle last.

    Each section has a zero at 1 and one at -1, so that the first one already takes out a constant
    and no section needs more than two products.
    """
    upper = [(-2.0 * pole.real, abs(pole) ** 2) for pole in poles if pole.imag > 0.0]
    real = sorted(pole.real for pole in poles if pole.imag == 0.0)
    on_line = [
        (-(one + other), one * other) for one, other in zip(real[::2], real[1::2], strict=True)
    ]
    pairs = sorted(upper + on_line, key=lambda pair: pair[1])
    return [float(each) for pair in pairs for each in pair]


def _group_delay(poles: NDArray[np.complex128], band: PowerBand, rate_hz: float) -> float:
    """Return the group delay in samples at the geometric middle of the band."""
    low_hz, high_hz = band.band_hz
    back = np.exp(-2j * np.pi * np.sqrt(low_hz * high_hz) / rate_hz)
    # A zero on the unit circle delays by half a sample; there are as many zeros as poles.
    return float((poles * back / (1.0 - poles * back)).real.sum() + poles.size / 2.0)


def _settle_samples(poles: NDArray[np.complex128], sections: list[float]) -> int:
    """Return after how many samples `_SHARE_LEFT` of the energy of the response is to come."""
    response = np.zeros(int(np.ceil(_RESPONSE_CONSTANTS * _memory_samples(poles))) + 2)
    response[0] = 1.0
    for a, b in zip(sections[::2], sections[1::2], strict=True):
        response = lfilter([1.0, 0.0, -1.0], [1.0, a, b], response)
    share = np.cumsum(np.square(response))
    return int(np.searchsorted(share, (1.0 - _SHARE_LEFT) * share[-1])) + 1
