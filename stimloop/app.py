"""All commands, in one place."""

from importlib import metadata
from typing import Annotated

import typer

from stimloop.commands import (
    broker,
    configuration,
    keys,
    operator,
    recordings,
    run,
    simulated,
    what_if,
)
from stimloop.commands.arguments import print_line

app = typer.Typer(
    name="stimloop",
    help=(
        "Real-time closed-loop neurophysiology: LSL in, a decision, MQTT out. "
        "Research software, not a medical device."
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _print_version(*, is_asked: bool) -> None:
    if is_asked:
        print_line(f"stimloop {metadata.version('stimloop')}")
        raise typer.Exit


@app.callback()
def _with_version(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Print the version and leave.",
            is_eager=True,
            callback=lambda is_asked: _print_version(is_asked=is_asked),
        ),
    ] = False,
) -> None:
    """Take what stands before the command."""


app.command("run")(run.run)
app.command("replay")(recordings.replay)
app.command("play")(recordings.play)
app.command("verify")(recordings.verify)
app.command("patient")(simulated.patient)
app.command("device")(simulated.device)
app.command("arm")(operator.arm)
app.command("disarm")(operator.disarm)
app.command("pause")(operator.pause)
app.command("resume")(operator.resume)
app.command("stop")(operator.stop)
app.command("status")(operator.status)
app.command("what-if")(what_if.what_if)
app.command("broker-config")(broker.broker_config)
app.add_typer(configuration.app, name="config")
app.add_typer(keys.app, name="keys")
