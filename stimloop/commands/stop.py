"""`stop`: stops every device at once, from any terminal, also where the service does not answer."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from stimloop.commands.arguments import print_line, warn
from stimloop.commands.operator import SWITCH_OFF, Operator, operator_name
from stimloop.errors import ConfigError, FaultError
from stimloop.event_loop import run_async
from stimloop.rigs.operator_keys import load_stop_keys
from stimloop.rigs.which_rig import CONFIG_VARIABLE, ChosenRig, all_running_rigs, named_rig
from stimloop.terminal.plain_text import plain
from stimloop.terminal.shown_countdown import shown_countdown
from stimulators.operator.stopping import StopResult

app = typer.Typer()

RigsArgument = Annotated[
    Path | None,
    typer.Argument(
        help=f"The rig's TOML file; without one ${CONFIG_VARIABLE}, else every rig that runs."
    ),
]
#: A rig whose process is gone is asked as well, but for a shorter time.
_GONE_BROKER_S = 2.0


@app.command("stop")
def stop(
    config: RigsArgument = None,
    *,
    operator: Operator = None,
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
) -> None:
    """Stop every device at once, even if the service hangs: 0 once each reports its stop, else 3.

    Without CONFIG and STIMLOOP_CONFIG every rig of this user that runs is stopped.
    """
    named = _named_to_stop(config)
    rigs = all_running_rigs() if named is None else [named]
    if not rigs:
        raise FaultError(
            f"stop: expected a rig of this user that runs, found none: name its CONFIG; if a "
            f"stimulator gives current, {SWITCH_OFF}"
        )
    results = run_async(
        _stop_all(
            rigs,
            operator=operator or operator_name(),
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
            raise ConfigError(f"{rig.source}: $.broker.{result}: nothing was stopped: {SWITCH_OFF}")
        elif rig.is_alive:
            faults.append(f"{name}: {plain(str(result))}: {SWITCH_OFF}")
        else:
            print_line(f"{name}: its process is gone, and {plain(str(result))}")
    is_any_so = any(isinstance(each, StopResult) and each.is_so for each in results)
    if not faults and not is_any_so:
        faults.append(f"no rig of this user answers: {SWITCH_OFF}")
    if faults:
        raise FaultError(f"stop: {'; '.join(faults)}")


def _named_to_stop(config: Path | None) -> ChosenRig | None:
    """Return the rig that is named; where its file has an error, say how to stop without it."""
    try:
        return named_rig(config)
    except ConfigError as error:
        raise ConfigError(
            *error.lines[:-1],
            f"{error.lines[-1]}: nothing was stopped: `stimloop stop` without CONFIG and "
            f"{CONFIG_VARIABLE} stops every rig that runs, or {SWITCH_OFF}",
        ) from error


async def _stop_all(
    rigs: list[ChosenRig], *, operator: str, reason: str
) -> list[StopResult | BaseException]:
    """Stop all rigs at once; an error with one rig does not keep the others from being stopped."""
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
    """Print what is wrong, and what to do about it."""
    name = plain(rig.known.name)
    bad = [each for each in result.devices if not each.is_so]
    if not bad:
        return f"{name}: expected an answer of a device, found no device: {SWITCH_OFF}"
    told = f"{name}: expected every device stopped, found " + ", ".join(
        plain(f"{each.device}: {each.kind}") for each in bad
    )
    silent = [each.device for each in bad if each.kind in {"no answer", "offline"}]
    if not silent:
        return f"{told}: {SWITCH_OFF}"
    safe = ", ".join(plain(f"{each} {rig.known.device(each).safe_amount:g}") for each in silent)
    return (
        f"{told}: {SWITCH_OFF}; no message reaches a silent device, but its lease "
        f"({rig.known.lease_s:g} s) has ended unless another service leases it, so it should "
        f"give its safe amount by now ({safe})"
    )
