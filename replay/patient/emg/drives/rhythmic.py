"""Rhythmic activity: reciprocal voluntary movement, and tremors."""

import math
from typing import Annotated

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from replay.patient.emg.drives.drive import Activity, Drive, Driven, Randoms, nothing
from replay.patient.emg.drives.steady import TonicCoContraction
from replay.patient.emg.noise import slow_noise

_Frequency = Annotated[float, Meta(ge=0.1, le=15.0)]
_Jitter = Annotated[float, Meta(ge=0.0, le=2.0)]
_Depth = Annotated[float, Meta(ge=0.0, le=1.0)]
_Share = Annotated[float, Meta(ge=0.0, le=1.0)]
#: Depths wander more slowly than frequencies: within some cycles the muscles keep their proportion.
_DEPTH_HZ = 0.15
_PHASE, _START, _DEPTH = 10, 11, 12


class ReciprocalVoluntary(Activity, frozen=True, kw_only=True, tag="reciprocal_voluntary"):
    """Agonists and antagonists contract in turn, each for half a cycle, as healthy muscles do.

    Muscles take sides in turn: the first, third and so on are the agonists.

    Parameters
    ----------
    frequency_hz, jitter_hz : float
        Mean of the movement's frequency, and the SD of its slow changes.
    """

    frequency_hz: _Frequency = 0.8
    jitter_hz: _Jitter = 0.02

    def start(self, randoms: Randoms, *, rate_hz: float, n_muscles: int) -> Drive:
        """Return the process."""
        rhythm = _Rhythm(self.frequency_hz, self.jitter_hz, randoms, rate_hz)
        return _Rhythmic(rhythm, _Depths(0.0, randoms, rate_hz, n_muscles), _sides(n_muscles))


class AlternatingTremor(Activity, frozen=True, kw_only=True, tag="alternating_tremor"):
    """Rectified sinusoids, half a cycle apart in agonists and antagonists.

    Parameters
    ----------
    frequency_hz, jitter_hz : float
        Mean of the frequency, and the SD of its slow changes.
    depth_sd : float
        SD of the logarithm of each muscle's depth, which wanders by itself around 1.
    """

    frequency_hz: _Frequency = 5.0
    jitter_hz: _Jitter = 0.3
    depth_sd: _Depth = 0.2

    def start(self, randoms: Randoms, *, rate_hz: float, n_muscles: int) -> Drive:
        """Return the process."""
        rhythm = _Rhythm(self.frequency_hz, self.jitter_hz, randoms, rate_hz)
        return _Rhythmic(
            rhythm, _Depths(self.depth_sd, randoms, rate_hz, n_muscles), _sides(n_muscles)
        )


class SynchronousTremor(Activity, frozen=True, kw_only=True, tag="synchronous_tremor"):
    """Rectified sinusoids, of one phase in all muscles.

    Parameters
    ----------
    frequency_hz, jitter_hz : float
        Mean of the frequency, and the SD of its slow changes.
    depth_sd : float
        SD of the logarithm of each muscle's depth, which wanders by itself around 1.
    """

    frequency_hz: _Frequency = 5.0
    jitter_hz: _Jitter = 0.3
    depth_sd: _Depth = 0.2

    def start(self, randoms: Randoms, *, rate_hz: float, n_muscles: int) -> Drive:
        """Return the process."""
        rhythm = _Rhythm(self.frequency_hz, self.jitter_hz, randoms, rate_hz)
        return _Rhythmic(
            rhythm, _Depths(self.depth_sd, randoms, rate_hz, n_muscles), np.zeros(n_muscles)
        )


