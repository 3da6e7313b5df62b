"""Configuration files for tests: the default rig or a small one, with some things changed."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tomli_w

Change = Callable[[dict[str, Any]], object]

_DEFAULT = Path(__file__).parents[2] / "config.toml"
_SMALL = """
[rig]
name = "test"
tick_s = 0.05

[[streams]]
name = "LFP"
kind = "lfp"
match = { name = "LFP" }

[[streams]]
name = "Events"
kind = "markers"
match = { type = "Markers" }

[[detectors]]
id = "beta"
kind = "band_power"
stream = "LFP"
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


def small_rig(change: Change) -> bytes:
    """Return a rig of one signal, markers, band power and its bursts, and one device.

    Parameters
    ----------
    change : callable
        Called with the file's tables before they are written; changes them in place.
    """
    return _written(_SMALL, change)


def rig_file(path: Path, change: Change) -> Path:
    """Write the default rig, on this test run's own LSL network, with some things changed."""

    def changed(rig: dict[str, Any]) -> None:
        # Without the table liblsl reads the file that the test run has pointed it to.
        del rig["lsl"]
        rig["detectors"][1]["threshold"]["calibrate_s"] = 2.0
        change(rig)

    return changed_file(path, _DEFAULT, changed)


def changed_file(path: Path, source: Path, change: Change) -> Path:
    """Write a configuration file with some things changed."""
    path.write_bytes(_written(source.read_text(encoding="utf-8"), change))
    return path


def _written(text: str, change: Change) -> bytes:
    rig = tomllib.loads(text)
    change(rig)
    return tomli_w.dumps(rig).encode()
