"""What is not recommended for a device that somebody may be connected to, and the word for each.

A configuration that does such a thing is refused unless `[rig] allow` has its word: then whoever
reads the file, the status or the record knows that it was done on purpose.
"""

import ipaddress
from collections.abc import Iterator
from typing import TYPE_CHECKING

from stimloop.checking.broker_address import bare_host, of_broker_address
from stimloop.checking.parts import Parts
from stimloop.checking.problems import Problem
from stimloop.checking.scales import of_scales
from stimulators.device_config import DeviceConfig
from stimulators.gate_config import GateConfig
from stimulators.wire.mqtt import BrokerConfig
from streamer.closed_loop import ClosedLoop
from streamer.config import Allowed, RigSection

if TYPE_CHECKING:
    from stimloop.config import Config

#: The one word of `[rig] allow` that can be judged only once the streams are known.
LONG_HOLD: Allowed = "long_hold_with_real_device"

_LEASE_S_MAX = 1.0
_COMMAND_VALID_S_MAX = 0.5
_DATA_AGE_S_MAX = 1.0
_HOLD_S_MAX = 10.0
_FULL_RANGE_S_MIN = 0.2
#: Rounding error of a quotient or a sum of numbers in a file.
_ROUNDING = 1e-9


def problems(config: "Config", window_s: float | None) -> list[Problem]:
    """Return all settings that are not recommended, whether allowed or not.

    Parameters
    ----------
    config : Config
        The rig.
    window_s : float or None
        The longest window that a policy reads, see `longest_window_s`; None while the streams
        are not known, and then the longest hold is not judged.
    """
    return list(_problems(Parts.of_config(config), window_s))


def refusals(parts: Parts, window_s: float | None) -> list[Problem]:
    """Return the settings that are neither recommended nor allowed, of all valid tables.

    Parameters
    ----------
    parts : Parts
        The rig; where its own table is wrong, nothing is known of what it allows.
    window_s : float or None
        See `problems`.
    """
    if parts.rig is None:
        return []
    return [each for each in _problems(parts, window_s) if each.word not in parts.rig.allow]


def needless(config: "Config", window_s: float | None) -> list[str]:
    """Return a warning for each word of `[rig] allow` that has no effect in this file."""
    needed = {each.word for each in problems(config, window_s)}
    if window_s is None:
        needed.add(LONG_HOLD)
    return [
        f"$.rig.allow[{index}]: {word!r} allows nothing in this file: take it out"
        for index, word in enumerate(config.rig.allow)
        if word not in needed or word in config.rig.allow[:index]
    ]


def allowed_text(config: "Config") -> str:
    """Return one line that lists the allowed settings that are not recommended, or nothing."""
    words = ", ".join(dict.fromkeys(config.rig.allow))
    return f"allowed though not recommended, by [rig] allow: {words}" if words else ""


def longest_window_s(loop: ClosedLoop) -> float:
    """Return the longest time of samples that an estimate of a policy's detectors depends on."""
    names = [name for wiring in loop.wirings for name in wiring.detectors]
    read = [loop.chain.detectors[name] for name in names]
    return max((each.span_samples / each.rate_hz for each in read), default=0.0)


def _problems(parts: Parts, window_s: float | None) -> Iterator[Problem]:
    yield from of_scales(parts)
    if parts.rig is not None:
        yield from _of_arming(parts.rig, parts)
    if parts.broker is not None:
        yield from of_broker_address(parts.broker)
    devices = [(each.path, each.config) for each in parts.devices if each.config is not None]
    for path, device in devices:
        if device.stop_amount > device.safe_amount:
            yield Problem(
                f"{path}.stop_{device.unit}",
                f"at most safe_{device.unit} ({device.safe_amount:g}), since a stop never raises",
                f"{device.stop_amount:g}",
                "stop_above_safe",
            )
    if not parts.real:
        return
    whose = f"with {', '.join(each.name for each in parts.real)}, which is not simulated"
    if parts.broker is not None:
        yield from _of_network(parts.broker, whose)
    if parts.gate is not None:
        yield from _of_timing(parts.gate, window_s, whose)
    for table in parts.real:
        yield from _of_slew(table.path, table.config)


def _of_arming(rig: RigSection, parts: Parts) -> Iterator[Problem]:
    if rig.arm == "auto" and parts.real:
        names = ", ".join(each.name for each in parts.real)
        yield Problem(
            "$.rig.arm",
            f'"operator" with {names}, which is not simulated, as such a rig never arms by itself',
            '"auto"',
            "auto_arm_with_real_device",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(bare_host(host).strip("[]")).is_loopback
    except ValueError:  # a name
        return bare_host(host) == "localhost"


def _of_network(broker: BrokerConfig, whose: str) -> Iterator[Problem]:
    if broker.embedded:
        yield Problem(
            "$.broker.embedded",
            f"a broker of your own {whose}",
            "the embedded one, which accepts messages of every program on this machine",
            "embedded_broker_with_real_device",
        )
    if not broker.tls and not _is_loopback(broker.host):
        yield Problem(
            "$.broker.tls",
            f"true {whose}",
            f"false, and the broker on another machine ({broker.host})",
            "plain_network_with_real_device",
        )
    if not broker.tls and broker.password_file is not None:
        yield Problem(
            "$.broker.password_file",
            f"tls = true beside it {whose}",
            "a password that is sent unencrypted",
            "plain_password_with_real_device",
        )


def _of_timing(gate: GateConfig, window_s: float | None, whose: str) -> Iterator[Problem]:
    upper_s: list[tuple[str, float, float, str, Allowed]] = [
        ("lease_s", gate.lease_s, _LEASE_S_MAX, "", "long_lease_with_real_device"),
        (
            "command_valid_s",
            gate.command_valid_s,
            _COMMAND_VALID_S_MAX,
            "",
            "late_commands_with_real_device",
        ),
        ("data_age_s_max", gate.data_age_s_max, _DATA_AGE_S_MAX, "", "old_data_with_real_device"),
    ]
    if window_s is not None:
        needed_s = window_s + gate.resume_s
        why = f" (the longest window that a policy reads, {window_s:g} s, and resume_s)"
        upper_s.append(
            (
                "hold_s_max",
                gate.hold_s_max,
                max(_HOLD_S_MAX, needed_s),
                why if needed_s > _HOLD_S_MAX else "",
                LONG_HOLD,
            )
        )
    for key, value_s, highest_s, why, word in upper_s:
        if value_s > highest_s * (1.0 + _ROUNDING):
            expected = f"at most {highest_s:g} s{why} {whose}"
            yield Problem(f"$.gate.{key}", expected, f"{value_s:g} s", word)


def _of_slew(path: str, device: DeviceConfig) -> Iterator[Problem]:
    full_range_s = device.amount_max / device.slew_per_s_max
    if full_range_s < _FULL_RANGE_S_MIN * (1.0 - _ROUNDING):
        key = "slew_ma_per_s_max" if device.unit == "ma" else "level_slew_per_s_max"
        slowest = device.amount_max / _FULL_RANGE_S_MIN
        yield Problem(
            f"{path}.limits.{key}",
            f"at most {slowest:g}, the full range in {_FULL_RANGE_S_MIN:g} s, "
            f"with {device.id}, which is not simulated",
            f"{device.slew_per_s_max:g}, the full range in {full_range_s:.3g} s",
            "fast_slew_with_real_device",
        )
