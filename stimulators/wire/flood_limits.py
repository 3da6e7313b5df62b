"""Which of the messages that a service receives are read and journalled, and which dropped."""

from collections.abc import Mapping

from stimulators.wire import topics
from stimulators.wire.flood import Buckets, ExpectedAnswers
from stimulators.wire.received import (
    AckHeard,
    DeviceStatusHeard,
    Flooded,
    InfoHeard,
    Received,
)

#: Messages of one kind that are read in a second, not counting answers that are expected.
_PER_S = 10.0
#: Commands that a device takes in a second where the configuration does not say.
_COMMANDS_PER_S = 50.0
#: A longer answer is limited as any other message.
_N_ANSWER_BYTES_MAX = 4096
_FROM_DEVICE = (topics.ACK, topics.INFO, topics.DEVICE_STATUS, topics.CLOCK_REQUEST)


class FloodLimits:
    """Lets expected answers pass, and of everything else a limited number a second.

    Parameters
    ----------
    rig, session : str
        Of this service.
    devices : mapping of str to float
        The devices that are driven, with the commands that each takes in a second at most.
    """

    def __init__(self, *, rig: str, session: str, devices: Mapping[str, float]) -> None:
        self._rig = rig
        self._session = session
        self._commands_per_s: dict[str, float] = {}
        self._asked: dict[str, ExpectedAnswers] = {}
        self._buckets = Buckets()
        self._addresses = {topic.at(rig=rig) for topic in (topics.STATUS, topics.CONTROL)}
        self._others = topics.INFO.at(rig=rig, device="+").removesuffix("/info")
        for device, commands_per_s in devices.items():
            self._add_device(device, commands_per_s)

    @property
    def has_dropped(self) -> bool:
        """Whether messages were dropped that were not reported yet."""
        return self._buckets.has_dropped

    def ask(self, device: str, seq: int) -> None:
        """Note that a command is sent, so that its answers pass."""
        if device not in self._asked:
            self._add_device(device, _COMMANDS_PER_S)
        self._asked[device].ask(seq)

    def ask_all(self, request_id: str) -> None:
        """Note that a stop was sent to every device, so that their answers pass."""
        for asked in self._asked.values():
            asked.ask(request_id)

    def admits(self, received: Received, topic: str, *, n_bytes: int, now_s: float) -> bool:
        """Return whether a message on a topic passes; count it as dropped where not."""
        if (
            isinstance(received, AckHeard)
            and n_bytes <= _N_ANSWER_BYTES_MAX
            and self._is_answer(received)
        ):
            return True
        kind, per_s = type(received).__name__, _PER_S
        if isinstance(received, AckHeard | InfoHeard | DeviceStatusHeard):
            # In a bucket of their own, so that messages of other sessions cannot crowd out ours.
            is_ours = received.message.session == self._session
            kind += " of this session" if is_ours else ""
            if is_ours and isinstance(received, DeviceStatusHeard):
                # A device reports at the end of each movement, and once a second.
                per_s += self._commands_per_s.get(received.device, 0.0)
        address = topic if topic in self._addresses else self._others
        return self._buckets.admits(address, kind, now_s, per_s=per_s, n_bytes=n_bytes)

    def drop(self, topic: str, n_dropped: int) -> None:
        """Count messages that were dropped elsewhere."""
        self._buckets.drop(topic, n_dropped)

    def take_dropped(self) -> list[Flooded]:
        """Return the messages dropped since the last call, counted by topic."""
        return self._buckets.take_dropped()

    def _add_device(self, device: str, commands_per_s: float) -> None:
        self._commands_per_s[device] = commands_per_s
        self._asked[device] = ExpectedAnswers()
        self._addresses |= {topic.at(rig=self._rig, device=device) for topic in _FROM_DEVICE}

    def _is_answer(self, received: AckHeard) -> bool:
        asked, ack = self._asked.get(received.device), received.message
        if asked is None:
            return False
        if ack.seq is None:
            return asked.expects(ack.request_id)
        return ack.session == self._session and asked.expects(ack.seq)
