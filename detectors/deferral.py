"""What a detector needs later than it knows of it: computed apart from the samples, then bound."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class EffectiveResult(NamedTuple):
    """A result that has taken effect.

    Parameters
    ----------
    detector, channel : str
        Whose it is.
    sample : int
        Estimates from this sample on are made with it.
    result : ndarray
        What was computed.
    """

    detector: str
    channel: str
    sample: int
    result: NDArray[np.float64]


class Deferral:
    """A computation whose result takes effect at a sample that is known beforehand.

    It is a function of samples that have been: so whoever computes it, and when, gives the same
    bits. A detector asks for it when it comes to that sample, and it is computed there and then
    unless somebody has done so already.

    Parameters
    ----------
    detector, channel : str
        Whose it is.
    due_sample : int
        The sample from which it is in effect.
    compute : callable
        Computes the result, once.

    Attributes
    ----------
    due_sample : int or None
        As given, until it is changed; None while the result is waited for.
    """

    def __init__(
        self,
        detector: str,
        channel: str,
        due_sample: int,
        compute: Callable[[], NDArray[np.float64]],
    ) -> None:
        self.detector = detector
        self.channel = channel
        self.due_sample: int | None = due_sample
        self._compute = compute
        self._result: NDArray[np.float64] | None = None

    def result(self) -> NDArray[np.float64]:
        """Return the result; computes it where that has not been done."""
        if self._result is None:
            self._result = self._compute()
        return self._result
