"""Amplitude and phase by the endpoint-corrected Hilbert transform of the last samples."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, freqz_zpk

from detectors.block import Block
from detectors.estimates import Estimates
from detectors.kernels.hop_kernel import HopKernel
from detectors.rhythm import endpoint_hilbert_kernel as kernel

#: More of the mirrored frequency beside the rhythm, and to take it out makes noise of the rest.
_MIRROR_MAX: Final = 0.7


class EndpointHilbert:
    """The last value of a band-passed analytic signal, of a window that moves on by hops.

    Parameters
    ----------
    detector : str
        Id of the detector.
    n_outputs : int
        Outputs of a hop: the measures of every channel.
    columns : ndarray of int64, shape (n_channels,)
        Columns of the block that are looked at.
    rate_hz : float
        Sampling rate.
    centre_hz, half_width_hz : float
        The pass band is this distance to either side of the centre.
    order : int
        Pole pairs of its filter: steeper ones are slower and meet the phase worse.
    lead_s : float
        Seconds after the newest sample at which the phase is the expected one.
    hop_samples : int
        From one estimate to the next.
    window_samples : int
        Newest samples that are looked at: at least one cycle of the centre, and enough for a
        frequency of the transform to fall into the band.

    Attributes
    ----------
    span_samples : int
        Good samples in a row before the first valid estimate, at least a window.
    delay_s : float
        Group delay at the centre; 0 where that is negative, as with a band about as wide as its
        centre, whose window weighs its oldest samples against the newest ones.

    Raises
    ------
    ValueError
        Where rhythm and mirrored frequency can hardly be separated.

    Notes
    -----
    The Fourier transform of the window is multiplied, at positive frequencies, by twice the
    response of a causal Butterworth band-pass, at all others by zero, and transformed back; its
    last value is kept [1]_. A transform takes the window for a loop, so that a Hilbert transform
    alone is at its worst at the end, where the newest sample meets the oldest one; the causal
    filter rings on from there into the beginning, which nobody looks at.

    All of it is linear, so the last value is a weighted sum of the window: the weights are the
    inverse transform of what the spectrum is multiplied by, and an estimate costs a multiplication
    by each of them and no transform.

    With G the response of that sum, a sine of amplitude A at the centre and phase p gives
    ``(G(w0) A exp(ip) + G(-w0) A exp(-ip)) / 2``. This is solved for ``A exp(ip)``, which takes
    out the gain and the angle of the filter, as the calibration of [2]_ does, and with them what
    leaks from the mirrored frequency where the window holds no whole number of cycles (a tenth of
    the amplitude at 6.66 cycles).

    References
    ----------
    .. [1] S. R. Schreglmann et al., "Non-invasive suppression of essential tremor via
       phase-locked disruption of its temporal coherence", Nature Communications 12, 363, 2021,
       doi:10.1038/s41467-020-20581-7.
    .. [2] E. Osmers and D. Kolossa, "cecHT: endpoint corrected Hilbert transform with optional
       calibration", https://github.com/eosmers/cecHT.
    """

    def __init__(
        self,
        columns: NDArray[np.int64],
        *,
        detector: str,
        n_outputs: int,
        rate_hz: float,
        centre_hz: float,
        half_width_hz: float,
        order: int,
        lead_s: float,
        hop_samples: int,
        window_samples: int,
    ) -> None:
        self.span_samples = max(window_samples, hop_samples + 1)
        self._hop_samples = hop_samples
        self._detector, self._n_outputs = detector, n_outputs
        self._columns = columns
        band_hz = (centre_hz - half_width_hz, centre_hz + half_width_hz)
        plain = _taps(band_hz, order, rate_hz, window_samples)
        _require_one_side(plain, centre_hz / rate_hz, half_width_hz)
        taps = _calibrated(plain, centre_hz / rate_hz)
        self.delay_s = max(0.0, _delay_samples(taps, centre_hz / rate_hz) / rate_hz)
        led = taps[::-1] * np.exp(2j * np.pi * centre_hz * lead_s)
        self._weights = np.stack((led.real, led.imag))
        self.reset()

    def reset(self) -> None:
        """Forget everything: what follows is as after construction."""
        n_channels = self._columns.size
        state = kernel.State(
            columns=self._columns,
            weights=self._weights,
            n_clean=np.zeros(n_channels, dtype=np.int64),
            history=np.zeros((n_channels, 2 * self._weights.shape[1])),
            counters=kernel.Counters(hop_samples=self._hop_samples, span_samples=self.span_samples),
        )
        self._kernel = HopKernel(kernel.update, self._detector, self._n_outputs, state)

    def update(self, block: Block) -> Estimates:
        """Take a block, and return every hop that it completes."""
        return self._kernel.update(block, self._hop_samples)


def _taps(
    band_hz: tuple[float, float], order: int, rate_hz: float, window_samples: int
) -> NDArray[np.complex128]:
    """Return the factors of the samples, of the newest one first; they sum to zero."""
    response = np.zeros(window_samples, dtype=np.complex128)
    positive = slice(1, (window_samples + 1) // 2)
    frequency_hz = np.arange(window_samples)[positive] * rate_hz / window_samples
    filtered = butter(order, band_hz, "bandpass", output="zpk", fs=rate_hz)
    response[positive] = 2.0 * freqz_zpk(*filtered, worN=frequency_hz, fs=rate_hz)[1]
    return np.fft.ifft(response)


def _require_one_side(taps: NDArray[np.complex128], centre: float, half_width_hz: float) -> None:
    rotation = np.exp(-2j * np.pi * centre * np.arange(taps.size))
    mirrored = abs(np.sum(taps * np.conj(rotation))) / abs(np.sum(taps * rotation))
    if not mirrored <= _MIRROR_MAX:
        raise ValueError(
            "half_width_hz: expected less, or another window_s, where method is 'hilbert': the "
            f"mirrored frequency comes through with {100.0 * mirrored:.0f} % of the rhythm, "
            f"found {half_width_hz:g}"
        )


def _calibrated(taps: NDArray[np.complex128], centre: float) -> NDArray[np.complex128]:
    """Return factors that give a steady rhythm at the centre, in cycles a sample, as it is."""
    rotation = np.exp(-2j * np.pi * centre * np.arange(taps.size))
    at_centre = np.sum(taps * rotation)
    at_mirror = np.sum(taps * np.conj(rotation))
    both = abs(at_centre) ** 2 - abs(at_mirror) ** 2
    solved: NDArray[np.complex128] = (
        2.0 * (np.conj(at_centre) * taps - at_mirror * np.conj(taps)) / both
    )
    return solved


def _delay_samples(taps: NDArray[np.complex128], centre: float) -> float:
    """Return the group delay at the centre: the mean age of a sample, by its share there."""
    age = np.arange(taps.size)
    shares = taps * np.exp(-2j * np.pi * centre * age)
    return float((np.sum(age * shares) / np.sum(shares)).real)
