"""The configuration of a rig in virtual time: real devices' tables, one plain signal."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from stimulators.device_config import DeviceConfig
from stimulators.gate_config import GateConfig
from streamer.config import LoopConfig
from streamer.source import StreamInfo

STREAM = "signal"
CHANNEL = "A"
RATE_HZ = 250.0
#: Samples from one estimate to the next, and in one chunk.
HOP_SAMPLES = 5
#: Length of the detector's window.
WINDOW_S = 0.1

STREAM_INFO = StreamInfo(
    name=STREAM,
    rate_hz=RATE_HZ,
    channels=(CHANNEL,),
    units=("uV",),
    dtype="float32",
    source_id="amplifier",
    uid="0",
)

#: Policies that give a trigger at each peak of the signal's rhythm.
_AT_PEAKS = frozenset({"on_event", "phase_lock"})
#: The signal's rhythm, and its peaks ahead of time.
_RHYTHM = (
    {
        "id": "rhythm",
        "kind": "oscillation",
        "stream": STREAM,
        "channels": [CHANNEL],
        "centre_hz": 20.0,
        "hop_s": 3.0 / RATE_HZ,
    },
    {
        "id": "peak",
        "kind": "target_phase",
        "of": "rhythm",
        "lead_s": 0.03,
        "gate": {"amplitude_uv_min": 10.0},
    },
)


def virtual_rig(
    devices: Sequence[DeviceConfig],
    *,
    timing: GateConfig | None = None,
    tick_s: float = 0.02,
    arm: Literal["operator", "auto"] = "operator",
    policies: Mapping[str, Mapping[str, Any]] | None = None,
    calibrate_s: float = 0.0,
    has_rhythm: bool = False,
) -> LoopConfig:
    """Return a configuration in which each device follows one burst detector.

    Parameters
    ----------
    devices : sequence of DeviceConfig
        The devices.
    timing : GateConfig, optional
        The `[gate]` table.
    tick_s, arm
        Of the `[rig]` table.
    policies : mapping, optional
        By device, what its ``threshold`` policy has beyond the defaults: the highest amount
        while the signal is strong, the safe amount while it is weak, in the safe program. Where
        its `kind` is ``on_event`` or ``phase_lock``, a trigger at each peak of the signal's rhythm
        while it is strong, foretold by 30 ms.
    calibrate_s : float
        How long the detector calibrates first, on a signal that is strong half of the time.
    has_rhythm : bool
        Whether the peaks of the rhythm are foretold though none of these policies reads them.
    """
    threshold: dict[str, Any] = {"level": 100.0}
    if calibrate_s > 0.0:
        threshold = {"percentile": 50.0, "calibrate_s": calibrate_s}
    kinds = {each.get("kind") for each in (policies or {}).values()}
    rhythm = _RHYTHM if has_rhythm or kinds & _AT_PEAKS else ()
    tables: dict[str, Any] = {
        "rig": {"name": "virtual", "arm": arm, "tick_s": tick_s},
        "streams": [{"name": STREAM, "kind": "lfp", "match": {"name": STREAM}}],
        "detectors": [
            {
                "id": "beta",
                "kind": "band_power",
                "stream": STREAM,
                "channels": [CHANNEL],
                "band_hz": [13.0, 30.0],
                "window_s": WINDOW_S,
                "hop_s": HOP_SAMPLES / RATE_HZ,
            },
            {
                "id": "burst",
                "kind": "burst",
                "of": "beta",
                "threshold": threshold,
                "duration_s_min": 0.0,
            },
            *rhythm,
        ],
        "policies": [_policy(device, (policies or {}).get(device.id, {})) for device in devices],
    }
    config = msgspec.convert(tables, type=LoopConfig)
    return msgspec.structs.replace(config, devices=tuple(devices), gate=timing or GateConfig())


def _policy(device: DeviceConfig, keys: Mapping[str, Any]) -> dict[str, Any]:
    if keys.get("kind") in _AT_PEAKS:
        return {
            "id": f"policy-{device.id}",
            "of": "peak",
            "device": device.id,
            "program": device.safe_program,
            **keys,
        }
    settings: dict[str, Any] = {
        "id": f"policy-{device.id}",
        "kind": "threshold",
        "of": "burst",
        "device": device.id,
        "program": device.safe_program,
        "onset_s": 0.0,
        "termination_s": 0.0,
        f"on_{device.unit}": device.amount_max,
    }
    return settings | dict(keys)


def wider(config: DeviceConfig, factor: float) -> DeviceConfig:
    """Return a device that allows `factor` times what `config` does, but for its amount.

    What then keeps to the limits of `config` is the service, not the device.
    """
    limits = config.limits
    scaled = {
        key: value * factor
        for key in (
            "slew_ma_per_s_max",
            "level_slew_per_s_max",
            "charge_uc_per_10_min_max",
            "on_time_s_max",
        )
        if (value := getattr(limits, key)) is not None
    }
    return msgspec.structs.replace(config, limits=msgspec.structs.replace(limits, **scaled))
