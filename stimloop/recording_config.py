"""A configuration for a recording that comes without one: beta power and bursts of every signal."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from detectors.bursts.burst import BurstConfig, BurstThreshold
from detectors.chain import AnyDetectorConfig
from detectors.conditioning.artifacts.path import reads_events
from detectors.conditioning.quality import Kind
from detectors.conditioning.units import is_voltage_unit
from detectors.power.band_power import BandPowerConfig
from detectors.spelling import normal_form
from replay.choice import answering, is_same_recording
from replay.recording import RecordedStream, Recording, RecordingError, describe
from replay.timeline.timelines import timelines
from replay.unique_names import UniqueNames
from stimloop.config import Config, load
from stimloop.errors import ConfigError
from stimloop.short_toml import short_toml
from stimloop.terminal.plain_text import plain
from streamer.closed_loop import ClosedLoop
from streamer.config import RigSection
from streamer.lsl.description import as_configured
from streamer.publishing.own_streams import is_own
from streamer.source import StreamInfo
from streamer.streams import Match, StreamConfig

_BAND_HZ = (13.0, 30.0)
_CALIBRATE_S = 20.0
_CALIBRATE_S_MIN = 0.1
_KINDS: dict[str, Kind] = {
    "LFP": "lfp",
    "ECOG": "lfp",
    "IEEG": "lfp",
    "SEEG": "lfp",
    "EEG": "lfp",
    "EMG": "emg",
}
_N_ID_MAX = 48


class MadeConfig(NamedTuple):
    """A configuration that fits its recording, and a line for each stream it leaves out."""

    config: Config
    remarks: tuple[str, ...]


def read_or_make_config(recording: Recording, file: Path | None, unit: str | None) -> MadeConfig:
    """Return the configuration of a file, or one made for the recording where there is none.

    Parameters
    ----------
    recording : Recording
        What it is for.
    file : Path, optional
        The configuration.
    unit : str, optional
        Unit of every LFP and EMG channel, whatever file and streams say.

    Raises
    ------
    ConfigError
        Where the file cannot be used, the unit is none, or there is nothing to detect.
    """
    if unit is not None and not is_voltage_unit(unit):
        raise ConfigError(f"--unit: expected a unit of voltage (V, mV, uV, nV), found {unit!r}")
    if file is None:
        return config_for(recording, unit)
    config = load(file)
    if unit is not None:
        streams = tuple(
            replace(each, unit=unit) if each.kind in ("lfp", "emg") else each
            for each in config.streams
        )
        config = replace(config, streams=streams)
    return MadeConfig(config, ())


def detectors_alone(made: MadeConfig) -> MadeConfig:
    """Return a configuration without policies, devices and what belongs to these.

    What is detected is the same, but for artifact steps that read our own stimulation, of which
    there is none: a line says so.
    """
    config = made.config
    blind = [
        f"stream {stream.name}: {step.__struct_config__.tag} finds no stimulation of the rig's own "
        "devices, since nothing is driven: estimates beside it may differ"
        for stream in config.streams
        for step in stream.artifacts
        if config.devices and reads_events(step)
    ]
    alone = replace(config, policies=(), devices=(), patient=None, titrations=())
    return MadeConfig(alone, (*made.remarks, *blind))


def config_for(recording: Recording, unit: str | None = None) -> MadeConfig:
    """Return a configuration that detects beta bursts on every channel and drives nothing.

    Parameters
    ----------
    recording : Recording
        Its signals sampled above 60 Hz whose stream type is LFP, ECoG, EEG or EMG are taken;
        where there is none of these types, all that are fast enough, as LFP. Of a signal in no
        unit of voltage the numbers are taken as they are, and their size is not judged.
    unit : str, optional
        Unit of every channel, whatever the streams say.

    Raises
    ------
    ConfigError
        Where there is no such signal: names what there is.
    """
    remarks: list[str] = []
    taken: list[RecordedStream] = []
    parts: list[_Part] = []
    unique, unique_id = UniqueNames("_"), UniqueNames("_")
    for signal in _signals(recording, remarks):
        number = 1 + [each is signal for each in recording.streams].index(True)
        name = unique(normal_form(signal.info.lsl_name) or f"stream_{number}")
        part = _part(signal, name, unique_id(_id(name)), recording, unit)
        problem = _problem(part, signal, taken)
        if problem:
            remarks.append(f"stream {number}, {describe(signal.info)}, is left out: {problem}")
            continue
        if not signal.info.lsl_name:
            remarks.append(f"stream {number} has no name, it is called {part.stream.name}")
        if part.stream.kind == "other":
            remarks.append(
                f"stream {part.stream.name} has no unit of voltage: its numbers are taken as they "
                "are and their size is not judged; give the unit with --unit, as --unit uV"
            )
        taken.append(signal)
        parts.append(part)
    if not parts:
        raise ConfigError(f"{recording.path}: {_nothing(recording, remarks)}")
    return MadeConfig(_config(parts), tuple(remarks))


def kind_of(info: StreamInfo, unit: str | None = None, *, of_unknown_type: Kind = "lfp") -> Kind:
    """Return the kind of a signal by its type; "other" where no channel has a unit of voltage."""
    if is_own(info) or (unit is None and not any(map(is_voltage_unit, info.units))):
        return "other"
    return _KINDS.get(info.lsl_type.upper(), of_unknown_type)


def is_of_known_type(info: StreamInfo) -> bool:
    """Return whether a signal's type says which kind it is of."""
    return info.lsl_type.upper() in _KINDS


