"""`replay`, `play`, `verify`: run or play a recording, and compute a session again."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stimloop.commands.arguments import (
    AsJson,
    RecordingFile,
    ReplayedConfig,
    opened,
    print_json,
    print_line,
    print_toml,
    warn,
)
from stimloop.errors import ConfigError, DoesNotHoldError, FaultError
from stimloop.event_loop import until_interrupted
from stimloop.key_path import with_path_first
from stimloop.terminal.progress import progress, progress_of_named

if TYPE_CHECKING:
    from replay.verification.verdict import Verdict

app = typer.Typer()

#: A digest of the journal, which chains each record to the one before.
_HEAD = re.compile("[0-9a-fA-F]{64}")

ChunkSamples = Annotated[
    int | None, typer.Option(min=1, help="Samples to a chunk; changes nothing that is detected.")
]


@app.command("replay")
def replay(
    recording: RecordingFile,
    config: ReplayedConfig = None,
    *,
    out: Annotated[
        Path | None, typer.Option(help="Session folder to create; sessions/<time>-<rig> without.")
    ] = None,
    chunk_samples: ChunkSamples = None,
    seed: Annotated[
        int | None, typer.Option(help="Cut chunks of random lengths up to --chunk-samples.")
    ] = None,
    detect_only: Annotated[
        bool,
        typer.Option("--detect-only", help="Detectors alone, in long chunks: nothing is driven."),
    ] = False,
    unit: Annotated[
        str | None, typer.Option(help="Unit of every LFP and EMG channel, whatever the file says.")
    ] = None,
    show_config: Annotated[
        bool, typer.Option("--show-config", help="Print the configuration, to be edited; no more.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Run a recording through the loop in virtual time, as fast as the processor goes."""
    from replay.offline import LONG_CHUNKS
    from replay.recording_source import Chunking
    from replay.session import replay_session
    from stimloop import config as configuration
    from stimloop.recording_config import commented_toml, detectors_alone, read_or_make_config
    from streamer.clock import wall_time_text
    from streamer.errors import StreamError

    loaded = opened(recording)
    made = read_or_make_config(loaded, config, unit)
    chunking = Chunking(n_samples_max=chunk_samples, seed=seed)
    if detect_only:
        made = detectors_alone(made)
        chunking = LONG_CHUNKS if chunk_samples is None else chunking
    if show_config:
        print_toml(commented_toml(made))
        return
    rig = made.config
    for remark in made.remarks:
        warn(f"{recording}: {remark}")
    folder = out or Path("sessions") / f"{wall_time_text()}-{rig.rig.name}-{recording.stem}"
    try:
        with progress_of_named("replaying", is_shown=not as_json) as advance:
            summary = replay_session(
                loaded,
                rig.loop,
                config_toml=configuration.to_toml(rig),
                out=folder,
                may_number=out is None,
                chunking=chunking,
                progress=lambda done, total: advance(done, total, ""),
                warn=warn,
                compiles=lambda n, name: advance(n, None, f"(compiling {name})"),
            )
    except ValueError as error:
        raise ConfigError(f"{config or recording}: {with_path_first(str(error))}") from error
    except StreamError as error:
        named = "" if str(error).startswith(f"{recording}: ") else f"{recording}: "
        raise ConfigError(f"{named}{error}") from error
    _print_summary(summary, as_json=as_json)
    if summary["ended"] == "stopped":
        raise FaultError(f"interrupted: {summary['folder']} has what was replayed until then")


def _print_summary(summary: dict[str, Any], *, as_json: bool) -> None:
    from stimloop.terminal.found_text import found_lines, warnings

    if as_json:
        print_json(summary)
    else:
        for line in found_lines(summary):
            print_line(line)
        print_line(
            f"{summary['real_time_factor']:.0f} times real time; session folder: "
            f"{summary['folder']}"
        )
    for line in warnings(summary):
        warn(line)


