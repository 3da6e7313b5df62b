"""A service that drives one device by hand, to see what it does."""

from collections.abc import Callable
from typing import Any

import msgspec

from stimulators.conformance.line import BrokerMessage, DeviceLine
from stimulators.wire import topics
from stimulators.wire.keys.keys import Keys, UnverifiedError, without_signature
from stimulators.wire.messages import (
    Ack,
    ClockReply,
    ClockRequest,
    Command,
    DeviceInfo,
    DeviceStatus,
    Lease,
    Reason,
    Status,
    Stop,
    Wire,
)
from stimulators.wire.payload import from_payload, to_payload
from stimulators.wire.topics import Topic

#: How long an answer may take.
ANSWER_S_MAX = 1.0
_STEP_S = 0.02
_LEASE_US = 1_000_000
_RENEW_US = 300_000
_HEARTBEAT_US = 1_000_000
_HEARD: dict[Topic, type[Wire]] = {
    topics.ACK: Ack,
    topics.INFO: DeviceInfo,
    topics.DEVICE_STATUS: DeviceStatus,
    topics.CLOCK_REQUEST: ClockRequest,
    topics.STATUS: Status,
}


class HeardMessage:
    """A message of the device, when it arrived, and whether the broker had kept it."""

    def __init__(self, message: Any, at_us: int, *, retained: bool) -> None:  # noqa: ANN401
        self.message = message
        self.at_us = at_us
        self.retained = retained


