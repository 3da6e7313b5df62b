"""The true rate of a stimulation, stretch by stretch."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.bundle import Bundle
from detectors.conditioning.artifacts import stimulation_rate_kernel as kernel

#: Offsets to a resolution of the stretch that are tried before the best is refined.
_N_TRIED: Final = 4
#: Shortest piece, in samples.
_N_PIECE_MIN: Final = 2


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
        Where the stimulation's alias is too close to 0 Hz or half the stream's rate to be found.

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
        alias_hz = abs(frequency_hz - round(frequency_hz / rate_hz) * rate_hz)
        margin_hz = min(alias_hz, rate_hz / 2.0 - alias_hz)
        if margin_hz < 2.0 * search_hz:
            raise ValueError(
                f"frequency_hz: expected to fold at least {2.0 * search_hz:g} Hz (twice "
                f"search_hz) from 0 and from {rate_hz / 2.0:g} Hz, found {frequency_hz:g}, which "
                f"folds to {alias_hz:g} Hz in a stream of {rate_hz:g} Hz"
            )
        self._frequency_hz = frequency_hz
        self._rate_hz = rate_hz
        self._n_piece = max(_N_PIECE_MIN, round(0.125 * rate_hz / search_hz))
        n_pieces = max(2, round(learn_s * rate_hz / self._n_piece)) - 1
        self._n_stretch = (n_pieces + 1) * self._n_piece
        sample = np.arange(2 * self._n_piece)
        reach = search_hz * self._n_piece / rate_hz
        n_side = int(np.ceil(_N_TRIED * n_pieces * reach))
        counters = kernel.Counters()
        self._n_samples = counters.view("n_samples")
        self._state = Bundle(
            kernel.State(
                taper=np.sin(np.pi * (sample + 0.5) / sample.size) ** 2,
                offsets=np.linspace(-reach, reach, 2 * n_side + 1),
                reference_uv=np.zeros(n_channels),
                n_good=np.zeros(n_channels, np.int64),
                real=np.zeros((n_pieces, n_channels)),
                imaginary=np.zeros((n_pieces, n_channels)),
                settings=kernel.Settings(cycles_per_sample=frequency_hz / rate_hz),
                counters=counters,
            )
        )

    @property
    def n_missing(self) -> int:
        """Samples that the stretch still needs."""
        return self._n_stretch - int(self._n_samples)

    def begin(self) -> None:
        """Begin a stretch."""
        state = self._state.fields
        for each in (state.real, state.imaginary, state.reference_uv, state.n_good):
            each.fill(0)
        state.counters.array[...] = 0

    def update(self, samples_uv: NDArray[np.float64], taint: NDArray[np.uint16]) -> None:
        """Add rows to the stretch, at most `n_missing`; those of tainted samples count as zero."""
        kernel.update(samples_uv, taint, self._state.addresses)

    def find(self) -> float | None:
        """Return the rate of the whole stretch, or None where nothing stands out."""
        offset, is_found = kernel.find_rate(self._state.addresses)
        if not is_found:
            return None
        return float(self._frequency_hz + offset * self._rate_hz / self._n_piece)
