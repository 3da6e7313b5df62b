"""An XDF recording, made by hand, for the laws of readers."""

import struct
from pathlib import Path

import numpy as np

from tests.replay import xdf_writer as write


def write_example(path: Path) -> None:
    """Write streams with a stamp at every sample, at none and at some, in long chunks."""
    random = np.random.default_rng(5)
    values = random.normal(0.0, 20.0, (90_000, 2)).astype(np.float32)
    stamps_s = (5.0 + np.arange(90_000) / 100.0).tolist()
    some = b""
    for number in range(3000):
        some += struct.pack("<Bd", 8, 5.0 + number / 100.0) if number % 7 == 0 else b"\0"
        some += struct.pack("<h", number)
    none = np.zeros(140_000, np.dtype([("flag", "u1"), ("value", "<i1")]))
    none["value"] = random.integers(-100, 100, len(none))
    texts = [f"cue {number} {'µ' * (number % 5)}" for number in range(400)]
    texts[7] = "long " * 70_000
    content = [
        write.file_header(),
        write.header(1, labels=("STN_1", "STN_2")),
        write.header(2, name="Some", n_channels=1, dtype="int16"),
        write.header(3, name="None", n_channels=1, dtype="int8"),
        write.header(4, name="Events", n_channels=1, rate_hz="0", dtype="string"),
        write.samples(1, values[:70_000], stamps_s[:70_000]),
        write.chunk(3, struct.pack("<IBI", 2, 4, 3000) + some),
        write.offset(1, 5.05, -2.0),
        write.chunk(3, struct.pack("<IBI", 3, 4, len(none)) + none.tobytes()),
        write.texts(4, texts, stamps_s[:400]),
        write.samples(1, values[70_000:], stamps_s[70_000:]),
        *(write.footer(number, n) for number, n in enumerate((90_000, 3000, 140_000, 400), 1)),
    ]
    path.write_bytes(b"".join(content))
