"""Levels of muscles from a recording with markers, from a notebook."""

from os import PathLike
from pathlib import Path

from msgspec.structs import replace

from detectors.conditioning.units import is_voltage_unit
from replay import readers
from replay.calibration.choosing import CalibrationError
from replay.calibration.emg.calibrate import MuscleCalibration, calibrate_muscles
from replay.calibration.emg.intervals import MarkerWords
from replay.recording import RecordedStream, Recording
from stimloop.library.input_errors import InputError
from stimloop.library.validation.inspection import tables_of
from streamer.streams import StreamConfig


def calibrate_emg(
    path: str | PathLike[str],
    *,
    stream: str | None = None,
    channel: str | None = None,
    rest: str = "rest",
    reference: str = "reference",
    unit: str | None = None,
) -> MuscleCalibration:
    """Measure muscles at rest and in a reference contraction, by markers of a recording.

    Parameters
    ----------
    path : path
        The recording.
    stream, channel : str, optional
        Look at this one alone.
    rest, reference : str
        How markers of rest and of a reference contraction begin; behind the latter may stand the
        channel that it is of.
    unit : str, optional
        Unit of every EMG channel, whatever the file says.

    Returns
    -------
    MuscleCalibration
        Levels of each channel, what is doubtful, and the width of the EMG's spectrum;
        ``as_dict()`` gives all of it as plain data.

    Raises
    ------
    RecordingError
        Where the file cannot be read, or its format is not known.
    InputError
        Where there are no such markers, too little is good, or a contraction is not above rest.

    Examples
    --------
    >>> import stimloop as sl
    >>> found = sl.calibrate_emg("arm.xdf")
    >>> levels = found.muscles["wrist_flexor"]
    >>> levels.reference_uv > 10.0 * levels.rest[20.0].mean_uv
    True
    """
    words = MarkerWords(rest=rest, reference=reference)
    return calibrate_muscles_of(readers.open(Path(path)), words, (stream, channel, unit))


def calibrate_muscles_of(
    recording: Recording, words: MarkerWords, chosen: tuple[str | None, str | None, str | None]
) -> MuscleCalibration:
    """Do the same with a recording that is open; `chosen` are stream, channel and unit."""
    name, channel, unit = chosen
    if unit is not None and not is_voltage_unit(unit):
        raise InputError(f"unit: expected a unit of voltage (V, mV, uV, nV), found {unit!r}")
    stream, config = _stream_of(recording, name, unit)
    channels = stream.info.channels if channel is None else (channel,)
    try:
        return calibrate_muscles(recording, stream, config, channels, words)
    except (CalibrationError, ValueError) as error:
        raise InputError(f"{recording.path}: {error}") from error


def _stream_of(
    recording: Recording, name: str | None, unit: str | None
) -> tuple[RecordedStream, StreamConfig]:
    """Return the stream of the EMG, and a table for it."""
    tables = zip(recording.streams, tables_of(recording, unit), strict=True)
    signals = [(stream, table) for stream, table in tables if stream.is_signal]
    asked = [
        (stream, table)
        for stream, table in signals
        if (table.kind == "emg" if name is None else name in (table.name, stream.info.lsl_name))
    ]
    if len(asked) != 1:
        listed = ", ".join(table.name for _, table in signals) or "none"
        wanted = "one stream of EMG" if name is None else f"a stream {name!r}"
        raise InputError(
            f"{recording.path}: expected {wanted}, found {len(asked)}: choose one by its name "
            f"(signals: {listed})"
        )
    stream, table = asked[0]
    return stream, replace(table, kind="emg")
