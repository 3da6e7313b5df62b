"""Neuralynx ncs and nev files, byte by byte: text of 16 kB, then records."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

N_RECORD = 512
VOLTS_PER_STEP = 6.1037018951994385e-08
RATE_HZ = 2000


def write_channel(path: Path, stamps_us: Sequence[int], values: NDArray[np.int16]) -> None:
    """Write records of 512 samples, each with the stamp of its first."""
    records = np.zeros(
        len(stamps_us),
        [
            ("us", "<u8"),
            ("channel", "<u4"),
            ("rate", "<u4"),
            ("n_valid", "<u4"),
            ("values", "<i2", N_RECORD),
        ],
    )
    records["us"], records["rate"], records["n_valid"] = stamps_us, RATE_HZ, N_RECORD
    records["values"] = values.reshape(-1, N_RECORD)
    path.write_bytes(_header(path.stem) + records.tobytes())


def write_events(path: Path, events: Sequence[tuple[int, str]]) -> None:
    """Write events with their stamps in microseconds."""
    records = np.zeros(
        len(events),
        [
            ("reserved", "<i2"),
            ("system", "<i2"),
            ("size", "<i2"),
            ("us", "<u8"),
            ("id", "<i2"),
            ("port", "<i2"),
            ("crc", "<i2"),
            ("dummy", "<i4"),
            ("extra", "<i4", 8),
            ("text", "S128"),
        ],
    )
    records["us"] = [stamp for stamp, _ in events]
    records["id"] = 11
    records["text"] = [text.encode() for _, text in events]
    path.write_bytes(_header("Events", channel=False) + records.tobytes())


def _header(name: str, *, channel: bool = True) -> bytes:
    lines = [
        "######## Neuralynx Data File Header",
        f"## File Name C:\\CheetahData\\2016-11-28_21-50-00\\{name}.ncs",
        "## Time Opened (m/d/y): 11/28/2016  (h:m:s.ms) 21:50:33.322",
        "## Time Closed (m/d/y): 11/28/2016  (h:m:s.ms) 22:44:41.145",
        "-CheetahRev 5.6.3",
        f"-AcqEntName {name}",
        "-FileType NCS",
        "-RecordSize 1044",
        "-HardwareSubSystemName AcqSystem1",
        "-HardwareSubSystemType DigitalLynxSX",
        f"-SamplingFrequency {RATE_HZ}",
        "-ADMaxValue 32767",
        f"-ADBitVolts {VOLTS_PER_STEP}",
        *(["-NumADChannels 1", f"-ADChannel {name.removeprefix('CSC')}"] if channel else []),
        "-InputRange 2000",
        "-InputInverted False",
        "-DspDelayCompensation Enabled",
        "-DspFilterDelay_\N{MICRO SIGN}s 0",
        "",
    ]
    return "\r\n".join(lines).encode("latin-1").ljust(2**14, b"\0")
