"""A transport that keeps all messages, with a link that a test switches."""

from collections.abc import Callable

from stimulators.wire.display_messages import Shown
from stimulators.wire.messages import Command, Lease, Status, Stop
from stimulators.wire.received import Received


class RecordingTransport:
    """Keeps every message in one list, in order: (device, detector or kind, message)."""

    def __init__(self, *, is_up: bool = True) -> None:
        self.is_up = is_up
        self.kept: list[tuple[str, object]] = []

    async def feed(self, emit: Callable[[Received], None]) -> None:
        raise NotImplementedError

    def send(self, device: str, message: Command | Lease) -> bool:
        self.kept.append((device, message))
        return self.is_up

    def stop(self, message: Stop) -> bool:
        self.kept.append(("stop", message))
        return self.is_up

    def announce(self, status: Status) -> None:
        self.kept.append(("status", status))

    def show(self, detector: str, message: Shown) -> bool:
        self.kept.append((detector, message))
        return self.is_up

    @property
    def statuses(self) -> list[Status]:
        """Return the messages that were announced."""
        return [message for _, message in self.kept if isinstance(message, Status)]
