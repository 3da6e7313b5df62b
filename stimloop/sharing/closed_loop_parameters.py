"""How the loop was closed, as a block for a sidecar: a draft, since BIDS has no such block yet."""

from importlib import metadata
from typing import Any, Final

import msgspec

from stimloop.sharing.material import SharedSession

#: Where the block stands in a sidecar: the name that was proposed.
KEY: Final = "ClosedLoopParameters"
_NOTE: Final = (
    "DRAFT. No released version of BIDS has this block. Its name, and that it describes the "
    "protocol in a sidecar while events describe what happened, follow the discussion of closed "
    "loops in BEP037 (bids-specification issue 2417), where names of fields are open. They may "
    "change."
)


def closed_loop_parameters(session: SharedSession) -> dict[str, Any]:
    """Return the block: what was read, detected, decided, and what the stimulators may give.

    Values below ``Parameters`` and ``Limits`` have the names that the configuration of stimloop
    gives them, with the unit last.
    """
    config, chain = session.config, session.loop.chain
    return {
        "Note": _NOTE,
        "Software": {"Name": "stimloop", "Version": _version(session)},
        "ConfigurationSHA256": session.header.config_sha256,
        "Stage": config.rig.stage,
        "Arming": config.rig.arm,
        "Signals": [
            {
                "Stream": name,
                "Kind": table.kind,
                "SamplingFrequency": session.infos[name].rate_hz,
                "DerivedChannels": {each.channel: each.terms for each in table.montage},
                "ArtifactSteps": [_plain(each) for each in table.artifacts],
            }
            for name, table in session.streams.items()
        ],
        "Detectors": [
            {
                "ID": each.id,
                "Kind": each.__struct_config__.tag,
                "Streams": sorted(chain.streams_of(each.id)),
                "Channels": list(chain.detectors[each.id].channels),
                "Measures": [
                    {"Channel": out.channel, "Measure": out.measure, "Units": out.unit or "n/a"}
                    for out in chain.detectors[each.id].outputs
                ],
                "Delay": float(chain.detectors[each.id].delay_s),
                "Hop": chain.detectors[each.id].hop_samples / chain.detectors[each.id].rate_hz,
                "Parameters": _parameters(each),
            }
            for each in config.detectors
        ],
        "Policies": [
            {
                "ID": each.id,
                "Kind": each.__struct_config__.tag,
                "Parameters": _parameters(each),
            }
            for each in config.policies
        ],
        "Stimulators": [
            {
                "ID": each.id,
                "Simulated": each.simulated,
                "AmplitudeUnits": "mA" if each.unit == "ma" else "level",
                "SafeAmplitude": each.safe_amount,
                "StopAmplitude": each.stop_amount,
                "Programs": {name: _plain(program) for name, program in each.programs.items()},
                "Limits": _plain(each.limits),
            }
            for each in config.devices
        ],
        "Gate": _plain(config.gate),
    }


def stimulation_text(session: SharedSession) -> str:
    """Return the programs of the stimulators in words, for `ElectricalStimulationParameters`."""
    said = [
        f"{device.id}{' (simulated)' if device.simulated else ''}, program {name}: "
        + ", ".join(f"{key} {value}" for key, value in _plain(program).items())
        for device in session.config.devices
        for name, program in device.programs.items()
    ]
    return "; ".join(said) or "n/a"


def is_stimulated(session: SharedSession) -> bool:
    """Return whether a device that is no simulation said that it gave something."""
    real = {each.id for each in session.config.devices if not each.simulated}
    return any(
        row["device"] in real and row.get("applied", 0.0) > 0.0
        for row in session.rows
        if row.get("device")
    )


def _version(session: SharedSession) -> str:
    return session.header.versions.get("stimloop", metadata.version("stimloop"))


def _parameters(table: msgspec.Struct) -> dict[str, Any]:
    return {key: value for key, value in _plain(table).items() if key not in {"id", "kind"}}


def _plain(value: msgspec.Struct) -> dict[str, Any]:
    """Return a table as plain data, without the keys that have no value."""
    plain: dict[str, Any] = msgspec.to_builtins(value)
    return {key: each for key, each in plain.items() if each is not None}