def match_of(signal: RecordedStream, recording: Recording) -> Match:
    """Return a match that chooses this stream and no other one of the recording."""
    info = signal.info
    match = Match(
        name=info.lsl_name or None,
        type=info.lsl_type or None,
        source_id=info.source_id or None,
        index=0,
    )
    alike = answering(match, recording.streams)
    if len(alike) == 1 and match.asked:
        return replace(match, index=None)
    if info.uid and sum(each.info.uid == info.uid for each in alike) == 1:
        return replace(match, index=None, uid=info.uid)
    return replace(match, index=[each is signal for each in alike].index(True))


def commented_toml(made: MadeConfig) -> str:
    """Return a configuration as TOML to be edited, with what was left out as comments above."""
    comments = "".join(f"# {plain(remark)}\n" for remark in made.remarks)
    return f"{comments}{short_toml(made.config)}"


class _Part(NamedTuple):
    """One stream, and the detectors that run on it."""

    stream: StreamConfig
    detectors: tuple[AnyDetectorConfig, ...]


def _signals(recording: Recording, remarks: list[str]) -> list[RecordedStream]:
    """Return the signals of a high enough rate; only those of a known type where there are any."""
    fit: list[RecordedStream] = []
    for number, each in enumerate(recording.streams, 1):
        if not each.is_signal or is_own(each.info) or each.info.rate_hz <= 2.0 * _BAND_HZ[1]:
            continue
        twin = next((other for other in fit if is_same_recording(each, other)), None)
        if not each.n_samples:
            remarks.append(f"stream {number}, {describe(each.info)}, is left out: it is empty")
        elif twin is not None:
            remarks.append(
                f"stream {number}, {describe(each.info)}, is left out: it was recorded twice"
            )
        else:
            fit.append(each)
    return [each for each in fit if is_of_known_type(each.info)] or fit


def _part(
    signal: RecordedStream, name: str, beta: str, recording: Recording, unit: str | None
) -> _Part:
    info = signal.info
    match = match_of(signal, recording)
    stream = StreamConfig(name=name, kind=kind_of(info, unit), unit=unit, match=match)
    length_s = signal.n_samples / info.rate_hz
    calibrate_s = min(_CALIBRATE_S, max(round(length_s / 3.0, 1), _CALIBRATE_S_MIN))
    return _Part(
        stream,
        (
            BandPowerConfig(id=beta, stream=name, band_hz=_BAND_HZ),
            BurstConfig(
                id=f"{beta}_burst",
                of=beta,
                threshold=BurstThreshold(percentile=75.0, calibrate_s=calibrate_s),
            ),
        ),
    )


def _id(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "_", name)[:_N_ID_MAX] + "_beta"


def _problem(part: _Part, signal: RecordedStream, taken: Sequence[RecordedStream]) -> str:
    """Return why a stream cannot be used with those already taken, or nothing."""
    try:
        timelines([*taken, signal])
        info = as_configured(part.stream, signal.info)
        ClosedLoop(_config([part]).loop, [info], "check")
    except (RecordingError, ValueError) as error:
        return str(error)
    return ""


def _config(parts: Sequence[_Part]) -> Config:
    return Config(
        rig=RigSection(name="recording"),
        streams=tuple(part.stream for part in parts),
        detectors=tuple(detector for part in parts for detector in part.detectors),
    )


def _nothing(recording: Recording, remarks: Sequence[str]) -> str:
    found = "; ".join(describe(each.info, each.n_samples) for each in recording.streams)
    why = f" ({'; '.join(remarks)})" if remarks else ""
    return (
        f"nothing to do: expected a signal sampled above {2.0 * _BAND_HZ[1]:g} Hz, for power from "
        f"{_BAND_HZ[0]:g} to {_BAND_HZ[1]:g} Hz, found {found}{why}; give a CONFIG for what is "
        "there"
    )