class Examiner:
    """Acts as a service towards one device, and records the device's messages.

    Parameters
    ----------
    line : DeviceLine
        The way to the device.
    rig, device : str
        Their names.
    keys : Keys
        Those of the service.
    session : str
        Newer than any that the device may remember.

    Attributes
    ----------
    words : list of HeardMessage
        Everything the device said, but for what the broker had kept.
    wrong : list of str
        Payloads that the contract does not know, or that no key signed.
    others : list of str
        Sessions of services that were heard beside this one.
    info : DeviceInfo or None
        Its newest description of itself, the broker's own included, unless it says `offline`.
    is_silent : bool
        Whether nothing is said yet, not even the time: another service may be there.
    is_leasing : bool
        Whether leases go out while time passes.
    forges_clock : bool
        Whether each clock reply is preceded by one with another nonce, an hour off.
    n_switched : int
        How often it was switched off and on.
    left : (Command, int) or None
        A command that the broker had kept while the device connected anew, and from which word on
        it may have answered.
    operator : callable or None
        Takes what somebody has to do at the device, as a line; None where nobody is there.
    """

    def __init__(
        self, line: DeviceLine, *, rig: str, device: str, keys: Keys, session: str
    ) -> None:
        self.line = line
        self.rig = rig
        self.device = device
        self.keys = keys
        self.session = session
        self.words: list[HeardMessage] = []
        self.wrong: list[str] = []
        self.others: list[str] = []
        self.info: DeviceInfo | None = None
        self.is_silent = True
        self.is_leasing = False
        self.forges_clock = False
        self.n_switched = 0
        self.left: tuple[Command, int] | None = None
        self.operator: Callable[[str], None] | None = None
        self.armed_us = 0
        self._n_leases = self._n_commands = 0
        self._leased_us = 0
        self._said_us = 0
        self._kinds = {self.at(topic): kind for topic, kind in _HEARD.items()}
        line.listen(self._hear)

    def at(self, topic: Topic) -> str:
        """Return a topic of this rig and device."""
        return topic.at(rig=self.rig, device=self.device)

    def of(self, kind: type[Any], since: int = 0) -> list[Any]:
        """Return the messages of a kind, from the one numbered `since` on."""
        found = [each.message for each in self.words[since:]]
        return [each for each in found if isinstance(each, kind)]

    # What it says.

    def send(self, topic: Topic, message: Wire, *, sealed: bytes | None = None) -> None:
        """Publish a message, signed where the rig signs."""
        address = self.at(topic)
        payload = self.keys.seal(address, to_payload(message)) if sealed is None else sealed
        self.line.publish(address, payload, qos=topic.qos)

    def arm(self) -> None:
        """Begin a new arming: leases from now on are of it."""
        self.armed_us = self.line.now_us()

    def lease(self, **changes: Any) -> Lease:  # noqa: ANN401
        """Send the next lease; times in `changes` count from now."""
        self._n_leases += 1
        now_us = self.line.now_us()
        self._leased_us = now_us
        for name in {"issued_us", "armed_us"} & set(changes):
            changes[name] += now_us
        made = Lease(
            session=self.session,
            lease_seq=self._n_leases,
            issued_us=now_us,
            valid_us=_LEASE_US,
            armed_us=self.armed_us,
            simulated=self.described.simulated,
        )
        lease = msgspec.structs.replace(made, **changes)
        self.send(topics.LEASE, lease)
        return lease

    def make(self, amount: float, **changes: Any) -> Command:  # noqa: ANN401
        """Return the next command; times in `changes` count from now."""
        self._n_commands += 1
        now_us = self.line.now_us()
        for name in {"issued_us", "expires_us", "fire_at_us"} & set(changes):
            changes[name] += now_us
        info = self.described
        is_level = info.safe_ma is None
        made = Command(
            session=self.session,
            seq=self._n_commands,
            kind="amplitude",
            channel="conformance",
            program=info.safe_program,
            onset_us=now_us,
            issued_us=now_us,
            expires_us=now_us + 1_000_000,
            reason=Reason(detector="conformance", value=1.0, threshold=0.0, policy="conformance"),
            simulated=info.simulated,
            amplitude_ma=None if is_level else amount,
            level=amount if is_level else None,
        )
        return msgspec.structs.replace(made, **changes)

    async def ask(self, amount: float, **changes: Any) -> Ack | None:  # noqa: ANN401
        """Send the next command; return its answer, or None where there is none in time."""
        return await self.answer(self.make(amount, **changes))

    async def answer(self, command: Command, *, sealed: bytes | None = None) -> Ack | None:
        """Send a command; return its answer, or None where there is none in time."""
        since = len(self.words)
        self.send(topics.COMMAND, command, sealed=sealed)
        return await self.ack_of(command, since)

    async def ack_of(
        self, command: Command, since: int, within_s: float = ANSWER_S_MAX
    ) -> Ack | None:
        """Return the answer to a command, or None where there is none in time."""

        def acks() -> list[Ack]:
            number = (command.session, command.seq)
            return [each for each in self.of(Ack, since) if (each.session, each.seq) == number]

        await self.until(acks, within_s)
        found = acks()
        return found[0] if found else None

    async def stop(self, request_id: str, *, sealed: bytes | None = None) -> Ack | None:
        """Send a stop; return its answer, or None where there is none in time."""
        since = len(self.words)
        stop = Stop(request_id=request_id, operator="conformance", reason="it is tried")
        self.send(topics.STOP, stop, sealed=sealed)

        def acks() -> list[Ack]:
            return [each for each in self.of(Ack, since) if each.seq is None]

        await self.until(acks, ANSWER_S_MAX)
        return next(iter(acks()), None)

    # Time.

    async def wait(self, passed_s: float) -> None:
        """Let time pass, while leases are sent if the device is to be driven."""
        end_us = self.line.now_us() + round(passed_s * 1e6)
        while self.line.now_us() < end_us:
            await self._step()

    async def until(self, holds: Callable[[], object], within_s: float) -> bool:
        """Let time pass until something holds; False where it does not in time."""
        end_us = self.line.now_us() + round(within_s * 1e6)
        while not holds():
            if self.line.now_us() >= end_us:
                return False
            await self._step()
        return True

    async def go_live(self, within_s: float = 3.0) -> bool:
        """Send leases until the device reports that it is live; False where it does not in time."""
        self.is_leasing = True
        self.lease()
        return await self.until(lambda: self.state == "live" and self._is_ours, within_s)

    async def rest(self) -> bool:
        """Let the lease end, and the device come to its safe amount; False where it does not."""
        self.is_leasing = False
        await self.wait(_LEASE_US / 1e6)
        return await self.until(lambda: self.state == "safe" and self.is_at(self.safe), 5.0)

    # What it knows.

    @property
    def described(self) -> DeviceInfo:
        """The device's newest description of itself."""
        if self.info is None:
            raise RuntimeError("the device has not described itself")
        return self.info

    @property
    def state(self) -> str:
        """The state in its newest message that has one."""
        words = [each for each in self.words if isinstance(each.message, DeviceInfo | DeviceStatus)]
        return words[-1].message.state if words else self.described.state

    @property
    def given(self) -> float:
        """The amount in its newest message."""
        kinds = Ack | DeviceInfo | DeviceStatus
        words = [each.message for each in self.words if isinstance(each.message, kinds)]
        return amount_of(words[-1] if words else self.described)

    @property
    def safe(self) -> float:
        """The device's safe amount."""
        info = self.described
        return (info.safe_level if info.safe_ma is None else info.safe_ma) or 0.0

    @property
    def highest(self) -> float:
        """The device's highest amount."""
        limits = self.described.limits
        found = limits.level_max if self.described.safe_ma is None else limits.amplitude_ma_max
        return found or 0.0

    @property
    def slew_per_s(self) -> float:
        """The device's fastest change of its amount, a second."""
        limits = self.described.limits
        is_level = self.described.safe_ma is None
        found = limits.level_slew_per_s_max if is_level else limits.slew_ma_per_s_max
        return found or 1e9

    @property
    def tolerance(self) -> float:
        """How far a reported amount may be from the expected one."""
        told = self.described.amount_tolerance
        return (0.001 * self.highest if told is None else told) + 1e-6

    @property
    def low(self) -> float:
        """A small amount that is not the safe one."""
        room = self.highest - self.safe
        if room <= 4.0 * self.tolerance:
            return 0.5 * self.safe
        return self.safe + min(room, max(0.1 * room, 4.0 * self.tolerance))

    def is_at(self, amount: float) -> bool:
        """Return whether its newest word says an amount."""
        return abs(self.given - amount) <= self.tolerance

    @property
    def _is_ours(self) -> bool:
        infos = self.of(DeviceInfo)
        return bool(infos) and infos[-1].session == self.session

    async def _step(self) -> None:
        await self.line.wait(_STEP_S)
        now_us = self.line.now_us()
        if self.is_leasing and now_us - self._leased_us >= _RENEW_US:
            self.lease()
        if now_us - self._said_us >= _HEARTBEAT_US and not self.is_silent:
            self._said_us = now_us
            self.say_state("armed" if self.is_leasing else "idle")

    def say_state(self, state: str) -> None:
        """Publish that a service is running, so that no other starts; it is not retained."""
        status = Status(state=state, session=self.session, reason="a device is tried")
        self.send(topics.STATUS, status)

    def _hear(self, heard: BrokerMessage) -> None:
        kind = self._kinds.get(heard.topic)
        if kind is None or not heard.payload:
            return
        try:
            message: Any = from_payload(self._body(heard, kind), kind)
        except ValueError as error:
            self.wrong.append(f"on {heard.topic}: {error}")
            return
        if isinstance(message, Status):
            if not heard.retained and message.state != "offline":
                self.others += {message.session} - {self.session, *self.others}
            return
        if isinstance(message, DeviceInfo) and message.state != "offline":
            self.info = message
        if heard.retained:
            return
        self.words.append(HeardMessage(message, self.line.now_us(), retained=heard.retained))
        if isinstance(message, ClockRequest) and not self.is_silent:
            self._tell_time(message)

    def _body(self, heard: BrokerMessage, kind: type[Wire]) -> bytes:
        if kind is Status:
            return without_signature(heard.payload)
        try:
            return self.keys.open(heard.topic, heard.payload)
        except UnverifiedError as error:
            raise ValueError(str(error)) from error

    def _tell_time(self, asked: ClockRequest) -> None:
        now_us = self.line.now_us()
        reply = ClockReply(
            request_seq=asked.request_seq,
            sent_us=asked.sent_us,
            nonce=asked.nonce,
            session=self.session,
            received_us=now_us,
            replied_us=now_us,
        )
        if self.forges_clock:
            hour_us = 3_600_000_000
            forged = msgspec.structs.replace(
                reply,
                nonce="0" * len(asked.nonce),
                received_us=now_us + hour_us,
                replied_us=now_us + hour_us,
            )
            self.send(topics.CLOCK_REPLY, forged)
        self.send(topics.CLOCK_REPLY, reply)


def amount_of(word: Ack | DeviceInfo | DeviceStatus) -> float:
    """Return the amount in a message, in the device's unit; 0 where it has none."""
    amount = word.applied_level if word.applied_ma is None else word.applied_ma
    return 0.0 if amount is None else amount
