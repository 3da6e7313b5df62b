"""The steps of a staircase from a file: TOML of ours, or Summit's stim_sweep_config.json."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import msgspec

from stimloop.checking.mistakes import lines
from stimloop.checking.tables import Reading
from stimloop.errors import ConfigError
from stimloop.importing.json_file import read_json, said_twice
from stimloop.toml_file import read_toml
from stimulators.device_config import DeviceConfig
from stimulators.policies.amounts import program_of
from stimulators.policies.parts.amplitude_config import Duration
from stimulators.policies.titration.step import Step

Side: TypeAlias = Literal["left", "right"]

#: What each side is called in a file of two implants.
_SIDES: Final[dict[Side, str]] = {"left": "LeftINSOrUnilateral", "right": "RightINS"}
_GROUPS: Final = ("GroupABCD", "GroupToRunStimSweep", "Program")
#: Rates and widths are written with one digit behind the point.
_SAME: Final = 1e-3


class StepsFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A TOML file of steps.

    Parameters
    ----------
    steps : tuple of Step
        In order.
    after_s : float, optional
        As of the staircase.
    """

    steps: tuple[Step, ...]
    after_s: Duration | None = None


class _Sweep(NamedTuple):
    """One implant of a Summit file: where its lists are, and where the file's own are."""

    file: Path
    path: str
    table: Mapping[str, Any]
    whole: Mapping[str, Any]


def read_steps(
    file: Path, device: DeviceConfig, program: str, *, side: Side | None = None
) -> StepsFile:
    """Read the steps of a file, by its suffix: ``.json`` is Summit's, all else TOML.

    Parameters
    ----------
    file : Path
        The file.
    device : DeviceConfig
        The device; a Summit file says rate and pulse width too, which must be its program's.
    program : str
        One of its programs; empty for the first.
    side : {"left", "right"}, optional
        Of a Summit file of two implants, which one.

    Raises
    ------
    ConfigError
        A line for each mistake, with the key path in the file.
    """
    if file.suffix.lower() == ".json":
        return _summit(file, device, program, side)
    tables = read_toml(file)
    reading = Reading(StepsFile, tables)
    if reading.mistakes or reading.config is None:
        raise ConfigError(*lines(file, reading.mistakes, tables))
    found: StepsFile = reading.config
    return found


def _summit(file: Path, device: DeviceConfig, program: str, side: Side | None) -> StepsFile:
    sweep = _sweep(file, side)
    if device.unit != "ma":
        raise ConfigError(
            f"{file}: {sweep.path}.AmpInmA: expected a device of milliampere, found "
            f"{device.id!r}, which speaks level"
        )
    amounts = _numbers(sweep, "AmpInmA")
    mistakes: list[str] = []
    durations = _numbers(sweep, "TimeToRunInSeconds", of_whole=True)
    listed = {
        "RateInHz": _numbers(sweep, "RateInHz"),
        "PulseWidthInMicroSeconds": _numbers(sweep, "PulseWidthInMicroSeconds"),
        "TimeToRunInSeconds": durations,
    }
    for key, values in listed.items():
        if len(values) != len(amounts):
            at = "$" if key == "TimeToRunInSeconds" else sweep.path
            mistakes.append(
                f"{file}: {at}.{key}: expected as many numbers as in AmpInmA ({len(amounts)}), "
                f"found {len(values)}"
            )
    settle_s = sweep.whole.get("EventMarkerDelayTimeInSeconds")
    if not _is_number(settle_s) or not isinstance(settle_s, int | float) or settle_s < 0.0:
        mistakes.append(
            f"{file}: $.EventMarkerDelayTimeInSeconds: expected seconds, 0 or more, found "
            f"{_shown(settle_s)}"
        )
    mistakes += _wrong_pulses(sweep, listed, device, program)
    mistakes += _wrong_groups(sweep)
    if mistakes:
        raise ConfigError(*mistakes)
    tables = [
        {"amplitude_ma": float(ma), "duration_s": float(run_s), "settle_s": float(settle_s or 0.0)}
        for ma, run_s in zip(amounts, durations, strict=True)
    ]
    reading = Reading(StepsFile, {"steps": tables})
    if reading.config is None:
        told = [
            f"{file}: {_own_path(each.path, sweep.path)}: {each.text}" for each in reading.mistakes
        ]
        raise ConfigError(*told)
    found: StepsFile = reading.config
    return found


