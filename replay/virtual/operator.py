"""An operator in virtual time: asks, waits, and leaves with an exit code."""

from collections.abc import Callable
from typing import Literal

from replay.virtual.broker import Broker, Client, Post
from stimulators.wire import topics
from stimulators.wire.messages import (
    Ack,
    Control,
    ControlAction,
    DeviceInfo,
    DeviceStatus,
    Status,
    Stop,
)

Action = Literal["arm", "disarm", "pause", "resume", "stop"]
Done = Callable[["VirtualOperator"], None]

_WAIT_US = 5_000_000
_VALID_US = 2_000_000
_LOOK_US = 50_000


class VirtualOperator:
    """One command of an operator, from its start to its exit code.

    Parameters
    ----------
    broker : Broker
        Where it connects.
    action : str
        What it is to do.
    wait_us : int
        How long a device may take to its safe amount.
    done : callable
        Called once with the operator when it has ended.

    Attributes
    ----------
    exit_code : int or None
        0 done, 1 refused, 3 not known; None while it runs.
    reason : str
        Why.
    started_us : int
        When it began.
    """

    def __init__(self, broker: Broker, action: Action, *, wait_us: int, done: Done) -> None:
        self.action = action
        self.exit_code: int | None = None
        self.reason = ""
        self.started_us = broker.schedule.now_us
        self.request_id = f"{broker.random.getrandbits(64):016x}"
        self._schedule = broker.schedule
        self._wait_us = wait_us
        self._done = done
        self._status: Status | None = None
        self._status_us = 0
        self._session = ""
        self._asked = False
        self._words: dict[str, Ack | DeviceInfo | DeviceStatus] = {}
        self.client = Client(
            broker,
            topics=(topics.STATUS, topics.INFO, topics.ACK, topics.DEVICE_STATUS),
            hear=self._hear,
            change_link=self._change_link,
        )
        self.client.connect()
        self._schedule.after(_WAIT_US, self._give_up)

    def _change_link(self, is_up: bool, reason: str) -> None:  # noqa: ARG002 the seam's shape
        if is_up and self.action == "stop" and self.exit_code is None:
            stop = Stop(request_id=self.request_id, operator="operator", reason="pressed")
            self.client.publish(topics.STOP, stop)

    def _hear(self, post: Post, is_kept: bool) -> None:
        message = post.message
        if self.exit_code is not None:
            return
        if isinstance(message, Status) and not is_kept and message.state != "offline":
            self._status, self._status_us = message, self._schedule.now_us
            if self.action != "stop":
                self._talk(message, self.action)

    def _talk(self, status: Status, action: ControlAction) -> None:
        if not self._asked:
            self._asked = True
            self._session = status.session
            now_us = status.now_us
            asked = Control(
                request_id=self.request_id,
                session=status.session,
                operator="operator",
                issued_us=now_us,
                expires_us=now_us + _VALID_US,
                action=action,
            )
            self.client.publish(topics.CONTROL, asked)
        elif status.session == self._session and status.answered == self.request_id:
            self._end(1 if status.refused else 0, status.refused)

    def _give_up(self) -> None:
        self._end(3, "no answer")

    def _end(self, exit_code: int, reason: str) -> None:
        if self.exit_code is None:
            self.exit_code, self.reason = exit_code, reason
            self.client.disconnect("done", back_after_us=None)
            self._done(self)
