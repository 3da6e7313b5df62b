"""A small rig and a short recording for it: bursts, a gap, markers, commands to a device."""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from replay.patient.patient import Patient, PatientConfig
from replay.recording import Recording
from replay.session import replay_session
from streamer.config import LoopConfig
from tests.replay.recordings import markers, recording, signal
from tests.support.rig_toml import small_rig

RATE_HZ = 250.0


def derive(tables: dict[str, Any]) -> None:
    """Change the small rig so that it reads the difference of two contacts."""
    tables["streams"][0]["montage"] = [
        {"channel": "STN_13", "terms": {"STN_1": 1.0, "STN_3": -1.0}}
    ]
    tables["detectors"][0]["channels"] = ["STN_13"]


CONFIG_TOML = small_rig(derive)


def rig(**sections: Any) -> LoopConfig:
    """Return the rig; `sections` replace its own."""
    config = msgspec.toml.decode(CONFIG_TOML, type=LoopConfig)
    return msgspec.structs.replace(config, **sections)


def short_recording(length_s: float = 6.0) -> Recording:
    """Return a recording with a gap of 0.3 s in its last second."""
    patient = Patient(
        PatientConfig(rate_hz=RATE_HZ, channels=("STN_1", "STN_3"), gains=(1.0, -0.3), seed=5)
    )
    samples = patient.generate(round(length_s * RATE_HZ), 0.0)
    random = np.random.default_rng(2)
    stamps_s = 50.0 + np.arange(len(samples)) / RATE_HZ
    stamps_s[-round(RATE_HZ) :] += 0.3
    stamps_s += random.normal(0.0, 0.0002, len(samples))
    lfp = signal(
        stamps_s,
        rate_hz=RATE_HZ,
        samples=samples,
        channels=("STN_1", "STN_3"),
        units=("uV", "uV"),
        offsets=[(50.0 + k, 7.0 + 1e-4 * k) for k in range(1, round(length_s))],
    )
    return recording(lfp, markers([57.5, 58.123], ["cue", "go"]))


def make_session(
    folder: Path,
    made: Recording | None = None,
    config: LoopConfig | None = None,
    *,
    config_toml: bytes = CONFIG_TOML,
    **options: Any,
) -> dict[str, Any]:
    """Run a recording through a rig into a session folder and return the summary.

    Without a recording it is the short one, without a configuration the rig of this file; options
    are those of `replay_session`.
    """
    return replay_session(
        short_recording() if made is None else made,
        rig() if config is None else config,
        config_toml=config_toml,
        out=folder,
        **options,
    )