class DystonicTremor(Activity, frozen=True, kw_only=True, tag="dystonic_tremor"):
    """An irregular tremor on top of tonic co-contraction.

    A drive is ``tonic_share`` of a tonic one and ``1 - tonic_share`` of a rectified sinusoid
    whose frequency and depth wander.

    Parameters
    ----------
    frequency_hz, jitter_hz : float
        Mean of the frequency, and the SD of its slow changes.
    depth_sd : float
        SD of the logarithm of each muscle's depth of tremor, which wanders by itself around 1.
    tonic_share : float
        The tonic part.
    common_share, modulation : float
        Of the tonic part, see `TonicCoContraction`.
    """

    frequency_hz: _Frequency = 4.5
    jitter_hz: _Jitter = 0.6
    depth_sd: _Depth = 0.3
    tonic_share: _Share = 0.4
    common_share: _Share = 0.9
    modulation: Annotated[float, Meta(ge=0.0, le=0.5)] = 0.25

    def start(self, randoms: Randoms, *, rate_hz: float, n_muscles: int) -> Drive:
        """Return the process."""
        return _DystonicTremor(self, randoms, rate_hz, n_muscles)


def _sides(n_muscles: int) -> NDArray[np.float64]:
    """Return the phase of each muscle in cycles: 0 and 1/2 in turn."""
    return np.arange(n_muscles) % 2 / 2.0


class _Rhythm:
    """A phase that advances with a wandering frequency, in cycles."""

    def __init__(
        self, frequency_hz: float, jitter_hz: float, randoms: Randoms, rate_hz: float
    ) -> None:
        self._frequency_hz, self._jitter_hz, self._rate_hz = frequency_hz, jitter_hz, rate_hz
        self._wandering = slow_noise(randoms.of(_PHASE), rate_hz, 1)
        self._cycles = float(randoms.of(_START).uniform())

    def next(self, n_samples: int) -> NDArray[np.float64]:
        wandering = self._wandering.next(n_samples)[:, 0]
        frequency_hz = np.maximum(0.0, self._frequency_hz + self._jitter_hz * wandering)
        cycles: NDArray[np.float64] = self._cycles + np.cumsum(frequency_hz) / self._rate_hz
        self._cycles = float(cycles[-1]) % 1.0
        return cycles


def _rectified(cycles: NDArray[np.float64], sides: NDArray[np.float64]) -> NDArray[np.float64]:
    angle = 2.0 * math.pi * ((cycles[:, None] + sides) % 1.0)
    rectified: NDArray[np.float64] = np.maximum(0.0, np.sin(angle))
    return rectified


class _Depths:
    """How deep the rhythm is in each muscle, lognormal around 1."""

    def __init__(self, depth_sd: float, randoms: Randoms, rate_hz: float, n_muscles: int) -> None:
        self._depth_sd = depth_sd
        self._wandering = slow_noise(randoms.of(_DEPTH), rate_hz, n_muscles, high_hz=_DEPTH_HZ)

    def next(self, n_samples: int) -> NDArray[np.float64]:
        wandering = self._depth_sd * self._wandering.next(n_samples)
        depths: NDArray[np.float64] = np.exp(wandering - self._depth_sd**2 / 2.0)
        return depths


class _Rhythmic:
    def __init__(self, rhythm: _Rhythm, depths: _Depths, sides: NDArray[np.float64]) -> None:
        self._rhythm, self._depths, self._sides = rhythm, depths, sides

    def next(self, n_samples: int) -> Driven:
        moving = self._depths.next(n_samples) * _rectified(
            self._rhythm.next(n_samples), self._sides
        )
        return Driven(moving, nothing(n_samples, len(self._sides)))


class _DystonicTremor:
    def __init__(
        self, config: DystonicTremor, randoms: Randoms, rate_hz: float, n_muscles: int
    ) -> None:
        tonic = TonicCoContraction(common_share=config.common_share, modulation=config.modulation)
        self._share = config.tonic_share
        self._tonic = tonic.start(randoms, rate_hz=rate_hz, n_muscles=n_muscles)
        self._tremor = _Rhythmic(
            _Rhythm(config.frequency_hz, config.jitter_hz, randoms, rate_hz),
            _Depths(config.depth_sd, randoms, rate_hz, n_muscles),
            _sides(n_muscles),
        )

    def next(self, n_samples: int) -> Driven:
        tonic, trembling = self._tonic.next(n_samples), self._tremor.next(n_samples)
        dystonic = self._share * tonic.dystonic + (1.0 - self._share) * trembling.other
        return Driven(tonic.other, dystonic)
