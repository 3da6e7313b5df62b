"""What an operator can do over MQTT: ask, arm, disarm, mark, and stop."""

import secrets
from collections.abc import Callable, Sequence

import msgspec

from stimulators.operator.operator_link import OperatorError, OperatorLink
from stimulators.wire import topics
from stimulators.wire.messages import Ack, Control, ControlAction, DeviceInfo, Status, Stop
from stimulators.wire.mqtt import BrokerConfig
from stimulators.wire.payload import to_payload

__all__ = [
    "OperatorError",
    "RequestResult",
    "StatusResult",
    "StopResult",
    "request",
    "status",
    "stop",
]

#: What the broker had kept has come by then.
_SETTLE_S = 0.25
_REQUEST_VALID_US = 2_000_000


class RequestResult(msgspec.Struct, frozen=True, kw_only=True):
    """What the service said to a request.

    Parameters
    ----------
    is_answered : bool
        Whether it said anything in time.
    refused : str
        Why it did not do it; empty where it did.
    state, reason : str
        What it was in afterwards, and why.
    """

    is_answered: bool
    refused: str
    state: str
    reason: str


class StopResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a stop.

    Parameters
    ----------
    acks : dict of str to Ack
        The answer of every device that answered.
    silent : tuple of str
        Devices that should have answered and did not.
    offline : tuple of str
        Devices of which the broker says that they are gone.
    """

    acks: dict[str, Ack]
    silent: tuple[str, ...]
    offline: tuple[str, ...]


class StatusResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a rig says of itself.

    Parameters
    ----------
    status : Status or None
        The service's word; None where the broker has none.
    is_fresh : bool
        Whether the service said so just now; else it is what the broker had kept.
    devices : dict of str to DeviceInfo
        Of every device the broker has heard of.
    """

    status: Status | None
    is_fresh: bool
    devices: dict[str, DeviceInfo]


async def request(
    broker: BrokerConfig,
    rig: str,
    action: ControlAction,
    *,
    operator: str,
    now_s: Callable[[], float],
    text: str = "",
    wait_s: float = 5.0,
) -> RequestResult:
    """Ask the service to arm, disarm or mark, and wait for what it says.

    The session and the time that a request must name are taken from what the service says of
    itself just now, so the operator's machine may have another clock, and a request cannot
    reach a service that is not there.

    Parameters
    ----------
    broker, rig
        Where.
    action : {"arm", "disarm", "mark", "set"}
        What.
    operator : str
        Who.
    now_s : callable
        Any clock that runs on.
    text : str
        What a mark says.
    wait_s : float
        Seconds to wait for each of broker, service and answer.

    Raises
    ------
    OperatorError
        Where there is no broker or no service.
    """
    async with OperatorLink(broker, rig, (topics.STATUS,), now_s=now_s) as link:
        await link.require(wait_s)
        await link.until(lambda: link.status is not None, wait_s)
        said = link.status
        if said is None:
            raise OperatorError(f"rig {rig}: no service says anything")
        # Another service would answer too: that the request is not for it.
        link.session = said.session
        now_us = link.service_now_us
        asked = Control(
            request_id=secrets.token_hex(8),
            session=said.session,
            operator=operator,
            issued_us=now_us,
            expires_us=now_us + _REQUEST_VALID_US,
            action=action,
            text=text,
        )
        link.publish(topics.CONTROL, to_payload(asked))
        is_answered = await link.until(lambda: link.answered == asked.request_id, wait_s)
        said = link.status or said
    return RequestResult(
        is_answered=is_answered,
        refused=said.refused if is_answered else "",
        state=said.state,
        reason=said.reason,
    )


async def stop(
    broker: BrokerConfig,
    rig: str,
    *,
    operator: str,
    reason: str,
    devices: Sequence[str] = (),
    wait_s: float = 2.0,
) -> StopResult:
    """Stop every device of a rig, past the service, and collect their answers.

    Parameters
    ----------
    broker, rig
        Where.
    operator, reason : str
        Who and why.
    devices : sequence of str
        Devices that must answer, whatever the broker knows.
    wait_s : float
        Seconds to wait for the broker, and then for the answers.

    Raises
    ------
    OperatorError
        Where there is no broker.
    """
    pressed = Stop(request_id=secrets.token_hex(8), operator=operator, reason=reason)
    async with OperatorLink(
        broker, rig, (topics.ACK, topics.INFO), first=(topics.STOP, to_payload(pressed))
    ) as link:
        await link.require(wait_s)

        def acks() -> dict[str, Ack]:
            return {
                device: ack for device, ack in link.acks if ack.request_id == pressed.request_id
            }

        def missing() -> set[str]:
            return {*devices, *link.present}.difference(acks())

        # Devices of which nobody told us here are known once the broker has said what it kept.
        await link.until(lambda: False, min(_SETTLE_S, wait_s))
        await link.until(lambda: not missing(), wait_s)
        return StopResult(
            acks=acks(),
            silent=tuple(sorted(missing())),
            offline=tuple(sorted(set(link.infos).difference(acks(), missing()))),
        )


async def status(broker: BrokerConfig, rig: str, *, wait_s: float = 2.5) -> StatusResult:
    """Ask the broker and the service how a rig is.

    Parameters
    ----------
    broker, rig
        Where.
    wait_s : float
        Seconds to wait for the broker, and for a word of the service, which speaks every second.

    Raises
    ------
    OperatorError
        Where there is no broker.
    """
    async with OperatorLink(broker, rig, (topics.STATUS, topics.INFO)) as link:
        await link.require(wait_s)
        await link.until(lambda: False, min(_SETTLE_S, wait_s))
        await link.until(lambda: link.status is not None, wait_s)
        return StatusResult(
            status=link.status or link.kept_status,
            is_fresh=link.status is not None,
            devices=dict(link.infos),
        )
