"""What is let through of a flood, so that nobody can fill the journal or hold up the loop."""

from collections import OrderedDict

import msgspec

from stimulators.wire.received import Flooded, StopHeard

#: A bucket is as deep as two seconds at its rate, and a message this long takes one token: longer
#: ones take more, so that what is journalled is bounded in bytes too.
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
    """Lets so many messages a second of each kind through, and counts the rest.

    Each kind of message on each topic has a bucket of its own: a flood of one kind takes nothing
    from the others. The first of a kind always passes. Kinds are few; whoever calls sees to it
    that topics are, too.
    """

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, str], _Bucket] = {}
        self._dropped: dict[str, int] = {}

    @property
    def has_dropped(self) -> bool:
        """Whether there is something to be told."""
        return bool(self._dropped)

    def admits(self, topic: str, kind: str, now_s: float, *, per_s: float, n_bytes: int) -> bool:
        """Say whether this message is let through.

        Parameters
        ----------
        topic, kind : str
            Which bucket.
        now_s : float
            Any clock that runs on.
        per_s : float
            Messages a second that are let through for as long as it lasts.
        n_bytes : int
            How long it is.
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
        """Count what was dropped."""
        self._dropped[topic] = self._dropped.get(topic, 0) + n_dropped

    def take_dropped(self) -> list[Flooded]:
        """Return what was dropped since this was asked last, a count for each topic."""
        told = [Flooded(topic=topic, n_dropped=n) for topic, n in self._dropped.items()]
        self._dropped.clear()
        return told


class ExpectedAnswers:
    """What was asked of one device, newest last, so that its answers are known from others'."""

    def __init__(self) -> None:
        self._n_answers: OrderedDict[int | str, int] = OrderedDict()

    def ask(self, name: int | str) -> None:
        """Remember a command's number, or the request of a stop."""
        self._n_answers[name] = 0
        if len(self._n_answers) > _N_ASKED_MAX:
            self._n_answers.popitem(last=False)

    def expects(self, name: int | str | None) -> bool:
        """Say whether this may be an answer; a message that came twice is answered twice."""
        n_answers = None if name is None else self._n_answers.get(name)
        if name is None or n_answers is None or n_answers >= _N_ANSWERS_MAX:
            return False
        self._n_answers[name] = n_answers + 1
        return True


class StopLimit:
    """Every stop stops; of a flood of them one stands for many.

    A stop is told at once where it is the first, where anything was granted since the last one
    that was told, or where none was told for a while: 0.1 s, or 1 s if it was not verified. Any
    other waits for `take_waiting`, once a second: the newest of them stands for all.
    """

    def __init__(self) -> None:
        self._told_s = float("-inf")
        self._waiting: StopHeard | None = None
        self._n_waiting = 0

    def grant(self) -> None:
        """Note that something was granted that the next stop must take back at once."""
        self._told_s = float("-inf")

    def tells(self, stop: StopHeard, now_s: float) -> bool:
        """Say whether this stop is to be told at once; else it is kept."""
        pause_s = _STOP_S if stop.verified else _UNVERIFIED_STOP_S
        if now_s - self._told_s >= pause_s:
            self._told_s = now_s
            return True
        # One that was verified says more than any that was not.
        if self._waiting is None or stop.verified >= self._waiting.verified:
            self._waiting = stop
        self._n_waiting += 1
        return False

    @property
    def is_holding(self) -> bool:
        """Whether a stop waits to be told."""
        return self._waiting is not None

    def take_waiting(self, now_s: float) -> tuple[StopHeard | None, int]:
        """Return the stop that stands for those that waited, and how many others did."""
        stop, n_waiting = self._waiting, self._n_waiting
        self._waiting, self._n_waiting = None, 0
        if stop is not None:
            self._told_s = now_s
        return stop, max(0, n_waiting - 1)
