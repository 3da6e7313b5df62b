"""Bursts at random times: chorea-like, which exclude each other, and myoclonic, in all muscles."""

import math
from typing import Annotated

import numpy as np
from msgspec import Meta

from replay.patient.emg.drives.drive import Activity, Drive, Driven, Randoms, nothing

_Rate = Annotated[float, Meta(gt=0.0, le=10.0)]
_Length = Annotated[float, Meta(ge=0.01, le=2.0)]
_BURSTS = 20


class Chorea(Activity, frozen=True, kw_only=True, tag="chorea"):
    """Short bursts at random times, each in one muscle at random, never two at once.

    A burst is a Hann window; from its end to the next one's onset passes an exponential time.

    Parameters
    ----------
    bursts_per_s : float
        Reciprocal of the mean time between a burst and the next, of whatever muscle.
    length_s : tuple of float
        Shortest and longest burst, from end to end of its window; uniform in between.
    """

    bursts_per_s: _Rate = 4.0
    length_s: tuple[_Length, _Length] = (0.05, 0.1)

    def __post_init__(self) -> None:
        _check(self.length_s)

    def start(self, randoms: Randoms, *, rate_hz: float, n_muscles: int) -> Drive:
        """Return the process."""
        return _Bursts(self.bursts_per_s, self.length_s, randoms, rate_hz, n_muscles, at_once=False)


class Myoclonus(Activity, frozen=True, kw_only=True, tag="myoclonus"):
    """Shock-like bursts at random times, in all muscles at once.

    Parameters
    ----------
    bursts_per_s : float
        Reciprocal of the mean time between a burst and the next.
    length_s : tuple of float
        Shortest and longest burst, from end to end of its window; uniform in between.
    """

    bursts_per_s: _Rate = 0.7
    length_s: tuple[_Length, _Length] = (0.03, 0.05)

    def __post_init__(self) -> None:
        _check(self.length_s)

    def start(self, randoms: Randoms, *, rate_hz: float, n_muscles: int) -> Drive:
        """Return the process."""
        return _Bursts(self.bursts_per_s, self.length_s, randoms, rate_hz, n_muscles, at_once=True)


def _check(length_s: tuple[float, float]) -> None:
    if length_s[0] > length_s[1]:
        raise ValueError(f"length_s: expected the shortest first, found {list(length_s)}")


class _Bursts:
    def __init__(
        self,
        bursts_per_s: float,
        length_s: tuple[float, float],
        randoms: Randoms,
        rate_hz: float,
        n_muscles: int,
        *,
        at_once: bool,
    ) -> None:
        self._random = randoms.of(_BURSTS)
        self._gap_samples, self._length_s = rate_hz / bursts_per_s, length_s
        self._rate_hz, self._n_muscles, self._at_once = rate_hz, n_muscles, at_once
        self._sample = 0
        self._draw(0.0)

    def _draw(self, after_sample: float) -> None:
        """Draw the next burst: when it is (in fractions of a sample), and in which muscles."""
        self._onset = after_sample + self._random.exponential(self._gap_samples)
        self._length = self._random.uniform(*self._length_s) * self._rate_hz
        muscle = int(self._random.integers(self._n_muscles))
        self._muscles = slice(None) if self._at_once else slice(muscle, muscle + 1)

    def next(self, n_samples: int) -> Driven:
        drawn, stop = nothing(n_samples, self._n_muscles), self._sample + n_samples
        while self._onset < stop:
            offset = self._onset + self._length
            first, last = math.ceil(self._onset), min(math.ceil(offset), stop)
            samples = np.arange(max(first, self._sample), last)
            shape = np.sin(math.pi * (samples - self._onset) / self._length) ** 2
            drawn[samples - self._sample, self._muscles] = shape[:, None]
            if offset > stop:
                break
            self._draw(offset)
        self._sample = stop
        return Driven(drawn, nothing(n_samples, self._n_muscles))
