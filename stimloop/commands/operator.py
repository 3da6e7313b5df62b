"""`arm`, `disarm`, `pause`, `resume` and `status`: requests of an operator, from any terminal."""

import contextlib
import getpass
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from stimloop.commands.arguments import AsJson, print_json, print_line, warn
from stimloop.errors import ConfigError, DoesNotHoldError, FaultError
from stimloop.event_loop import run_async
from stimloop.rigs.operator_keys import load_operator_keys
from stimloop.rigs.which_rig import CONFIG_VARIABLE, ChosenRig, the_rig
from stimloop.terminal.plain_text import plain
from stimloop.terminal.shown_countdown import shown_countdown
from stimloop.toml_file import read_toml
from stimulators.operator.operator_link import OperatorError
from stimulators.operator.sessions import SeveralServicesError
from stimulators.wire.messages import ControlAction

app = typer.Typer()
_T = TypeVar("_T")
RigArgument = Annotated[
    Path | None,
    typer.Argument(
        help=f"The rig's TOML file; without one ${CONFIG_VARIABLE}, else the rig that runs."
    ),
]
Operator = Annotated[
    str | None, typer.Option(help="Who asks, for the record; the user's name without.")
]
SWITCH_OFF = "switch the stimulator off by its own switch"


@app.command("arm")
def arm(config: RigArgument = None, *, operator: Operator = None) -> None:
    """Arm the running rig: 0 once it reports that it is armed, 1 with the reasons if it refuses."""
    _request(config, "arm", operator)


@app.command("disarm")
def disarm(config: RigArgument = None, *, operator: Operator = None) -> None:
    """Disarm the rig: 0 once every device reports that it is at its safe amount, else 3."""
    _request(config, "disarm", operator)


@app.command("pause")
def pause(config: RigArgument = None, *, operator: Operator = None) -> None:
    """Pause the rig until `resume`: 0 once every device reports that it is at its safe amount."""
    _request(config, "pause", operator)


@app.command("resume")
def resume(config: RigArgument = None, *, operator: Operator = None) -> None:
    """Resume a paused rig: 0 once it is active again, 1 with the reasons if it refuses."""
    _request(config, "resume", operator)


@app.command("status")
def status(
    config: RigArgument = None, *, operator: Operator = None, as_json: AsJson = False
) -> None:
    """Show what every device reports and what the service believes: 0 if at least one answers."""
    import msgspec

    from stimloop.terminal.status_text import status_lines
    from stimulators.operator.rig_report import look
    from streamer.clock import now_s

    rig = the_rig(config)
    keys = load_operator_keys(rig.known, operator=operator)
    looked = ask_rig(look(rig.known, now_s=now_s, keys=keys), rig)
    if as_json:
        print_json(msgspec.to_builtins(looked))
    else:
        for line in status_lines(looked):
            print_line(plain(line))
    if len(looked.services) != 1:
        found = ", ".join(f"session {each.session}" for each in looked.services) or "none"
        raise DoesNotHoldError(plain(f"{looked.rig}: expected one running service, found {found}"))


def _request(config: Path | None, action: ControlAction, operator: str | None) -> None:
    from stimulators.operator.asking import request
    from streamer.clock import now_s

    rig = the_rig(config)
    name = plain(rig.known.name)
    keys = load_operator_keys(rig.known, operator=operator)
    if action == "arm":
        _warn_of_signs(rig)
    with shown_countdown() as countdown:
        result = ask_rig(
            request(
                rig.known,
                action,
                operator=operator or operator_name(),
                now_s=now_s,
                countdown=countdown,
                keys=keys,
            ),
            rig,
        )
    if not result.is_answered:
        raise FaultError(
            f"{name}: expected an answer of session {plain(result.session)} to {action}, found "
            f"none in time; it is {plain(result.state)}: `stimloop stop` stops the devices past it"
        )
    if result.refused:
        *first, last = (f"{name}: {action} refused: {plain(each)}" for each in result.refusals)
        for line in first:
            sys.stderr.write(plain(f"stimloop: {line}") + "\n")
        raise DoesNotHoldError(last)
    for each in result.devices:
        print_line(plain(f"{name}: {each.device}: {each.text}"))
    print_line(plain(f"{name}: {result.state}: {result.reason}"))
    if result.is_so:
        return
    if not result.is_in_state and action == "arm":
        raise DoesNotHoldError(f"{name}: {action} was granted, but it is {plain(result.state)} now")
    bad = ", ".join(
        plain(f"{each.device}: {each.kind}") for each in result.devices if not each.is_so
    )
    raise FaultError(
        f"{name}: {action} was granted, but not all came true (it is {plain(result.state)}"
        f"{'; ' + bad if bad else ''}): `stimloop stop`, or {SWITCH_OFF}"
    )


def _warn_of_signs(rig: ChosenRig) -> None:
    """Say which sign of a policy no titration supports, where the file of the rig can be read."""
    file = rig.config or Path(rig.source)
    with contextlib.suppress(ConfigError):
        if "expected_sign" not in str(read_toml(file)):
            return  # what reads the rest compiles, which takes its time
        from stimloop import config as configuration

        for warning in configuration.sign_warnings(configuration.load(file)):
            warn(f"{rig.source}: {warning}")


def ask_rig(question: Coroutine[Any, Any, _T], rig: ChosenRig) -> _T:
    """Return what an operator's question comes to, or raise why it cannot be asked."""
    try:
        return run_async(question)
    except SeveralServicesError as error:
        raise DoesNotHoldError(plain(str(error))) from error
    except OperatorError as error:
        raise FaultError(plain(str(error))) from error
    except ValueError as error:
        raise ConfigError(f"{rig.source}: $.broker.{error}") from error


def operator_name() -> str:
    """Return the name of the user, which is recorded with the request."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name
        return "operator"
