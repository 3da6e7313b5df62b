"""The topics of one device: payloads become messages and messages payloads, signed and checked."""

from typing import NamedTuple

from stimulators.device.device import FromDevice, ToDevice
from stimulators.wire import topics
from stimulators.wire.keys.keys import Keys, NoKeys, UnverifiedError
from stimulators.wire.messages import (
    UNREADABLE_STOP,
    Ack,
    ClockReply,
    ClockRequest,
    Command,
    DeviceInfo,
    DeviceStatus,
    Lease,
    Stop,
    Wire,
)
from stimulators.wire.payload import from_payload, to_payload
from stimulators.wire.topics import Topic

_HEARD: dict[Topic, type[ToDevice]] = {
    topics.COMMAND: Command,
    topics.LEASE: Lease,
    topics.CLOCK_REPLY: ClockReply,
    topics.STOP: Stop,
}
_SAID: dict[type[Wire], Topic] = {
    Ack: topics.ACK,
    DeviceInfo: topics.INFO,
    DeviceStatus: topics.DEVICE_STATUS,
    ClockRequest: topics.CLOCK_REQUEST,
}


class Publication(NamedTuple):
    """A message as it is published: its full topic, payload, QoS and retain flag."""

    address: str
    payload: bytes
    qos: int
    retain: bool


class Heard(NamedTuple):
    """A message for the device; only a stop may be unverified."""

    message: ToDevice
    verified: bool


class DeviceTopics:
    """Reads what is for a device, and writes what it says.

    Parameters
    ----------
    rig, device : str
        Names of the rig and the device, levels of every topic.
    keys : Keys, optional
        Sign what is published, and check what is received.

    Attributes
    ----------
    n_unreadable, n_unverified : int
        Payloads that could not be decoded, or have no signature of a known key.

    Notes
    -----
    Of messages that the broker had kept only a stop is passed on. A payload on the stop topic stops
    even if it cannot be decoded, and whoever signed it: who wrote it by hand wanted nothing else.
    An empty one does not: that is how a kept message is removed. Everything else is passed on only
    with a valid signature, where signing is on.
    """

    def __init__(self, *, rig: str, device: str, keys: Keys = NoKeys()) -> None:  # noqa: B008 it has no state
        self.n_unreadable = 0
        self.n_unverified = 0
        self._keys = keys
        names = {"rig": rig, "device": device}
        self._kinds = {topic.at(**names): kind for topic, kind in _HEARD.items()}
        self._addresses = {topic: topic.at(**names) for topic in _SAID.values()}
        self.subscriptions = [(topic.at(**names), topic.qos) for topic in _HEARD]

    def read(self, topic: str, payload: bytes, *, retained: bool) -> Heard | None:
        """Return the message for the device; None where nothing may come of the payload.

        Parameters
        ----------
        topic : str
            The full topic.
        payload : bytes
            As it came.
        retained : bool
            Whether the broker had kept it from before.
        """
        kind = self._kinds.get(topic)
        if kind is None or (retained and kind is not Stop):
            return None
        body, verified = self._opened(topic, payload)
        if not verified and kind is not Stop:
            return None
        try:
            return Heard(from_payload(body, kind), verified)
        except ValueError:
            self.n_unreadable += 1
        return Heard(UNREADABLE_STOP, verified) if kind is Stop and payload else None

    def write(self, message: FromDevice) -> Publication:
        """Return the message as it is published."""
        topic = _SAID[type(message)]
        address = self._addresses[topic]
        payload = self._keys.seal(address, to_payload(message))
        return Publication(address, payload, topic.qos, topic.retain)

    def _opened(self, topic: str, payload: bytes) -> tuple[bytes, bool]:
        """Return the message of a payload, and whether a known key signed it."""
        try:
            return self._keys.open(topic, payload), True
        except UnverifiedError as error:
            self.n_unverified += 1
            return error.body, False
