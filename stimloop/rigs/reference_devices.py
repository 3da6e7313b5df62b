"""Runs reference devices in one process, and prints what they do."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from stimloop.rigs.device_watch import DeviceWatch
from stimulators.device.counts.memory import DeviceMemory
from stimulators.device.device_link import DeviceLink
from stimulators.device.hardware.hardware import Hardware, NoHardware
from stimulators.device_config import DeviceConfig
from stimulators.wire.keys.keys import Keys, NoKeys
from stimulators.wire.mqtt import BrokerConfig
from stimulators.wire.session_id import session_date_text
from streamer.clock import unix_us, with_sleep_s


async def run_devices(
    devices: Sequence[DeviceConfig],
    *,
    broker: BrokerConfig,
    rig: str,
    memory: Path | None,
    told: Callable[[str], None] | None,
    ready: Callable[[], None],
    keys_of: Callable[[DeviceConfig], Keys] = lambda _: NoKeys(),
    hardware_of: Callable[[DeviceConfig], Hardware] = lambda _: NoHardware(),
) -> None:
    """Run these devices until cancelled.

    Parameters
    ----------
    devices : sequence of DeviceConfig
        Their tables.
    broker, rig
        Where.
    memory : Path, optional
        Folder in which each remembers the newest session it adopted, its charge and its
        on-time; without, nothing is remembered over a restart.
    told : callable, optional
        Takes a line at each change of state, and where an amount has come to rest.
    ready : callable
        Called once all of them have a link.
    keys_of : callable, optional
        Gives the keys of a device.
    hardware_of : callable
        Gives what a device's amount is given by; without, they are simulations.

    Raises
    ------
    OSError
        Where what a device remembers cannot be read or written, or its hardware fails.
    """
    watch = DeviceWatch(len(devices), told, ready, with_sleep_s)
    async with asyncio.TaskGroup() as group:
        for device in devices:
            link = DeviceLink(
                device,
                broker=broker,
                rig=rig,
                now_s=with_sleep_s,
                memory=None if memory is None else DeviceMemory(memory, device, unix_us),
                watch=watch.see,
                keys=keys_of(device),
                hardware=hardware_of(device),
            )
            group.create_task(link.run(), name=f"device {device.id}")


def forget_sessions(devices: Sequence[DeviceConfig], memory: Path) -> list[str]:
    """Delete the newest session that each device remembers; return a line for each device.

    Parameters
    ----------
    devices : sequence of DeviceConfig
        Their tables. None of them may be running: it would keep its session again.
    memory : Path
        The folder in which they remember it.

    Raises
    ------
    OSError
        Where what a device remembers cannot be read or removed.
    """
    lines = []
    for device in devices:
        remembered = DeviceMemory(memory, device, unix_us)
        session = remembered.session()
        remembered.forget_session()
        forgotten = f"forgot the session of {session_date_text(session)}" if session else ""
        lines.append(f"{device.id}: {forgotten or 'remembered no session'}")
    return lines
