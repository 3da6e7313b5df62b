"""A recorded session with an LFP that has a gap, EMG, acceleration, markers and a device."""

from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from replay.patient.patient import PatientConfig
from replay.recording import RecordedStream, Recording
from streamer.config import LoopConfig
from tests.replay.recordings import recording, signal, whole
from tests.replay.rig import derive, make_session, short_recording
from tests.support.rig_toml import small_rig

EMG_HZ: Final = 400.0
#: Samples of the second EMG channel that are no number.
NOT_FINITE: Final = (800, 810)


def _with_more(tables: dict[str, Any]) -> None:
    derive(tables)
    tables["streams"] += [
        {"name": "EMG", "kind": "emg", "match": {"name": "EMG"}},
        {"name": "ACC", "kind": "other", "match": {"name": "ACC"}},
    ]


CONFIG_TOML: Final = small_rig(_with_more)


def many_streams(length_s: float = 6.0) -> Recording:
    """Return the short recording with EMG in mV, which begins 0.1 s later, and acceleration."""
    random = np.random.default_rng(3)
    emg = random.normal(0.0, 0.05, (round((length_s - 0.2) * EMG_HZ), 3))
    emg[slice(*NOT_FINITE), 1] = np.nan
    offsets = [(50.0 + k, 7.0) for k in range(1, round(length_s))]
    more: tuple[RecordedStream, ...] = (
        signal(
            50.1 + np.arange(len(emg)) / EMG_HZ,
            name="EMG",
            rate_hz=EMG_HZ,
            samples=emg,
            channels=("biceps", "extensor_carpi_radialis", "force"),
            units=("mV", "mV", "N"),
            lsl_type="EMG",
            offsets=offsets,
        ),
        signal(
            50.2 + np.arange(250) / 50.0,
            name="ACC",
            rate_hz=50.0,
            samples=random.normal(0.0, 1.0, (250, 2)).astype(np.float32),
            channels=("x", "y"),
            units=("g", "g"),
            lsl_type="ACC",
            offsets=offsets,
        ),
    )
    return recording(*short_recording(length_s).streams, *more)


def make(folder: Path) -> Recording:
    """Run these through the rig into a session folder, and return the recording."""
    made = many_streams()
    config = msgspec.toml.decode(CONFIG_TOML, type=LoopConfig)
    make_session(folder, made, config, config_toml=CONFIG_TOML)
    return made


def samples_of(made: Recording, stream: str) -> Any:
    """Return all samples of a stream."""
    return next(whole(each).samples for each in made.streams if each.info.lsl_name == stream)


def make_simulated(folder: Path) -> None:
    """Run two streams of one simulated patient through a rig into a session folder."""

    def with_two(tables: dict[str, Any]) -> None:
        tables["streams"][1] = {"name": "ECoG grid", "kind": "lfp", "match": {"name": "Grid"}}

    random = np.random.default_rng(4)
    stamps_s = np.arange(500) / 250.0
    made = recording(
        *(
            signal(
                stamps_s,
                name=name,
                rate_hz=250.0,
                samples=random.normal(0.0, 10.0, (500, 1)),
                source_id=PatientConfig().source_id,
            )
            for name in ("LFP", "Grid")
        )
    )
    toml = small_rig(with_two)
    config = msgspec.toml.decode(toml, type=LoopConfig)
    make_session(folder, made, config, config_toml=toml)
