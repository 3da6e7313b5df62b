"""The address of a rig: what `stop`, `arm` and `status` need of its configuration, read quickly."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from stimloop.checking.mistakes import lines
from stimloop.checking.tables import Reading
from stimloop.errors import ConfigError
from stimloop.toml_file import read_toml
from stimulators.gate_config import GateConfig
from stimulators.operator.known_rig import KnownDevice, KnownRig
from stimulators.wire.keys.files import SigningConfig
from stimulators.wire.mqtt import BrokerConfig

if TYPE_CHECKING:
    from stimloop.config import Config

DEFAULT_FILE = Path(__file__).with_name("default.toml")


class _Named(msgspec.Struct, frozen=True):
    """A table of which only the name is read here; `run` checks everything else."""

    name: str = ""


class _Device(msgspec.Struct, frozen=True):
    """The settings that say when a device is safe; mistakes in them are left to `run`."""

    id: str = ""
    safe_ma: Any = None
    safe_level: Any = None
    stop_ma: Any = None
    stop_level: Any = None
    amount_tolerance: Any = None
    limits: Any = None


class _Reached(msgspec.Struct, frozen=True):
    rig: _Named
    broker: BrokerConfig = BrokerConfig()
    devices: tuple[_Device, ...] = ()
    gate: Any = None
    signing: Any = None


def read_address(path: Path | None) -> KnownRig:
    """Return the address of the rig of a configuration file, with the safe amounts of its devices.

    Only what is needed is checked: a stop must not fail, or wait, for a detector's sake.

    Raises
    ------
    ConfigError
        Where the file cannot be read, or says too little.
    """
    file = path or DEFAULT_FILE
    tables = read_toml(file)
    reading = Reading(_Reached, tables)
    if reading.config is None:
        raise ConfigError(*lines(file, reading.mistakes, tables))
    found: _Reached = reading.config
    if not found.rig.name:
        raise ConfigError(f"{file}: $.rig.name: expected a name, found none")
    lease_s = _number(_key(found.gate, "lease_s"))
    return KnownRig(
        name=found.rig.name,
        broker=found.broker,
        devices=tuple(_known(each) for each in found.devices),
        lease_s=GateConfig().lease_s if lease_s is None else lease_s,
        signing=_signing(found.signing),
    )


def known_rig(config: "Config") -> KnownRig:
    """Return the address from a configuration that is already read and checked."""
    return KnownRig(
        name=config.rig.name,
        broker=config.broker,
        devices=tuple(
            KnownDevice(
                id=each.id,
                unit="mA" if each.unit == "ma" else "level",
                safe_amount=each.safe_amount,
                stop_amount=each.stop_amount,
                amount_max=each.amount_max,
                slew_per_s=each.slew_per_s_max,
                amount_tolerance=each.amount_tolerance,
            )
            for each in config.devices
        ),
        lease_s=config.gate.lease_s,
        signing=config.signing,
    )


def _signing(table: object) -> SigningConfig | None:
    try:
        return msgspec.convert(table, SigningConfig | None)
    except msgspec.ValidationError:
        return None  # an unsigned stop stops, too


def _known(device: _Device) -> KnownDevice:
    is_level = device.safe_level is not None
    safe, stop = device.safe_ma, device.stop_ma
    highest, slew = "amplitude_ma_max", "slew_ma_per_s_max"
    if is_level:
        safe, stop = device.safe_level, device.stop_level
        highest, slew = "level_max", "level_slew_per_s_max"
    return KnownDevice(
        id=device.id,
        unit="level" if is_level else "mA",
        safe_amount=_number(safe) or 0.0,
        stop_amount=_number(stop) or 0.0,
        amount_max=_number(_key(device.limits, highest)),
        slew_per_s=_number(_key(device.limits, slew)),
        amount_tolerance=_number(device.amount_tolerance),
    )


def _key(table: object, key: str) -> object:
    return table.get(key) if isinstance(table, dict) else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and value >= 0.0 else None
