"""A session's counts, latencies and refusals, for the live table and `summary.json`."""

from collections import Counter
from typing import Any

import msgspec

from stimulators.decisions import Refusal
from stimulators.wire.messages import Command
from stimulators.wire.received import AckHeard
from streamer.closed_loop import ClosedLoop
from streamer.events import Chunk, Event, StreamChanged
from streamer.watching.hop_counts import HopCounts
from streamer.watching.latency import LatencyHistogram
from streamer.watching.stream_counts import StreamCounts
from streamer.watching.therapy import Therapy
from streamer.watching.wall_clock import WallClock, utc_text
from streamer.watching.watchers import Delivered, Sent

#: Commands whose acknowledgement is still awaited; the oldest are forgotten beyond this.
_N_OPEN_MAX = 4096
#: Reasons of devices that are counted by name, and how much of each; a device has a dozen.
_N_REASONS_MAX = 64
_N_REASON_MAX = 40


class Summary:
    """Counts every step of a session; its memory does not grow with time.

    Parameters
    ----------
    loop : ClosedLoop
        The loop it watches, for the counts its conditioners keep.
    is_timed : bool
        Whether the clock it is handed is a real one: in virtual time nothing takes any time, and
        latencies are left out.
    utc_offset_us : int, optional
        Unix time less the service's clock as the session began, where that is a real one.

    Notes
    -----
    A detection is an onset with its offset, or a phase event; all three are counted
    each by itself too. A hop is valid where the measure of one channel, or pair, may be used.
    """

    def __init__(
        self, loop: ClosedLoop, *, is_timed: bool = True, utc_offset_us: int | None = None
    ) -> None:
        self._loop = loop
        self._clock = WallClock(utc_offset_us)
        self._began_s: float | None = None
        self._began_us: int | None = None
        self._now_s = 0.0
        self.therapy = Therapy(loop)
        self.n_samples = 0
        self.hops = HopCounts(loop.chain)
        self.streams = StreamCounts(loop.conditioners)
        self.refused: Counter[str] = Counter()
        self.n_issued = 0
        self.n_acked = 0
        self.n_unsent = 0
        self.latencies = {
            name: LatencyHistogram()
            for name in ("sample_to_decision", "sample_to_publish", "sample_to_ack")
        }
        self._is_timed = is_timed
        self._newest_s = 0.0
        self._open: dict[int, float] = {}

    def begin(self, now_s: float) -> None:
        """Take it that the session began now, with its header; without, at its first step."""
        self._now_s = now_s
        self._began_s, self._began_us = now_s, self._clock.utc_us(now_s)
        self.therapy.take(now_s, (), ())

    def watch(self, event: Event, now_s: float, outcome: Delivered) -> None:
        """Count one step."""
        self._pass_time(event, now_s)
        self.therapy.take(now_s, outcome.targets, outcome.device_events)
        decided_s = outcome.decided_s
        if isinstance(event, Chunk):
            self.n_samples += event.timestamps_s.size
            self.streams.add(event)
        elif isinstance(event, StreamChanged):
            self.streams.note(event)
        elif isinstance(event, AckHeard):
            self._count_ack(event, decided_s)
        for seen in outcome.seen:
            self.hops.add(seen)
            if seen.estimates.sample.size:
                self._newest_s = float(seen.estimates.time_s[-1])
        for decision in outcome.decisions:
            if isinstance(decision, Refusal):
                self.refused[decision.reason] += 1
        if outcome.targets and self._is_timed:
            self.latencies["sample_to_decision"].add(decided_s - outcome.targets[-1].time_s)
        for sent in outcome.sent:
            self._count_sent(sent)

    def _pass_time(self, event: Event, now_s: float) -> None:
        if self._began_s is None:
            self.begin(now_s)
        self._clock.hear(event)
        self._now_s = now_s

    def _count_sent(self, sent: Sent) -> None:
        if not sent.was_sent:
            self.n_unsent += 1
        message = sent.send.message
        if not isinstance(message, Command):
            return
        self.n_issued += 1
        if not sent.was_sent or self._newest_s == 0.0:
            return
        self.latencies["sample_to_publish"].add(sent.published_s - self._newest_s)
        self._open[message.seq] = self._newest_s
        while len(self._open) > _N_OPEN_MAX:
            del self._open[next(iter(self._open))]

    def _count_ack(self, event: AckHeard, now_s: float) -> None:
        if event.message.seq is None:
            return
        newest_s = self._open.pop(event.message.seq, None)
        if event.message.refused is not None:
            reason = f"device:{event.message.refused[:_N_REASON_MAX]}"
            if reason not in self.refused and len(self.refused) >= _N_REASONS_MAX:
                reason = "device:other"
            self.refused[reason] += 1
            return
        self.n_acked += 1
        if newest_s is not None:
            self.latencies["sample_to_ack"].add(now_s - newest_s)

    def as_dict(self) -> dict[str, Any]:
        """Return the counts as `summary.json` names them."""
        quality = self.streams.quality
        found = {
            "time": self._times(),
            "samples": self.n_samples,
            "streams": self.streams.by_name,
            "gaps": quality["gaps"],
            "quality": quality,
            "found": [msgspec.to_builtins(each) for each in self.streams.found],
            "estimates": self.hops.n_hops,
            "n_valid": self.hops.n_valid,
            "hops": self.hops.by_detector,
            "detections": self.hops.detections,
            "edges": self.hops.edges,
            "commands": {
                "issued": self.n_issued,
                "acked": self.n_acked,
                "unsent": self.n_unsent,
                "refused": dict(sorted(self.refused.items())),
            },
            "therapy": self.therapy.as_dict(),
            "allow": list(self._loop.allow),
        }
        if self._is_timed:
            found["latency_ms"] = {name: each.as_ms() for name, each in self.latencies.items()}
        return found

    def _times(self) -> dict[str, Any]:
        """Return when it began, and the newest step; in UTC, too, where there is a wall clock."""
        if self._began_s is None:
            return {}
        found: dict[str, Any] = {"began_s": self._began_s, "ended_s": self._now_s}
        if self._began_us is not None:
            found["began_utc"] = utc_text(self._began_us)
            found["ended_utc"] = utc_text(self._clock.utc_us(self._now_s))
        return found
