"""An operator in virtual time: one command, judged as the command line does, and its exit code."""

from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from replay.virtual.network.broker import Broker, Client, Post
from stimulators.device_config import DeviceConfig
from stimulators.operator.device_words import DeviceWords
from stimulators.operator.known_rig import KnownDevice, KnownRig
from stimulators.operator.operator_link import OperatorError, SaidStatus
from stimulators.operator.sessions import SeveralServicesError, addressed
from stimulators.operator.verdict import DeviceVerdict, at_safe, bad, stopped
from stimulators.wire import topics
from stimulators.wire.messages import Ack, Control, DeviceInfo, DeviceStatus, Status, Stop
from stimulators.wire.mqtt import BrokerConfig

Action = Literal["arm", "disarm", "pause", "resume", "confirm", "stop"]
Done = Callable[["VirtualOperator"], None]

#: As long as the command line listens, waits for an answer, and waits before it says a stop again.
_LISTEN_US = 1_300_000
_WAIT_US = 5_000_000
_AGAIN_US = 500_000
_VALID_US = 2_000_000
_LOOK_US = 20_000
_STATES = {
    "arm": {"armed", "active", "hold"},
    "disarm": {"idle", "safe"},
    "pause": {"paused"},
    "resume": {"paused", "hold", "active"},
    "confirm": {"active", "hold", "paused", "armed", "idle", "safe"},
}
_HEARS = (topics.STATUS, topics.INFO, topics.ACK, topics.DEVICE_STATUS)


