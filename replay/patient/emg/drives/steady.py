"""Activity without bursts: rest, and tonic contraction with a known correlation of the drives."""

import math
from typing import Annotated

import numpy as np
from msgspec import Meta

from replay.patient.emg.drives.drive import Activity, Drive, Driven, Randoms, nothing
from replay.patient.emg.noise import slow_noise

_COMMON, _OWN = range(2)


class Rest(Activity, frozen=True, kw_only=True, tag="rest"):
    """Every muscle at its base level."""

    def start(self, randoms: Randoms, *, rate_hz: float, n_muscles: int) -> Drive:  # noqa: ARG002
        """Return the process."""
        return _Resting(n_muscles)


class TonicCoContraction(Activity, frozen=True, kw_only=True, tag="tonic_cocontraction"):
    """All muscles contract at once, with slow changes of which a part is common to all.

    A drive is ``1 + modulation * (c * common + sqrt(1 - c**2) * own)`` of Gaussian processes
    below 0.5 Hz, never below 0, with c the `common_share`: any two correlate by ``c**2``.

    Parameters
    ----------
    common_share : float
        Share of the common process in each drive. 0 is `IndependentTonic`.
    modulation : float
        Standard deviation of a drive over its mean. Drives that would be negative are cut off,
        which is 4 SD away at the default: above 0.3 the correlation is less than stated.
    """

    common_share: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.9
    modulation: Annotated[float, Meta(ge=0.0, le=0.5)] = 0.25

    @property
    def drive_correlation(self) -> float:
        """The correlation of any two drives, of which a finite signal has a sample."""
        return self.common_share**2

    def start(self, randoms: Randoms, *, rate_hz: float, n_muscles: int) -> Drive:
        """Return the process."""
        return _Tonic(self.common_share, self.modulation, randoms, rate_hz, n_muscles)


class IndependentTonic(Activity, frozen=True, kw_only=True, tag="independent_tonic"):
    """All muscles contract at once, each with slow changes of its own: no common drive.

    Parameters
    ----------
    modulation : float
        As in `TonicCoContraction`.
    """

    modulation: Annotated[float, Meta(ge=0.0, le=0.5)] = 0.25

    @property
    def drive_correlation(self) -> float:
        """None."""
        return 0.0

    def start(self, randoms: Randoms, *, rate_hz: float, n_muscles: int) -> Drive:
        """Return the process."""
        return _Tonic(0.0, self.modulation, randoms, rate_hz, n_muscles)


class _Resting:
    def __init__(self, n_muscles: int) -> None:
        self._n_muscles = n_muscles

    def next(self, n_samples: int) -> Driven:
        none = nothing(n_samples, self._n_muscles)
        return Driven(none, none)


class _Tonic:
    def __init__(
        self, share: float, modulation: float, randoms: Randoms, rate_hz: float, n_muscles: int
    ) -> None:
        self._share, self._modulation = share, modulation
        self._common = slow_noise(randoms.of(_COMMON), rate_hz, 1)
        self._own = slow_noise(randoms.of(_OWN), rate_hz, n_muscles)
        self._n_muscles = n_muscles

    def next(self, n_samples: int) -> Driven:
        wandering = self._share * self._common.next(n_samples)
        wandering = wandering + math.sqrt(1.0 - self._share**2) * self._own.next(n_samples)
        dystonic = np.maximum(0.0, 1.0 + self._modulation * wandering)
        return Driven(nothing(n_samples, self._n_muscles), dystonic)
