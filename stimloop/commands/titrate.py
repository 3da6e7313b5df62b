"""`titrate`: a staircase of amplitudes through the gate, and what it says of the patient."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stimloop.commands.arguments import AsJson, ConfigFile, print_json, print_line, warn
from stimloop.errors import ConfigError, DoesNotHoldError

if TYPE_CHECKING:
    from rich.console import Console

    from stimloop.config import Config
    from stimloop.titrating.rig import TitrationRequest

app = typer.Typer()


@app.command("titrate")
def titrate(
    config: ConfigFile = None,
    *,
    amplitudes: Annotated[
        str | None, typer.Option(help="Amounts in the unit of the device: 0,0.5,1,1.5,2.")
    ] = None,
    duration: Annotated[
        float | None, typer.Option(help="Seconds of each step of --amplitudes.")
    ] = None,
    settle: Annotated[
        float | None, typer.Option(help="Seconds of each step that are not measured.")
    ] = None,
    steps: Annotated[
        Path | None,
        typer.Option(
            help="The steps: a TOML file of [[steps]], or Summit's stim_sweep_config.json."
        ),
    ] = None,
    side: Annotated[
        str | None, typer.Option(help="Which implant of a Summit file of two: left or right.")
    ] = None,
    after: Annotated[
        float | None, typer.Option(help="Seconds that are measured at the safe amount afterwards.")
    ] = None,
    device: Annotated[str | None, typer.Option(help="Id of the device.")] = None,
    program: Annotated[str | None, typer.Option(help="One of its programs.")] = None,
    of: Annotated[str | None, typer.Option(help="Id of the detector that measures.")] = None,
    measure: Annotated[str | None, typer.Option(help="Which of its measures.")] = None,
    channel: Annotated[str | None, typer.Option(help="Of which of its channels.")] = None,
    session: Annotated[
        Path | None, typer.Option(help="Session folder to create; sessions/<time>-<rig> without.")
    ] = None,
    is_virtual: Annotated[
        bool,
        typer.Option("--virtual", help="The simulated patient in virtual time, in seconds."),
    ] = False,
    of_session: Annotated[
        Path | None,
        typer.Option("--from", help="Run nothing: compute it again from this session folder."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the result; the session's own without.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find what a measure does as the amplitude rises, step by step, and thresholds from it.

    Runs a service as `run` does, whose one policy is the staircase: an operator arms it. Ends by
    itself; titration.json, .toml and .png are in the session folder. 1 if no sign is shown.
    """
    from stimloop.titrating.rig import TitrationRequest

    given = (config, amplitudes, steps, session)
    if of_session is not None:
        if any(each is not None for each in given) or is_virtual:
            raise ConfigError(
                "--from: expected no CONFIG, steps, --session or --virtual beside it, found some"
            )
        _conclude(of_session, out or _folder_of(of_session), as_json=as_json)
        return
    asked = TitrationRequest(
        device=device, program=program, of=of, channel=channel, measure=measure, after_s=after
    )
    given_steps = (amplitudes, duration, settle, steps, side)
    rig = _rig(config, asked, given_steps)
    from stimloop.titrating.running import run_live, run_virtually

    named = str(config or "the default rig")
    folder = session or _new_folder(rig)
    console = _console(as_json=as_json)
    if is_virtual:
        path = run_virtually(named, rig, folder, may_number=session is None)
    else:
        path = run_live(named, rig, folder, console, warn, may_number=session is None)
    _conclude(path, out or path, as_json=as_json)


def _rig(
    config: Path | None,
    asked: "TitrationRequest",
    given: tuple[str | None, float | None, float | None, Path | None, str | None],
) -> "Config":
    """Return the rig with its staircase."""
    from stimloop import config as configuration
    from stimloop.titrating.rig import device_of, titration_rig
    from stimloop.titrating.steps_file import read_steps

    amplitudes, duration, settle, steps, side = given
    named = str(config or "the default rig")
    loaded = configuration.load(config)
    target = device_of(named, loaded, asked)
    if side not in {None, "left", "right"}:
        raise ConfigError(f"--side: expected left or right, found {side!r}")
    if steps is not None:
        if amplitudes is not None or duration is not None or settle is not None:
            raise ConfigError(
                "--steps: expected no --amplitudes, --duration or --settle beside it, found some"
            )
        read = read_steps(steps, target, asked.program or "", side=side)  # type: ignore[arg-type]
        after_s = read.after_s if asked.after_s is None else asked.after_s
        asked = asked._replace(steps=read.steps, after_s=after_s)
    elif amplitudes is not None:
        asked = asked._replace(steps=_steps(amplitudes, duration, settle, target.unit))
    elif duration is not None or settle is not None:
        raise ConfigError(
            "--amplitudes: expected amounts beside --duration and --settle, found none"
        )
    return titration_rig(named, loaded, asked)


def _steps(
    amplitudes: str, duration: float | None, settle: float | None, unit: str
) -> tuple[Any, ...]:
    import msgspec

    from stimulators.policies.titration.step import Step

    if duration is None or settle is None:
        missing = "--duration" if duration is None else "--settle"
        raise ConfigError(f"{missing}: expected seconds beside --amplitudes, found none")
    try:
        amounts = [float(each) for each in amplitudes.split(",")]
        tables = [
            {f"amplitude_{unit}": each, "duration_s": duration, "settle_s": settle}
            for each in amounts
        ]
        return msgspec.convert(tables, tuple[Step, ...])
    except msgspec.ValidationError as error:
        raise ConfigError(f"--amplitudes, --duration, --settle: {error}") from error
    except ValueError:
        raise ConfigError(
            f"--amplitudes: expected numbers with commas between, found {amplitudes!r}"
        ) from None


def _new_folder(rig: "Config") -> Path:
    from streamer.clock import wall_time_text

    return Path("sessions") / f"{wall_time_text()}-{rig.rig.name}-titration"


def _console(*, as_json: bool) -> "Console":
    from stimloop.terminal.plain_console import PlainConsole

    return PlainConsole(file=sys.stderr if as_json else sys.stdout)


def _folder_of(session: Path) -> Path:
    return session if session.is_dir() else session.parent


def _conclude(session: Path, out: Path, *, as_json: bool) -> None:
    """Compute the titration of a session, write its files and print its result."""
    from replay.titration.recorded import read_staircase
    from replay.titration.titration import titration
    from stimloop.terminal.progress import progress
    from stimloop.titrating.files import write_files
    from stimloop.titrating.fragment import as_json as plain_result
    from stimloop.titrating.text import titration_lines
    from streamer.errors import JournalError

    try:
        with progress("computing") as advance:
            recorded = read_staircase(session, lambda n_records: advance(n_records, None))
    except JournalError as error:
        raise ConfigError(str(error)) from error
    found = titration(recorded)
    files = write_files(recorded, found, out, warn)
    if as_json:
        print_json({**plain_result(found), "files": [str(each) for each in files]})
    else:
        for line in titration_lines(found):
            print_line(line)
        print_line(f"{out}: {', '.join(each.name for each in files)}")
    for warning in found.warnings:
        warn(f"{session}: {warning}")
    follows = found.controllability
    if follows.sign is None:
        raise DoesNotHoldError(f"{session}: no sign is shown: {follows.reason}")
