"""A small writer of XDF files, which can be broken at a known position."""

import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_CODES = {
    "float32": "float32",
    "float64": "double64",
    "int16": "int16",
    "int32": "int32",
    "int64": "int64",
    "int8": "int8",
}
BOUNDARY = bytes.fromhex("43a546dccbf5410fb30ed5467383cbe4")


def chunk(tag: int, content: bytes) -> bytes:
    """Return a chunk of the file."""
    body = struct.pack("<H", tag) + content
    return struct.pack("<BI", 4, len(body)) + body


def file_header() -> bytes:
    return b"XDF:" + chunk(1, b'<?xml version="1.0"?><info><version>1.0</version></info>')


def header(
    number: int,
    *,
    name: str = "LFP",
    n_channels: int = 2,
    rate_hz: str = "100",
    dtype: str = "float32",
    labels: Sequence[str] = (),
    kind: str = "LFP",
    source_id: str | None = None,
) -> bytes:
    channels = "".join(
        f"<channel><label>{label}</label><unit>microvolts</unit></channel>" for label in labels
    )
    sender = f"{name}-1" if source_id is None else source_id
    xml = (
        f'<?xml version="1.0"?><info><name>{name}</name><type>{kind}</type>'
        f"<channel_count>{n_channels}</channel_count><nominal_srate>{rate_hz}</nominal_srate>"
        f"<channel_format>{_CODES.get(dtype, dtype)}</channel_format>"
        f"<source_id>{sender}</source_id><uid>u{number}</uid><hostname>rig</hostname>"
        f"<desc><channels>{channels}</channels></desc></info>"
    )
    return chunk(2, struct.pack("<I", number) + xml.encode())


def samples(number: int, values: NDArray[np.generic], stamps_s: Sequence[float]) -> bytes:
    """Return a chunk of samples, each with its stamp."""
    rows = b"".join(
        struct.pack("<Bd", 8, stamp_s) + np.ascontiguousarray(row).tobytes()
        for row, stamp_s in zip(values, stamps_s, strict=True)
    )
    return chunk(3, struct.pack("<IBI", number, 4, len(values)) + rows)


def texts(number: int, rows: Sequence[str], stamps_s: Sequence[float]) -> bytes:
    """Return a chunk of a text stream with one channel."""
    content = b""
    for row, stamp_s in zip(rows, stamps_s, strict=True):
        encoded = row.encode()
        content += struct.pack("<Bd", 8, stamp_s) + struct.pack("<BI", 4, len(encoded)) + encoded
    return chunk(3, struct.pack("<IBI", number, 4, len(rows)) + content)


def offset(number: int, time_s: float, offset_s: float) -> bytes:
    return chunk(4, struct.pack("<Idd", number, time_s, offset_s))


def boundary() -> bytes:
    return chunk(5, BOUNDARY)


def footer(number: int, n_samples: int | str) -> bytes:
    xml = f'<?xml version="1.0"?><info><sample_count>{n_samples}</sample_count></info>'
    return chunk(6, struct.pack("<I", number) + xml.encode())
