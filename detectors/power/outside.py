"""The share of what a recursive band-pass lets through that lies outside its band."""

from dataclasses import replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.block import NEWEST_TAINT, Block, StreamLayout
from detectors.estimates import Estimates
from detectors.power.config import PowerBand
from detectors.power.recursive import RecursivePower


class PowerOutside:
    """The share of the power that passed which a sharper filter of the same band does not let on.

    Parameters
    ----------
    detector : str
        Its id.
    bands : tuple of PowerBand
        The bands.
    order : int
        Pole pairs of the filter that lets through.
    time_constant_s : float
        Of both mean powers.
    columns : ndarray of int64, shape (n_channels,)
        Columns of the block that are used.
    layout : StreamLayout
        The stream.
    hop_samples : int
        Samples from one share to the next.

    Attributes
    ----------
    span_samples : int
        Good samples in a row after which the share is known.

    Notes
    -----
    ``outside = 1 - <behind both>² / <behind the first>²``, not below 0, the second filter a
    Butterworth band-pass of four pole pairs with the same edges, in exponential means; the second
    mean waits for as many hops as the second filter is late. So half of a line at the edge counts
    as outside, and all but 4 % of one for which ``|f² - low high| / (f (high - low))`` is 1.5.
    """

    def __init__(
        self,
        detector: str,
        bands: tuple[PowerBand, ...],
        *,
        order: int,
        time_constant_s: float,
        columns: NDArray[np.int64],
        layout: StreamLayout,
        hop_samples: int,
    ) -> None:
        self._passed, self._inside = (
            RecursivePower(
                detector,
                bands,
                order=order,
                is_twice=is_twice,
                time_constant_s=time_constant_s,
                window_s=0.0,
                columns=columns,
                layout=layout,
                hop_samples=hop_samples,
            )
            for is_twice in (False, True)
        )
        late_s = self._inside.delay_s - self._passed.delay_s
        self._n_late = round(late_s * layout.rate_hz / hop_samples)
        waited = self._passed.span_samples + self._n_late * hop_samples
        self.span_samples = max(self._inside.span_samples, waited)
        self._n_outputs = columns.size * len(bands)
        self.reset()

    def reset(self) -> None:
        """Forget everything: what follows is as after construction."""
        self._passed.reset()
        self._inside.reset()
        self._waiting = np.zeros((self._n_late, self._n_outputs))

    def update(self, block: Block) -> Estimates:
        """Take a block, and return the shares of every hop that it completes."""
        passed = np.concatenate((self._waiting, self._passed.update(_undoubted(block)).values))
        inside = self._inside.update(block)
        n_hops = inside.sample.size
        self._waiting = passed[n_hops:].copy()
        before = passed[:n_hops]
        valid = inside.valid & (before > 0.0)
        share = np.zeros(before.shape)
        np.divide(inside.values, before, out=share, where=valid)
        return msgspec.structs.replace(
            inside, values=np.where(valid, np.maximum(1.0 - share, 0.0), 0.0), valid=valid
        )


def _undoubted(block: Block) -> Block:
    """Return a block whose stamps are beyond doubt: a power that waits is of another moment.

    A doubtful stamp spoils the share that is given there, and not the one that waits for it.
    """
    doubt = np.uint16(int(NEWEST_TAINT))
    if not (block.taint & doubt).any():
        return block
    return replace(block, taint=block.taint & ~doubt)
