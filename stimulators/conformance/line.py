"""What the checks need of the line to a device: a broker, or one in virtual time."""

from collections.abc import Callable
from typing import NamedTuple, Protocol


class OnLine(NamedTuple):
    """A message as it came: its full topic, payload, and whether the broker had kept it."""

    topic: str
    payload: bytes
    retained: bool


class Line(Protocol):
    """A broker on which a device is tried, and the time."""

    def listen(self, hear: Callable[[OnLine], None]) -> None:
        """Hand over every message of the rig from now on, within `wait`."""
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
