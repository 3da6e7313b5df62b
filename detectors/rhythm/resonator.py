"""Amplitude and phase by a complex resonator of one pole or several behind a high-pass."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import buttap
from scipy.special import gammaincinv

from detectors.block import Block
from detectors.estimates import Estimates
from detectors.kernels.hop_kernel import HopKernel
from detectors.rhythm import resonator_kernel as kernel
from detectors.rhythm.resonator_state import Counters, Settings, State

#: Poles of the filter that tells what is inside the band from what is outside.
SHARP_ORDER: Final = 4
#: Time constants of the mean squares after which they are known.
OUTSIDE_CONSTANTS: Final = 3.0
#: Share of what was before that may be left where a resonator counts as settled.
_SHARE_LEFT: Final = 0.05


class Resonator:
    """An oscillator for each channel, driven by its signal.

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
        The centre, and the distance from it at which half the power is let through.
    order : int
        Poles, one after the other.
    lead_s : float
        Seconds after the newest sample at which the phase is the expected one.
    hop_samples : int
        From one estimate to the next.
    outside_max : float or None
        Amplitude and phase are not valid where a larger share is outside the band.
    has_outside : bool
        Whether that share is given.
    outside_time_constant_s : float
        Of the mean squares whose ratio it is.

    Attributes
    ----------
    span_samples : int
        Good samples in a row before the first valid estimate: 5 % of what was
        before is left then. With `outside_max`, as many as come before the share is known.
    delay_s : float
        Group delay at the centre.

    Notes
    -----
    With ``rho = exp(-2 pi half_width_hz / rate)``, for one pole, and
    ``w0 = 2 pi centre_hz / rate``, a sample x, counted from the first one, goes through ``m[n] =
    rho m[n-1] + (1 - rho) x[n]`` and ``y[n] = rho exp(i w0) y[n-1] + (1 - rho) (x[n] - m[n])``: a
    complex one-pole resonator, an oscillator driven by the signal [1]_, behind a high-pass of the
    same memory, so that an offset leaves no trace and a slow drift little. With H the response of
    both, a sine of amplitude A at the centre and phase p leaves ``y = A (H(w0) exp(ip) + H(-w0)
    exp(-ip)) / 2``; this is solved for ``A exp(ip)``, which takes out the filter's gain, its phase
    and the ripple of the mirrored frequency. Nothing is looked at but the newest sample, m and y,
    so cost and memory do not depend on the width.

    Of `n` poles each is driven by the one before, and wider by ``1 / sqrt(2 ** (1 / n) - 1)``, so
    that all of them together let half the power through at `half_width_hz`.

    What of the rhythm lies outside the band: the solved ``A exp(ip)`` of each sample goes through a
    Butterworth low-pass of four poles about the centre, with its edge at `half_width_hz`, and
    ``outside = 1 - <|behind it|²> / <|before it|²>``, not below 0, with exponential means; the
    second waits for as long as the filter is late. So a line counts as outside by how far it is
    from the centre: 0.4 % of it at half a half width, half of it at the edge, 96 % at one and a
    half, 99.6 % at two half widths.

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
        detector: str,
        n_outputs: int,
        rate_hz: float,
        centre_hz: float,
        half_width_hz: float,
        order: int,
        lead_s: float,
        hop_samples: int,
        outside_max: float | None,
        has_outside: bool,
        outside_time_constant_s: float,
    ) -> None:
        width_hz = half_width_hz / np.sqrt(2.0 ** (1.0 / order) - 1.0)
        keep = np.exp(-2.0 * np.pi * width_hz / rate_hz)
        angle = 2.0 * np.pi * centre_hz / rate_hz
        settle = max(_settle_samples(order, width_hz / rate_hz), hop_samples + 1)
        self.delay_s = _delay_samples(keep, angle, order) / rate_hz
        self._order = order
        self._detector, self._n_outputs = detector, n_outputs
        self._columns = columns
        lead = np.exp(2j * np.pi * centre_hz * lead_s)
        mean_keep = sharp_gain = 0.0
        self._sharp_poles = np.zeros((0, 2))
        self._n_ring = 0
        settle_outside = settle
        if has_outside or outside_max is not None:
            poles = _sharp_poles(half_width_hz, rate_hz)
            late = float((poles / (1.0 - poles)).real.sum())
            rotated = poles * np.exp(1j * angle)
            self._sharp_poles = np.stack((rotated.real, rotated.imag), axis=1)
            sharp_gain = float(np.prod(np.abs(1.0 - poles)))
            mean_keep = float(np.exp(-1.0 / (outside_time_constant_s * rate_hz)))
            self._n_ring = max(1, round(late))
            settle_outside += self._n_ring + round(
                OUTSIDE_CONSTANTS * outside_time_constant_s * rate_hz
            )
        self.span_samples = settle if outside_max is None else settle_outside
        self._hop_samples = hop_samples
        self._settings = Settings(
            settle_samples=settle,
            settle_outside_samples=settle_outside,
            outside_max=1.0 if outside_max is None else outside_max,
            has_outside=len(self._sharp_poles) > 0,
            **_recurrence(keep, angle, order, lead),
            mean_keep=mean_keep,
            sharp_gain=sharp_gain,
        )
        self.reset()

    def reset(self) -> None:
        """Forget everything: what follows is as after construction."""
        n_channels = self._columns.size
        state = State(
            columns=self._columns,
            sharp_poles=self._sharp_poles,
            n_clean=np.zeros(n_channels, dtype=np.int64),
            reference_uv=np.zeros(n_channels),
            newest_uv=np.zeros(n_channels),
            mean_uv=np.zeros(n_channels),
            poles=np.zeros((2 * self._order, n_channels)),
            sharp=np.zeros((2 * len(self._sharp_poles), n_channels)),
            passed=np.zeros(n_channels),
            inside=np.zeros(n_channels),
            ring=np.zeros((self._n_ring, n_channels)),
            settings=self._settings,
            counters=Counters(hop_samples=self._hop_samples),
        )
        self._kernel = HopKernel(kernel.update, self._detector, self._n_outputs, state)

    def update(self, block: Block) -> Estimates:
        """Take a block, and return every hop that it completes."""
        return self._kernel.update(block, self._hop_samples)


