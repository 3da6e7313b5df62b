"""The simulated patient's recurrences: a damped oscillator, and 1/f noise."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel

_CORNER_HZ_MIN = 0.25
#: Random numbers the oscillator takes each sample: two of its own, one of its drive.
N_RANDOM = 3


class Rates(NamedTuple):
    """Constants of the oscillator's recurrence, for one sampling interval.

    Parameters
    ----------
    step_s : float
        The interval.
    turn_rad : float
        Angle that the oscillation's phase advances by in it.
    damping_per_s, damping_added_per_s_max : float
        Damping without stimulation, and what stimulation adds at most.
    current_half_ma, hill : float
        The amplitude that adds half of it, and Hill's exponent.
    onset, washout : float
        Share of the way to the applied amplitude that the felt one goes, up and down.
    drive_sd, drive_decay : float
        SD of the drive's logarithm, and what is left of it.
    """

    step_s: float
    turn_rad: float
    damping_per_s: float
    damping_added_per_s_max: float
    current_half_ma: float
    hill: float
    onset: float
    washout: float
    drive_sd: float
    drive_decay: float


@kernel
def oscillate(
    state: NDArray[np.float64],
    rates: Rates,
    current_ma: float,
    random: NDArray[np.float64],
    wave: NDArray[np.float64],
) -> None:
    """Advance the oscillator by one sample for each row of `random`.

    Parameters
    ----------
    state : ndarray of float64, shape (4,)
        Real and imaginary part, logarithm of the drive over its SD, amplitude felt; changed.
    rates : Rates
        The constants.
    current_ma : float
        Amplitude applied, not negative.
    random : ndarray of float64, shape (n_samples, n_random)
        Standard normal; the first `N_RANDOM` of each row are used.
    wave : ndarray of float64, shape (n_samples,)
        Filled with the real part.
    """
    real, imaginary, drive, felt_ma = state
    cosine, sine = math.cos(rates.turn_rad), math.sin(rates.turn_rad)
    drive_kick = math.sqrt(1.0 - rates.drive_decay**2)
    for k in range(wave.size):
        share = rates.onset if current_ma > felt_ma else rates.washout
        felt_ma += share * (current_ma - felt_ma)
        # Without stimulation the quotient is infinite, and what is added 0.
        damping_per_s = rates.damping_per_s + rates.damping_added_per_s_max / (
            1.0 + (rates.current_half_ma / felt_ma) ** rates.hill
        )
        drive = rates.drive_decay * drive + drive_kick * random[k, 2]
        # Its mean is the damping without stimulation, which makes the mean power 1 then.
        driven = rates.damping_per_s * math.exp(
            2.0 * rates.drive_sd * drive - 2.0 * rates.drive_sd**2
        )
        kept = math.exp(-damping_per_s * rates.step_s)
        kick = math.sqrt(0.5 * driven * (1.0 - kept * kept) / damping_per_s)
        turned = kept * (cosine * real - sine * imaginary) + kick * random[k, 0]
        imaginary = kept * (sine * real + cosine * imaginary) + kick * random[k, 1]
        real = turned
        wave[k] = real
    state[0], state[1], state[2], state[3] = real, imaginary, drive, felt_ma


def pink_decays(rate_hz: float) -> NDArray[np.float64]:
    """Return the decay per sample of each process whose sum is 1/f noise.

    Their corner frequencies lie an octave apart, from 0.25 Hz to above half the rate.
    """
    n_octaves = math.ceil(math.log2(rate_hz / 2.0 / _CORNER_HZ_MIN)) + 1
    corners_hz = _CORNER_HZ_MIN * 2.0 ** np.arange(n_octaves)
    decays: NDArray[np.float64] = np.exp(-2.0 * np.pi * corners_hz / rate_hz)
    return decays


@kernel
def add_pink(
    state: NDArray[np.float64],
    decays: NDArray[np.float64],
    scale_uv: float,
    random: NDArray[np.float64],
    samples_uv: NDArray[np.float64],
) -> None:
    """Add 1/f noise to every channel.

    Parameters
    ----------
    state : ndarray of float64, shape (n_channels, n_processes)
        Of unit variance; changed.
    decays : ndarray of float64, shape (n_processes,)
        See `pink_decays`.
    scale_uv : float
        Standard deviation of the sum.
    random : ndarray of float64, shape (n_samples, n_random)
        Standard normal; those after the first `N_RANDOM` of each row are used.
    samples_uv : ndarray of float64, shape (n_samples, n_channels)
        What is added to.
    """
    n_channels, n_processes = state.shape
    kicks = np.sqrt(1.0 - decays * decays)
    scale_uv = scale_uv / math.sqrt(n_processes)
    for k in range(len(samples_uv)):
        column = N_RANDOM
        for channel in range(n_channels):
            total = 0.0
            for process in range(n_processes):
                value = (
                    decays[process] * state[channel, process] + kicks[process] * random[k, column]
                )
                state[channel, process] = value
                total += value
                column += 1
            samples_uv[k, channel] += scale_uv * total
