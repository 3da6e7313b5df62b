"""What deep brain stimulation leaves of a dystonic drive."""

import math
from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray
from scipy import signal

_Positive = Annotated[float, Meta(gt=0.0, le=1e6)]


class ArmStimulation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A low-frequency pallidal oscillation drives the dystonic muscles, and stimulation damps it.

    The dystonic drive is taken to be proportional to the oscillation's mean amplitude: a steady
    stimulation that adds k to its damping a leaves ``sqrt(a / (a + k))`` of it, as in the
    simulated patient's LFP.

    Parameters
    ----------
    damping_per_s, damping_added_per_s_max, current_half_ma, hill : float
        As of `PatientConfig`, here of an oscillation at 4-12 Hz.
    onset_s, washout_s : float
        Time constants with which the effect follows the amplitude up and down. In people these
        are minutes to weeks: here they are **accelerated**.
    """

    damping_per_s: _Positive = 4.0
    damping_added_per_s_max: Annotated[float, Meta(ge=0.0, le=1e6)] = 20.0
    current_half_ma: _Positive = 2.0
    hill: _Positive = 4.0
    onset_s: _Positive = 3.0
    washout_s: _Positive = 6.0

    def share_left(self, felt_ma: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the share of the dystonic drive that felt amplitudes leave.

        Examples
        --------
        >>> ArmStimulation().share_left(np.array([0.0, 2.0])).round(3)
        array([1.   , 0.535])
        """
        powered = np.abs(felt_ma) ** self.hill
        added = self.damping_added_per_s_max * powered / (self.current_half_ma**self.hill + powered)
        left: NDArray[np.float64] = np.sqrt(self.damping_per_s / (self.damping_per_s + added))
        return left


class Felt:
    """The amplitude that has an effect, which follows the one applied.

    Parameters
    ----------
    config : ArmStimulation
        How fast.
    rate_hz : float
        Sampling rate.
    """

    def __init__(self, config: ArmStimulation, rate_hz: float) -> None:
        self._config, self._rate_hz = config, rate_hz
        self.felt_ma = 0.0

    def next(self, n_samples: int, current_ma: float) -> NDArray[np.float64]:
        """Return the amplitude felt at each of the next samples, under a steady one applied."""
        rises = current_ma > self.felt_ma
        time_s = self._config.onset_s if rises else self._config.washout_s
        share = -math.expm1(-1.0 / (time_s * self._rate_hz))
        # A recursion, one sample after the other: the same bits in whatever pieces.
        felt_ma, _ = signal.lfilter(
            [share], [1.0, share - 1.0], np.full(n_samples, current_ma),
            zi=[(1.0 - share) * self.felt_ma],
        )  # fmt: skip
        if n_samples:
            self.felt_ma = float(felt_ma[-1])
        found: NDArray[np.float64] = felt_ma
        return found
