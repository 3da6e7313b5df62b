"""Pairs of channels of two streams: which they are, and the grid they are compared on."""

from collections.abc import Callable
from itertools import product
from typing import TypeAlias

import numpy as np

from detectors.alignment.aligner import FLAT_TO, Aligner
from detectors.block import Block, StreamLayout
from detectors.estimates import Seen
from detectors.soft_taint import SoftTaint

Pairs: TypeAlias = tuple[tuple[str, str], ...]


class CrossPairs:
    """Feeds a detector of pairs with the grid of two streams, in the place of one of them.

    Parameters
    ----------
    pairs : tuple of (str, str)
        Labels of a channel of the first stream and one of the second; empty takes all pairs.
    band_hz : tuple of float
        The band whose coherence is computed.
    layout, other : StreamLayout
        The streams.

    Attributes
    ----------
    layout : StreamLayout
        The grid; its channels are those of the pairs.
    pairs : tuple of (str, str)
        The labels they have on the grid.
    delay_s : float
        How much later the grid is than the streams.

    Raises
    ------
    ValueError
        Where a label is not there, or the grid does not show the band as it is.
    """

    def __init__(
        self, pairs: Pairs, band_hz: tuple[float, float], layout: StreamLayout, other: StreamLayout
    ) -> None:
        _check_labels(pairs, layout, other)
        pairs = pairs or tuple(product(layout.channels, other.channels))
        own = tuple(dict.fromkeys(a for a, _ in pairs))
        others = tuple(dict.fromkeys(b for _, b in pairs))
        self._aligner = Aligner((layout, other), {layout.name: own, other.name: others})
        _check_band(band_hz, self._aligner)
        self.layout = self._aligner.layout
        self.delay_s = self._aligner.delay_s
        labels = self.layout.channels
        first = dict(zip(own, labels, strict=False))
        second = dict(zip(others, labels[len(own) :], strict=True))
        self.pairs: Pairs = tuple((first[a], second[b]) for a, b in pairs)
        self._soft_taint = SoftTaint(len(labels))
        self._columns = np.arange(len(labels))

    def reset(self) -> None:
        """Forget everything."""
        self._aligner.reset()
        self._soft_taint.reset()

    def update(
        self, block: Block, detect: Callable[[Block], Seen], span_samples: int
    ) -> tuple[Seen, ...]:
        """Take a block of either stream; return what `detect` finds on the grid, call by call."""
        made: list[Seen] = []
        for rows in self._aligner.update(block):
            seen = detect(rows)
            self._soft_taint.take(rows)
            if self._soft_taint.is_marked:
                found = self._soft_taint.marked(seen.estimates, self._columns, span_samples)
                seen = Seen(found, seen.detections)
            made.append(seen)
        return tuple(made)


def _check_labels(pairs: Pairs, layout: StreamLayout, other: StreamLayout) -> None:
    for index, pair in enumerate(pairs):
        for label, stream in zip(pair, (layout, other), strict=True):
            if label not in stream.channels:
                raise ValueError(
                    f"pairs[{index}]: expected a channel of {stream.name!r} "
                    f"({', '.join(stream.channels)}), {stream.found_text(label)}"
                )


def _check_band(band_hz: tuple[float, float], aligner: Aligner) -> None:
    low_hz, high_hz = band_hz
    limit_hz = FLAT_TO * aligner.layout.rate_hz
    if high_hz > limit_hz:
        raise ValueError(
            f"band_hz: expected at most {limit_hz:g} Hz, {FLAT_TO:g} of the rate of "
            f"{aligner.reference!r}, found [{low_hz:g}, {high_hz:g}]"
        )
