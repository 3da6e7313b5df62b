"""`patient` and `device`: simulated ends of a rig."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from msgspec.structs import replace

from stimloop.commands.arguments import ConfigFile, print_line, warn
from stimloop.errors import ConfigError
from stimloop.event_loop import until_interrupted
from stimulators.parent import say_ready, until_stdin_closes

if TYPE_CHECKING:
    from stimloop.config import Config
    from stimulators.device.hardware.hardware import Hardware
    from stimulators.device_config import DeviceConfig

app = typer.Typer()

IsCompanion = Annotated[bool, typer.Option("--companion", hidden=True)]


@app.command("patient")
def patient(
    config: ConfigFile = None,
    *,
    record: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.xdf",
            help="Run nothing: write a recording of the patient, to try replay and the rest on.",
        ),
    ] = None,
    duration: Annotated[
        float, typer.Option(metavar="S", min=1.0, max=86_400.0, help="How long a --record is.")
    ] = 120.0,
    amplitude: Annotated[
        float,
        typer.Option(
            metavar="MA", min=0.0, max=100.0, help="What the patient of a --record is given."
        ),
    ] = 0.0,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Another seed than that of the configuration.")
    ] = None,
    emg: Annotated[
        str | None,
        typer.Option(
            metavar="SCENARIO",
            help="Muscles in place of the LFP, with a stream of markers: dystonic-arm, "
            "healthy-arm, tonic, chorea ... --list-emg names all.",
        ),
    ] = None,
    list_emg: Annotated[
        bool, typer.Option("--list-emg", help="Say what each scenario of --emg is, and end.")
    ] = False,
    companion: IsCompanion = False,
) -> None:
    """Run the simulated patient: samples go to LSL, the device's amplitude comes from MQTT.

    With --emg, its muscles are sent, with markers; stimulation lowers what is dystonic of them.

    With --record, it is written to a file instead, as fast as the processor goes.
    """
    if list_emg:
        from replay.patient.emg.scenario_names import SCENARIOS

        for name, told in SCENARIOS.items():
            print_line(f"{name:24}{told}")
        return
    from replay.patient.outlet import run_patient
    from stimloop import config as configuration
    from stimloop.rigs import simulations
    from streamer.lsl.network import configure

    loaded = configuration.load(config)
    start: Callable[[], Coroutine[Any, Any, None]]
    if emg is not None:
        muscles = simulations.open_muscles(emg, seed)
        if record is not None:
            print_line(
                simulations.record_muscles(
                    muscles, record, duration_s=duration, amplitude_ma=amplitude
                )
            )
            return
        start = partial(simulations.play_muscles, muscles, loaded, print_line)
    else:
        if loaded.patient is None:
            raise ConfigError(f"{config}: $.patient: expected a table, found none")
        chosen = loaded.patient if seed is None else replace(loaded.patient, seed=seed)
        if record is not None:
            print_line(
                simulations.record_patient(
                    chosen, record, duration_s=duration, amplitude_ma=amplitude
                )
            )
            return
        name = chosen.name
        start = partial(
            run_patient,
            chosen,
            rig=loaded.rig.name,
            broker=loaded.broker,
            ready=say_ready if companion else (lambda: print_line(f"{name} is on LSL")),
        )
    configure(loaded.lsl)
    for warning in () if companion else configuration.lsl_warnings(loaded.lsl):
        warn(f"{config or 'the default rig'}: {warning}")
    _run(start(), companion=companion)


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
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="ADDRESS",
            help="What gives the amount of the one device named by --id: serial:PORT, a box that "
            "answers; ttl:PORT, the lines of a trigger box; osc:HOST:PORT, a program. Without, "
            "devices are simulations.",
        ),
    ] = None,
    conformance: Annotated[
        str | None,
        typer.Option(
            "--conformance",
            metavar="HOST[:PORT]",
            help="Be no device: try the one named by --id, whoever made it, against the wire "
            "contract, on its broker. It is only listened to, unless --nobody-connected is given.",
        ),
    ] = None,
    nobody_connected: Annotated[
        bool,
        typer.Option(
            "--nobody-connected",
            help="With --conformance: nobody is connected to the device, only a load: it may be "
            "leased, given amounts up to beyond its limit, triggered and stopped.",
        ),
    ] = False,
    by_hand: Annotated[
        bool,
        typer.Option(
            "--by-hand",
            help="With --nobody-connected: you switch the device off and on when you are asked to.",
        ),
    ] = False,
    companion: IsCompanion = False,
) -> None:
    """Run the reference device over MQTT, or try another against the contract (--conformance)."""
    from stimloop import config as configuration
    from stimloop.rigs.device_keys import load_device_keys
    from stimloop.rigs.reference_devices import run_devices

    loaded = configuration.load(config)
    if conformance is not None:
        _try(loaded, id_, conformance, may_drive=nobody_connected, by_hand=by_hand)
        return
    for name, is_given in (("nobody-connected", nobody_connected), ("by-hand", by_hand)):
        if is_given:
            raise ConfigError(f"--{name}: expected --conformance HOST beside it, found none")
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

    async def run() -> None:
        given_by = await _hardware(devices, to)
        await run_devices(
            devices,
            broker=loaded.broker,
            rig=loaded.rig.name,
            memory=memory,
            told=None if companion else print_line,
            ready=say_ready if companion else (lambda: None),
            keys_of=lambda each: keys[each.id],
            hardware_of=lambda _: given_by,
        )

    _run(run(), companion=companion)


async def _hardware(devices: Sequence["DeviceConfig"], address: str | None) -> "Hardware":
    from stimulators.device.hardware.hardware import NoHardware
    from stimulators.device.hardware.opening import open_hardware
    from streamer.clock import with_sleep_s

    if address is None:
        return NoHardware()
    if len(devices) != 1:
        names = ", ".join(each.id for each in devices)
        raise ConfigError(f"--to: expected one device, named by --id, found {names}")
    try:
        return await open_hardware(address, devices[0], with_sleep_s)
    except ValueError as error:
        raise ConfigError(f"--to: {error}") from error
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"--to: expected the package {error.name}, found none: pip install 'stimloop[serial]'"
        ) from error


def _try(loaded: "Config", id_: str | None, host: str, *, may_drive: bool, by_hand: bool) -> None:
    from stimloop.errors import DoesNotHoldError
    from stimloop.event_loop import run_async
    from stimloop.rigs.conformance import try_on_broker

    present = [each.id for each in loaded.devices]
    if id_ is None and len(present) != 1:
        found = ", ".join(present) or "none"
        raise ConfigError(f"--id: expected the device to try, as there is not one, found {found}")
    device = id_ or present[0]
    print_line(
        f"{device}: tried on {host}. This never gives current to a person: "
        + (
            "nobody is connected, you said; it will be driven, beyond its limit too if it lets that"
            if may_drive
            else "it is only listened to; --nobody-connected drives it, with a load in place of "
            "a person"
        )
    )
    report = run_async(
        try_on_broker(
            loaded,
            device=device,
            host=host,
            may_drive=may_drive,
            by_hand=by_hand,
            told=print_line,
        )
    )
    for untried in report.untried:
        print_line(str(untried))
    n_missing = len(report.breaches)
    print_line(f"{device}: {len(report.tried)} checks, {n_missing} missing (docs/asyncapi.yaml)")
    if n_missing:
        raise DoesNotHoldError(f"{device}: expected a device that keeps the contract, found "
                               f"{n_missing} breaches")  # fmt: skip


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
