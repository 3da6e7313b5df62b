"""The whole configuration file: read, checked and written back resolved."""

from pathlib import Path
from typing import Any

import msgspec
import tomli_w

from detectors.registry import REGISTRY
from replay.patient import PatientConfig
from stimloop.address import DEFAULT_FILE
from stimloop.errors import ConfigError
from stimloop.key_path import located
from stimloop.recommended import LONG_HOLD, longest_window_s, needless, refusals
from stimloop.toml_file import read_toml
from stimulators.wire.key_files import SigningConfig
from stimulators.wire.mqtt import BrokerConfig
from streamer.closed_loop import ClosedLoop
from streamer.config import LoopConfig
from streamer.lsl_network import LslConfig
from streamer.source import StreamInfo
from streamer.stimulation_bands import stimulation_in_bands
from streamer.streams import StreamConfig


class SessionSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[session]` table: for the record only, nothing depends on it."""

    subject: str = ""
    side: str = ""
    medication: str = ""
    notes: str = ""


class Config(LoopConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file: what the loop reads, and where its edges are.

    Parameters
    ----------
    session : SessionSection
        Who and how, for the record.
    lsl : LslConfig
        Which part of the network LSL sees.
    broker : BrokerConfig
        Where the MQTT broker is.
    signing : SigningConfig, optional
        Whether what is said on the wire is signed; must be written, either way, where a device
        is not simulated.
    patient : PatientConfig, optional
        The simulated patient, where there is one.
    """

    session: SessionSection = SessionSection()
    lsl: LslConfig = LslConfig()
    broker: BrokerConfig = BrokerConfig()
    signing: SigningConfig | None = None
    patient: PatientConfig | None = None

    def __post_init__(self) -> None:
        real = [device.id for device in self.devices if not device.simulated]
        if real and self.signing is None:
            raise ValueError(
                f"signing: expected a [signing] table with a device that is not simulated "
                f'({", ".join(real)}), mode = "hmac_sha256" or "off", found none'
            )

    @property
    def loop(self) -> LoopConfig:
        """The sections that decide what is detected and decided."""
        return LoopConfig(
            rig=self.rig,
            streams=self.streams,
            detectors=self.detectors,
            policies=self.policies,
            devices=self.devices,
            gate=self.gate,
        )


def load(path: Path | None) -> Config:
    """Read and check a configuration file.

    Parameters
    ----------
    path : Path or None
        The TOML file; None takes the default rig.

    Raises
    ------
    ConfigError
        Where it cannot be read, or any key in it is unknown, missing or impossible.
    """
    file = DEFAULT_FILE if path is None else path
    try:
        config = msgspec.convert(read_toml(file), Config)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{file}: {located(str(error))}{_refused(str(error))}") from error
    check(file, config)
    return config


def check(file: Path, config: Config) -> None:
    """Hold a configuration against the streams it expects, and against what is recommended.

    Streams of which rate or channels are not written down can be checked only once they are
    found, which every command that opens them does.

    Raises
    ------
    ConfigError
        With the key path; where no word of `[rig] allow` allows it, with that word.
    """
    names = [stream.name for stream in config.streams]
    for place, name in enumerate(names):
        if name in names[:place]:
            raise ConfigError(
                f"{file}: $.streams[{place}].name: expected unique names, found {name!r} twice"
            )
    if _expected_loop(file, config) is None:
        _require_recommended(file, config, None)


def build_loop(
    file: Path | str, config: Config, infos: list[StreamInfo], *, session: str
) -> ClosedLoop:
    """Return the loop for these streams.

    Raises
    ------
    ConfigError
        Where configuration and streams do not fit each other, or with a real device something
        is not as recommended and no word allows it.
    """
    try:
        loop = ClosedLoop(config.loop, infos, session)
    except ValueError as error:
        raise ConfigError(f"{file}: {located(str(error))}") from error
    _require_recommended(file, config, loop)
    return loop


def needless_words(config: Config, loop: ClosedLoop | None = None) -> list[str]:
    """Return a warning for each word of `[rig] allow` that allows nothing in this file.

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


def stimulation_warnings(config: Config) -> list[str]:
    """Return which bands a stimulation is seen in, of the streams of which the rate is known."""
    infos = [_expected_info(config, stream) for stream in config.streams]
    rates_hz = {stream.name: stream.rate_hz or 0.0 for stream in config.streams}
    rates_hz |= {info.name: info.rate_hz for info in infos if info is not None}
    return list(stimulation_in_bands(config.loop, rates_hz))


def to_toml(config: Config) -> bytes:
    """Return the resolved configuration, every default written out, as TOML."""
    return tomli_w.dumps(_without_none(msgspec.to_builtins(config))).encode()


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the configuration file."""
    return msgspec.json.schema(Config)


def _require_recommended(file: Path | str, config: Config, loop: ClosedLoop | None) -> None:
    refused = refusals(config, None if loop is None else longest_window_s(loop))
    if refused:
        raise ConfigError(f"{file}: {'; '.join(each.text for each in refused)}")


def _refused(text: str) -> str:
    """Say which detectors from elsewhere could not be taken, where a kind is not known."""
    if ".kind`" not in text:
        return ""
    return "".join(
        f"; detector {name!r} was refused: {reason}" for name, reason in REGISTRY.refused.items()
    )


def _expected_loop(file: Path | str, config: Config) -> ClosedLoop | None:
    """Return the loop for the streams that are expected; None where they are not all known."""
    infos = [_expected_info(config, stream) for stream in config.streams]
    known = [info for info in infos if info is not None]
    return build_loop(file, config, known, session="check") if len(known) == len(infos) else None


def _expected_info(config: Config, stream: StreamConfig) -> StreamInfo | None:
    patient = config.patient
    if patient is not None and stream.match.source_id == patient.source_id:
        return patient.info(stream.name)
    if stream.kind == "markers":
        return StreamInfo(
            name=stream.name, rate_hz=0.0, channels=("markers",), units=("",), dtype="string"
        )
    if stream.rate_hz is None or not stream.channels:
        return None
    return StreamInfo(
        name=stream.name,
        rate_hz=stream.rate_hz,
        channels=stream.channels,
        units=(stream.unit or "uV",) * len(stream.channels),
        dtype="float32",
    )


def _without_none(value: Any) -> Any:  # noqa: ANN401 any plain data
    """TOML has no null: a key that is not set is left out."""
    if isinstance(value, dict):
        return {key: _without_none(each) for key, each in value.items() if each is not None}
    if isinstance(value, list | tuple):
        return [_without_none(each) for each in value]
    return value
