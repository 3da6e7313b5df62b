"""The rigs that a recording is replayed by, with what each is to reach."""

import time
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from replay import readers
from replay.offline import LONG_CHUNKS
from replay.recording_source import Chunking
from replay.session import replay_session
from streamer.config import LoopConfig

_POWER_AND_BURSTS: Final = """
[rig]
name = "speed"
arm = "auto"

[[streams]]
name = "LFP"
kind = "lfp"
match = { name = "LFP" }

[[detectors]]
id = "beta"
kind = "band_power"
stream = "LFP"
band_hz = [13.0, 30.0]
window_s = 0.4
hop_s = 0.01

[[detectors]]
id = "burst"
kind = "burst"
of = "beta"
threshold = { percentile = 75.0, calibrate_s = 10.0 }
"""
_COHERENCE_AND_COUPLING: Final = """
[[detectors]]
id = "coherence"
kind = "coherence"
stream = "LFP"
band_hz = [13.0, 30.0]
window_s = 2.0
hop_s = 0.05

[[detectors]]
id = "coupling"
kind = "phase_amplitude_coupling"
stream = "LFP"
phase_band_hz = [13.0, 30.0]
amplitude_band_hz = [60.0, 200.0]
window_s = 2.0
hop_s = 0.05
"""
_POLICY: Final = """
[[policies]]
id = "adbs"
kind = "threshold"
of = "burst"
channel = "C0"
device = "stn"
on_ma = 2.0

[[devices]]
id = "stn"
simulated = true
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
on_time_s_max = 600.0
off_time_s_min = 0.5
rises_per_min_max = 120
charge_uc_per_10_min_max = 100000.0
"""


class Rig(NamedTuple):
    """One way to replay the recording."""

    name: str
    toml: str
    chunking: Chunking = Chunking()
    runs_ahead: bool = True
    target: float | None = None

    def times_real(self, path: Path, folder: Path) -> float:
        """Replay a file, and return the recorded seconds to a second of processor time."""
        config = msgspec.toml.decode(self.toml, type=LoopConfig)
        start_s = time.process_time()
        loaded = readers.open(path)
        replay_session(
            loaded,
            config,
            config_toml=self.toml.encode(),
            out=folder / "session",
            may_number=True,
            chunking=self.chunking,
            runs_ahead=self.runs_ahead,
        )
        passed_s = time.process_time() - start_s
        stream = loaded.streams[0]
        return stream.n_samples / stream.info.rate_hz / passed_s


_ALL_DETECTORS: Final = _POWER_AND_BURSTS + _COHERENCE_AND_COUPLING
#: The fast way of a rig stands before its plain one.
RIGS: Final = (
    Rig("whole loop: band power, bursts, policy", _POWER_AND_BURSTS + _POLICY, target=150.0),
    Rig("  the same, nothing ahead", _POWER_AND_BURSTS + _POLICY, runs_ahead=False),
    Rig("  with coherence of 28 pairs, coupling", _ALL_DETECTORS + _POLICY, target=100.0),
    Rig("  the same, nothing ahead", _ALL_DETECTORS + _POLICY, runs_ahead=False),
    Rig("detectors alone: band power, bursts", _POWER_AND_BURSTS, LONG_CHUNKS, target=1000.0),
    Rig("  with coherence of 28 pairs, coupling", _ALL_DETECTORS, LONG_CHUNKS, target=300.0),
)
