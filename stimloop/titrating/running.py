"""A titration run: live as a service of its own, or on the simulated patient in virtual time."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console

from replay.patient.patient import Patient
from replay.titration.ending import ending_with_staircase
from replay.titration.simulated_session import simulate_titration
from stimloop import config as configuration
from stimloop.checking.whole import expected_info
from stimloop.config import Config
from stimloop.errors import ConfigError
from stimloop.event_loop import run_async
from stimloop.key_path import with_path_first
from stimloop.live.live import run
from stimloop.live.table import watching
from stimloop.terminal.progress import progress_of_named
from streamer.session_parts import RunningSession
from streamer.watching.watchers import Watcher


def run_live(
    named: str,
    rig: Config,
    folder: Path,
    console: Console,
    warn: Callable[[str], None],
    *,
    may_number: bool,
) -> Path:
    """Run the service until its staircase is over, and return its session folder.

    Parameters
    ----------
    named : str
        The rig's file, for errors.
    rig : Config
        The rig with its staircase.
    folder : Path
        The session folder to create.
    console : Console
        Where its table and the steps are told.
    warn : callable
        Given what an operator should know before.
    may_number : bool
        Where the folder is taken, another number may be put behind its name.
    """

    def report(line: str) -> None:
        console.print(line, soft_wrap=True)

    def tell_step(step: int, n_steps: int) -> None:
        if step < n_steps:
            report(f"step {step + 1} of {n_steps}")

    @contextlib.contextmanager
    def watched(running: RunningSession) -> Iterator[Watcher]:
        with ending_with_staircase(running, tell_step), watching(running, console) as watcher:
            yield watcher

    summary = run_async(
        run(
            rig,
            named,
            folder,
            may_number=may_number,
            duration_s=None,
            report=report,
            warn=warn,
            watching=watched,
        )
    )
    return Path(summary["folder"])


def run_virtually(named: str, rig: Config, folder: Path, *, may_number: bool) -> Path:
    """Run the staircase on the simulated patient, and return its session folder.

    Parameters
    ----------
    named, rig, folder, may_number
        As of `run_live`.

    Raises
    ------
    ConfigError
        Where a device is real, or the simulated patient is not the only stream: one line.
    """
    real = [each.id for each in rig.devices if not each.simulated]
    if real:
        raise ConfigError(
            f"{named}: $.devices: expected simulated devices alone with --virtual, found "
            f"{', '.join(real)}, which is not"
        )
    infos = [expected_info(rig.patient, each) for each in rig.streams]
    if rig.patient is None or len(infos) != 1 or infos[0] is None:
        found = "none" if rig.patient is None else ", ".join(each.name for each in rig.streams)
        raise ConfigError(
            f"{named}: $.patient: expected the simulated patient as the only stream with "
            f"--virtual, found {found}"
        )
    try:
        with progress_of_named("titrating") as advance:
            summary = simulate_titration(
                rig.loop,
                Patient(rig.patient),
                infos[0],
                config_toml=configuration.to_toml(rig),
                out=folder,
                may_number=may_number,
                progress=lambda done, total: advance(done, total, "(steps)"),
                compiles=lambda n, name: advance(n, None, f"(compiling {name})"),
            )
    except ValueError as error:
        raise ConfigError(f"{named}: {with_path_first(str(error))}") from error
    return Path(summary["folder"])
