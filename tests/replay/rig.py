"""A small rig and a short recording for it: bursts, a gap, markers, commands to a device."""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from replay.patient.patient import Patient, PatientConfig
from replay.recording import Recording
from replay.recording_source import Chunking
from replay.session import replay_session
from streamer.config import LoopConfig
from tests.replay.recordings import markers, recording, signal

RATE_HZ = 250.0
CONFIG_TOML = b"""
[rig]
name = "test"
tick_s = 0.05

[[streams]]
name = "LFP"
kind = "lfp"
match = { name = "LFP" }

[[streams.montage]]
channel = "STN_13"
terms = { STN_1 = 1.0, STN_3 = -1.0 }

[[streams]]
name = "Events"
kind = "markers"
match = { type = "Markers" }

[[detectors]]
id = "beta"
kind = "band_power"
stream = "LFP"
channels = ["STN_13"]
band_hz = [13.0, 30.0]
window_s = 0.4
hop_s = 0.02

[[detectors]]
id = "burst"
kind = "burst"
of = "beta"
threshold = { percentile = 50.0, calibrate_s = 1.0 }

[[policies]]
id = "adbs"
kind = "threshold"
of = "burst"
device = "left"
on_ma = 2.0
onset_s = 0.0
termination_s = 0.0

[[devices]]
id = "left"
simulated = false
safe_ma = 0.0

[devices.programs.adbs]
frequency_hz = 130.0
pulse_width_us = 60
contact_area_cm2 = 0.0598

[devices.limits]
amplitude_ma_max = 3.0
slew_ma_per_s_max = 12.0
charge_density_uc_per_cm2_max = 30.0
shannon_k_max = 1.5
refractory_s = 0.05
triggers_per_min_max = 600
commands_per_s_max = 50.0
on_time_s_max = 120.0
off_time_s_min = 0.5
rises_per_min_max = 600
charge_uc_per_10_min_max = 14000.0

[gate]
lease_s = 1.0
"""


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
    folder: Path, *, length_s: float = 6.0, chunking: Chunking | None = None
) -> dict[str, Any]:
    """Run the recording through the rig into a session folder and return the summary."""
    return replay_session(
        short_recording(length_s),
        rig(),
        config_toml=CONFIG_TOML,
        out=folder,
        chunking=chunking or Chunking(),
    )
