"""A rig with a staircase as its one policy, from the rig's file and a request."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec

from stimloop import config as configuration
from stimloop.checking.loops import expected_detectors
from stimloop.checking.parts import Parts
from stimloop.checking.whole import expected_info
from stimloop.config import Config
from stimloop.errors import ConfigError
from stimloop.short_toml import table_of
from stimulators.device_config import DeviceConfig
from stimulators.policies.policy import PolicyConfig
from stimulators.policies.titration.staircase import StaircaseConfig
from stimulators.policies.titration.step import Step

_BURST: Final = "burst"
_ID: Final = "titration"


class TitrationRequest(NamedTuple):
    """The settings of a titration beside the rig's file; with None the file's own are used.

    Parameters
    ----------
    steps : sequence of Step, optional
        The staircase.
    device, program, of, channel, measure : str, optional
        What is given and what is measured.
    after_s : float, optional
        How long is measured after the last step.
    repeats_max : int, optional
        How often a broken step is begun anew.
    """

    steps: Sequence[Step] | None = None
    device: str | None = None
    program: str | None = None
    of: str | None = None
    channel: str | None = None
    measure: str | None = None
    after_s: float | None = None
    repeats_max: int | None = None


def device_of(named: str, config: Config, asked: TitrationRequest) -> DeviceConfig:
    """Return the device to be titrated.

    It is the one that was asked for, else that of the file's staircase, else the only one that a
    policy keeps an amplitude of, else the only one.

    Raises
    ------
    ConfigError
        Where there is none, or several.
    """
    devices = {each.id: each for each in config.devices}
    if not devices:
        raise ConfigError(
            f"{named}: $.devices: expected a device whose amplitude can be set, found none"
        )
    if asked.device is not None:
        if asked.device not in devices:
            raise ConfigError(
                f"{named}: --device: expected one of {', '.join(devices)}, found {asked.device!r}"
            )
        return devices[asked.device]
    staircases = [each.device for each in _staircases(config)]
    driven = [name for each in config.policies for name in each.drives]
    for names in (staircases, driven, list(devices)):
        found = list(dict.fromkeys(name for name in names if name in devices))
        if len(found) == 1:
            return devices[found[0]]
    raise ConfigError(
        f"{named}: $.devices: expected one device to titrate, found {', '.join(devices)}: name one "
        "with --device"
    )


def titration_rig(named: str, config: Config, asked: TitrationRequest) -> Config:
    """Return the rig with a staircase as its only policy, checked as its file is.

    Parameters
    ----------
    named : str
        The file, for errors.
    config : Config
        The rig.
    asked : TitrationRequest
        What was asked for.

    Raises
    ------
    ConfigError
        A line for each mistake, with the key path: no device, no biomarker, no steps, or steps that
        do not fit the device.
    """
    device = device_of(named, config, asked)
    base = next((each for each in _staircases(config) if each.device == device.id), None)
    table: dict[str, Any] = table_of(base) if base is not None else _table(named, config, device)
    table |= {
        key: value
        for key, value in asked._asdict().items()
        if value is not None and key not in {"steps", "device"}
    }
    if asked.of is not None and asked.measure is None:
        table["measure"] = _first_measure(config, asked.of) or table["measure"]
    if asked.of is not None and asked.channel is None:
        table.pop("channel", None)
    if asked.steps is not None:
        table["steps"] = [table_of(each) for each in asked.steps]
    if "steps" not in table:
        raise ConfigError(
            f"{named}: $.policies: expected steps to titrate by, found none: give --amplitudes "
            "with --duration and --settle, --steps FILE, or a policy of kind staircase"
        )
    tables = table_of(config)
    tables["policies"] = [table]
    return configuration.from_tables(named, tables)


def _staircases(config: Config) -> list[StaircaseConfig]:
    return [each for each in config.policies if isinstance(each, StaircaseConfig)]


def _table(named: str, config: Config, device: DeviceConfig) -> dict[str, Any]:
    """Return a table without steps: what the policy of the device reads, and in its program."""
    policy = next((each for each in config.policies if device.id in each.drives), None)
    within = None if policy is None else _innermost(policy)
    of = getattr(within, "of", "")
    measure = getattr(within, "measure", "")
    detectors = {each.id: each for each in config.detectors}
    if not detectors:
        raise ConfigError(
            f"{named}: $.detectors: expected a detector whose measure follows the amplitude, "
            "found none"
        )
    if not measure:
        # A burst adds a threshold to a measure: what is titrated is the measure.
        while (found := detectors.get(of)) is not None and _kind(found) == _BURST:
            of = getattr(found, "of", "")
    of = of if of in detectors else ""
    if not of and len(detectors) == 1:
        of = next(iter(detectors))
    if not of:
        raise ConfigError(
            f"{named}: $.detectors: expected one detector to measure with, found "
            f"{', '.join(detectors)}: name one with --of"
        )
    table = {
        "id": _ID,
        "kind": "staircase",
        "of": of,
        "measure": measure or _first_measure(config, of) or "value",
        "device": device.id,
    }
    for key in ("channel", "program"):
        if said := getattr(within, key, ""):
            table[key] = said
    return table


def _innermost(policy: PolicyConfig) -> PolicyConfig:
    while (within := getattr(policy, "wraps", None)) is not None:
        policy = within
    return policy


def _first_measure(config: Config, of: str) -> str:
    """Return the first measure of a detector, its value where it is a burst; empty if unknown."""
    infos = {
        stream.name: info
        for stream in config.streams
        if (info := expected_info(config.patient, stream)) is not None
    }
    detector = expected_detectors(Parts.of_config(config), infos).get(of)
    if detector is None:
        return ""
    measures = [each.measure for each in detector.outputs]
    return "value" if "value" in measures else measures[0]


def _kind(table: msgspec.Struct) -> str:
    return str(table.__struct_config__.tag)
