"""A gate, small devices, and a network between them that may delay, lose and falsify messages."""

import heapq
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, TypeAlias

from stimulators.decisions import Decision, Send, SendStop
from stimulators.wire.messages import Ack, Command, DeviceInfo, DeviceStatus, Lease, Stop
from stimulators.wire.received import (
    AckHeard,
    DeviceStatusHeard,
    InfoHeard,
    LinkChanged,
    Received,
    StopHeard,
)
from tests.stimulators.gate.gate_rig import GateRig
from tests.stimulators.gate.small_device import Said, SmallDevice

Told: TypeAlias = Command | Lease | Stop
_DELAY_S = 0.002


def in_time(_: object) -> float | None:
    """Let a message arrive without fault."""
    return _DELAY_S


def _as_it_is(said: Said) -> Said:
    return said


class WiredRig(GateRig):
    """Feeds a gate like `GateRig`, and lets small devices do what they are sent.

    Attributes
    ----------
    small : dict of str to SmallDevice
        The devices.
    down, up : callable
        How late a message to a device, or from one, arrives; None where it is lost.
    lie : callable
        What becomes of a device's word on the way.
    trace : list of (float, dict)
        What every device gave at each hop.
    """

    def __init__(self, *devices: Any, **keys: Any) -> None:
        super().__init__(*devices, **keys)
        self.small = {device.id: SmallDevice(device, self.now_s) for device in self.devices}
        self.down: Callable[[Told], float | None] = in_time
        self.up: Callable[[Said], float | None] = in_time
        self.lie: Callable[[Said], Said] = _as_it_is
        self.trace: list[tuple[float, dict[str, float]]] = []
        self._wire: list[tuple[float, int, str, Told | Received]] = []
        self._order = count()
        self._last_s: dict[str, float] = {}

    def take(self, decisions: Sequence[Decision]) -> tuple[Decision, ...]:
        self.log.extend((self.now_s, each) for each in decisions)
        for each in decisions:
            if isinstance(each, Send):
                self._put(f"to {each.device}", self.down(each.message), each.message)
            elif isinstance(each, SendStop):
                stop = Stop(request_id=each.request_id, operator="service", reason=each.reason)
                self.press(stop)
        return tuple(decisions)

    def press(self, stop: Stop) -> None:
        """Publish a stop: every device hears it directly, the service as well."""
        for name in self.small:
            self._put(f"to {name}", self.down(stop), stop)
        self._put("from broker", _DELAY_S, StopHeard(stop))

    def stop(self) -> tuple[Decision, ...]:
        self.press(Stop(request_id="s", operator="o", reason="enough"))
        return ()

    def say(self, name: str, said: Sequence[Said]) -> None:
        """Put the messages of a device on the network."""
        for each in said:
            word = self.lie(each)
            heard: Received
            if isinstance(word, Ack):
                heard = AckHeard(name, word)
            elif isinstance(word, DeviceInfo):
                heard = InfoHeard(name, word, retained=False)
            else:
                heard = DeviceStatusHeard(name, word)
            self._put(f"from {name}", self.up(each), heard)

    def deliver(self) -> None:
        """Deliver all messages that are due, in order, and let every device advance to now."""
        while self._wire and self._wire[0][0] <= self.now_s:
            due_s, _, way, message = heapq.heappop(self._wire)
            name = way.removeprefix("to ")
            if isinstance(message, Command | Lease | Stop):
                if name in self.small:
                    self.say(name, self.small[name].hear(message, due_s))
            else:
                self.hear(message)
        for name, device in self.small.items():
            self.say(name, device.advance(self.now_s))
        self.trace.append((self.now_s, {name: each.given for name, each in self.small.items()}))

    def connect(self) -> None:
        self.hear(LinkChanged(is_up=True))
        for name, device in self.small.items():
            self.say(name, [device.info()])

    # What was given.

    @property
    def given(self) -> float:
        """What the first device gives."""
        return self.small[self.devices[0].id].given

    def peak(self, since_s: float, name: str = "") -> float:
        """Return the highest amount that a device gave since then."""
        device = name or self.devices[0].id
        return max(given[device] for time_s, given in self.trace if time_s >= since_s)

    def _put(self, way: str, delay_s: float | None, message: Told | Received) -> None:
        """Send along a connection, which keeps the order of what it carries."""
        if delay_s is None:
            return
        due_s = max(self.now_s + delay_s, self._last_s.get(way, 0.0))
        self._last_s[way] = due_s
        heapq.heappush(self._wire, (due_s, next(self._order), way, message))


def is_ack(said: Said) -> bool:
    """Say whether a word is an answer."""
    return isinstance(said, Ack)


def is_status(said: Said) -> bool:
    """Say whether a word is a status."""
    return isinstance(said, DeviceStatus)
