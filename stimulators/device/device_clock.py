"""A device's idea of the clocks of services, by the exchange of three stamps that NTP uses."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple

import msgspec

from stimulators.wire.messages import ClockReply, ClockRequest

#: Exchanges remembered for each session; the best of them counts.
_N_EXCHANGES = 8
#: Sessions whose clocks are remembered; of more, the newer ones.
_N_SESSIONS_MAX = 4
#: Requests that may be answered late or never.
_N_OPEN_MAX = 8
#: How fast two clocks may drift apart: twice what a cheap crystal does.
_DRIFT = 100e-6
_PERIOD_US = 1_000_000
#: While there is no good offset, ask more often.
_EAGER_PERIOD_US = 100_000
_UNCERTAINTY_US_MAX = 10_000
#: Two looks at the clock are seldom further apart: it may have been set forward between them.
_LOOK_US_MAX = 30_000


class ServiceTime(NamedTuple):
    """What to add to a device's own time for a service's, and how far that may be off."""

    offset_us: int
    uncertainty_us: int


class Stamp(NamedTuple):
    """A time by one session's service, and how far that may be off; 0 where none is known."""

    session: str
    time_us: int
    uncertainty_us: int


class _Exchange(NamedTuple):
    offset_us: int
    half_round_trip_us: int
    at_us: int
    received_us: int
    doubt_us: int = 0

    def uncertainty_us(self, now_us: int) -> int:
        return self.half_round_trip_us + 1 + round(_DRIFT * (now_us - self.at_us))

    def doubted_us(self, now_us: int) -> int:
        """How far it may be off where the device's clock was set since, in long looks."""
        return self.uncertainty_us(now_us) + self.doubt_us


class _OpenRequest(msgspec.Struct):
    nonce: str
    sent_us: int
    answered_by: set[str]