@app.command("play")
def play(
    recording: RecordingFile,
    config: Annotated[
        Path | None, typer.Option(help="Take the [lsl] table from this configuration.")
    ] = None,
    *,
    speed: Annotated[float, typer.Option(min=0.01, help="Recorded seconds to a second.")] = 1.0,
    loop: Annotated[bool, typer.Option("--loop", help="Begin again at the end.")] = False,
    chunk_samples: Annotated[int, typer.Option(min=1, help="Samples pushed at once.")] = 10,
    stream: Annotated[
        list[str] | None, typer.Option(help="Play only this stream; may be given more than once.")
    ] = None,
) -> None:
    """Play all streams of a recording onto LSL, as soon as somebody listens."""
    from replay.playing import player
    from stimloop import config as configuration
    from streamer.lsl.network import LslConfig, configure

    loaded = opened(recording)
    network = LslConfig() if config is None else configuration.load(config).lsl
    for warning in configuration.lsl_warnings(network):
        warn(f"{config}: {warning}")
    configure(network)
    n_pushed = until_interrupted(
        player.play(
            loaded,
            speed=speed,
            loop=loop,
            chunk_samples=chunk_samples,
            streams=stream or (),
            report=print_line,
        )
    )
    print_line("interrupted" if n_pushed is None else f"played {n_pushed} samples and markers")


@app.command("verify")
def verify(
    session: Annotated[Path, typer.Argument(help="A session folder, or its journal.")],
    *,
    head: Annotated[
        str | None,
        typer.Option(help="A head that this session's status published: its record must be there."),
    ] = None,
    keys: Annotated[
        Path | None,
        typer.Option(help="Folder with the journal.key that the end record is signed with."),
    ] = None,
    unfinished: Annotated[
        bool, typer.Option("--unfinished", help="Accept a session without an end, as a kill leaves")
    ] = False,
    recording: Annotated[
        Path | None,
        typer.Option(help="A recorder's file to hold against the journal; else the session's own."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compute a session again from its journal, and check whether the end of its journal is proven.

    A recording (`record = true`) is compared with the journal sample by sample. 0 if everything is
    the same and nothing can be missing, else 1. A session without an end record needs --head, or
    --unfinished.
    """
    import msgspec

    from replay.verification.verify import verify as verify_session
    from streamer.errors import JournalError
    from streamer.journal.key import load_journal_key

    if head is not None and _HEAD.fullmatch(head) is None:
        raise ConfigError(f"--head: expected 64 hexadecimal digits, found {head!r}")
    try:
        key = None if keys is None else load_journal_key(keys)
        with progress("verifying", is_shown=not as_json) as advance:
            verdict = verify_session(
                session,
                lambda n_records: advance(n_records, None),
                head=None if head is None else head.lower(),
                key=key,
                is_unfinished=unfinished,
                recording=recording,
            )
    except JournalError as error:
        raise ConfigError(str(error)) from error
    if as_json:
        print_json(msgspec.to_builtins(verdict))
    else:
        _print_verdict(session, verdict)
    if not verdict.holds:
        raise DoesNotHoldError(f"{session}: does not hold: {verdict.first_difference}")
    if verdict.recording is not None and not verdict.recording.is_equal:
        raise DoesNotHoldError(verdict.recording.text)
    if not verdict.passes:
        raise DoesNotHoldError(f"{session}: the end is not proven: {verdict.end.text}")


def _print_verdict(session: Path, verdict: "Verdict") -> None:
    for warning in verdict.warnings:
        warn(warning)
    if not verdict.holds:
        up_to = f"record {verdict.n_records - 1}" if verdict.n_records else "no record"
        print_line(f"{session}: the chain fits up to {up_to}; head {verdict.head}")
        return
    print_line(
        f"{session}: holds: {verdict.n_records} records and {verdict.n_samples} samples "
        f"give the same, in other chunks too; head {verdict.head}"
    )
    if verdict.end.is_proven:
        print_line(f"{session}: the end is proven: {verdict.end.text}")
    elif verdict.passes:
        print_line(
            f"{session}: unfinished: no end record; it holds up to record "
            f"{verdict.n_records - 1}, and what followed, if anything, is not known"
        )
    check = verdict.recording
    if check is not None:
        for each in check.streams:
            if not each.is_equal:
                print_line(f"{check.file}: {each.stream}: {each.text}")
        if check.is_equal:
            print_line(check.text)
