"""The configuration file: read, checked, and written with every default filled in."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import tomli_w

from detectors.registry import REGISTRY
from replay.patient.patient import PatientConfig
from stimloop.address import DEFAULT_FILE
from stimloop.checking.files import taken_port
from stimloop.checking.loops import of_detectors
from stimloop.checking.mistakes import from_text, lines, plain_tables
from stimloop.checking.parts import Parts
from stimloop.checking.tables import Reading
from stimloop.checking.whole import all_mistakes, expected_info, no_signing
from stimloop.errors import ConfigError
from stimloop.recommended import LONG_HOLD, longest_window_s, needless, refusals
from stimloop.recorder_config import RecordingConfig
from stimloop.titrating.section import TitrationSection, unsupported_signs
from stimloop.toml_file import read_toml
from stimulators.policies.registry import POLICIES
from stimulators.wire.keys.files import SigningConfig
from stimulators.wire.mqtt import BrokerConfig
from streamer.closed_loop import ClosedLoop
from streamer.config import LoopConfig
from streamer.lsl.configuration_file import own_file, replaced_settings
from streamer.lsl.network import LslConfig
from streamer.source import StreamInfo
from streamer.wiring.stimulation_bands import stimulation_in_bands


class SessionSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[session]` table: notes that are only recorded; nothing depends on them."""

    subject: str = ""
    side: str = ""
    medication: str = ""
    notes: str = ""


class Config(LoopConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole configuration file: the sections of the loop, of the network and of the simulation.

    Parameters
    ----------
    session : SessionSection
        Who and how, for the record.
    lsl : LslConfig
        Which part of the network LSL sees.
    recording : RecordingConfig
        Whether sessions are recorded by LabRecorder, and where to.
    broker : BrokerConfig
        Where the MQTT broker is.
    signing : SigningConfig, optional
        Whether what is said on the wire is signed; must be written, either way, where a device
        is not simulated.
    patient : PatientConfig, optional
        The simulated patient, where there is one.
    titrations : tuple of TitrationSection
        What was titrated, for the record: it supports the `expected_sign` of policies.
    """

    session: SessionSection = SessionSection()
    lsl: LslConfig = LslConfig()
    recording: RecordingConfig = RecordingConfig()
    broker: BrokerConfig = BrokerConfig()
    signing: SigningConfig | None = None
    patient: PatientConfig | None = None
    titrations: tuple[TitrationSection, ...] = ()

    def __post_init__(self) -> None:
        real = [device.id for device in self.devices if not device.simulated]
        if real and self.signing is None:
            raise ValueError(no_signing(real))

    @property
    def loop(self) -> LoopConfig:
        """The sections that decide what is detected and what is decided."""
        return LoopConfig(**{name: getattr(self, name) for name in LoopConfig.__struct_fields__})


def load(path: Path | None, *, with_files: bool = False) -> Config:
    """Read and check a configuration file.

    Parameters
    ----------
    path : Path or None
        The TOML file; None takes the default rig.
    with_files : bool
        Whether the password, certificates and keys that it names are looked at, too: those of
        the machine that runs the rig.

    Raises
    ------
    ConfigError
        Where it cannot be read, or any key in it is unknown, missing or impossible, where a name
        means nothing that is there, or no word of `[rig] allow` allows what is in it: a line for
        each. Streams of which rate or channels are not written down are held against the rest
        once they are found, which every command that opens them does.
    """
    file = DEFAULT_FILE if path is None else path
    return from_tables(file, read_toml(file), with_files=with_files)


def from_tables(file: Path | str, tables: Mapping[str, Any], *, with_files: bool = False) -> Config:
    """Return the configuration that tables describe, as `load` does; `file` is named in errors.

    Raises
    ------
    ConfigError
        As `load`.
    """
    refused = {"detectors": REGISTRY.refused, "policies": POLICIES.refused}
    reading = Reading(Config, tables, refused)
    mistakes = all_mistakes(reading, tables, with_files=with_files)
    if mistakes or reading.config is None:
        raise ConfigError(*lines(file, mistakes, tables))
    config: Config = reading.config
    if _expected_loop(file, config) is None:
        _require_recommended(file, config, None)
    return config


def build_loop(
    file: Path | str, config: Config, infos: list[StreamInfo], *, session: str
) -> ClosedLoop:
    """Return a new loop for these streams.

    Raises
    ------
    ConfigError
        Where configuration and streams do not fit each other, or with a real device something
        is not as recommended and no word allows it.
    """
    try:
        loop = ClosedLoop(config.loop, infos, session)
    except ValueError as error:
        parts, found = Parts.of_config(config), {info.name: info for info in infos}
        mistakes = [*of_detectors(parts, found), *from_text(str(error))]
        raise ConfigError(*lines(file, mistakes, plain_tables(config))) from error
    _require_recommended(file, config, loop)
    return loop


def needless_words(config: Config, loop: ClosedLoop | None = None) -> list[str]:
    """Return a warning for each word of `[rig] allow` that has no effect in this file.

    Parameters
    ----------
    config : Config
        The rig.
    loop : ClosedLoop, optional
        Its loop, where the streams were found; without, as far as the file says what they are.
    """
    if loop is None and LONG_HOLD in config.rig.allow:
        loop = _expected_loop("", config)
    return needless(config, None if loop is None else longest_window_s(loop))


def sign_warnings(config: Config) -> list[str]:
    """Return which `expected_sign` of a device that is not simulated no titration supports."""
    return list(unsupported_signs(config.loop, config.titrations))


def stimulation_warnings(config: Config) -> list[str]:
    """Return which detectors' bands a stimulation falls into, for streams of known rate."""
    infos = [expected_info(config.patient, stream) for stream in config.streams]
    rates_hz = {stream.name: stream.rate_hz or 0.0 for stream in config.streams}
    rates_hz |= {info.name: info.rate_hz for info in infos if info is not None}
    return list(stimulation_in_bands(config.loop, rates_hz))


def machine_warnings(config: Config) -> list[str]:
    """Return warnings about this machine: LSL settings that are ignored, a port that is taken."""
    port = taken_port(config.broker)
    return [*lsl_warnings(config.lsl), *([] if port is None else [port])]


def lsl_warnings(network: LslConfig) -> list[str]:
    """Return which settings of liblsl's own file an `[lsl]` table replaces without a message."""
    return replaced_settings(network, own_file())


def to_toml(config: Config) -> bytes:
    """Return the configuration as TOML, with every default written out."""
    return tomli_w.dumps(_without_none(msgspec.to_builtins(config))).encode()


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the configuration file."""
    return msgspec.json.schema(Config)


def _require_recommended(file: Path | str, config: Config, loop: ClosedLoop | None) -> None:
    window_s = None if loop is None else longest_window_s(loop)
    refused = [each.mistake for each in refusals(Parts.of_config(config), window_s)]
    if refused:
        raise ConfigError(*lines(file, refused, plain_tables(config)))


def _expected_loop(file: Path | str, config: Config) -> ClosedLoop | None:
    """Return the loop for the expected streams; None where the rate of one is unknown."""
    infos = [expected_info(config.patient, stream) for stream in config.streams]
    known = [info for info in infos if info is not None]
    return build_loop(file, config, known, session="check") if len(known) == len(infos) else None


def _without_none(value: Any) -> Any:  # noqa: ANN401 any plain data
    """Remove keys without a value, since TOML has no null."""
    if isinstance(value, dict):
        return {key: _without_none(each) for key, each in value.items() if each is not None}
    if isinstance(value, list | tuple):
        return [_without_none(each) for each in value]
    return value
