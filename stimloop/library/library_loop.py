"""The loop that arrays and recordings are fed to: streams and detectors, no devices."""

from collections.abc import Sequence
from typing import Any

import msgspec

from detectors.detector import DetectorConfig
from stimloop.checking.loops import of_detectors
from stimloop.checking.mistakes import from_text, plain_tables
from stimloop.checking.names import of_names
from stimloop.checking.parts import Parts
from stimloop.config import Config
from stimloop.library.input_errors import InputError, raise_mistakes
from streamer.closed_loop import ClosedLoop
from streamer.config import RigSection
from streamer.source import StreamInfo
from streamer.streams import StreamConfig


def checked(detectors: Sequence[Any]) -> tuple[DetectorConfig, ...]:
    """Return the detectors after a check that each of them is one.

    Raises
    ------
    InputError
        Where there is none, or one is something else.
    """
    if not detectors:
        raise InputError(
            'detectors: expected at least one, as sl.BandPower("beta", band_hz=(13, 30)) makes it, '
            "found none"
        )
    for position, each in enumerate(detectors):
        if not isinstance(each, DetectorConfig):
            raise InputError(
                f"detectors[{position}]: expected a detector, as "
                f'sl.BandPower("beta", band_hz=(13, 30)) makes it, found {each!r}'
            )
    return tuple(detectors)


def on_streams(
    detectors: Sequence[DetectorConfig], names: Sequence[str]
) -> tuple[DetectorConfig, ...]:
    """Return detectors with the name of the only stream filled in where they name none.

    Raises
    ------
    InputError
        Where there are several.
    """
    made = []
    for config in detectors:
        unsaid = [each.key for each in config.reads if each.kind == "stream" and not each.name]
        if unsaid and len(names) != 1:
            raise InputError(
                f"detector {config.id!r}: {unsaid[0]}: expected one of {', '.join(names)}, "
                "found none"
            )
        made.append(msgspec.structs.replace(config, **dict.fromkeys(unsaid, names[0])))
    return tuple(made)


def config_of(
    streams: Sequence[StreamConfig], detectors: Sequence[DetectorConfig], name: str = "library"
) -> Config:
    """Return a configuration of streams and detectors, without devices."""
    return Config(rig=RigSection(name=name), streams=tuple(streams), detectors=tuple(detectors))


def loop_of(config: Config, infos: Sequence[StreamInfo]) -> ClosedLoop:
    """Return the loop of a configuration for the streams as they are.

    Raises
    ------
    InputError
        Where they do not fit each other: a line for each mistake.
    """
    try:
        return ClosedLoop(config.loop, infos, "library")
    except ValueError as error:
        parts, found = Parts.of_config(config), {info.name: info for info in infos}
        mistakes = [*of_names(parts), *of_detectors(parts, found), *from_text(str(error))]
        raise_mistakes(mistakes, plain_tables(config))
        raise
