"""A device's idea of the service's clock, by the exchange of three stamps that NTP uses."""

from collections import deque
from typing import NamedTuple

from stimulators.wire.messages import ClockReply, ClockRequest

#: Exchanges remembered; the best of them counts.
_N_EXCHANGES = 8
#: Requests that may be answered late or never.
_N_OPEN_MAX = 8
#: How fast two clocks may drift apart: twice what a cheap crystal does.
_DRIFT = 100e-6
_PERIOD_US = 1_000_000
#: While there is no good offset, ask more often.
_EAGER_PERIOD_US = 100_000
_UNCERTAINTY_US_MAX = 10_000


class _Exchange(NamedTuple):
    offset_us: int
    half_round_trip_us: int
    at_us: int

    def uncertainty_us(self, now_us: int) -> int:
        return self.half_round_trip_us + 1 + round(_DRIFT * (now_us - self.at_us))


class ServiceClock:
    """The offset from a device's own clock to the service's, and how uncertain it is.

    The offset of one exchange is wrong by at most half its round trip, whatever the network
    does; what it is worth fades as clocks drift. An exchange that no drift can explain means
    that one of the clocks was set, or another service answers: the older ones are forgotten.

    References
    ----------
    .. [1] D. L. Mills, RFC 5905: "Network Time Protocol Version 4", 2010, section 8 (on-wire
       protocol). Instead of its clock filter, the exchange with the smallest bound is taken.
    """

    def __init__(self) -> None:
        self._exchanges: deque[_Exchange] = deque(maxlen=_N_EXCHANGES)
        self._open: dict[int, int] = {}
        self._n_requests = 0
        self._due_us: int | None = None

    def ask(self, now_us: int) -> ClockRequest | None:
        """Return a request where one is due."""
        if self._due_us is not None and now_us < self._due_us:
            return None
        is_good = self.offset_us(now_us) is not None
        self._due_us = now_us + (_PERIOD_US if is_good else _EAGER_PERIOD_US)
        self._n_requests += 1
        self._open[self._n_requests] = now_us
        if len(self._open) > _N_OPEN_MAX:
            del self._open[next(iter(self._open))]
        return ClockRequest(
            request_seq=self._n_requests, sent_us=now_us, uncertainty_us=self.uncertainty_us(now_us)
        )

    def learn(self, reply: ClockReply, now_us: int) -> None:
        """Take an answer in; one that fits no request of ours changes nothing."""
        sent_us = self._open.pop(reply.request_seq, None)
        held_us = reply.replied_us - reply.received_us
        if sent_us is None or sent_us != reply.sent_us or not 0 <= held_us <= now_us - sent_us:
            return
        newest = _Exchange(
            offset_us=(reply.received_us - sent_us + reply.replied_us - now_us) // 2,
            half_round_trip_us=(now_us - sent_us - held_us + 1) // 2,
            at_us=now_us,
        )
        best = self._best(now_us)
        if best is not None:
            apart_us = abs(newest.offset_us - best.offset_us)
            if apart_us > newest.uncertainty_us(now_us) + best.uncertainty_us(now_us):
                self._exchanges.clear()
        self._exchanges.append(newest)

    def offset_us(self, now_us: int) -> int | None:
        """Return what to add to the own clock; None where that is not known well enough."""
        best = self._best(now_us)
        if best is None or best.uncertainty_us(now_us) > _UNCERTAINTY_US_MAX:
            return None
        return best.offset_us

    def uncertainty_us(self, now_us: int) -> int | None:
        """Return how far the offset may be off; None where nothing is known of it."""
        best = self._best(now_us)
        return None if best is None else best.uncertainty_us(now_us)

    def _best(self, now_us: int) -> _Exchange | None:
        if not self._exchanges:
            return None
        return min(self._exchanges, key=lambda each: each.uncertainty_us(now_us))
