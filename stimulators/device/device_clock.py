"""The offset between a device's clock and each service's, measured by exchanges of NTP stamps."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple

import msgspec

from stimulators.wire.messages import ClockReply, ClockRequest

#: Exchanges remembered for each session; the one with the least uncertainty is used.
_N_EXCHANGES = 8
#: Sessions whose clocks are remembered: those that replied last, whatever their age. A newer one
#: that has ended must not take the place of an older one that goes on.
_N_SESSIONS_MAX = 4
#: Requests that are remembered while their answer is missing.
_N_OPEN_MAX = 8
#: How fast two clocks may drift apart: twice what a cheap crystal does.
_DRIFT = 100e-6
_PERIOD_US = 1_000_000
#: While there is no good offset, ask more often.
_EAGER_PERIOD_US = 100_000
_UNCERTAINTY_US_MAX = 10_000
#: Two readings of the clock are seldom further apart: between such it may have been set forward.
_LOOK_US_MAX = 30_000


class ServiceTime(NamedTuple):
    """The offset from a device's own time to a service's, and its uncertainty."""

    offset_us: int
    uncertainty_us: int


class Stamp(NamedTuple):
    """A time by the clock of one session's service, with its uncertainty; 0 where unknown."""

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

    def bound_us(self, now_us: int) -> int:
        """Return how far the offset may be off if the device's clock was set since."""
        return self.uncertainty_us(now_us) + self.doubt_us


class _OpenRequest(msgspec.Struct):
    nonce: str
    sent_us: int
    answered_by: set[str]


class ServiceClocks:
    """The offset from a device's own time to each service's, and how uncertain it is.

    The offset of one exchange is wrong by at most half its round trip, whatever the network
    does; its uncertainty grows as clocks drift. A new exchange that no drift can explain means
    that one of the clocks was set: the older ones are dropped. The clock of a session is measured
    by that session's own replies alone, and a reply is used only if it repeats the nonce of the
    request, which nobody can guess.

    Parameters
    ----------
    instance : str
        The device's boot, which each request names.
    new_nonce : callable, optional
        Gives a text that nobody can guess. Without it requests are numbered, which is enough in
        virtual time.

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
        self._asked_us = 0

    def ask(self, now_us: int) -> ClockRequest | None:
        """Return a clock request where one is due."""
        if now_us < self._due_us:
            return None
        session = self.best_session(now_us)
        known = None if session is None else self.time_of(session, now_us)
        self._due_us = now_us + (_EAGER_PERIOD_US if known is None else _PERIOD_US)
        self._asked_us = now_us
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
        """Let the next request be due soon, as while no clock is known."""
        self._due_us = min(self._due_us, now_us + _EAGER_PERIOD_US)

    def learn(self, reply: ClockReply, now_us: int) -> None:
        """Add the exchange of a reply; one that fits no request changes nothing."""
        request = self._open.get(reply.request_seq)
        if request is None or request.nonce != reply.nonce or reply.session in request.answered_by:
            return
        held_us = reply.replied_us - reply.received_us
        if request.sent_us != reply.sent_us or not 0 <= held_us <= now_us - request.sent_us:
            return
        request.answered_by.add(reply.session)
        newest = _Exchange(
            offset_us=(reply.received_us - request.sent_us + reply.replied_us - now_us) // 2,
            half_round_trip_us=(now_us - request.sent_us - held_us + 1) // 2,
            at_us=now_us,
            received_us=reply.received_us,
        )
        best = self._best(reply.session, now_us)
        exchanges = self._exchanges.pop(reply.session, None) or deque(maxlen=_N_EXCHANGES)
        if best is not None:
            apart_us = abs(newest.offset_us - best.offset_us)
            if apart_us > newest.uncertainty_us(now_us) + best.uncertainty_us(now_us):
                exchanges.clear()
        exchanges.append(newest)
        # Put last, so that the first is the one whose reply is the longest ago.
        self._exchanges[reply.session] = exchanges
        if len(self._exchanges) > _N_SESSIONS_MAX:
            del self._exchanges[next(iter(self._exchanges))]

    def note_look(self, passed_us: int) -> None:
        """Widen the bound of all stamps after a long pause, and ask soon: the clock may be set."""
        if passed_us > _LOOK_US_MAX:
            self._due_us = min(self._due_us, self._asked_us + _EAGER_PERIOD_US)
            for session, exchanges in self._exchanges.items():
                wider = (each._replace(doubt_us=each.doubt_us + passed_us) for each in exchanges)
                self._exchanges[session] = deque(wider, maxlen=_N_EXCHANGES)

    def time_of(self, session: str, now_us: int) -> ServiceTime | None:
        """Return the offset to one session's service; None where it is too uncertain."""
        best = self._best(session, now_us)
        if best is None or best.uncertainty_us(now_us) > _UNCERTAINTY_US_MAX:
            return None
        return ServiceTime(best.offset_us, best.uncertainty_us(now_us))

    def surest(self, session: str, now_us: int) -> ServiceTime | None:
        """Return the offset to one session's service that is surest if the own clock was set since.

        None without any exchange; as uncertain as that makes it.
        """
        exchanges = self._exchanges.get(session)
        if not exchanges:
            return None
        surest = _surest(exchanges, now_us)
        return ServiceTime(surest.offset_us, surest.bound_us(now_us))

    def best_session(self, now_us: int) -> str | None:
        """Return the newest session whose time is known within 10 ms."""
        return max(self._known(now_us), default=None)

    def newest_heard(self, now_us: int) -> str | None:
        """Return the session that replied last, of those whose time is known within 10 ms."""
        known = self._known(now_us)
        return max(known, key=lambda each: (self._exchanges[each][-1].at_us, each), default=None)

    def stamp_us(self, session: str | None, now_us: int) -> int:
        """Return the time by a session's service, else by the newest known; 0 without one."""
        return self.stamp(session, now_us).time_us

    def stamp(self, session: str | None, now_us: int) -> Stamp:
        """Return the stamp of now by a session's service, else by the newest that is known."""
        known = self._known(now_us)
        if not known:
            return Stamp("", 0, 0)
        chosen = session if session in known else max(known)
        surest = _surest(self._exchanges[chosen], now_us)
        return Stamp(chosen, now_us + surest.offset_us, surest.bound_us(now_us))

    def asked_us(self, session: str, now_us: int) -> int:
        """Return when a service received the request that its stamps rest on, by its own clock."""
        exchanges = self._exchanges.get(session)
        return 0 if exchanges is None else _surest(exchanges, now_us).received_us

    def forget(self) -> None:
        """Drop all exchanges, and let the next request be due at once."""
        self._exchanges.clear()
        self._open.clear()
        self._due_us = 0

    def _known(self, now_us: int) -> list[str]:
        """Return the sessions whose time is known within 10 ms."""
        return [each for each in self._exchanges if self.time_of(each, now_us) is not None]

    def _best(self, session: str, now_us: int) -> _Exchange | None:
        exchanges = self._exchanges.get(session)
        if not exchanges:
            return None
        return min(exchanges, key=lambda each: each.uncertainty_us(now_us))


def _surest(exchanges: Iterable[_Exchange], now_us: int) -> _Exchange:
    """Return the exchange with the smallest bound, the clock's possible settings included."""
    return min(exchanges, key=lambda each: each.bound_us(now_us))
