"""Hands each message from the network to the part of the gate that acts on it."""

from collections.abc import Mapping

from stimulators.decisions import Notice
from stimulators.gate.arming import Arming
from stimulators.gate.confirming import Confirming
from stimulators.gate.device_messages import TEXT_MAX, DeviceMessages
from stimulators.gate.driving.drive import Drive
from stimulators.gate.others import OtherServices
from stimulators.gate.states.rig_state import RigState
from stimulators.wire.received import (
    ControlHeard,
    Flooded,
    LinkChanged,
    Received,
    StatusHeard,
    StopHeard,
    Unreadable,
)

#: Unreadable payloads are reported once a topic, for this many topics at most.
_N_TOPICS_MAX = 64
#: What follows the text of a stop that the broker had kept.
_KEPT = (
    "the broker kept this stop, and stops whoever connects by it again: remove it by an empty kept "
    "message (mosquitto_pub -r -n -t stimloop/RIG/stop), then arm"
)


class MessageRouter:
    """Acts on stops and on the link; hands all else to the part of the gate that acts on it.

    Parameters
    ----------
    rig : RigState
        The state, and where decisions go.
    drives : mapping of str to Drive
        The devices, by their ids.
    words : DeviceMessages
        Acts on the messages of devices.
    arming : Arming
        Acts on the requests of operators.
    others : OtherServices
        Acts on the status of other services of the rig.
    confirming : Confirming
        Acts on an operator's yes to a rise.
    """

    def __init__(
        self,
        rig: RigState,
        drives: Mapping[str, Drive],
        words: DeviceMessages,
        arming: Arming,
        *,
        others: OtherServices,
        confirming: Confirming,
    ) -> None:
        self._rig = rig
        self._drives = drives
        self._words = words
        self._arming = arming
        self._others = others
        self._confirming = confirming
        self._unreadable: set[str] = set()

    def take(self, heard: Received) -> None:
        """Act on one message, or on a change of the link."""
        if isinstance(heard, ControlHeard):
            is_yes = heard.message.action == "confirm"
            act = self._confirming.take if is_yes else self._arming.control
            act(heard.message, retained=heard.retained)
        elif isinstance(heard, StopHeard):
            self._take_stop(heard)
        elif isinstance(heard, LinkChanged):
            self._change_link(heard)
        elif isinstance(heard, Unreadable):
            self._note_unreadable(heard)
        elif isinstance(heard, StatusHeard):
            self._others.hear(heard.message)
        elif isinstance(heard, Flooded):
            text = f"{heard.topic}: {heard.n_dropped} messages dropped unread, more than the limit"
            self._rig.decide(Notice("flood", text[:TEXT_MAX]))
        elif (drive := self._drives.get(heard.device)) is not None:
            self._words.take(drive, heard)

    def _take_stop(self, heard: StopHeard) -> None:
        kind = "stop" if heard.verified else "unverified stop"
        text = f"{kind} by {heard.message.operator}: {heard.message.reason}"
        text = text[:TEXT_MAX]
        if heard.retained:
            text = f"{text}; {_KEPT}"
        self._rig.go_safe(text, stopped=True)

    def _change_link(self, heard: LinkChanged) -> None:
        self._rig.is_linked = heard.is_up
        if heard.is_up:
            return
        for drive in self._drives.values():
            drive.presence.forget()
        self._rig.break_off(f"no broker: {heard.reason}"[:TEXT_MAX])

    def _note_unreadable(self, heard: Unreadable) -> None:
        if heard.topic not in self._unreadable and len(self._unreadable) < _N_TOPICS_MAX:
            self._unreadable.add(heard.topic)
            text = f"{heard.topic}: {heard.problem}"[:TEXT_MAX]
            self._rig.decide(Notice("unreadable", text))
