"""Pairs of channels of two streams: which they are, and the grid they are compared on."""

from itertools import product
from typing import TypeAlias

from detectors.alignment import FLAT_TO, Aligner
from detectors.block import StreamLayout

Pairs: TypeAlias = tuple[tuple[str, str], ...]


def across(
    pairs: Pairs, band_hz: tuple[float, float], layout: StreamLayout, other: StreamLayout
) -> tuple[Aligner, Pairs]:
    """Return the grid of two streams, and the labels that pairs of their channels have on it.

    Parameters
    ----------
    pairs : tuple of (str, str)
        Labels of a channel of the first stream and one of the second; empty takes all pairs.
    band_hz : tuple of float
        What is looked at.
    layout, other : StreamLayout
        The streams.

    Raises
    ------
    ValueError
        Where a label is not there, or the grid does not show the band as it is.
    """
    for place, pair in enumerate(pairs):
        for label, stream in zip(pair, (layout, other), strict=True):
            if label not in stream.channels:
                raise ValueError(
                    f"pairs[{place}]: expected a channel of {stream.name!r} "
                    f"({', '.join(stream.channels)}), found {label!r}"
                )
    pairs = pairs or tuple(product(layout.channels, other.channels))
    own = tuple(dict.fromkeys(a for a, _ in pairs))
    others = tuple(dict.fromkeys(b for _, b in pairs))
    aligner = Aligner((layout, other), {layout.name: own, other.name: others})
    _check_band(band_hz, aligner)
    on_grid = aligner.layout.channels
    first = dict(zip(own, on_grid, strict=False))
    second = dict(zip(others, on_grid[len(own) :], strict=True))
    return aligner, tuple((first[a], second[b]) for a, b in pairs)


def _check_band(band_hz: tuple[float, float], aligner: Aligner) -> None:
    low_hz, high_hz = band_hz
    limit_hz = FLAT_TO * aligner.layout.rate_hz
    if high_hz > limit_hz:
        raise ValueError(
            f"band_hz: expected at most {limit_hz:g} Hz, {FLAT_TO:g} of the rate of "
            f"{aligner.reference!r}, found [{low_hz:g}, {high_hz:g}]"
        )
