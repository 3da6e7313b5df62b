"""Arming, pausing and disarming: by an operator's request, or once by itself in a simulation."""

from collections.abc import Iterator

from stimulators.decisions import Refusal
from stimulators.gate import remedies
from stimulators.gate.conditions import Conditions
from stimulators.gate.others import OtherServices
from stimulators.gate.states.rig_state import RigState
from stimulators.refusals import RefusalReason
from stimulators.wire.messages import Control

#: A request that is older than this is refused.
_REQUEST_AGE_S_MAX = 2.0
#: Requests remembered so that none acts twice; no operator sends more than this within seconds.
_N_REQUESTS_MAX = 256
#: An operator's clock, which is set by the service's status, may be ahead by this much.
_AHEAD_S_MAX = 2.0


class Requests:
    """The checks of an operator's request: it is recent, for this session, and new.

    Parameters
    ----------
    session : str
        The session that requests must name.
    """

    def __init__(self, session: str) -> None:
        self._session = session
        self._received_s: dict[str, float] = {}

    def take(self, asked: Control, now_s: float, *, retained: bool) -> list[Refusal]:
        """Remember a request, and return every reason to refuse it."""
        return list(self._take(asked, now_s, retained=retained))

    def _take(self, asked: Control, now_s: float, *, retained: bool) -> Iterator[Refusal]:
        age_s = now_s - asked.issued_us / 1e6
        if retained:
            yield _refusal(
                asked, RefusalReason.RETAINED, "a request kept by the broker", "a new one"
            )
        if asked.session != self._session:
            yield _refusal(asked, RefusalReason.SESSION, asked.session, self._session)
        if not -_AHEAD_S_MAX <= age_s <= _REQUEST_AGE_S_MAX or now_s > asked.expires_us / 1e6:
            yield _refusal(
                asked, RefusalReason.LATE, f"{age_s:.3f} s old", f"at most {_REQUEST_AGE_S_MAX:g} s"
            )
        self._forget(now_s)
        if asked.request_id in self._received_s:
            yield _refusal(asked, RefusalReason.REPEATED, asked.request_id, "a new request_id")
        elif len(self._received_s) >= _N_REQUESTS_MAX:
            yield _refusal(asked, RefusalReason.BUSY, f"{_N_REQUESTS_MAX} requests", "an operator")
        else:
            self._received_s[asked.request_id] = now_s

    def _forget(self, now_s: float) -> None:
        """Forget requests that their age alone would refuse."""
        kept_s = _AHEAD_S_MAX + _REQUEST_AGE_S_MAX
        while self._received_s:
            oldest = next(iter(self._received_s))
            if now_s - self._received_s[oldest] <= kept_s:
                break
            del self._received_s[oldest]


