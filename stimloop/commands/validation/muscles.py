"""`calibrate --emg`: levels of muscles from a recording with markers, as a file `run` takes."""

from pathlib import Path

from stimloop.commands.arguments import opened, print_json, print_line, warn
from stimloop.errors import ConfigError, os_error_text


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
    from replay.calibration.emg.intervals import MarkerWords
    from stimloop.library.input_errors import InputError
    from stimloop.library.validation.muscles import calibrate_muscles_of
    from stimloop.validating.muscle_fragment import muscle_fragment, muscle_lines

    out, picture = files
    if picture is not None:
        raise ConfigError("--picture: expected none with --emg, found one")
    loaded = opened(recording)
    try:
        found = calibrate_muscles_of(loaded, MarkerWords(rest=words[0], reference=words[1]), chosen)
    except InputError as error:
        raise ConfigError(str(error)) from error
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


def _write(out: Path, text: str) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"--out: expected a file that can be written: {os_error_text(error)}"
        ) from error
