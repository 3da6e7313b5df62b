"""Reference devices in one process, and what an operator sees of them."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from stimulators.device.device_link import DeviceLink
from stimulators.device.session_file import keep_session, read_session
from stimulators.limits import DeviceConfig
from stimulators.wire.mqtt import BrokerConfig
from streamer.clock import now_s


async def run_devices(
    devices: Sequence[DeviceConfig],
    *,
    broker: BrokerConfig,
    rig: str,
    memory: Path | None,
    told: Callable[[str], None] | None,
    ready: Callable[[], None],
) -> None:
    """Be these devices until cancelled.

    Parameters
    ----------
    devices : sequence of DeviceConfig
        Their tables.
    broker, rig
        Where.
    memory : Path, optional
        Folder in which each remembers the newest session it adopted; without, nothing is
        remembered over a restart.
    told : callable, optional
        Takes a line at each change of state.
    ready : callable
        Called once all of them have a link.

    Raises
    ------
    OSError
        Where what a device remembers cannot be read or written.
    """
    watch = _Watch(len(devices), told, ready)
    async with asyncio.TaskGroup() as group:
        for device in devices:
            keep, newest = _memory(device.id, memory)
            link = DeviceLink(
                device,
                broker=broker,
                rig=rig,
                now_s=now_s,
                newest_session=newest,
                keep_session=keep,
                watch=watch.see,
            )
            group.create_task(link.run(), name=f"device {device.id}")


def _memory(device: str, folder: Path | None) -> tuple[Callable[[str], None], str]:
    if folder is None:
        return (lambda _: None), ""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{device}.session"
    return (lambda session: keep_session(file, session)), read_session(file)


class _Watch:
    """Tells what changed, and once that all are there."""

    def __init__(
        self, n_devices: int, told: Callable[[str], None] | None, ready: Callable[[], None]
    ) -> None:
        self._n_awaited = n_devices
        self._told = told
        self._ready = ready
        self._last: dict[str, str] = {}

    def see(self, link: DeviceLink) -> None:
        info = link.device.info
        if info.device not in self._last and link.is_up:
            self._n_awaited -= 1
            if self._n_awaited == 0:
                self._ready()
        amount = info.applied_ma if info.applied_ma is not None else info.applied_level
        line = (
            f"{info.device}: {'linked' if link.is_up else link.problem}, {info.state}, {amount:g}"
        )
        if not link.is_up and info.device not in self._last:
            if self._told is not None:
                self._told(line)
            return
        if self._last.get(info.device) != line:
            self._last[info.device] = line
            if self._told is not None:
                self._told(line)
