"""Reads what a service receives over MQTT: from topic and payload to an event of the loop."""

import msgspec

from stimulators.wire import topics
from stimulators.wire.keys.keys import Keys, UnverifiedError
from stimulators.wire.messages import (
    UNREADABLE_STOP,
    Ack,
    ClockRequest,
    Control,
    DeviceInfo,
    DeviceStatus,
    Status,
    Stop,
)
from stimulators.wire.payload import from_payload
from stimulators.wire.received import (
    AckHeard,
    ClockAsked,
    ControlHeard,
    DeviceStatusHeard,
    InfoHeard,
    Received,
    StatusHeard,
)

_DEVICE_TOPICS = ("ack", "info", "state", "clock/request")


class ServiceReader:
    """Checks signatures and decodes payloads, for one service and one session.

    Parameters
    ----------
    rig : str
        Name of the rig.
    session : str
        Of this service: its own status is not read back.
    keys : Keys
        Check what is received.

    Attributes
    ----------
    stop_topic, status_topic : str
        The full topics of stops and of services' status.
    """

    def __init__(self, *, rig: str, session: str, keys: Keys) -> None:
        self.stop_topic = topics.STOP.at(rig=rig)
        self.status_topic = topics.STATUS.at(rig=rig)
        self._control_topic = topics.CONTROL.at(rig=rig)
        self._devices_root = topics.INFO.at(rig=rig, device="").removesuffix("/info")
        self._session = session
        self._keys = keys

    def read_stop(self, payload: bytes) -> tuple[Stop, bool]:
        """Return the stop of a payload, and whether a known key signed it; any payload is one."""
        verified = True
        try:
            body = self._keys.open(self.stop_topic, payload)
        except UnverifiedError as error:
            verified, body = False, error.body
        try:
            return from_payload(body, Stop), verified
        except ValueError:
            # The devices have stopped already, which is what somebody who publishes by hand wants.
            return UNREADABLE_STOP, verified

    def read(self, topic: str, payload: bytes, *, retained: bool) -> Received | None:
        """Return the event of a payload on any topic but `stop`; None for one that is not for us.

        Raises
        ------
        ValueError
            Where the payload is not what the contract says.
        """
        if topic == self.stop_topic:
            raise ValueError("expected a stop, found an empty payload")
        if topic == self.status_topic:
            return self._read_status(payload, retained=retained)
        if topic == self._control_topic:
            return self._read_control(payload, retained=retained)
        device, _, what = topic.removeprefix(self._devices_root).partition("/")
        if what not in _DEVICE_TOPICS:
            raise ValueError("expected a topic that was subscribed to")
        if retained and what != "info":
            raise ValueError("retained: expected a new message, found one that the broker had kept")
        body = self._keys.open(topic, payload)
        if what == "ack":
            return AckHeard(device=device, message=from_payload(body, Ack))
        if what == "state":
            return DeviceStatusHeard(device=device, message=from_payload(body, DeviceStatus))
        if what == "clock/request":
            return ClockAsked(device=device, message=from_payload(body, ClockRequest))
        info = from_payload(body, DeviceInfo)
        if info.device != device:
            raise ValueError(f"device: expected {device!r} as in the topic, found another")
        return InfoHeard(device=device, message=info, retained=retained)

    def _read_control(self, payload: bytes, *, retained: bool) -> ControlHeard:
        topic = self._control_topic
        control = from_payload(self._keys.open(topic, payload), Control)
        if owner := self._keys.owner(topic, payload):
            # Whoever holds a key may write any name: the journal keeps whose key it was.
            control = msgspec.structs.replace(control, operator=owner)
        return ControlHeard(message=control, retained=retained)

    def _read_status(self, payload: bytes, *, retained: bool) -> StatusHeard | None:
        """Return the heartbeat of another service; None for our own, a kept one and a goodbye."""
        if retained:
            return None
        status = from_payload(self._keys.open(self.status_topic, payload), Status)
        is_other = status.session != self._session and status.state != "offline"
        return StatusHeard(message=status) if is_other else None
