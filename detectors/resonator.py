"""Amplitude and phase by a complex one-pole resonator behind a high-pass of the same width."""

import numpy as np
from numpy.typing import NDArray

from detectors.block import Block
from detectors.estimates import Estimates
from detectors.kernels.resonator import N_FOLD, N_STATE, SINCE_HOP, track


class Resonator:
    """An oscillator for each channel, driven by its signal.

    Parameters
    ----------
    columns : ndarray of int64, shape (n_channels,)
        Columns of the block that are looked at.
    rate_hz : float
        Sampling rate.
    centre_hz, half_width_hz : float
        Half the power is let through so far to either side of the centre.
    lead_s : float
        The phase is the one expected so long after the newest sample.
    hop_samples : int
        From one estimate to the next.

    Attributes
    ----------
    span_samples : int
        So many good samples in a row come before the first valid estimate: 5 % of what was
        before is left then.
    delay_s : float
        Group delay at the centre.

    Notes
    -----
    With ``rho = exp(-2 pi half_width_hz / rate)`` and ``w0 = 2 pi centre_hz / rate``, a sample x,
    counted from the first one, goes through ``m[n] = rho m[n-1] + (1 - rho) x[n]`` and
    ``y[n] = rho exp(i w0) y[n-1] + (1 - rho) (x[n] - m[n])``: a complex one-pole resonator, an
    oscillator driven by the signal [1]_, behind a high-pass of the same memory, so that an offset
    leaves no trace and a slow drift little. With H the response of both, a sine of amplitude A at
    the centre and phase p leaves ``y = A (H(w0) exp(ip) + H(-w0) exp(-ip)) / 2``; this is solved
    for ``A exp(ip)``, which takes out the filter's gain, its phase and the ripple of the mirrored
    frequency. Nothing is looked at but the newest sample, m and y, so cost and memory do not
    depend on the width.

    References
    ----------
    .. [1] M. Rosenblum, A. Pikovsky, A. A. Kühn and J. L. Busch, "Real-time estimation of phase
       and amplitude with application to neural data", Scientific Reports 11, 18037, 2021,
       doi:10.1038/s41598-021-97560-5.
    """

    def __init__(
        self,
        columns: NDArray[np.int64],
        *,
        rate_hz: float,
        centre_hz: float,
        half_width_hz: float,
        lead_s: float,
        hop_samples: int,
    ) -> None:
        keep = np.exp(-2.0 * np.pi * half_width_hz / rate_hz)
        angle = 2.0 * np.pi * centre_hz / rate_hz
        memory_samples = rate_hz / (2.0 * np.pi * half_width_hz)
        self.span_samples = max(int(np.ceil(3.0 * memory_samples)), hop_samples + 1)
        self.delay_s = _delay_samples(keep, angle) / rate_hz
        self._hop_samples = hop_samples
        self._columns = columns
        self._settings = _settings(keep, angle, np.exp(2j * np.pi * centre_hz * lead_s))
        self.reset()

    def reset(self) -> None:
        """Forget everything: what follows is as after construction."""
        n_channels = self._columns.size
        self._state = np.zeros(N_STATE, dtype=np.int64)
        self._clean = np.zeros(n_channels, dtype=np.int64)
        self._fold = np.zeros((N_FOLD, n_channels))

    def n_hops(self, n_samples: int) -> int:
        """Return how many hops so many more samples complete, at most."""
        return (int(self._state[SINCE_HOP]) + n_samples) // self._hop_samples

    def track(self, block: Block, made: Estimates) -> int:
        """Fold a block in, write every hop it completed, return their number."""
        return track(
            block.samples_uv,
            block.time_s,
            block.taint,
            block.first_sample,
            self._columns,
            self._settings,
            self.span_samples,
            self._hop_samples,
            self._state,
            self._clean,
            self._fold,
            made.sample,
            made.time_s,
            made.values,
            made.valid,
        )


def _settings(keep: float, angle: float, lead: complex) -> NDArray[np.float64]:
    """Return what the kernel multiplies by: the poles, and the way back to amplitude and phase."""
    at_centre, at_mirror = (_response(keep, angle, each) for each in (angle, -angle))
    both = abs(at_centre) ** 2 - abs(at_mirror) ** 2
    plain = 2.0 * np.conj(at_centre) / both * lead
    mirrored = -2.0 * at_mirror / both * lead
    return np.array(
        [
            keep,
            keep * np.cos(angle),
            keep * np.sin(angle),
            (plain + mirrored).real,
            (mirrored - plain).imag,
            (plain + mirrored).imag,
            (plain - mirrored).real,
        ]
    )


def _response(keep: float, centre: float, angle: float) -> complex:
    """Return the gain of high-pass and resonator at an angle per sample."""
    back = np.exp(-1j * angle)
    high_pass = keep * (1.0 - back) / (1.0 - keep * back)
    return complex(high_pass * (1.0 - keep) / (1.0 - keep * np.exp(1j * centre) * back))


def _delay_samples(keep: float, angle: float) -> float:
    """Return the group delay at the centre, of what comes out and not of the resonator alone."""
    weights = [abs(_response(keep, angle, each)) ** 2 for each in (angle, -angle)]
    delays = [_log_slope(keep, angle, each).real for each in (angle, -angle)]
    both = weights[0] * delays[0] - weights[1] * delays[1]
    return float(both / (weights[0] - weights[1]))


def _log_slope(keep: float, centre: float, angle: float) -> complex:
    """Return i times the derivative of the logarithm of `_response`; its real part is a delay."""
    back = np.exp(-1j * angle)
    poles = (keep, keep * np.exp(1j * centre))
    return complex(sum(pole * back / (1.0 - pole * back) for pole in poles) - back / (1.0 - back))
