"""The one shape of everything that watches a session without changing it."""

from collections.abc import Callable
from typing import TypeAlias

import msgspec

from stimulators.decisions import Send
from streamer.closed_loop import Outcome
from streamer.events import Event


class Sent(msgspec.Struct, frozen=True, gc=False):
    """A command or lease that was handed to the network, or should have been.

    Parameters
    ----------
    send : Send
        The message and its device.
    was_sent : bool
        Whether the network took it.
    published_s : float
        When it was handed over, by the service's clock.
    """

    send: Send
    was_sent: bool
    published_s: float


class Delivered(Outcome, frozen=True, gc=False):
    """The outcome of one step, and what became of the messages it made.

    Parameters
    ----------
    decided_s : float
        When the step was over, by the service's clock.
    sent : tuple of Sent
        Its commands and leases, in their order.
    """

    decided_s: float = 0.0
    sent: tuple[Sent, ...] = ()

    @classmethod
    def of(cls, outcome: Outcome, decided_s: float, sent: tuple[Sent, ...] = ()) -> "Delivered":
        """Return an outcome with the fate of each message it made."""
        return cls(
            outcome.notes,
            outcome.seen,
            outcome.targets,
            outcome.decisions,
            outcome.device_events,
            decided_s,
            sent,
        )


#: Called after each step with the event, the service's clock as the step began, and what came of
#: it; must be quick. What it raises ends the session as a fault.
Watcher: TypeAlias = Callable[[Event, float, Delivered], None]
