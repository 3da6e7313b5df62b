"""`score`: online detections of a recording, against references and against chance."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stimloop.commands.arguments import AsJson, RecordingFile, opened, print_json, print_line, warn
from stimloop.errors import ConfigError
from stimloop.key_path import with_path_first
from stimloop.terminal.progress import progress_of_named

if TYPE_CHECKING:
    from replay.recording import Recording
    from replay.scoring.result import Score
    from replay.scoring.settings import ScoreSettings
    from stimloop.recording_config import MadeConfig

app = typer.Typer()


@app.command("score")
def score(
    recording: RecordingFile,
    rig: Annotated[
        Path | None,
        typer.Argument(help="The rig's TOML file; without, beta bursts of every channel."),
    ] = None,
    *,
    out: Annotated[Path | None, typer.Option(help="File for the result (JSON).")] = None,
    page: Annotated[
        Path | None, typer.Option(help="File for the page with pictures (HTML, self-contained).")
    ] = None,
    band: Annotated[
        tuple[float, float] | None,
        typer.Option(help="Band of the reference, in Hz; that of each detector without."),
    ] = None,
    percentile: Annotated[
        float, typer.Option(min=0.1, max=99.9, help="Of the reference: above it is a burst.")
    ] = 75.0,
    smoothing: Annotated[
        float, typer.Option(min=0.0, max=10.0, help="Of the reference's amplitude, in s.")
    ] = 0.2,
    shortest: Annotated[
        float, typer.Option(min=0.0, max=10.0, help="Shortest burst of the reference, in s.")
    ] = 0.1,
    begin: Annotated[
        str | None,
        typer.Option(help="Markers that begin so are a reference, too: something begins there."),
    ] = None,
    end: Annotated[str, typer.Option(help="And it ends at a marker that begins so.")] = "",
    markers: Annotated[
        str, typer.Option(help="Name of the marker stream; all of them without.")
    ] = "",
    log_threshold: Annotated[
        float | None,
        typer.Option(help="Above it a device's own log is high; --percentile of it without."),
    ] = None,
    start: Annotated[
        float | None, typer.Option("--from", min=0.0, help="Judge from this second on.")
    ] = None,
    stop: Annotated[
        float | None, typer.Option("--to", min=0.0, help="Judge up to this second.")
    ] = None,
    undone: Annotated[
        float, typer.Option(min=0.001, help="A detection no longer than this, in s, is undone.")
    ] = 1.0,
    surrogates: Annotated[
        int, typer.Option(min=0, max=1000, help="Phase-randomised surrogates; 0 for none.")
    ] = 5,
    seed: Annotated[int, typer.Option(min=0, help="Of all random numbers.")] = 1,
    unit: Annotated[
        str | None, typer.Option(help="Unit of every LFP and EMG channel, whatever the file says.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Score what a rig detects in a recording: sensitivity, false positives, delays, phase.

    Held against bursts that only a finished recording shows, against markers (--begin), and
    against the log of a device where the recording has one; and against chance: shifts,
    phase-randomised surrogates, a healthy simulated patient.
    """
    from replay.scoring.references.offline_rhythm import ReferenceRule
    from replay.scoring.references.recorded import MarkerRule
    from replay.scoring.settings import ScoreSettings
    from stimloop.recording_config import read_or_make_config

    if begin is None and (end or markers):
        raise ConfigError("--begin: expected one with --end or --markers, found none")
    loaded = opened(recording)
    made = read_or_make_config(loaded, rig, unit)
    for remark in made.remarks:
        warn(f"{recording}: {remark}")
    try:
        settings = ScoreSettings(
            reference=ReferenceRule(
                smoothing_s=smoothing, percentile=percentile, duration_s_min=shortest
            ),
            band_hz=band,
            markers=None if begin is None else MarkerRule(begin, end, markers),
            log_threshold=log_threshold,
            start_s=start,
            stop_s=stop,
            undone_s=undone,
            n_surrogates=surrogates,
            seed=seed,
        )
    except ValueError as error:
        raise ConfigError(f"--{_option(str(error))}") from error
    found = _scored(loaded, made, settings, named=rig or recording)
    if out is not None:
        out.write_bytes(found.to_json())
    if page is not None:
        _write_page(page, found)
    _print(found, as_json=as_json, files=[each for each in (out, page) if each is not None])


def _option(text: str) -> str:
    """Return an error about a setting with the name of its option.

    Examples
    --------
    >>> _option("band_hz: expected low < high, found 30 and 13")
    'band: expected low < high, found 30 and 13'
    """
    key, _, rest = text.partition(":")
    names = {"start_s": "from", "stop_s": "to", "band_hz": "band"}
    return f"{names.get(key, key)}:{rest}"


def _scored(
    loaded: "Recording", made: "MadeConfig", settings: "ScoreSettings", *, named: Path
) -> "Score":
    from replay.scoring.score import score as score_of
    from stimloop import config as configuration
    from streamer.errors import StreamError

    try:
        with progress_of_named("scoring:") as advance:
            return score_of(
                loaded,
                made.config.loop,
                config_toml=configuration.to_toml(made.config),
                settings=settings,
                progress=lambda what, done, total: advance(done, total, what),
                compiles=lambda n, name: advance(n, None, f"(compiling {name})"),
            )
    except ValueError as error:
        text = with_path_first(str(error))
        raise ConfigError(text if text.startswith(str(loaded.path)) else f"{named}: {text}") from (
            error
        )
    except StreamError as error:
        text = str(error)
        where = "" if text.startswith(f"{loaded.path}: ") else f"{loaded.path}: "
        raise ConfigError(f"{where}{text}") from error


def _write_page(page: Path, found: "Score") -> None:
    from stimloop.reporting.score_page import score_page

    page.write_text(score_page(found), encoding="utf-8")


def _print(found: "Score", *, as_json: bool, files: list[Path]) -> None:
    import msgspec

    from stimloop.terminal.score_text import score_lines

    if as_json:
        plain: Any = msgspec.to_builtins(found)
        print_json(plain)
        return
    for line in score_lines(found):
        print_line(line)
    for each in files:
        print_line(f"written: {each}")
