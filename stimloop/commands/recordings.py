"""`replay`, `play`, `verify`: a recording through the loop, onto LSL, and computed again."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stimloop.commands.arguments import AsJson, ConfigFile, Recording, print_json, print_line, warn
from stimloop.errors import ConfigError, DoesNotHoldError
from stimloop.event_loop import until_interrupted
from stimloop.key_path import located
from stimloop.progress import progress

if TYPE_CHECKING:
    from replay.recording import Recording as LoadedRecording

ChunkSamples = Annotated[
    int | None, typer.Option(min=1, help="Samples to a chunk; changes nothing that is detected.")
]


def replay(
    recording: Recording,
    config: ConfigFile = None,
    *,
    out: Annotated[
        Path | None, typer.Option(help="Session folder to create; sessions/<time>-<rig> without.")
    ] = None,
    chunk_samples: ChunkSamples = None,
    seed: Annotated[
        int | None, typer.Option(help="Cut chunks of random lengths up to --chunk-samples.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run a recording through the loop in virtual time, as fast as the processor goes.

    Without CONFIG: beta power and bursts of every channel, and nothing is driven.
    """
    from replay.recording_source import Chunking
    from replay.session import replay_session
    from stimloop import config as configuration
    from stimloop.recording_config import config_for
    from streamer.clock import wall_time_text
    from streamer.errors import StreamError

    loaded = _loaded(recording)
    rig = config_for(loaded) if config is None else configuration.load(config)
    folder = out or Path("sessions") / f"{wall_time_text()}-{rig.rig.name}-{recording.stem}"
    try:
        with progress("replaying") as advance:
            summary = replay_session(
                loaded,
                rig.loop,
                config_toml=configuration.to_toml(rig),
                out=folder,
                chunking=Chunking(n_samples_max=chunk_samples, seed=seed),
                progress=advance,
                warn=warn,
            )
    except ValueError as error:
        raise ConfigError(f"{config or recording}: {located(str(error))}") from error
    except StreamError as error:
        raise ConfigError(f"{recording}: {error}") from error
    if as_json:
        print_json(summary)
        return
    found = ", ".join(f"{name} {n}" for name, n in summary["detections"].items())
    print_line(
        f"{summary['samples']} samples, {summary['gaps']} gaps, {summary['estimates']} estimates, "
        f"detections: {found or 'none'}; {summary['real_time_factor']:.0f} times real time"
    )
    print_line(f"session folder: {folder}")


def play(
    recording: Recording,
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
    """Play a recording onto LSL, all its streams, once somebody listens."""
    from replay import player
    from stimloop import config as configuration
    from streamer.lsl_network import LslConfig, configure

    loaded = _loaded(recording)
    configure(LslConfig() if config is None else configuration.load(config).lsl)
    n_pushed = until_interrupted(
        player.play(
            loaded,
            speed=speed,
            loop=loop,
            chunk_samples=chunk_samples,
            streams=stream or (),
            told=print_line,
        )
    )
    print_line("interrupted" if n_pushed is None else f"played {n_pushed} samples and markers")


def verify(
    session: Annotated[Path, typer.Argument(help="A session folder, or its journal.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Compute a session again from its journal: 0 if everything comes out the same, else 1."""
    import msgspec

    from replay.verify import verify as verify_session
    from streamer.errors import JournalError

    try:
        with progress("verifying") as advance:
            verdict = verify_session(session, lambda n_records: advance(n_records, None))
    except JournalError as error:
        raise ConfigError(str(error)) from error
    if as_json:
        print_json(msgspec.to_builtins(verdict))
    else:
        for warning in verdict.warnings:
            warn(warning)
        if verdict.holds:
            print_line(
                f"{session}: holds: {verdict.n_records} records and {verdict.n_samples} samples "
                f"give the same, in other chunks too; head {verdict.head}"
            )
    if not verdict.holds:
        raise DoesNotHoldError(f"{session}: does not hold: {verdict.first_difference}")


def _loaded(path: Path) -> "LoadedRecording":
    """Read a recording and tell what is wrong with it."""
    from replay import xdf
    from replay.recording import RecordingError

    try:
        loaded = xdf.load(path)
    except RecordingError as error:
        raise ConfigError(str(error)) from error
    for warning in loaded.warnings:
        warn(f"{path}: {warning}")
    return loaded