class ServiceClocks:
    """The offset from a device's own time to each service's, and how uncertain it is.

    The offset of one exchange is wrong by at most half its round trip, whatever the network
    does; what it is worth fades as clocks drift. An exchange that no drift can explain means
    that one of the clocks was set: the older ones are forgotten. Each session's clock is known
    by that session's own replies alone, and a reply counts only if it repeats the nonce of the
    request, which nobody else can know before.

    Parameters
    ----------
    instance : str
        The device's boot, named in each request.
    new_nonce : callable, optional
        Gives a text that nobody can guess. Without, requests are numbered: in virtual time
        nobody guesses.

    References
    ----------
    .. [1] D. L. Mills, RFC 5905: "Network Time Protocol Version 4", 2010, section 8 (on-wire
       protocol). Instead of its clock filter, the exchange with the smallest bound is taken.
    """

    def __init__(self, instance: str, new_nonce: Callable[[], str] | None = None) -> None:
        self._instance = instance
        self._new_nonce = new_nonce
        self._exchanges: dict[str, deque[_Exchange]] = {}
        self._open: dict[int, _OpenRequest] = {}
        self._n_requests = 0
        self._due_us = 0

    def ask(self, now_us: int) -> ClockRequest | None:
        """Return a request where one is due."""
        if now_us < self._due_us:
            return None
        session = self.best_session(now_us)
        known = None if session is None else self.time_of(session, now_us)
        self._due_us = now_us + (_EAGER_PERIOD_US if known is None else _PERIOD_US)
        self._n_requests += 1
        nonce = f"{self._n_requests}" if self._new_nonce is None else self._new_nonce()
        self._open[self._n_requests] = _OpenRequest(nonce, now_us, set())
        if len(self._open) > _N_OPEN_MAX:
            del self._open[next(iter(self._open))]
        return ClockRequest(
            request_seq=self._n_requests,
            sent_us=now_us,
            nonce=nonce,
            instance=self._instance,
            uncertainty_us=None if known is None else known.uncertainty_us,
        )

    def hurry(self, now_us: int) -> None:
        """Ask again soon, as while no clock is known."""
        self._due_us = min(self._due_us, now_us + _EAGER_PERIOD_US)

    def learn(self, reply: ClockReply, now_us: int) -> None:
        """Take an answer in; one that fits no request of ours changes nothing."""
        asked = self._open.get(reply.request_seq)
        if asked is None or asked.nonce != reply.nonce or reply.session in asked.answered_by:
            return
        held_us = reply.replied_us - reply.received_us
        if asked.sent_us != reply.sent_us or not 0 <= held_us <= now_us - asked.sent_us:
            return
        asked.answered_by.add(reply.session)
        newest = _Exchange(
            offset_us=(reply.received_us - asked.sent_us + reply.replied_us - now_us) // 2,
            half_round_trip_us=(now_us - asked.sent_us - held_us + 1) // 2,
            at_us=now_us,
            received_us=reply.received_us,
        )
        best = self._best(reply.session, now_us)
        exchanges = self._exchanges.setdefault(reply.session, deque(maxlen=_N_EXCHANGES))
        if best is not None:
            apart_us = abs(newest.offset_us - best.offset_us)
            if apart_us > newest.uncertainty_us(now_us) + best.uncertainty_us(now_us):
                exchanges.clear()
        exchanges.append(newest)
        if len(self._exchanges) > _N_SESSIONS_MAX:
            del self._exchanges[min(self._exchanges)]

    def note_look(self, passed_us: int) -> None:
        """Take in how far the device's clock went since it last looked: stamps may be off by it."""
        if passed_us > _LOOK_US_MAX:
            for session, exchanges in self._exchanges.items():
                doubted = (each._replace(doubt_us=each.doubt_us + passed_us) for each in exchanges)
                self._exchanges[session] = deque(doubted, maxlen=_N_EXCHANGES)

    def time_of(self, session: str, now_us: int) -> ServiceTime | None:
        """Return the time of one session's service; None where it is not known well enough."""
        best = self._best(session, now_us)
        if best is None or best.uncertainty_us(now_us) > _UNCERTAINTY_US_MAX:
            return None
        return ServiceTime(best.offset_us, best.uncertainty_us(now_us))

    def best_session(self, now_us: int) -> str | None:
        """Return the newest session whose time is known well enough."""
        return max(self._known(now_us), default=None)

    def newest_heard(self, now_us: int) -> str | None:
        """Return the session that answered last, of those whose time is known well enough."""
        known = self._known(now_us)
        return max(known, key=lambda each: (self._exchanges[each][-1].at_us, each), default=None)

    def stamp_us(self, session: str | None, now_us: int) -> int:
        """Return the time of a session's service, or else of the newest known; 0 for none."""
        return self.stamp(session, now_us).time_us

    def stamp(self, session: str | None, now_us: int) -> Stamp:
        """Return the time of a session's service, or else of the newest known."""
        known = self._known(now_us)
        if not known:
            return Stamp("", 0, 0)
        chosen = session if session in known else max(known)
        surest = _surest(self._exchanges[chosen], now_us)
        return Stamp(chosen, now_us + surest.offset_us, surest.doubted_us(now_us))

    def asked_us(self, session: str, now_us: int) -> int:
        """Return when a service got the request that its time is known by, in its own clock."""
        exchanges = self._exchanges.get(session)
        return 0 if exchanges is None else _surest(exchanges, now_us).received_us

    def forget(self) -> None:
        """Know nothing of anybody's time, and ask at once."""
        self._exchanges.clear()
        self._open.clear()
        self._due_us = 0

    def _known(self, now_us: int) -> list[str]:
        """Return the sessions whose time is known well enough."""
        return [each for each in self._exchanges if self.time_of(each, now_us) is not None]

    def _best(self, session: str, now_us: int) -> _Exchange | None:
        exchanges = self._exchanges.get(session)
        if not exchanges:
            return None
        return min(exchanges, key=lambda each: each.uncertainty_us(now_us))


def _surest(exchanges: Iterable[_Exchange], now_us: int) -> _Exchange:
    """Return the exchange that a stamp is surest by: one of after a long look, if need be."""
    return min(exchanges, key=lambda each: each.doubted_us(now_us))
