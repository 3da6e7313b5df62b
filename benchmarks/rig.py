"""The rig of the latency benchmark: every part of a rig, with limits that are not reached."""

import msgspec

from stimulators.device_config import DeviceConfig

RIG = "bench"
DEVICE = "pulser"

_DEVICE = """
id = "pulser"
simulated = true
safe_ma = 0.0

[programs.bench]
frequency_hz = 130.0
pulse_width_us = 60
contact_area_cm2 = 0.0598

[limits]
amplitude_ma_max = 2.0
slew_ma_per_s_max = 100.0
charge_density_uc_per_cm2_max = 30.0
shannon_k_max = 1.5
refractory_s = 0.0
triggers_per_min_max = 60000
commands_per_s_max = 2000.0
on_time_s_max = 3600.0
off_time_s_min = 0.5
rises_per_min_max = 600
charge_uc_per_10_min_max = 1e6
"""

_RIG = """
[rig]
name = "{rig}"
arm = "auto"

[[streams]]
name = "LFP"
match = {{ source_id = "{source_id}" }}
kind = "lfp"

[[detectors]]
id = "power"
kind = "band_power"
stream = "LFP"
channels = ["ch8"]
band_hz = [100.0, 400.0]
window_s = 0.02
hop_s = 0.001

[[detectors]]
id = "pulse"
kind = "burst"
of = "power"
threshold = {{ level = {level_uv2} }}
duration_s_min = 0.0

[[policies]]
id = "trigger"
kind = "threshold"
of = "pulse"
device = "{device}"
output = "trigger"
onset_s = 0.0
termination_s = 0.0
on_ma = 1.0

[gate]
lease_s = 1.0

[broker]
port = {port}
"""
#: Noise alone has 1.4 uV². A pulse that is the newest sample of its window, where Hann's weight is
#: 0.024, has 23: so the hop that decides is the pulse's own.
_POWER_UV2 = 8.0


def device_config() -> DeviceConfig:
    """Return the configuration of the device."""
    return msgspec.toml.decode(_DEVICE.encode(), type=DeviceConfig)


def config_toml(source_id: str, port: int) -> bytes:
    """Return the whole configuration for `stimloop run`."""
    device = _DEVICE.replace("[programs", "[devices.programs").replace("[limits", "[devices.limits")
    rig = _RIG.format(rig=RIG, source_id=source_id, device=DEVICE, port=port, level_uv2=_POWER_UV2)
    return f"{rig}\n[[devices]]\n{device}".encode()
