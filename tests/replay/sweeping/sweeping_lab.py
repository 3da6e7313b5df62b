"""Small sweeps for tests: two recordings of a simulated channel, and a rig with bursts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from replay.scoring.settings import ScoreSettings
from replay.sweeping.goal import Goal
from replay.sweeping.perform import opened, state_of
from replay.sweeping.points import Parameter, SearchOptions
from replay.sweeping.result import SweptRecording
from replay.sweeping.sweep import SweepInputs
from replay.sweeping.task import Judged
from stimloop.config import from_tables
from stimloop.sweeping.plan import config_json
from streamer.journal.provenance import versions
from tests.replay import xdf_writer as xdf

RATE_HZ = 250.0
LENGTH_S = 60.0
DETECTOR = {"kind": "band_power", "id": "beta", "stream": "LFP", "band_hz": [13.0, 30.0]}
PERCENTILE = Parameter(path="percentile", values=(50.0, 75.0))
WINDOW = Parameter(path="window_s", values=(0.3, 0.4))


def bursts_uv(seed: int, length_s: float = LENGTH_S) -> NDArray[np.float32]:
    """Return noise with bursts of 20 Hz of 0.8 s, one or none in two seconds, in microvolts."""
    random = np.random.default_rng(seed)
    time_s = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    slot = (time_s / 2.0).astype(np.int64)
    n_slots = slot.max(initial=0) + 1
    begin_s, is_one = random.uniform(0.0, 1.2, n_slots), random.random(n_slots) < 0.6
    since_s = time_s - 2.0 * slot - begin_s[slot]
    swell = 12.0 * (is_one[slot] & (since_s >= 0.0) & (since_s < 0.8))
    noise = random.normal(0.0, 8.0, time_s.size)
    return np.asarray(swell * np.sin(2 * np.pi * 20.0 * time_s) + noise, np.float32)


def write(path: Path, samples_uv: NDArray[np.float32]) -> Path:
    """Write one channel as a recording."""
    stamps_s = 100.0 + np.arange(samples_uv.size) / RATE_HZ
    content = xdf.file_header()
    content += xdf.header(1, n_channels=1, rate_hz=f"{RATE_HZ:g}", labels=("STN_1",))
    content += xdf.samples(1, samples_uv[:, None], stamps_s.tolist())
    path.write_bytes(content + xdf.footer(1, samples_uv.size))
    return path


def config_of(values: dict[str, Any]) -> str:
    """Return the rig with a percentile and a window; raises as a plan's does."""
    burst = {
        "kind": "burst",
        "id": "burst",
        "of": "beta",
        "threshold": {"percentile": values["percentile"], "calibrate_s": 5.0},
    }
    if values["window_s"] > 1.0:
        raise ValueError("window_s: expected at most 1, found more")
    stream = {"name": "LFP", "kind": "lfp", "match": {"type": "LFP"}}
    tables = {
        "rig": {"name": "made"},
        "streams": [stream],
        "detectors": [{**DETECTOR, "window_s": values["window_s"]}, burst],
    }
    return config_json(from_tables("rig.toml", tables))


def inputs(
    files: Sequence[Path],
    parameters: Sequence[Parameter] = (PERCENTILE, WINDOW),
    search: SearchOptions | None = None,
) -> SweepInputs:
    """Return a sweep of some files."""
    judged = Judged(
        detector="burst",
        reference="offline",
        channels=(),
        held_out=0.4,
        gap_s=2.0,
        settings=ScoreSettings(n_surrogates=0),
    )
    return SweepInputs(
        parameters=parameters,
        search=search,
        recordings=[
            SweptRecording(path=each.name, sha256=opened(each, state_of(each))[1]) for each in files
        ],
        files=[str(each) for each in files],
        config_of=config_of,
        judged=judged,
        goal=Goal(),
        versions=versions(),
    )


def content(swept: object) -> bytes:
    """Return all that a sweep found as bytes, to be compared."""
    return msgspec.json.encode(swept)
