"""Simulated EMG with the truth beside it."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from replay.patient.emg.pieces import Piece


class Heartbeat(NamedTuple):
    """An R wave: when it peaks, in (fractions of) samples."""

    sample: float


@dataclass(frozen=True, kw_only=True)
class GeneratedEmg(Piece):
    """Surface EMG of some muscles, and what is true of it; `samples` are microvolts.

    Parameters
    ----------
    noise : ndarray of float64, shape (n_samples, n_channels)
        Gaussian, of unit variance: a muscle gives `drive_uv` times it.
    artifact_uv : ndarray of float64, shape (n_samples, n_channels)
        What is no muscle: heart and mains. `samples` are the muscles, mixed by crosstalk, and this.
    other_uv, dystonic_uv : ndarray of float64, shape (n_samples, n_channels)
        Drives above `base_uv`: what neither a sensory trick nor stimulation changes, and what is
        left of the rest under both.
    base_uv : float
        The drive of a muscle at rest.
    kind : ndarray of int8, shape (n_samples, n_channels)
        Which class of activity it is, as a position in `kinds`.
    kinds : tuple of str
        The classes of activity.
    heartbeats : tuple of Heartbeat
        R waves within these samples.
    """

    per_sample: ClassVar[tuple[str, ...]] = (
        "samples",
        "noise",
        "artifact_uv",
        "other_uv",
        "dystonic_uv",
        "kind",
    )
    placed: ClassVar[tuple[str, ...]] = ("marks", "heartbeats")

    noise: NDArray[np.float64]
    artifact_uv: NDArray[np.float64]
    other_uv: NDArray[np.float64]
    dystonic_uv: NDArray[np.float64]
    base_uv: float
    kind: NDArray[np.int8]
    kinds: tuple[str, ...]
    heartbeats: tuple[Heartbeat, ...]

    @property
    def drive_uv(self) -> NDArray[np.float64]:
        """Standard deviation of each muscle's signal at each sample: the truth of its envelope.

        The mean of the rectified signal is ``sqrt(2 / pi)`` of it.
        """
        return self.base_uv + self.other_uv + self.dystonic_uv

    @property
    def muscle_uv(self) -> NDArray[np.float64]:
        """What each muscle alone gives."""
        return self.drive_uv * self.noise

    def drive_correlation(self) -> NDArray[np.float64]:
        """Return how the drives of these samples correlate, shape (n_channels, n_channels).

        It is NaN where a drive does not change.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.corrcoef(self.drive_uv, rowvar=False)
        return np.asarray(found, np.float64)

    def bursts_s(self, channel: int) -> NDArray[np.float64]:
        """Return onset and offset of each stretch in which a muscle is driven above its base.

        Parameters
        ----------
        channel : int
            Position of the muscle.

        Returns
        -------
        ndarray of float64, shape (n_bursts, 2)
            Seconds since the generator's first sample. Of a Hann burst these are its very ends:
            half its peak is exceeded for half of that. Tonic contraction is one long stretch.
        """
        is_driven = self.drive_uv[:, channel] > self.base_uv * (1.0 + 1e-9)
        edges = np.diff(np.concatenate(([False], is_driven, [False])).astype(np.int8))
        pairs = np.column_stack((np.flatnonzero(edges > 0), np.flatnonzero(edges < 0)))
        return (self.first_sample + pairs.astype(np.float64)) / self.rate_hz