class VirtualOperator:
    """One command of an operator, from its start to its exit code.

    Parameters
    ----------
    broker : Broker
        Where it connects.
    devices : sequence of DeviceConfig
        The devices of its configuration.
    action : str
        What it is to do.
    lease_s : float
        How long a device goes on without a word.
    done : callable
        Called once with the operator when it has ended.

    Attributes
    ----------
    exit_code : int or None
        0 it is so, 1 refused, 3 not known; None while it runs.
    reason : str
        Why.
    started_us : int
        When it began.
    """

    def __init__(
        self,
        broker: Broker,
        devices: Sequence[DeviceConfig],
        action: Action,
        *,
        lease_s: float,
        done: Done,
    ) -> None:
        self.action = action
        self.exit_code: int | None = None
        self.reason = ""
        self.started_us = broker.schedule.now_us
        self._schedule = broker.schedule
        self._request_id = f"{broker.random.getrandbits(64):016x}"
        self._rig = KnownRig(
            name="virtual",
            broker=BrokerConfig(),
            devices=tuple(_known(device) for device in devices),
            lease_s=lease_s,
        )
        self._words = {device.id: DeviceWords() for device in devices}
        self._services: dict[str, SaidStatus] = {}
        self._newest: Status | None = None
        self._session = ""
        self._answered_at: int | None = None
        self._driven: set[str] = set()
        self._n_heard = 0
        self._done = done
        self._client = Client(broker, topics=_HEARS, hear=self._hear, change_link=self._change_link)
        self._client.connect()
        self._listens_until_us = self.started_us + _LISTEN_US
        self._gives_up_us = self.started_us + _WAIT_US
        if action == "stop":
            self._gives_up_us = self._listens_until_us + round(self._rig.wait_s * 1e6)
            self._schedule.after(_AGAIN_US, self._say_stop_again)
        self._schedule.after(_LOOK_US, self._look)

    def _change_link(self, is_up: bool, reason: str) -> None:  # noqa: ARG002 the seam's shape
        if is_up and self.action == "stop" and self.exit_code is None:
            self._say_stop()

    def _say_stop(self) -> None:
        stop = Stop(request_id=self._request_id, operator="operator", reason="pressed")
        self._client.publish(topics.STOP, stop)

    def _say_stop_again(self) -> None:
        if self.exit_code is None:
            self._say_stop()
            self._schedule.after(_AGAIN_US, self._say_stop_again)

    def _hear(self, post: Post, is_kept: bool) -> None:
        message, now_s = post.message, self._schedule.now_us / 1e6
        self._n_heard += 1
        if isinstance(message, Status):
            self._hear_status(message, is_kept=is_kept)
            return
        words = self._words.setdefault(post.name, DeviceWords())
        if isinstance(message, DeviceInfo):
            words.hear_info(message, retained=is_kept, order=self._n_heard, heard_s=now_s)
        elif isinstance(message, DeviceStatus):
            words.hear_status(message, order=self._n_heard, heard_s=now_s)
        elif isinstance(message, Ack):
            words.hear_ack(message, order=self._n_heard, heard_s=now_s)

    def _hear_status(self, status: Status, *, is_kept: bool) -> None:
        if status.state == "offline":
            self._services.pop(status.session, None)
        elif not is_kept:
            self._services[status.session] = SaidStatus(status, self._schedule.now_us / 1e6)
        if is_kept or status.session != self._session:
            return
        self._newest = status
        self._driven |= set(status.drives)
        if self._answered_at is None and status.answered == self._request_id:
            self._answered_at = self._n_heard
            if status.refused:
                self._end(1, status.refused)
            self._gives_up_us = self._schedule.now_us + round(self._rig.wait_s * 1e6)

    def _look(self) -> None:
        if self.exit_code is not None:
            return
        now_us = self._schedule.now_us
        if now_us >= self._listens_until_us:
            if self.action == "stop":
                self._look_for_stop()
            elif not self._session:
                self._ask(self.action)
            elif self._answered_at is not None:
                self._look_for_state(self.action)
        if now_us >= self._gives_up_us:
            self._end(3, "not so in time")
        self._schedule.after(_LOOK_US, self._look)

    def _ask(self, action: Literal["arm", "disarm", "pause", "resume", "confirm"]) -> None:
        if not self._services:
            return
        try:
            self._session = addressed(self._rig.name, self._services)
        except SeveralServicesError as error:
            self._end(1, str(error))
            return
        except OperatorError as error:
            self._end(3, str(error))
            return
        said = self._services[self._session]
        self._newest = said.status
        self._driven |= set(said.status.drives)
        now_us = said.status.now_us + self._schedule.now_us - round(said.heard_s * 1e6)
        asked = Control(
            request_id=self._request_id,
            session=self._session,
            operator="operator",
            issued_us=now_us,
            expires_us=now_us + _VALID_US,
            action=action,
        )
        if action == "confirm":
            if not said.status.offers:
                self._end(1, "no rise waits for a yes")
                return
            offer = said.status.offers[0]
            yes = {"device": offer.device, "offer": offer.offer, "amount": offer.amount}
            asked = msgspec.structs.replace(asked, **yes)
        self._gives_up_us = self._schedule.now_us + _WAIT_US
        self._client.publish(topics.CONTROL, asked)

    def _look_for_state(self, action: str) -> None:
        state = "" if self._newest is None else self._newest.state
        if state in _STATES[action] and not bad(self._verdicts(action)):
            self._end(0, state)

    def _verdicts(self, action: str) -> tuple[DeviceVerdict, ...]:
        configured = {device.id for device in self._rig.devices}
        if action in {"arm", "resume", "confirm"}:
            return ()
        names = self._driven if action == "pause" else configured | self._driven
        return tuple(
            at_safe(
                self._rig.device(name),
                self._words.get(name),
                since=self._answered_at or 0,
                is_configured=name in configured,
                is_leased=action == "pause",
            )
            for name in sorted(names)
        )

    def _look_for_stop(self) -> None:
        verdicts = tuple(
            stopped(device, self._words[device.id], self._request_id, is_configured=True)
            for device in self._rig.devices
        )
        if verdicts and not bad(verdicts):
            self._end(0, "; ".join(each.text for each in verdicts))

    def _end(self, exit_code: int, reason: str) -> None:
        if self.exit_code is None:
            self.exit_code, self.reason = exit_code, reason
            self._client.disconnect("done", back_after_us=None)
            self._done(self)


def _known(device: DeviceConfig) -> KnownDevice:
    return KnownDevice(
        id=device.id,
        unit="mA" if device.unit == "ma" else "level",
        safe_amount=device.safe_amount,
        stop_amount=device.stop_amount,
        amount_max=device.amount_max,
        slew_per_s=device.slew_per_s_max,
        amount_tolerance=device.amount_tolerance,
    )
