"""The command line of stimloop: every command of the files in `stimloop/commands`."""

import importlib
import pkgutil
from collections.abc import Iterator
from importlib import metadata
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from stimloop import commands
from stimloop.commands import validation
from stimloop.commands.arguments import print_line

#: What the help shows first, in this order: the commands of a day. All others follow by the names
#: of their files, those of `stimloop/commands/validation` last.
_FIRST: Final = ("run", "recordings", "simulated", "operator", "stop", "streams", "what_if")


class _Literal(TyperGroup):
    """A group of commands whose help is printed as it is: `[rig]` is a table, not markup."""

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
    """Read the options that come before the name of a command."""


def _files() -> Iterator[typer.Typer]:
    """Yield the commands of each file in `stimloop/commands`, in the order of the help."""
    names = sorted(info.name for info in pkgutil.iter_modules(commands.__path__))
    last = sorted(info.name for info in pkgutil.iter_modules(validation.__path__))
    for path in (
        *(f"{commands.__name__}.{name}" for name in _FIRST),
        *(f"{commands.__name__}.{name}" for name in names if name not in _FIRST),
        *(f"{validation.__name__}.{name}" for name in last),
    ):
        found = getattr(importlib.import_module(path), "app", None)
        if isinstance(found, typer.Typer):
            yield found


for _commands in _files():
    app.add_typer(_commands)