def _recurrence(keep: float, angle: float, order: int, lead: complex) -> dict[str, float]:
    """Return what the kernel multiplies by: the poles, and the way back to amplitude and phase."""
    at_centre, at_mirror = (_response(keep, angle, order, each) for each in (angle, -angle))
    both = abs(at_centre) ** 2 - abs(at_mirror) ** 2
    plain = 2.0 * np.conj(at_centre) / both * lead
    mirrored = -2.0 * at_mirror / both * lead
    return {
        "keep": keep,
        "keep_real": keep * np.cos(angle),
        "keep_imaginary": keep * np.sin(angle),
        "to_real_of_real": (plain + mirrored).real,
        "to_real_of_imaginary": (mirrored - plain).imag,
        "to_imaginary_of_real": (plain + mirrored).imag,
        "to_imaginary_of_imaginary": (plain - mirrored).real,
    }


def _response(keep: float, centre: float, order: int, angle: float) -> complex:
    """Return the gain of high-pass and resonator at an angle per sample."""
    back = np.exp(-1j * angle)
    high_pass = keep * (1.0 - back) / (1.0 - keep * back)
    pole = (1.0 - keep) / (1.0 - keep * np.exp(1j * centre) * back)
    return complex(high_pass * pole**order)


def _delay_samples(keep: float, angle: float, order: int) -> float:
    """Return the group delay at the centre, of what comes out and not of the resonator alone."""
    weights = [abs(_response(keep, angle, order, each)) ** 2 for each in (angle, -angle)]
    delays = [_log_slope(keep, angle, order, each).real for each in (angle, -angle)]
    both = weights[0] * delays[0] - weights[1] * delays[1]
    return float(both / (weights[0] - weights[1]))


def _log_slope(keep: float, centre: float, order: int, angle: float) -> complex:
    """Return i times the derivative of the logarithm of `_response`; its real part is a delay."""
    back = np.exp(-1j * angle)
    poles = (keep, *[keep * np.exp(1j * centre)] * order)
    return complex(sum(pole * back / (1.0 - pole * back) for pole in poles) - back / (1.0 - back))


def _settle_samples(order: int, width: float) -> int:
    """Return after how many samples `_SHARE_LEFT` of a steady rhythm's past is left.

    Of one pole that is three memories, of which one is ``1 / (2 pi width)``; of several, where a
    gamma distribution of that shape leaves as much.
    """
    memories = 3.0 if order == 1 else float(gammaincinv(order, 1.0 - _SHARE_LEFT))
    return int(np.ceil(memories / (2.0 * np.pi * width)))


def _sharp_poles(half_width_hz: float, rate_hz: float) -> NDArray[np.complex128]:
    """Return the poles, about 0 Hz, of a Butterworth low-pass, by what they leave of a sample."""
    _, poles, _ = buttap(SHARP_ORDER)
    made: NDArray[np.complex128] = np.exp(2.0 * np.pi * half_width_hz / rate_hz * poles)
    return made
