"""Open Ephys recordings: the older format of one file a channel, and the binary one."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

N_RECORD = 1024
MICROVOLTS_PER_STEP = 0.195
RATE_HZ = 2000.0


def write_continuous(path: Path, starts: Sequence[int], values: NDArray[np.int16]) -> None:
    """Write one channel: records of 1024 samples, each with the index of its first."""
    header = (
        "header.format = 'Open Ephys Data Format'; header.version = 0.4; "
        "header.header_bytes = 1024; header.description = 'each record'; "
        "header.date_created = '14-Mar-2024 100552'; header.channel = 'CH1'; "
        f"header.channelType = 'Continuous'; header.sampleRate = {RATE_HZ:g}; "
        "header.blockLength = 1024; header.bufferSize = 1024; "
        f"header.bitVolts = {MICROVOLTS_PER_STEP};"
    )
    records = np.zeros(
        len(starts),
        [
            ("index", "<i8"),
            ("n_samples", "<u2"),
            ("recording", "<u2"),
            ("values", ">i2", N_RECORD),
            ("marker", "u1", 10),
        ],
    )
    records["index"], records["n_samples"] = starts, N_RECORD
    records["values"] = values.reshape(-1, N_RECORD)
    records["marker"] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 255]
    path.write_bytes(header.encode().ljust(1024) + records.tobytes())


def write_binary(folder: Path, numbers: NDArray[np.int64], values: NDArray[np.int16]) -> None:
    """Write one recording of the binary format, of version 0.6, with a line of events."""
    name = "Acquisition_Board-100.Rhythm Data"
    recording = folder / "experiment1" / "recording1"
    continuous = recording / "continuous" / name
    events = recording / "events" / name / "TTL"
    for each in (continuous, events):
        each.mkdir(parents=True)
    (folder / "settings.xml").write_text("<SETTINGS></SETTINGS>", "utf-8")
    channels = [
        {"channel_name": f"CH{number + 1}", "bit_volts": MICROVOLTS_PER_STEP, "units": "uV"}
        for number in range(values.shape[1])
    ]
    same = {"source_processor_name": "Acquisition Board", "source_processor_id": 100}
    structure = {
        "GUI version": "0.6.6",
        "continuous": [
            {
                "folder_name": f"{name}/",
                "sample_rate": RATE_HZ,
                "num_channels": len(channels),
                "channels": channels,
                "stream_name": "Rhythm Data",
                **same,
            }
        ],
        "events": [
            {
                "folder_name": f"{name}/TTL/",
                "channel_name": "TTL events",
                "description": "TTL",
                "type": "int16",
                "sample_rate": RATE_HZ,
                "stream_name": "Rhythm Data",
                **same,
            }
        ],
        "spikes": [],
    }
    (recording / "structure.oebin").write_text(json.dumps(structure, indent=2), "utf-8")
    (continuous / "continuous.dat").write_bytes(values.astype("<i2").tobytes())
    np.save(continuous / "sample_numbers.npy", numbers)
    np.save(continuous / "timestamps.npy", numbers / RATE_HZ)
    np.save(events / "sample_numbers.npy", numbers[[100, 300]])
    np.save(events / "timestamps.npy", numbers[[100, 300]] / RATE_HZ)
    np.save(events / "states.npy", np.array([1, -1], np.int16))
    np.save(events / "full_words.npy", np.array([1, 0], np.uint64))
