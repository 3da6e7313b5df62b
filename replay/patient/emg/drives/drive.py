"""What every class of activity has in common: a table, and a process that gives drives."""

from typing import NamedTuple, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray


class Driven(NamedTuple):
    """The drives of some samples, as multiples of the active level, above the base.

    Parameters
    ----------
    other : ndarray of float64, shape (n_samples, n_muscles)
        What neither a sensory trick nor stimulation changes.
    dystonic : ndarray of float64, shape (n_samples, n_muscles)
        What they lower.
    marks : tuple of (int, str)
        What begins at which of the samples.
    """

    other: NDArray[np.float64]
    dystonic: NDArray[np.float64]
    marks: tuple[tuple[int, str], ...] = ()


class Randoms(NamedTuple):
    """Where an activity's random numbers come from: equal seeds and numbers, equal ones.

    Parameters
    ----------
    seed : int
        Of the whole arm.
    segment : int
        Number of the segment that the activity fills.
    """

    seed: int
    segment: int

    def of(self, purpose: int) -> np.random.Generator:
        """Return the generator of one purpose, independent of all others."""
        return np.random.default_rng([self.seed, self.segment, purpose])


class Drive(Protocol):
    """A process that is advanced a piece at a time."""

    def next(self, n_samples: int) -> Driven:
        """Return the drives of the next samples."""
        ...


class Activity(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"
):
    """A class of muscle activity with its settings; `kind` is its name."""

    @property
    def kind(self) -> str:
        """Name of the class, as truth says it of each sample."""
        return str(self.__struct_config__.tag)

    def start(self, randoms: Randoms, *, rate_hz: float, n_muscles: int) -> Drive:
        """Return the process, at its first sample."""
        raise NotImplementedError


def nothing(n_samples: int, n_muscles: int) -> NDArray[np.float64]:
    """Return drives of 0."""
    return np.zeros((n_samples, n_muscles))
