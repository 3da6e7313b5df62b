"""Devices with their topics, without a network: the reference, and the one for MicroPython."""

import importlib
import itertools
import sys
from pathlib import Path
from typing import Any, Protocol

import msgspec

from stimulators.device.device import ReferenceDevice
from stimulators.device.device_topics import DeviceTopics
from stimulators.device_config import DeviceConfig
from stimulators.wire.keys.keys import Keys, NoKeys
from stimulators.wire.topics import device_client_id

MICROPYTHON = Path(__file__).parents[3] / "docs" / "examples" / "micropython"
#: Topic, payload, QoS and retain flag.
Said = list[tuple[str, bytes, int, bool]]


class End(Protocol):
    """A device as its broker sees it; times are of its own clock."""

    client_id: str

    @property
    def given(self) -> float: ...
    def subscriptions(self) -> list[tuple[str, int]]: ...
    def will(self) -> tuple[str, bytes, int, bool]: ...
    def describe(self) -> Said: ...
    def tick(self, now_us: int) -> Said: ...
    def hear(self, topic: str, payload: bytes, retained: bool, now_us: int, /) -> Said: ...


class ReferenceEnd:
    """The reference device."""

    def __init__(
        self,
        config: DeviceConfig,
        *,
        rig: str,
        keys: Keys = NoKeys(),  # noqa: B008 it has no state
        nonce: str = "",
        **changes: Any,
    ) -> None:
        numbers = itertools.count(1)
        nonces = itertools.chain([nonce] if nonce else [], (f"{n:032x}" for n in numbers))
        self.device = ReferenceDevice(config, new_nonce=lambda: next(nonces), **changes)
        self.topics = DeviceTopics(rig=rig, device=config.id, keys=keys)
        self.client_id = device_client_id(rig, config.id)

    @property
    def given(self) -> float:
        return self.device.applied

    def subscriptions(self) -> list[tuple[str, int]]:
        return self.topics.subscriptions

    def will(self) -> tuple[str, bytes, int, bool]:
        info = msgspec.structs.replace(self.device.info, word=0, state="offline")
        return self.topics.write(info)

    def describe(self) -> Said:
        return self._published([self.device.describe()])

    def tick(self, now_us: int) -> Said:
        return self._published(self.device.tick(now_us))

    def hear(self, topic: str, payload: bytes, retained: bool, now_us: int) -> Said:
        heard = self.topics.read(topic, payload, retained=retained)
        if heard is None:
            return self.tick(now_us)
        return self._published(self.device.hear(heard.message, now_us, verified=heard.verified))

    def _published(self, said: Any) -> Said:
        return [self.topics.write(each) for each in said]


def micropython(module: str) -> Any:
    """Import a module of the example for MicroPython."""
    if str(MICROPYTHON) not in sys.path:
        sys.path.append(str(MICROPYTHON))
    return importlib.import_module(module)
