"""The true rate of a stimulation, stretch by stretch."""

import numpy as np
from numpy.typing import NDArray

from detectors.conditioning.artifacts.stimulation_rate_kernel import (
    N_GATHERED,
    N_STATE,
    find_rate,
    gather,
)

#: Offsets to a resolution of the stretch that are tried before the best is refined.
_N_TRIED = 4
#: Shortest piece, in samples.
_N_PIECE_MIN = 2


class RateSearch:
    """Gathers stretches of samples, and finds the rate of what is periodic in each.

    Parameters
    ----------
    frequency_hz, search_hz, learn_s : float
        Nominal rate, how far from it to look, and the length of a stretch.
    rate_hz : float
        Of the stream.
    n_channels : int
        Of the stream.

    Raises
    ------
    ValueError
        Where the stimulation folds too close to 0 Hz or half the stream's rate to be found.

    Notes
    -----
    The samples are shifted by the nominal rate and added up in pieces under a Hann window that
    overlap by half, an eighth of a cycle of the farthest offset from one to the next: what is left
    to search is short. The pieces' own response is that at the true offset whatever offset is
    tried, so it moves nothing.
    """

    def __init__(
        self,
        *,
        frequency_hz: float,
        search_hz: float,
        learn_s: float,
        rate_hz: float,
        n_channels: int,
    ) -> None:
        folded_hz = abs(frequency_hz - round(frequency_hz / rate_hz) * rate_hz)
        room_hz = min(folded_hz, rate_hz / 2.0 - folded_hz)
        if room_hz < 2.0 * search_hz:
            raise ValueError(
                f"frequency_hz: expected to fold at least {2.0 * search_hz:g} Hz (twice "
                f"search_hz) from 0 and from {rate_hz / 2.0:g} Hz, found {frequency_hz:g}, which "
                f"folds to {folded_hz:g} Hz in a stream of {rate_hz:g} Hz"
            )
        self._frequency_hz = frequency_hz
        self._rate_hz = rate_hz
        self._n_piece = max(_N_PIECE_MIN, round(0.125 * rate_hz / search_hz))
        n_pieces = max(2, round(learn_s * rate_hz / self._n_piece)) - 1
        self._n_stretch = (n_pieces + 1) * self._n_piece
        places = np.arange(2 * self._n_piece)
        self._taper = np.sin(np.pi * (places + 0.5) / places.size) ** 2
        reach = search_hz * self._n_piece / rate_hz
        n_side = int(np.ceil(_N_TRIED * n_pieces * reach))
        self._offsets = np.linspace(-reach, reach, 2 * n_side + 1)
        self._real = np.zeros((n_pieces, n_channels))
        self._imaginary = np.zeros((n_pieces, n_channels))
        self._reference = np.zeros(n_channels)
        self._n_good = np.zeros(n_channels, np.int64)
        self._state = np.zeros(N_STATE)

    @property
    def n_missing(self) -> int:
        """Samples that the stretch still needs."""
        return self._n_stretch - int(self._state[N_GATHERED])

    def begin(self) -> None:
        """Begin a stretch."""
        for each in (self._real, self._imaginary, self._reference, self._n_good, self._state):
            each.fill(0)

    def gather(
        self, samples_uv: NDArray[np.float64], taint: NDArray[np.uint16], start: int, stop: int
    ) -> None:
        """Add rows to the stretch, at most `n_missing`; those of tainted samples count as zero."""
        gather(
            samples_uv,
            taint,
            start,
            stop,
            self._frequency_hz / self._rate_hz,
            self._taper,
            self._state,
            self._reference,
            self._n_good,
            self._real,
            self._imaginary,
        )

    def find(self) -> float | None:
        """Return the rate of the whole stretch, or None where nothing stands out."""
        is_used = 2 * self._n_good > self._n_stretch
        offset, is_found = find_rate(self._real, self._imaginary, is_used, self._offsets)
        if not is_found:
            return None
        return float(self._frequency_hz + offset * self._rate_hz / self._n_piece)
