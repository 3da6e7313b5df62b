"""Requests to the service (arm, disarm, pause, confirm, ...), and whether they took effect."""

import secrets
from collections.abc import Callable, Iterable

import msgspec

from stimulators.operator.countdown import Countdown, no_countdown, wait_for
from stimulators.operator.known_rig import KnownRig
from stimulators.operator.operator_link import OperatorError, OperatorLink
from stimulators.operator.sessions import addressed
from stimulators.operator.verdict import DeviceVerdict, at_safe, bad, two_devices
from stimulators.wire import topics
from stimulators.wire.keys.keys import Keys
from stimulators.wire.messages import Control, ControlAction, RiseOffer, Status
from stimulators.wire.payload import to_payload

#: Services send a heartbeat each second: within this time a second service is heard, too.
_LISTEN_S = 1.3
_REQUEST_VALID_US = 2_000_000
_HEARD = (topics.STATUS, topics.ACK, topics.INFO, topics.DEVICE_STATUS)
#: The states in which a request has taken effect; a mark has with its answer.
_STATES: dict[ControlAction, frozenset[str]] = {
    "arm": frozenset({"armed", "active", "hold"}),
    "disarm": frozenset({"idle", "safe"}),
    "pause": frozenset({"paused"}),
    "resume": frozenset({"active", "hold"}),
}


class RequestResult(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of a request.

    Parameters
    ----------
    session : str
        The session of the service that was asked.
    is_answered : bool
        Whether that service answered in time.
    refused : str
        Why it refused; empty where it did not.
    state, reason : str
        Its last state, and why it was in it.
    is_in_state : bool
        Whether that state is one that the request asks for.
    devices : tuple of DeviceVerdict
        Whether the devices' own words agree; empty where they were not checked.
    """

    session: str
    is_answered: bool
    refused: str
    state: str
    reason: str
    is_in_state: bool
    devices: tuple[DeviceVerdict, ...] = ()

    @property
    def is_so(self) -> bool:
        """Whether the request was granted, and service and devices are as it asks."""
        is_granted = self.is_answered and not self.refused
        return is_granted and self.is_in_state and not bad(self.devices)

    @property
    def refusals(self) -> tuple[str, ...]:
        """The reasons of a refusal, one by one; empty where it was granted."""
        return tuple(self.refused.split("; ")) if self.refused else ()


class _Conversation:
    """One request: its answer by the service, and the words of the devices since."""

    def __init__(self, link: OperatorLink, session: str, request_id: str) -> None:
        self._link = link
        self._session = session
        self._request_id = request_id
        self._newest = link.services[session].status
        self.driven = set(self._newest.drives)
        self.answer: Status | None = None
        self.answered_at = 0

    @property
    def newest(self) -> Status:
        """The service's last status, also after the service has ended."""
        said = self._link.services.get(self._session)
        if said is not None:
            self._newest = said.status
        return self._newest

    def is_answered(self) -> bool:
        """Return whether the service has answered, and remember how."""
        newest = self.newest
        self.driven |= set(newest.drives)
        if self.answer is None and newest.answered == self._request_id:
            self.answer = newest
            self.answered_at = self._link.n_heard
        return self.answer is not None

    def verdicts(self, action: ControlAction) -> tuple[DeviceVerdict, ...]:
        """Return a verdict on each device that the request concerns."""
        self.driven |= set(self.newest.drives)
        configured = {each.id for each in self._link.rig.devices}
        if action in {"arm", "resume"}:
            return tuple(self._duplicates(sorted(configured | self.driven)))
        names = self.driven if action == "pause" else configured | self.driven | self._link.present
        return tuple(
            at_safe(
                self._link.rig.device(name),
                self._link.devices.get(name),
                since=self.answered_at,
                is_configured=name in configured,
                is_leased=action == "pause",
            )
            for name in sorted(names)
        )

    def _duplicates(self, names: Iterable[str]) -> Iterable[DeviceVerdict]:
        for name in names:
            words = self._link.devices.get(name)
            twice = None if words is None else two_devices(self._link.rig.device(name), words)
            if twice is not None:
                yield twice


async def request(
    rig: KnownRig,
    action: ControlAction,
    *,
    operator: str,
    now_s: Callable[[], float],
    text: str = "",
    session: str | None = None,
    offer: RiseOffer | None = None,
    wait_s: float = 5.0,
    settle_s: float | None = None,
    countdown: Countdown = no_countdown,
    keys: Keys | None = None,
) -> RequestResult:
    """Send a request to the service, and wait until its state and the devices' words show it.

    The session and the time that a request must name are taken from the service's heartbeat: so
    the operator's machine may have another clock, and a request is sent only to a service that is
    running.

    Parameters
    ----------
    rig : KnownRig
        The rig, its broker and devices.
    action : {"arm", "disarm", "pause", "resume", "confirm", "mark", "set"}
        The action that is requested.
    operator : str
        Name of the operator.
    now_s : callable
        Any clock that never goes back.
    text : str
        The text of a mark.
    session : str, optional
        The session that it is for: no other is asked.
    offer : RiseOffer, optional
        The rise that a `confirm` says yes to.
    wait_s : float
        Seconds to wait for each of broker, service and answer.
    settle_s : float, optional
        Seconds to wait for state and devices; by default as long as the rig may take.
    countdown : callable
        Called with the seconds that this may still take.
    keys : Keys, optional
        Sign the request, and check the answers.

    Raises
    ------
    OperatorError
        Where there is no broker or no service, or another session than `session`;
        SeveralServicesError where several services run and none alone drives a device.
    ValueError
        Where the broker's configuration names a file that cannot be used.
    """
    async with OperatorLink(rig, _HEARD, now_s=now_s, keys=keys) as link:
        await link.require(wait_s)
        await link.listen(_LISTEN_S)
        await link.until(lambda: bool(link.services), max(0.0, wait_s - _LISTEN_S))
        shown, session = session, addressed(rig.name, link.services)
        if shown not in {None, session}:
            raise OperatorError(f"rig {rig.name}: the service was started anew, nothing was asked")
        now_us = link.service_now_us(session)
        asked = Control(
            request_id=secrets.token_hex(8),
            session=session,
            operator=operator,
            issued_us=now_us,
            expires_us=now_us + _REQUEST_VALID_US,
            action=action,
            text=text,
        )
        if offer is not None:
            said = {"device": offer.device, "offer": offer.offer, "amount": offer.amount}
            asked = msgspec.structs.replace(asked, **said)
        conversation = _Conversation(link, session, asked.request_id)
        link.publish(topics.CONTROL, to_payload(asked))
        await link.until(conversation.is_answered, wait_s)
        wanted = _STATES.get(action)
        answer = conversation.answer
        verdicts: tuple[DeviceVerdict, ...] = ()
        if answer is not None and not answer.refused and wanted is not None:
            within = wanted

            def waits_for() -> str:
                missing = [each.device for each in bad(conversation.verdicts(action))]
                return ", ".join(missing) or f"the service ({conversation.newest.state})"

            def holds() -> bool:
                is_there = conversation.newest.state in within
                return is_there and not bad(conversation.verdicts(action))

            await wait_for(
                link,
                holds,
                wait_s=rig.wait_s if settle_s is None else settle_s,
                waits_for=waits_for,
                countdown=countdown,
            )
            verdicts = conversation.verdicts(action)
        newest = conversation.newest
        return RequestResult(
            session=session,
            is_answered=answer is not None,
            refused="" if answer is None else answer.refused,
            state=newest.state,
            reason=newest.reason,
            is_in_state=wanted is None or newest.state in wanted,
            devices=verdicts,
        )
