"""`calibrate --emg`: levels of muscles from a recording with markers, as a file `run` takes."""

from pathlib import Path
from typing import TYPE_CHECKING

from stimloop.commands.arguments import opened, print_json, print_line, warn
from stimloop.errors import ConfigError, os_error_text

if TYPE_CHECKING:
    from replay.recording import RecordedStream, Recording
    from streamer.streams import StreamConfig


def calibrate_emg(
    recording: Path,
    words: tuple[str, str],
    chosen: tuple[str | None, str | None, str | None],
    files: tuple[Path | None, Path | None],
    *,
    as_json: bool,
) -> None:
    """Measure muscles, print what was found, and write the file.

    Parameters
    ----------
    recording : Path
        The file.
    words : tuple of str
        How markers of rest and of a reference contraction begin.
    chosen : tuple of str or None
        Stream, channel and unit, where they are asked for.
    files : tuple of Path or None
        Where the rig's file goes, and a picture, which there is none of.
    as_json : bool
        Whether to print for machines.
    """
    from replay.calibration.choosing import CalibrationError
    from replay.calibration.emg.calibrate import calibrate_muscles
    from replay.calibration.emg.intervals import MarkerWords
    from stimloop.validating.muscle_fragment import muscle_fragment, muscle_lines

    out, picture = files
    if picture is not None:
        raise ConfigError("--picture: expected none with --emg, found one")
    loaded = opened(recording)
    stream, config = _stream_of(loaded, chosen[0], chosen[2])
    channels = stream.info.channels if chosen[1] is None else (chosen[1],)
    try:
        found = calibrate_muscles(
            loaded, stream, config, channels, MarkerWords(rest=words[0], reference=words[1])
        )
    except (CalibrationError, ValueError) as error:
        raise ConfigError(f"{recording}: {error}") from error
    if out is not None:
        _write(out, muscle_fragment(found, loaded, chosen[2]))
    written = [str(out)] if out is not None else []
    if as_json:
        print_json({**found.as_dict(), "files": written})
    else:
        for line in (*muscle_lines(found), *written):
            print_line(line)
    for warning in found.warnings:
        warn(f"{recording}: {warning}")


def _stream_of(
    recording: "Recording", name: str | None, unit: str | None
) -> tuple["RecordedStream", "StreamConfig"]:
    """Return the stream of the EMG, and a table for it."""
    from msgspec.structs import replace

    from stimloop.library.validation.inspection import tables_of

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
        raise ConfigError(
            f"{recording.path}: expected {wanted}, found {len(asked)}: choose one with --stream "
            f"(signals: {listed})"
        )
    stream, table = asked[0]
    return stream, replace(table, kind="emg")


def _write(out: Path, text: str) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"--out: expected a file that can be written: {os_error_text(error)}"
        ) from error
