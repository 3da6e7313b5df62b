"""Limits on messages, so that a flood can neither fill the journal nor stall the loop."""

from collections import OrderedDict

import msgspec

from stimulators.wire.received import Flooded, StopHeard

#: A token bucket holds two seconds of its rate, and a message of this length takes one token:
#: longer ones take more, so that the journal is bounded in bytes, too.
_DEPTH_S = 2.0
_N_BYTES_A_TOKEN = 1024
_N_ANSWERS_MAX = 4
_N_ASKED_MAX = 4096
_STOP_S = 0.1
_UNVERIFIED_STOP_S = 1.0


class _Bucket(msgspec.Struct):
    n_tokens: float
    since_s: float


class Buckets:
    """Token buckets: each kind of message passes up to a rate, and the rest is counted.

    Each kind of message on each topic has a bucket of its own: a flood of one kind takes nothing
    from the others. The first of a kind always passes. Kinds are few; the caller keeps the number
    of topics small.
    """

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, str], _Bucket] = {}
        self._dropped: dict[str, int] = {}

    @property
    def has_dropped(self) -> bool:
        """Whether messages were dropped that were not reported yet."""
        return bool(self._dropped)

    def admits(self, topic: str, kind: str, now_s: float, *, per_s: float, n_bytes: int) -> bool:
        """Return whether this message passes; count it as dropped where not.

        Parameters
        ----------
        topic, kind : str
            The bucket of the message.
        now_s : float
            Any clock that never goes back.
        per_s : float
            Messages a second that pass for as long as a flood lasts.
        n_bytes : int
            Length of the message.
        """
        depth = per_s * _DEPTH_S
        bucket = self._buckets.setdefault((topic, kind), _Bucket(depth, now_s))
        passed_s = max(0.0, now_s - bucket.since_s)
        bucket.n_tokens = min(depth, bucket.n_tokens + passed_s * per_s)
        bucket.since_s = now_s
        if bucket.n_tokens < 1.0:
            self.drop(topic)
            return False
        bucket.n_tokens -= max(1.0, n_bytes / _N_BYTES_A_TOKEN)
        return True

    def drop(self, topic: str, n_dropped: int = 1) -> None:
        """Count dropped messages."""
        self._dropped[topic] = self._dropped.get(topic, 0) + n_dropped

    def take_dropped(self) -> list[Flooded]:
        """Return the messages dropped since the last call, counted by topic."""
        flooded = [Flooded(topic=topic, n_dropped=n) for topic, n in self._dropped.items()]
        self._dropped.clear()
        return flooded


class ExpectedAnswers:
    """The commands and stops sent to one device whose answers are expected, the newest last."""

    def __init__(self) -> None:
        self._n_answers: OrderedDict[int | str, int] = OrderedDict()

    def ask(self, name: int | str) -> None:
        """Expect an answer to a command, by its number, or to a stop, by its request id."""
        self._n_answers[name] = 0
        if len(self._n_answers) > _N_ASKED_MAX:
            self._n_answers.popitem(last=False)

    def expects(self, name: int | str | None) -> bool:
        """Return whether an answer is expected; up to four, as messages may be delivered twice."""
        n_answers = None if name is None else self._n_answers.get(name)
        if name is None or n_answers is None or n_answers >= _N_ANSWERS_MAX:
            return False
        self._n_answers[name] = n_answers + 1
        return True


class StopLimit:
    """Passes stops on to the loop; of a flood of them one stands for many.

    A stop is passed on at once where it is the first, where a lease or a request was granted since
    the last one, or where none was passed on for a while: 0.1 s, or 1 s if it was not verified. Any
    other waits for `take_waiting`, once a second: the newest of them stands for all.
    """

    def __init__(self) -> None:
        self._passed_s = float("-inf")
        self._waiting: StopHeard | None = None
        self._n_waiting = 0

    def grant(self) -> None:
        """Note that a lease or a request was granted, which the next stop must end at once."""
        self._passed_s = float("-inf")

    def passes(self, stop: StopHeard, now_s: float) -> bool:
        """Return whether this stop is passed on at once; else it is kept waiting."""
        pause_s = _STOP_S if stop.verified else _UNVERIFIED_STOP_S
        if now_s - self._passed_s >= pause_s:
            self._passed_s = now_s
            return True
        # A verified stop says more than one that is not, so it is the one that is kept.
        if self._waiting is None or stop.verified >= self._waiting.verified:
            self._waiting = stop
        self._n_waiting += 1
        return False

    @property
    def is_holding(self) -> bool:
        """Whether a stop waits to be passed on."""
        return self._waiting is not None

    def take_waiting(self, now_s: float) -> tuple[StopHeard | None, int]:
        """Return the stop that stands for those that waited, and how many others did."""
        stop, n_waiting = self._waiting, self._n_waiting
        self._waiting, self._n_waiting = None, 0
        if stop is not None:
            self._passed_s = now_s
        return stop, max(0, n_waiting - 1)
