"""What detectors give: estimates on the hop grid, and the moments something began or ended."""

from collections.abc import Iterable
from typing import Final, Literal, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

#: Version of what the detectors compute, counted up where the same table gives other values: 2
#: counts the bins at the edges of a band by the part of them that lies inside; 3 seeds the noise
#: that nulls are computed from without the names of classes, and has no valid burst statistics at
#: the first hop after a restart.
VERSION: Final = "3"

# Looked up once: every call of every detector may ask for hops.
_INT64: Final = np.dtype(np.int64)
_BOOL: Final = np.dtype(np.bool_)
_UINT16: Final = np.dtype(np.uint16)


# Structs of msgspec: a frozen dataclass costs ten times as much to make.
class Estimates(msgspec.Struct, frozen=True):
    """All hops that one call completed, as a struct of arrays.

    Parameters
    ----------
    detector : str
        Id of the detector.
    sample : ndarray of int64, shape (n_hops,)
        Index of the newest sample each estimate used.
    time_s : ndarray of float64, shape (n_hops,)
        Time of that sample in the service's LSL clock.
    values : ndarray of float64, shape (n_hops, n_outputs)
        Finite wherever `valid`; zero elsewhere.
    valid : ndarray of bool, shape (n_hops, n_outputs)
        Whether the value may be used.
    taint : ndarray of uint16, shape (n_hops,)
        Bits of `detectors.block.SOFT_TAINT` that any sample of the detector's channels carries
        on which the estimate depends. Such an estimate may be used, and says so.

    Examples
    --------
    >>> estimates = Estimates.empty("beta", n_hops=3, n_outputs=2)
    >>> estimates.values.shape, estimates.sample.shape
    ((3, 2), (3,))
    """

    detector: str
    sample: NDArray[np.int64]
    time_s: NDArray[np.float64]
    values: NDArray[np.float64]
    valid: NDArray[np.bool_]
    taint: NDArray[np.uint16]

    @classmethod
    def empty(cls, detector: str, n_hops: int, n_outputs: int) -> Self:
        """Return hops that are still to be written."""
        return cls(
            detector,
            np.empty(n_hops, _INT64),
            np.empty(n_hops),
            np.empty((n_hops, n_outputs)),
            np.empty((n_hops, n_outputs), _BOOL),
            np.zeros(n_hops, _UINT16),
        )

    def first(self, n_hops: int) -> Self:
        """Return the first hops: all that were written, where there was memory for more."""
        if n_hops == self.sample.size:
            return self
        return type(self)(
            self.detector,
            self.sample[:n_hops],
            self.time_s[:n_hops],
            self.values[:n_hops],
            self.valid[:n_hops],
            self.taint[:n_hops],
        )

    def followed_by(self, later: Iterable[Self]) -> Self:
        """Return these hops and those of later calls in one piece."""
        parts = [each for each in (self, *later) if each.sample.size]
        if len(parts) < 2:
            return parts[0] if parts else self
        arrays = {
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in self.__struct_fields__
            if name != "detector"
        }
        return type(self)(detector=self.detector, **arrays)


class Detection(msgspec.Struct, frozen=True):
    """The onset or the offset of something, or a moment that has no end.

    Parameters
    ----------
    detector : str
        Id of the detector.
    channel : str
        Label of the channel it was seen on.
    kind : {"onset", "offset", "moment"}
        Which edge; a moment stands alone, and may lie ahead.
    sample : int
        Index of the sample at which the edge was crossed, or that is nearest to the moment.
    confirmed_sample : int
        Index of the newest sample the detector needed to be sure.
    onset_s : float
        Time of `sample`, or of the moment to the fraction of a sample, in the service's LSL
        clock: when it happens, not when we acted.
    strength : float
        The detector's measure at that moment.
    complete : bool
        False where a gap or tainted data cut an episode short, so its end was not seen.

    Examples
    --------
    >>> onset = Detection(
    ...     detector="burst",
    ...     channel="STN_L",
    ...     kind="onset",
    ...     sample=1200,
    ...     confirmed_sample=1300,
    ...     onset_s=1.2,
    ...     strength=34.0,
    ... )
    >>> onset.confirmed_sample - onset.sample
    100
    """

    detector: str
    channel: str
    kind: Literal["onset", "offset", "moment"]
    sample: int
    confirmed_sample: int
    onset_s: float
    strength: float
    complete: bool = True


class Seen(msgspec.Struct, frozen=True):
    """What one detector saw in one call: its estimates, and its detections in order.

    Examples
    --------
    >>> Seen(Estimates.empty("beta", n_hops=0, n_outputs=1)).detections
    ()
    """

    estimates: Estimates
    detections: tuple[Detection, ...] = ()
