"""Numbers that look as if they were in another unit: milli for micro, kilo, square millimetres.

Each is possible, and where it is meant a word of `[rig] allow` says so.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from stimloop.checking.parts import Parts, Table
from stimloop.checking.problems import Problem
from stimulators.device_config import DeviceConfig

_PERCENTILE_MIN: Final = 1.0
_AREA_CM2_MAX: Final = 1.0
_PULSE_WIDTH_US_MIN: Final = 10.0
_FREQUENCY_HZ_MIN: Final = 1.0
_BAND_HZ_MIN: Final = 1.0
_FULL_RANGE_S_MIN: Final = 0.01
_DWELL_S_MAX: Final = 60.0
#: Keys of a detector or an artifact step that are single frequencies.
_FREQUENCIES: Final = ("centre_hz", "frequency_hz")


def of_scales(parts: Parts) -> Iterator[Problem]:
    """Yield every number that looks as if it were in another unit."""
    for stream in parts.streams:
        if stream.config is not None:
            for index, step in enumerate(stream.config.artifacts):
                keys = msgspec.structs.asdict(step)
                yield from _of_frequencies(f"{stream.path}.artifacts[{index}]", keys)
    for detector in parts.detectors:
        yield from _of_frequencies(detector.path, detector.keys)
        yield from _of_percentiles(detector.path, detector.keys)
    for device in parts.devices:
        if device.config is not None:
            yield from _of_pulses(device.path, device.config)
            yield from _of_slew(device.path, device.config)
    for policy in parts.policies:
        if policy.config is not None:
            yield from _of_amounts(policy, parts)
            yield from _of_dwell(policy)


def _of_frequencies(path: str, keys: Mapping[str, Any]) -> Iterator[Problem]:
    for key, value in _numbers(keys):
        if key.rpartition(".")[2] in _FREQUENCIES and 0.0 < value < _FREQUENCY_HZ_MIN:
            yield _kilohertz(f"{path}.{key}", f"{value:g}", f"{1000.0 * value:g}")
    for key, found in keys.items():
        if key.endswith("_hz") and isinstance(found, tuple | dict):
            named = found.items() if isinstance(found, dict) else [("", found)]
            for name, band in named:
                if _is_band(band) and 0.0 < band[1] < _BAND_HZ_MIN:
                    where = f"{path}.{key}.{name}" if name else f"{path}.{key}"
                    yield _kilohertz(where, _band_text(band), _band_text(band, 1000.0))


def _kilohertz(path: str, found: str, meant: str) -> Problem:
    return Problem(
        path,
        f"hertz, at least {_BAND_HZ_MIN:g}",
        f"{found}, which looks like kilohertz (then write {meant})",
        "slow_band",
    )


def _of_percentiles(path: str, keys: Mapping[str, Any]) -> Iterator[Problem]:
    for key, value in _numbers(keys):
        if key.rpartition(".")[2] == "percentile" and 0.0 < value < _PERCENTILE_MIN:
            yield Problem(
                f"{path}.{key}",
                f"percent from {_PERCENTILE_MIN:g} to 100",
                f"{value:g}, which looks like a fraction (then write {100.0 * value:g})",
                "small_percentile",
            )


def _of_pulses(path: str, device: DeviceConfig) -> Iterator[Problem]:
    for name, program in device.programs.items():
        where = f"{path}.programs.{name}"
        area_cm2 = program.contact_area_cm2
        if area_cm2 is not None and area_cm2 > _AREA_CM2_MAX:
            yield Problem(
                f"{where}.contact_area_cm2",
                f"square centimetres, at most {_AREA_CM2_MAX:g}",
                f"{area_cm2:g}, which looks like square millimetres "
                f"(then write {area_cm2 / 100.0:g})",
                "large_contact_area",
            )
        width_us = program.pulse_width_us
        if width_us is not None and width_us < _PULSE_WIDTH_US_MIN:
            yield Problem(
                f"{where}.pulse_width_us",
                f"microseconds, at least {_PULSE_WIDTH_US_MIN:g}",
                f"{width_us:g}, which looks like milliseconds (then write {1000.0 * width_us:g})",
                "short_pulses",
            )
        frequency_hz = program.frequency_hz
        if frequency_hz is not None and frequency_hz < _FREQUENCY_HZ_MIN:
            yield Problem(
                f"{where}.frequency_hz",
                f"hertz, at least {_FREQUENCY_HZ_MIN:g}",
                f"{frequency_hz:g}, which looks like kilohertz "
                f"(then write {1000.0 * frequency_hz:g})",
                "slow_pulses",
            )


def _of_slew(path: str, device: DeviceConfig) -> Iterator[Problem]:
    full_range_s = device.amount_max / device.slew_per_s_max
    if full_range_s < _FULL_RANGE_S_MIN * (1.0 - 1e-9):
        key = "slew_ma_per_s_max" if device.unit == "ma" else "level_slew_per_s_max"
        yield Problem(
            f"{path}.limits.{key}",
            f"at most {device.amount_max / _FULL_RANGE_S_MIN:g}, the full range in "
            f"{_FULL_RANGE_S_MIN:g} s",
            f"{device.slew_per_s_max:g}, which looks like a thousandth of the unit "
            f"(then write {device.slew_per_s_max / 1000.0:g})",
            "slew_like_a_step",
        )


def _of_amounts(policy: Table, parts: Parts) -> Iterator[Problem]:
    config = policy.config
    device = next(
        (each for each in parts.devices if each.name == getattr(config, "device", "")), None
    )
    if device is None or device.config is None or getattr(config, "output", "") == "trigger":
        return
    unit = device.config.unit
    on, off = (getattr(config, f"{key}_{unit}", None) for key in ("on", "off"))
    said = "off" if off is not None else "safe"
    off = device.config.safe_amount if off is None else off
    if on is not None and on == off:
        yield Problem(
            f"{policy.path}.on_{unit}",
            f"another amount than {said}_{unit} ({off:g}), or the policy changes nothing",
            f"{on:g}",
            "off_equals_on",
        )


def _of_dwell(policy: Table) -> Iterator[Problem]:
    for key in ("onset_s", "termination_s"):
        value_s: Any = getattr(policy.config, key, 0.0)
        if value_s > _DWELL_S_MAX:
            yield Problem(
                f"{policy.path}.{key}",
                f"seconds, at most {_DWELL_S_MAX:g}",
                f"{value_s:g}, which looks like milliseconds (then write {value_s / 1000.0:g})",
                "long_dwell",
            )


def _numbers(keys: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, float]]:
    """Yield every number of a table and of the tables in it, by its key path."""
    for key, value in keys.items():
        if isinstance(value, msgspec.Struct):
            yield from _numbers(msgspec.structs.asdict(value), f"{before}{key}.")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield f"{before}{key}", float(value)


def _band_text(band: Sequence[float], factor: float = 1.0) -> str:
    return f"[{factor * band[0]:g}, {factor * band[1]:g}]"


def _is_band(value: object) -> bool:
    return (
        isinstance(value, list | tuple)
        and len(value) == 2
        and all(isinstance(each, int | float) for each in value)
    )
