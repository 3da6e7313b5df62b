"""All commands, in one place."""

from importlib import metadata
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from stimloop.commands import (
    broker,
    configuration,
    keys,
    operator,
    recordings,
    run,
    simulated,
    streams,
    what_if,
)
from stimloop.commands.arguments import print_line


class _Literal(TyperGroup):
    """A group of commands whose help is text and no markup: `[rig]` is a table, not a style."""

    def __init__(self, **given: Any) -> None:  # noqa: ANN401 whatever a group is made of
        super().__init__(**given)
        _keep_brackets(self)


def _keep_brackets(command: Any) -> None:  # noqa: ANN401 typer's own kinds of commands
    inner = getattr(command, "commands", {}).values()
    for each in (command, *command.params):
        if getattr(each, "help", None):
            each.help = each.help.replace("[", r"\[")
    for each in inner:
        _keep_brackets(each)


app = typer.Typer(
    name="stimloop",
    cls=_Literal,
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
app.command("streams")(streams.streams)
app.command("what-if")(what_if.what_if)
app.command("broker-config")(broker.broker_config)
app.add_typer(configuration.app, name="config")
app.add_typer(keys.app, name="keys")
