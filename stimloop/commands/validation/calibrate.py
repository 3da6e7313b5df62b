"""`calibrate`: channel, band, thresholds and onset from a recording, as a file that `run` takes."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stimloop.commands.arguments import AsJson, RecordingFile, opened, print_json, print_line, warn
from stimloop.commands.validation.inspect import Search, save_picture, search_of
from stimloop.errors import ConfigError, DoesNotHoldError, os_error_text

if TYPE_CHECKING:
    from replay.calibration.calibrated import Calibration
    from replay.calibration.request import Request
    from replay.recording import Recording

app = typer.Typer()

_Span = Annotated[str | None, typer.Option(help="From when to when, as 10,45 in seconds.")]


@app.command("calibrate")
def calibrate(
    recording: RecordingFile,
    *,
    stream: Annotated[str | None, typer.Option(help="Look at this stream alone.")] = None,
    channel: Annotated[
        str | None, typer.Option(help="Take this channel, or this pair as inspect names it.")
    ] = None,
    search: Search = "6,35",
    window: Annotated[float, typer.Option(min=0.1, max=60.0, help="Seconds of a power.")] = 0.5,
    hop: Annotated[float, typer.Option(min=0.001, max=10.0, help="From one to the next.")] = 0.01,
    averaging: Annotated[
        float, typer.Option(min=0.001, max=60.0, help="Seconds of a mean that a policy compares.")
    ] = 0.1,
    at_lowest: _Span = None,
    at_highest: _Span = None,
    surrogates: Annotated[int, typer.Option(min=1, max=9999, help="How many.")] = 39,
    seed: Annotated[int, typer.Option(min=0, help="Where their phases come from.")] = 1,
    emg: Annotated[
        bool,
        typer.Option("--emg", help="Measure muscles at rest and in a reference contraction."),
    ] = False,
    rest: Annotated[str, typer.Option(help="With --emg: how markers of rest begin.")] = "rest",
    reference: Annotated[
        str,
        typer.Option(help="With --emg: how those of a contraction begin; a channel may follow."),
    ] = "reference",
    unit: Annotated[
        str | None, typer.Option(help="Unit of every LFP or EMG channel, whatever the file says.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write the rig's file here, which run takes as it is.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(help="Draw one page, as its suffix says: .png, .svg or .pdf.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find the channel, the peak and its band, thresholds and onset for a rig.

    With --at-lowest and --at-highest, when stimulation was at its limits, also thresholds by the
    means there. 1 if there is no peak.

    With --emg the levels of muscles instead, from markers: "rest", and "reference" with or without
    a channel behind it.
    """
    if emg:
        from stimloop.commands.validation.muscles import calibrate_emg

        calibrate_emg(
            recording, (rest, reference), (stream, channel, unit), (out, picture), as_json=as_json
        )
        return
    from replay.calibration.choosing import CalibrationError, NoPeakError
    from replay.calibration.request import Request
    from stimloop.validating.calibration_text import calibration_lines

    request = Request(
        stream=stream,
        channel=channel,
        search_hz=search_of(search),
        window_s=window,
        hop_s=hop,
        averaging_s=averaging,
        limits=_limits(at_lowest, at_highest),
        n_surrogates=surrogates,
        seed=seed,
    )
    loaded = opened(recording)
    try:
        found = _calibrated(loaded, request, unit)
    except NoPeakError as error:
        raise DoesNotHoldError(f"{recording}: {error}") from error
    except (CalibrationError, ValueError) as error:
        raise ConfigError(f"{recording}: {error}") from error
    files = _write(found, loaded, out, unit)
    if picture is not None:
        save_picture("stimloop.validating.calibration_picture", found, picture)
        files.append(picture)
    if as_json:
        print_json({**found.as_dict(), "files": [str(each) for each in files]})
    else:
        for line in calibration_lines(found):
            print_line(line)
        for each in files:
            print_line(str(each))
    for warning in found.warnings:
        warn(f"{recording}: {warning}")


def _limits(lowest: str | None, highest: str | None) -> Any:  # noqa: ANN401 loaded when called
    from replay.calibration.rules import Limits

    if lowest is None and highest is None:
        return None
    if lowest is None or highest is None:
        missing = "--at-lowest" if lowest is None else "--at-highest"
        raise ConfigError(f"{missing}: expected both --at-lowest and --at-highest, found one")
    return Limits(_span("--at-lowest", lowest), _span("--at-highest", highest))


def _span(option: str, text: str) -> tuple[float, float]:
    try:
        start_s, stop_s = (float(each) for each in text.split(","))
    except ValueError:
        start_s, stop_s = 0.0, -1.0
    if not 0.0 <= start_s < stop_s:
        raise ConfigError(f"{option}: expected seconds as 10,45, found {text!r}")
    return start_s, stop_s


def _calibrated(loaded: "Recording", request: "Request", unit: str | None) -> "Calibration":
    from stimloop.library.validation.calibration import calibrate_opened
    from stimloop.terminal.progress import progress_of_named

    with progress_of_named("calibrating") as advance:
        return calibrate_opened(
            loaded, request, unit, lambda name, done, total: advance(done, total, f"({name})")
        )


def _write(
    found: "Calibration", loaded: "Recording", out: Path | None, unit: str | None
) -> list[Path]:
    from stimloop.validating.calibration_fragment import fragment

    if out is None:
        return []
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(fragment(found, loaded, unit), encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"--out: expected a file that can be written: {os_error_text(error)}"
        ) from error
    return [out]
