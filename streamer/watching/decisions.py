"""Publishes what is wanted of each device, what it was sent, and why, for displays."""

from typing import TYPE_CHECKING

import msgspec

from stimulators.gate.gate import SafetyGate
from stimulators.wire.received import LinkChanged
from stimulators.wire.transport import Transport
from streamer.closed_loop import Outcome
from streamer.events import Event, Tick

if TYPE_CHECKING:
    from stimulators.wire.display_messages import DecisionMessage

#: No device's decisions are shown more often.
_PERIOD_S = 0.1


class DecisionDisplays:
    """Publishes the newest decision about each device where it changed, ten times a second at most.

    It is looked at on ticks alone, so that it is on the way of no command.

    Parameters
    ----------
    transport : Transport
        Where it is published.
    gate : SafetyGate
        What decides.
    """

    def __init__(self, transport: Transport, gate: SafetyGate) -> None:
        self._transport = transport
        self._gate = gate
        self._shown: dict[str, DecisionMessage] = {}
        self._due_s = float("-inf")

    def watch(self, event: Event, now_s: float, outcome: Outcome) -> None:
        """Publish at a tick what changed since the last time."""
        del outcome
        if isinstance(event, LinkChanged):
            self._shown.clear()
        elif isinstance(event, Tick) and now_s >= self._due_s:
            self._due_s = now_s + _PERIOD_S
            for device in self._gate.devices:
                self._show(device, now_s)

    def _show(self, device: str, now_s: float) -> None:
        newest, before = self._gate.decision(device, now_s), self._shown.get(device)
        if before is not None and newest == msgspec.structs.replace(before, time_us=newest.time_us):
            return
        if self._transport.show(device, newest):
            self._shown[device] = newest
