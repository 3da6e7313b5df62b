"""A stream that is neither LFP nor EMG: a compressed table beside the file that it goes with."""

import gzip
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from replay.recording import ranges
from stimloop.sharing.formats.channels import Channel
from stimloop.sharing.formats.samples import Samples

_N_ROWS = 1 << 14


def write_physio(path: Path, samples: Samples, channels: Sequence[Channel]) -> None:
    """Write ``*_physio.tsv.gz``: a row a position, without a header, ``n/a`` in gaps.

    Every number has as many digits as give the same bits again.
    """
    factors = [each.factor for each in channels]
    nothing = "\t".join(["n/a"] * len(channels)) + "\n"
    with path.open("wb") as raw, gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as file:
        position = 0
        for piece in samples.pieces():
            _fill(file, nothing, piece.position - position)
            for start, stop in ranges(len(piece.samples), _N_ROWS):
                rows = piece.samples[start:stop]
                lines = ("\t".join(map(_number, row, factors)) + "\n" for row in rows)
                file.write("".join(lines).encode())
            position = piece.position + len(piece.samples)


def _fill(file: gzip.GzipFile, nothing: str, n_rows: int) -> None:
    for start, stop in ranges(max(0, n_rows), _N_ROWS):
        file.write((nothing * (stop - start)).encode())


def _number(value: np.generic, factor: float) -> str:
    if not np.isfinite(value):
        return "n/a"
    return str(value) if factor == 1.0 else str(value.item() * factor)
