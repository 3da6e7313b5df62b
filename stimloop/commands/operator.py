"""`arm`, `disarm`, `pause`, `resume`, `stop` and `status`: the operator, from any terminal."""

import asyncio
import getpass
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from stimloop.commands.arguments import AsJson, print_json, print_line, warn
from stimloop.commands.countdown import shown_countdown
from stimloop.errors import ConfigError, DoesNotHoldError, FaultError
from stimloop.event_loop import run_async
from stimloop.rigs.operator_keys import load_operator_keys, load_stop_keys
from stimloop.rigs.which_rig import CONFIG_VARIABLE, ChosenRig, all_running_rigs, named_rig, the_rig
from stimloop.terminal.plain_text import plain
from stimulators.operator.operator_link import OperatorError
from stimulators.operator.sessions import SeveralServicesError
from stimulators.operator.stopping import StopResult
from stimulators.wire.messages import ControlAction

app = typer.Typer()

_T = TypeVar("_T")

RunningRig = Annotated[
    Path | None,
    typer.Argument(
        help=f"The rig's TOML file; without one ${CONFIG_VARIABLE}, else the rig that runs."
    ),
]
StoppedRig = Annotated[
    Path | None,
    typer.Argument(
        help=f"The rig's TOML file; without one ${CONFIG_VARIABLE}, else every rig that runs."
    ),
]
Operator = Annotated[
    str | None, typer.Option(help="Who asks, for the record; the user's name without.")
]

_SWITCH_OFF = "switch the stimulator off by its own switch"
#: A rig whose process is gone is asked as well, but not waited for as long.
_GONE_BROKER_S = 2.0


@app.command("arm")
def arm(config: RunningRig = None, *, operator: Operator = None) -> None:
    """Arm the rig that runs: 0 once it says that it is armed, 1 with the reasons if it refuses."""
    _request(config, "arm", operator)


@app.command("disarm")
def disarm(config: RunningRig = None, *, operator: Operator = None) -> None:
    """Disarm it: 0 once every device says that it is at its safe amount, else 3."""
    _request(config, "disarm", operator)


@app.command("pause")
def pause(config: RunningRig = None, *, operator: Operator = None) -> None:
    """Hold the devices at their safe amount until `resume`: 0 once each says that it is there."""
    _request(config, "pause", operator)


@app.command("resume")
def resume(config: RunningRig = None, *, operator: Operator = None) -> None:
    """Let a paused rig go on: 0 if it does, 1 with the reasons if it refuses."""
    _request(config, "resume", operator)


@app.command("stop")
def stop(
    config: StoppedRig = None,
    *,
    operator: Operator = None,
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
) -> None:
    """Stop every device at once, past the service: 0 once each says that it is so, else 3.

    Without CONFIG and STIMLOOP_CONFIG every rig of this user that runs is stopped.
    """
    named = _named_to_stop(config)
    rigs = all_running_rigs() if named is None else [named]
    if not rigs:
        raise FaultError(
            f"stop: expected a rig of this user that runs, found none: name its CONFIG; if a "
            f"stimulator gives current, {_SWITCH_OFF}"
        )
    results = run_async(
        _stop_all(
            rigs,
            operator=operator or _user(),
            reason=reason or "stopped from the command line",
        )
    )
    faults = []
    for rig, result in zip(rigs, results, strict=True):
        name = plain(rig.known.name)
        if isinstance(result, StopResult):
            for each in result.devices:
                print_line(plain(f"{name}: {each.device}: {each.text}"))
            if not result.is_so and (rig.is_alive or result.is_answered):
                faults.append(_not_stopped(rig, result))
        elif isinstance(result, ValueError) and named is not None:
            raise ConfigError(
                f"{rig.source}: $.broker.{result}: nothing was stopped: {_SWITCH_OFF}"
            )
        elif rig.is_alive:
            faults.append(f"{name}: {plain(str(result))}: {_SWITCH_OFF}")
        else:
            print_line(f"{name}: its process is gone, and {plain(str(result))}")
    is_any_so = any(isinstance(each, StopResult) and each.is_so for each in results)
    if not faults and not is_any_so:
        faults.append(f"no rig of this user answers: {_SWITCH_OFF}")
    if faults:
        raise FaultError(f"stop: {'; '.join(faults)}")


