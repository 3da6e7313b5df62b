"""`arm`, `disarm`, `stop` and `status`: the operator, from any terminal."""

import getpass
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from stimloop.address import read_address
from stimloop.commands.arguments import AsJson, ConfigFile, print_json, print_line
from stimloop.errors import ConfigError, DoesNotHoldError, FaultError
from stimloop.event_loop import run_async
from stimulators.operator.operator import OperatorError
from stimulators.wire.messages import Ack, ControlAction, DeviceInfo

_T = TypeVar("_T")

Operator = Annotated[
    str | None, typer.Option(help="Who asks, for the record; the user's name without.")
]


def arm(config: ConfigFile = None, *, operator: Operator = None) -> None:
    """Arm the rig that is running: 0 if it is armed, 1 with the reason if it refuses."""
    _request(config, "arm", operator)


def disarm(config: ConfigFile = None, *, operator: Operator = None) -> None:
    """Disarm it: the devices go to their safe amount."""
    _request(config, "disarm", operator)


def stop(
    config: ConfigFile = None,
    *,
    operator: Operator = None,
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
) -> None:
    """Stop every device at once, past the service: 0 if all acknowledge, else 3."""
    from stimulators.operator import operator as ends

    address = read_address(config)
    result = _ask(
        ends.stop(
            address.broker,
            address.rig,
            operator=operator or _user(),
            reason=reason or "stopped from the command line",
            devices=address.devices,
        ),
        config,
    )
    for device, ack in sorted(result.acks.items()):
        print_line(f"{device}: stopped at {_applied(ack)}")
    for device in result.silent:
        print_line(f"{device}: NO ANSWER")
    for device in result.offline:
        print_line(f"{device}: offline")
    unsure = (*result.silent, *result.offline)
    if unsure or not result.acks:
        raise FaultError(
            f"stop: expected an answer of every device, found none of "
            f"{', '.join(unsure) or 'any device'}"
        )


def status(config: ConfigFile = None, *, as_json: AsJson = False) -> None:
    """Show how the rig and its devices are: 0 if the service speaks, else 1."""
    import msgspec

    from stimulators.operator import operator as ends

    address = read_address(config)
    result = _ask(ends.status(address.broker, address.rig), config)
    if as_json:
        print_json(msgspec.to_builtins(result))
    else:
        said = result.status
        if said is not None:
            when = "now" if result.is_fresh else "last word"
            print_line(f"{address.rig}: {said.state} ({when}) {said.reason}".rstrip())
            print_line(f"session {said.session}, configuration {said.config_digest[:12]}")
        for device, info in sorted(result.devices.items()):
            print_line(
                f"{device}: {info.state}, {_applied(info)}, held by {info.session or 'nobody'}"
            )
    if not result.is_fresh:
        raise DoesNotHoldError(f"{address.rig}: expected a running service, found none")


def _request(config: Path | None, action: ControlAction, operator: str | None) -> None:
    from stimulators.operator import operator as ends
    from streamer.clock import now_s

    address = read_address(config)
    result = _ask(
        ends.request(
            address.broker, address.rig, action, operator=operator or _user(), now_s=now_s
        ),
        config,
    )
    if not result.is_answered:
        raise FaultError(f"{address.rig}: expected an answer to {action}, found none in time")
    if result.refused:
        raise DoesNotHoldError(f"{address.rig}: {action} refused: {result.refused}")
    print_line(f"{address.rig}: {result.state}: {result.reason}")


def _ask(question: Coroutine[Any, Any, _T], config: Path | None) -> _T:
    try:
        return run_async(question)
    except OperatorError as error:
        raise FaultError(str(error)) from error
    except ValueError as error:
        raise ConfigError(f"{config or 'the default rig'}: $.broker.{error}") from error


def _applied(said: Ack | DeviceInfo) -> str:
    if said.applied_ma is not None:
        return f"{said.applied_ma:g} mA"
    return "an unknown amount" if said.applied_level is None else f"level {said.applied_level:g}"


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name
        return "operator"
