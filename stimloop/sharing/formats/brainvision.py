"""A stream as BrainVision files: header, markers, and samples of single precision."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np

from stimloop.sharing.formats.channels import Channel
from stimloop.sharing.formats.samples import Samples

_VERSION: Final = "Brain Vision Data Exchange {} File Version 1.0"


def write_brainvision(
    header: Path, samples: Samples, channels: Sequence[Channel], begins: datetime | None
) -> None:
    """Write ``.vhdr``, ``.vmrk`` and ``.eeg``, piece by piece.

    Parameters
    ----------
    header : Path
        The file of the header; the others stand beside it.
    samples : Samples
        Of the stream; gaps become NaN.
    channels : sequence of Channel
        In the order of the samples.
    begins : datetime or None
        Time of the first sample, in UTC, where it is known.

    Notes
    -----
    The format is that of the BrainVision Core Data Format 1.0: multiplexed, IEEE_FLOAT_32,
    resolution 1, so that the numbers in the file are those of the stream in its unit.
    """
    data, markers = header.with_suffix(".eeg"), header.with_suffix(".vmrk")
    date = "" if begins is None else f",{begins:%Y%m%d%H%M%S%f}"
    rate_hz = samples.file_time.rate_hz
    infos = [
        f"Ch{number}={_escaped(each.name)},,1,{each.unit.replace('uV', 'µV')}"
        for number, each in enumerate(channels, start=1)
    ]
    _write_lines(
        header,
        _VERSION.format("Header"),
        "[Common Infos]",
        "Codepage=UTF-8",
        f"DataFile={data.name}",
        f"MarkerFile={markers.name}",
        "DataFormat=BINARY",
        "DataOrientation=MULTIPLEXED",
        f"NumberOfChannels={len(channels)}",
        f"SamplingInterval={1e6 / rate_hz:.17g}",
        "[Binary Infos]",
        "BinaryFormat=IEEE_FLOAT_32",
        "[Channel Infos]",
        *infos,
    )
    _write_lines(
        markers,
        _VERSION.format("Marker"),
        "[Common Infos]",
        "Codepage=UTF-8",
        f"DataFile={data.name}",
        "[Marker Infos]",
        f"Mk1=New Segment,,1,1,0{date}",
    )
    factors = np.array([each.factor for each in channels], np.float64)
    with data.open("wb") as file:
        for piece in samples.single(factors):
            file.write(np.ascontiguousarray(piece, "<f4").data)


def _write_lines(path: Path, *lines: str) -> None:
    path.write_text("\r\n".join(lines) + "\r\n", encoding="utf-8", newline="")


def _escaped(label: str) -> str:
    return " ".join(label.split()).replace(",", r"\1")