class Arming:
    """Arms and disarms: on an operator's request, or once by itself.

    Parameters
    ----------
    rig : RigState
        The state.
    conditions : Conditions
        The conditions of arming.
    others : OtherServices
        Other services of the rig: while one is heard, this one is not armed.
    session : str
        Name of this session.
    is_automatic : bool
        Whether the rig may arm itself: everything in its configuration is simulated.

    Attributes
    ----------
    waits_for : str or None
        In idle and safe, the first condition that keeps the rig from being armed, and what to do
        about it; empty where all hold, None where they were not checked.
    requests : Requests
        The checks of every request but to disarm.
    """

    def __init__(
        self,
        rig: RigState,
        conditions: Conditions,
        others: OtherServices,
        session: str,
        *,
        is_automatic: bool,
    ) -> None:
        self.waits_for: str | None = None
        self._rig = rig
        self._conditions = conditions
        self._others = others
        self._session = session
        self.requests = Requests(session)
        self._may_arm_itself = is_automatic

    def pass_time(self) -> None:
        """Arm by itself where that is still allowed: from idle, once, before any operator acted."""
        self.waits_for = None
        if self._rig.state in {"idle", "safe"}:
            first = next(self._objections(), None)
            self.waits_for = ""
            if first is not None:
                about = f"{first.device}: " if first.device else ""
                self.waits_for = f"{about}{first.found}, expected {first.expected}"
                if remedy := _remedy(first):
                    self.waits_for += f": {remedy}"
        if not self._may_arm_itself:
            return
        if self._rig.state == "idle":
            if self.waits_for:
                return
            self._rig.arm("armed by itself: everything is simulated")
        self._leave_it_to_operators()

    @property
    def text(self) -> str:
        """What keeps the rig from being armed, for the status; empty in other states."""
        if self.waits_for is None or self._rig.state not in {"idle", "safe"}:
            return ""
        if not self.waits_for:
            return "ready to be armed"
        arms_itself = self._may_arm_itself and self._rig.state == "idle"
        return f"{'waits' if arms_itself else 'not ready to be armed'}: {self.waits_for}"

    def _leave_it_to_operators(self) -> None:
        """Never arm by itself from now on."""
        self._may_arm_itself = False

    def control(self, asked: Control, *, retained: bool) -> None:
        """Do what an operator's request asks for, or refuse it with the reasons."""
        if asked.action == "arm":
            self._arm(asked, retained=retained)
        elif asked.action == "disarm":
            self._disarm(asked, retained=retained)
        elif asked.action == "pause":
            self._pause(asked, retained=retained)
        elif asked.action == "resume":
            self._resume(asked, retained=retained)
        elif asked.action == "set":
            self._rig.decide(
                _refusal(
                    asked,
                    RefusalReason.UNSUPPORTED,
                    "set",
                    "arm, disarm, pause, resume, confirm or mark",
                )
            )

    def _arm(self, asked: Control, *, retained: bool) -> None:
        rig = self._rig
        objections = self.requests.take(asked, rig.now_s, retained=retained)
        if rig.state not in {"idle", "safe"}:
            objections.append(_refusal(asked, RefusalReason.STATE, rig.state, "idle or safe"))
        elif asked.issued_us / 1e6 <= rig.safe_s:
            objections.append(
                _refusal(asked, RefusalReason.LATE, "a request from before safe", "a newer one")
            )
        if rig.state in {"idle", "safe"}:
            objections += self._for(asked, self._objections())
        rig.decide(*objections)
        if not objections:
            rig.arm(f"armed by {asked.operator}")

    def _pause(self, asked: Control, *, retained: bool) -> None:
        rig = self._rig
        objections = self.requests.take(asked, rig.now_s, retained=retained)
        if rig.state not in {"active", "hold"}:
            objections.append(_refusal(asked, RefusalReason.STATE, rig.state, "active or hold"))
        rig.decide(*objections)
        if not objections:
            rig.pause(f"paused by {asked.operator}")

    def _resume(self, asked: Control, *, retained: bool) -> None:
        rig = self._rig
        objections = self.requests.take(asked, rig.now_s, retained=retained)
        if rig.state != "paused":
            objections.append(_refusal(asked, RefusalReason.STATE, rig.state, "paused"))
        elif rig.flawless_s < self._conditions.resume_s:
            found = f"good for {rig.flawless_s:.2f} s"
            flaw = rig.check()
            if flaw is not None:
                found = f"{flaw.found} (expected {flaw.expected})"
            expected = f"good data for {self._conditions.resume_s:g} s"
            objections.append(_refusal(asked, RefusalReason.DATA, found, expected))
        objections += self._for(asked, self._conditions.resume_objections(rig.now_s))
        rig.decide(*objections)
        if not objections:
            rig.resume(f"resumed by {asked.operator}")

    def _disarm(self, asked: Control, *, retained: bool) -> None:
        if retained:
            self._rig.decide(
                _refusal(asked, RefusalReason.RETAINED, "a request kept by the broker", "a new one")
            )
        elif asked.session != self._session:
            self._rig.decide(_refusal(asked, RefusalReason.SESSION, asked.session, self._session))
        else:
            self._leave_it_to_operators()
            if self._rig.is_staying:
                self._rig.go_idle(f"disarmed by {asked.operator}")

    def _objections(self) -> Iterator[Refusal]:
        yield from self._conditions.objections(self._rig.now_s, is_linked=self._rig.is_linked)
        yield from self._others.objections()

    @staticmethod
    def _for(asked: Control, objections: Iterator[Refusal]) -> list[Refusal]:
        """Return the objections as refusals of this request."""
        return [
            _refusal(asked, each.reason, each.found, each.expected, each.device)
            for each in objections
        ]


def _remedy(refusal: Refusal) -> str:
    if refusal.reason is RefusalReason.DEVICE:
        return remedies.of_device(refusal.found)
    return remedies.REMEDIES.get(refusal.reason, "")


def _refusal(
    asked: Control, reason: RefusalReason, found: str, expected: str, device: str = ""
) -> Refusal:
    return Refusal(
        reason, device=device, request_id=asked.request_id, found=found, expected=expected
    )
