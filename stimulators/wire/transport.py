"""The interface that sends commands: over MQTT, or to a device in virtual time."""

from collections.abc import Callable
from typing import Protocol

from stimulators.wire.display_messages import Shown
from stimulators.wire.messages import Command, Lease, Status, Stop
from stimulators.wire.received import Received


class Transport(Protocol):
    """Sends messages at once or not at all: none waits for later, and no call blocks."""

    async def feed(self, emit: Callable[[Received], None]) -> None:
        """Connect, stay connected with back-off, and hand over events, until cancelled."""
        ...

    def send(self, device: str, message: Command | Lease) -> bool:
        """Hand one message to the network; False where there is no link."""
        ...

    def stop(self, message: Stop) -> bool:
        """Publish a stop to every device; False where there is no link."""
        ...

    def announce(self, status: Status) -> None:
        """Publish the service's status, retained; dropped where there is no link."""
        ...

    def show(self, name: str, message: Shown) -> bool:
        """Publish a message of a detector or device for displays; False where there is no link."""
        ...