def _sweep(file: Path, side: Side | None) -> _Sweep:
    # The scripts that write these files leave a comma behind the last entry.
    whole = read_json(file, with_last_commas=True)
    if twice := list(said_twice(whole)):
        raise ConfigError(*lines(file, twice, {}))
    sides: dict[Side, str] = {
        each: key for each, key in _SIDES.items() if isinstance(whole.get(key), dict)
    }
    if not sides:
        if side is not None:
            raise ConfigError(
                f"{file}: $.{_SIDES[side]}: expected the lists of that side, found none: the file "
                "is of one implant, leave --side out"
            )
        return _Sweep(file, "$", whole, whole)
    if side is None and len(sides) > 1:
        found = " and ".join(f"$.{key}" for key in sides.values())
        raise ConfigError(f"{file}: expected one side, found {found}: say --side left or right")
    chosen = next(iter(sides)) if side is None else side
    if chosen not in sides:
        raise ConfigError(f"{file}: $.{_SIDES[chosen]}: expected an object, found none")
    return _Sweep(file, f"$.{sides[chosen]}", whole[sides[chosen]], whole)


def _numbers(sweep: _Sweep, key: str, *, of_whole: bool = False) -> list[float]:
    path, table = ("$", sweep.whole) if of_whole else (sweep.path, sweep.table)
    found = table.get(key)
    if not isinstance(found, list) or not found:
        raise ConfigError(
            f"{sweep.file}: {path}.{key}: expected a list of numbers, found {_shown(found)}"
        )
    for index, each in enumerate(found):
        if not _is_number(each):
            raise ConfigError(
                f"{sweep.file}: {path}.{key}[{index}]: expected a number, found {_shown(each)}"
            )
    return found


def _wrong_pulses(
    sweep: _Sweep, listed: Mapping[str, list[float]], device: DeviceConfig, program: str
) -> list[str]:
    """Refuse steps that need other pulses: a program is chosen once, and its charge is counted."""
    name = program_of(program, device)
    pulses = device.programs[name]
    expected = {
        "RateInHz": ("frequency_hz", pulses.frequency_hz or 0.0),
        "PulseWidthInMicroSeconds": ("pulse_width_us", pulses.pulse_width_us or 0.0),
    }
    return [
        f"{sweep.file}: {sweep.path}.{key}[{index}]: expected {value:g} ({own} of program "
        f"{name!r} of device {device.id!r}, which a titration does not change), found {found:g}"
        for key, (own, value) in expected.items()
        for index, found in enumerate(listed[key])
        if abs(found - value) > _SAME * value
    ]


def _wrong_groups(sweep: _Sweep) -> list[str]:
    mistakes = []
    for key in _GROUPS:
        found = sweep.table.get(key)
        if isinstance(found, list) and found:
            mistakes += [
                f"{sweep.file}: {sweep.path}.{key}[{index}]: expected one and the same "
                f"throughout ({_shown(found[0])}), found {_shown(each)}"
                for index, each in enumerate(found)
                if each != found[0]
            ]
    return mistakes


def _own_path(path: str, of_sweep: str) -> str:
    """Return where in a Summit file the key of a step stands."""
    index, key = path.removeprefix("$.steps[").split("].")
    keys = {
        "amplitude_ma": f"{of_sweep}.AmpInmA[{index}]",
        "duration_s": f"$.TimeToRunInSeconds[{index}]",
        "settle_s": "$.EventMarkerDelayTimeInSeconds",
    }
    return keys[key]


def _is_number(value: object) -> bool:
    is_real = isinstance(value, int | float) and not isinstance(value, bool)
    return is_real and math.isfinite(value)  # type: ignore[arg-type]


def _shown(value: object) -> str:
    return "none" if value is None else f"{json.dumps(value):.60}"
