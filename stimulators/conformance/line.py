"""The interface of the checks to a device: over a broker, or in virtual time."""

from collections.abc import Callable
from typing import NamedTuple, Protocol


class BrokerMessage(NamedTuple):
    """A message that arrived: its full topic, payload, and whether the broker had kept it."""

    topic: str
    payload: bytes
    retained: bool


class DeviceLine(Protocol):
    """The broker over which a device is checked, and the time."""

    def listen(self, hear: Callable[[BrokerMessage], None]) -> None:
        """Call `hear` with every message of the rig from now on, during `wait`."""
        ...

    def now_us(self) -> int:
        """Return the time of the service's clock, in microseconds."""
        ...

    def publish(self, topic: str, payload: bytes, *, qos: int, retain: bool = False) -> None:
        """Publish a message now."""
        ...

    async def wait(self, passed_s: float) -> None:
        """Let time pass."""
        ...

    async def kept(self, topic: str) -> bytes | None:
        """Return the message that the broker keeps on a topic, or None."""
        ...

    async def displace(self, client_id: str) -> bool:
        """Connect with a client's id for a moment, so that the broker ends that client's link.

        Returns
        -------
        bool
            False where the broker names its clients itself: then nothing was tried.
        """
        ...
