"""Who may arm, and when: an operator's request, and the conditions that must hold."""

from collections.abc import Iterator, Sequence

from stimulators.decisions import Refusal
from stimulators.freshness import StreamWatch
from stimulators.limits import GateConfig
from stimulators.messages import Control
from stimulators.presence import Presence

#: A request is acted on within this time or never.
_REQUEST_AGE_S_MAX = 2.0
#: Data are good without a break for so long before a rig is armed.
_GOOD_S_MIN = 2.0
#: Requests remembered so that none acts twice; more than this within seconds is no operator.
_N_REQUESTS_MAX = 256
#: A stamp of the same instant, rounded to microseconds, may lie this far ahead.
_AHEAD_S_MAX = 2.0


class Requests:
    """Operators' requests to arm: each acts at most once, and soon or never.

    Parameters
    ----------
    session : str
        The session they must name.
    """

    def __init__(self, session: str) -> None:
        self._session = session
        self._seen_s: dict[str, float] = {}

    def objections(self, asked: Control, now_s: float, *, retained: bool) -> Iterator[Refusal]:
        """Yield why a request to arm may not act, and remember it."""
        age_s = now_s - asked.issued_us / 1e6
        if retained:
            yield _refusal(asked, "retained", "a remembered request", "a fresh one")
        if asked.session != self._session:
            yield _refusal(asked, "session", asked.session, self._session)
        if not -_AHEAD_S_MAX <= age_s <= _REQUEST_AGE_S_MAX or now_s > asked.expires_us / 1e6:
            yield _refusal(asked, "late", f"{age_s:.3f} s old", f"at most {_REQUEST_AGE_S_MAX:g} s")
        self._forget(now_s)
        if asked.request_id in self._seen_s:
            yield _refusal(asked, "repeated", asked.request_id, "a new request_id")
        elif len(self._seen_s) >= _N_REQUESTS_MAX:
            yield _refusal(asked, "busy", f"{_N_REQUESTS_MAX} requests", "an operator")
        else:
            self._seen_s[asked.request_id] = now_s

    def _forget(self, now_s: float) -> None:
        """Forget requests so old that their age alone refuses them."""
        kept_s = _AHEAD_S_MAX + _REQUEST_AGE_S_MAX
        while self._seen_s:
            oldest = next(iter(self._seen_s))
            if now_s - self._seen_s[oldest] <= kept_s:
                break
            del self._seen_s[oldest]


class Conditions:
    """What must hold before a rig is armed, by whomever.

    Parameters
    ----------
    timing : GateConfig
        How old and how uncertain data may be.
    session : str
        Name of this session.
    presences : sequence of Presence
        The devices.
    streams : sequence of StreamWatch
        The watched streams.
    """

    def __init__(
        self,
        timing: GateConfig,
        session: str,
        presences: Sequence[Presence],
        streams: Sequence[StreamWatch],
    ) -> None:
        self._timing = timing
        self._session = session
        self._presences = presences
        self._streams = streams

    def objections(self, now_s: float, *, is_linked: bool) -> Iterator[Refusal]:
        """Yield every condition that does not hold."""
        if not is_linked:
            yield Refusal("link", found="no broker", expected="a link to the broker")
        if not self._presences:
            yield Refusal("device", found="no device", expected="at least one device")
        for presence in self._presences:
            yield from presence.objections(self._session)
        for watch in self._streams:
            yield from self._stream_objections(watch, now_s)

    def _stream_objections(self, watch: StreamWatch, now_s: float) -> Iterator[Refusal]:
        flaw = watch.flaw(now_s)
        budget_s = self._timing.data_age_s_max
        if watch.interval_s > budget_s:
            yield Refusal(
                "interval",
                found=f"stream {watch.name}: blocks every {watch.interval_s:.3f} s",
                expected=f"at most data_age_s_max, {budget_s:g} s",
            )
        if flaw is not None:
            yield Refusal(
                "clock" if flaw.reason == "clock" else "data",
                found=f"stream {watch.name}: {flaw.found}",
                expected=flaw.expected,
            )
        elif watch.good_since_s is None or now_s - watch.good_since_s < _GOOD_S_MIN:
            good_s = 0.0 if watch.good_since_s is None else now_s - watch.good_since_s
            yield Refusal(
                "data",
                found=f"stream {watch.name}: good for {good_s:.2f} s",
                expected=f"at least {_GOOD_S_MIN:g} s",
            )


def of_request(refusal: Refusal, asked: Control) -> Refusal:
    """Return the refusal of a condition as the answer to a request."""
    return _refusal(asked, refusal.reason, refusal.found, refusal.expected, refusal.device)


def _refusal(asked: Control, reason: str, found: str, expected: str, device: str = "") -> Refusal:
    return Refusal(
        reason, device=device, request_id=asked.request_id, found=found, expected=expected
    )
