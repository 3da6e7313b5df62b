"""`run`: runs the live loop."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from stimloop.commands.arguments import AsJson, ConfigFile, print_json, warn
from stimloop.event_loop import run_async
from stimloop.terminal.plain_console import PlainConsole

app = typer.Typer()


@app.command("run")
def run(
    config: ConfigFile = None,
    *,
    duration: Annotated[
        float | None, typer.Option(min=0.0, help="Seconds after which the session ends by itself.")
    ] = None,
    session: Annotated[
        Path | None, typer.Option(help="Session folder to create; sessions/<time>-<rig> without.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run the live loop until Ctrl-C; without CONFIG the default rig with its simulated patient."""
    from stimloop import config as configuration
    from stimloop.live.live import run as run_live
    from stimloop.live.table import watching
    from stimloop.terminal.found_text import found_lines, warnings
    from streamer.clock import wall_time_text

    loaded = configuration.load(config)
    for warning in configuration.lsl_warnings(loaded.lsl):
        warn(f"{config or 'the default rig'}: {warning}")
    folder = session or Path("sessions") / f"{wall_time_text()}-{loaded.rig.name}"
    # With --json only the summary is written to stdout.
    console = PlainConsole(file=sys.stderr if as_json else sys.stdout)
    summary = run_async(
        run_live(
            loaded,
            str(config or "the default rig"),
            folder,
            may_number=session is None,
            duration_s=duration,
            report=lambda line: console.print(line, soft_wrap=True),
            warn=warn,
            watching=lambda session: watching(session, console),
        )
    )
    if as_json:
        print_json(summary)
    else:
        for line in found_lines(summary):
            console.print(line, soft_wrap=True)
        console.print(f"session folder: {summary['folder']}", soft_wrap=True)
    for line in warnings(summary):
        warn(line)
