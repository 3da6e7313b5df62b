"""`patient` and `device`: simulated ends of a rig."""

import asyncio
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stimloop.commands.arguments import ConfigFile, print_line, warn
from stimloop.errors import ConfigError
from stimloop.event_loop import until_interrupted
from stimulators.parent import say_ready, until_stdin_closes

if TYPE_CHECKING:
    from stimulators.device_config import DeviceConfig

app = typer.Typer()

IsCompanion = Annotated[bool, typer.Option("--companion", hidden=True)]


@app.command("patient")
def patient(config: ConfigFile = None, *, companion: IsCompanion = False) -> None:
    """Run the simulated patient: samples go to LSL, the device's amplitude comes from MQTT."""
    from replay.patient.outlet import run_patient
    from stimloop import config as configuration
    from streamer.lsl.network import configure

    loaded = configuration.load(config)
    if loaded.patient is None:
        raise ConfigError(f"{config}: $.patient: expected a table, found none")
    configure(loaded.lsl)
    for warning in () if companion else configuration.lsl_warnings(loaded.lsl):
        warn(f"{config or 'the default rig'}: {warning}")
    name = loaded.patient.name
    _run(
        run_patient(
            loaded.patient,
            rig=loaded.rig.name,
            broker=loaded.broker,
            ready=say_ready if companion else (lambda: print_line(f"{name} is on LSL")),
        ),
        companion=companion,
    )


@app.command("device")
def device(
    config: ConfigFile = None,
    *,
    id_: Annotated[
        str | None, typer.Option("--id", help="Which of the [[devices]]; all of them without.")
    ] = None,
    memory: Annotated[
        Path | None,
        typer.Option(help="Folder in which devices remember their session, charge and on-time."),
    ] = None,
    forget_session: Annotated[
        bool,
        typer.Option(
            "--forget-session",
            help="Let them forget their newest session, and end: for a device whose memory is "
            "ahead of the clock of its rig. Needs --memory; the device must not be running.",
        ),
    ] = False,
    companion: IsCompanion = False,
) -> None:
    """Run the reference device over MQTT, with its leases, limits and stop."""
    from stimloop import config as configuration
    from stimloop.rigs.device_keys import load_device_keys
    from stimloop.rigs.reference_devices import run_devices

    loaded = configuration.load(config)
    present = [each.id for each in loaded.devices]
    wanted = present if id_ is None else [id_]
    if not wanted or not set(wanted) <= set(present):
        raise ConfigError(
            f"{config or 'the default rig'}: $.devices: expected {id_ or 'at least one device'}, "
            f"found {', '.join(present) or 'none'}"
        )
    devices = [each for each in loaded.devices if each.id in wanted]
    if forget_session:
        _forget_sessions(devices, memory)
        return
    keys = load_device_keys(loaded, wanted)
    _run(
        run_devices(
            devices,
            broker=loaded.broker,
            rig=loaded.rig.name,
            memory=memory,
            told=None if companion else print_line,
            ready=say_ready if companion else (lambda: None),
            keys_of=lambda each: keys[each.id],
        ),
        companion=companion,
    )


def _forget_sessions(devices: Sequence["DeviceConfig"], memory: Path | None) -> None:
    from stimloop.rigs.reference_devices import forget_sessions

    if memory is None:
        raise ConfigError("--forget-session: expected --memory DIR beside it, found none")
    if not memory.is_dir():
        raise ConfigError(f"--memory: expected a folder of devices' memory, found no {memory}")
    for line in forget_sessions(devices, memory):
        print_line(line)


def _run(main: Coroutine[Any, Any, None], *, companion: bool) -> None:
    if not companion:
        until_interrupted(main)
        return
    until_interrupted(_with_parent(main))


async def _with_parent(main: Coroutine[Any, Any, None]) -> None:
    running = asyncio.ensure_future(main)
    parent = asyncio.ensure_future(until_stdin_closes())
    await asyncio.wait({running, parent}, return_when=asyncio.FIRST_COMPLETED)
    for task in (running, parent):
        task.cancel()
    await asyncio.gather(parent, return_exceptions=True)
    try:
        await running
    except asyncio.CancelledError:
        return