@app.command("status")
def status(
    config: RunningRig = None, *, operator: Operator = None, as_json: AsJson = False
) -> None:
    """Show what every device says it gives, and what the service believes: 0 if one speaks."""
    import msgspec

    from stimloop.terminal.status_text import status_lines
    from stimulators.operator.rig_report import look
    from streamer.clock import now_s

    rig = the_rig(config)
    keys = load_operator_keys(rig.known, operator=operator)
    looked = _ask(look(rig.known, now_s=now_s, keys=keys), rig)
    if as_json:
        print_json(msgspec.to_builtins(looked))
    else:
        for line in status_lines(looked):
            print_line(plain(line))
    if len(looked.services) != 1:
        found = ", ".join(f"session {each.session}" for each in looked.services) or "none"
        raise DoesNotHoldError(plain(f"{looked.rig}: expected one running service, found {found}"))


def _named_to_stop(config: Path | None) -> ChosenRig | None:
    """Return the rig that is named; where its file cannot be used, say what stops all the same."""
    try:
        return named_rig(config)
    except ConfigError as error:
        raise ConfigError(
            *error.lines[:-1],
            f"{error.lines[-1]}: nothing was stopped: `stimloop stop` without CONFIG and "
            f"{CONFIG_VARIABLE} stops every rig that runs, or {_SWITCH_OFF}",
        ) from error


async def _stop_all(
    rigs: list[ChosenRig], *, operator: str, reason: str
) -> list[StopResult | BaseException]:
    """Stop all rigs at once; what fails for one keeps none from being stopped."""
    from stimulators.operator.stopping import stop as stop_rig

    with shown_countdown() as countdown:
        return await asyncio.gather(
            *(
                stop_rig(
                    each.known,
                    operator=operator,
                    reason=reason,
                    broker_wait_s=None if each.is_alive else _GONE_BROKER_S,
                    countdown=countdown,
                    keys=load_stop_keys(each.known, operator=operator, warn=warn),
                )
                for each in rigs
            ),
            return_exceptions=True,
        )


def _not_stopped(rig: ChosenRig, result: StopResult) -> str:
    """Say what is wrong, and what to do about it."""
    name = plain(rig.known.name)
    bad = [each for each in result.devices if not each.is_so]
    if not bad:
        return f"{name}: expected an answer of a device, found no device: {_SWITCH_OFF}"
    told = f"{name}: expected every device stopped, found " + ", ".join(
        plain(f"{each.device}: {each.kind}") for each in bad
    )
    silent = [each.device for each in bad if each.kind in {"no answer", "offline"}]
    if not silent:
        return f"{told}: {_SWITCH_OFF}"
    safe = ", ".join(plain(f"{each} {rig.known.device(each).safe_amount:g}") for each in silent)
    return (
        f"{told}: {_SWITCH_OFF}; no message reaches a silent device, but its lease "
        f"({rig.known.lease_s:g} s) has ended unless another service leases it, so it should "
        f"give its safe amount by now ({safe})"
    )


def _request(config: Path | None, action: ControlAction, operator: str | None) -> None:
    from stimulators.operator.asking import request
    from streamer.clock import now_s

    rig = the_rig(config)
    name = plain(rig.known.name)
    keys = load_operator_keys(rig.known, operator=operator)
    with shown_countdown() as countdown:
        result = _ask(
            request(
                rig.known,
                action,
                operator=operator or _user(),
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
        f"{'; ' + bad if bad else ''}): `stimloop stop`, or {_SWITCH_OFF}"
    )


def _ask(question: Coroutine[Any, Any, _T], rig: ChosenRig) -> _T:
    try:
        return run_async(question)
    except SeveralServicesError as error:
        raise DoesNotHoldError(plain(str(error))) from error
    except OperatorError as error:
        raise FaultError(plain(str(error))) from error
    except ValueError as error:
        raise ConfigError(f"{rig.source}: $.broker.{error}") from error


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name
        return "operator"
