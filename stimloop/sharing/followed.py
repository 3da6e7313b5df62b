"""The rows of a session's events, with what was wanted, allowed and applied when each happened."""

from typing import Final

import pyarrow as pa

from stimulators.targets import Target
from streamer.closed_loop import ClosedLoop, Outcome
from streamer.events import Event
from streamer.tables.event_rows import COLUMNS, EventRows
from streamer.tables.row import Row, row
from streamer.watching.wall_clock import WallClock

#: Commands whose answer may still come.
_N_SENT_MAX: Final = 10_000
#: What a device itself says it gives.
_WORDS: Final = frozenset({"ack", "report"})


class Followed:
    """Gathers rows step by step, and follows the amounts of each device.

    Parameters
    ----------
    loop : ClosedLoop
        Whose steps are followed.
    clock : WallClock
        Told of every event before.
    is_timed : bool
        Whether the session's clock was a real one: in virtual time nothing has a latency.

    Attributes
    ----------
    rows : list of dict
        As in `events.parquet`, and in those of a device ``wanted``, ``allowed``, ``applied`` and
        ``latency_s``; and a row for each change of what a policy wants.
    """

    def __init__(self, loop: ClosedLoop, clock: WallClock, *, is_timed: bool) -> None:
        rates_hz = {name: each.layout.rate_hz for name, each in loop.conditioners.items()}
        self._of_events = EventRows(pa.schema(COLUMNS), clock, rates_hz)
        self._clock = clock
        self._streams = {
            name: loop.chain.streams[name]
            for name in loop.chain.detectors
            if len(loop.chain.streams_of(name)) == 1
        }
        self._is_timed = is_timed
        self._wanted: dict[str, float] = {}
        self._allowed: dict[str, float] = {}
        self._applied: dict[str, float] = {}
        self._sent_s: dict[tuple[str, int], float] = {}
        self.rows: list[Row] = []

    def take(self, event: Event, now_s: float, outcome: Outcome) -> None:
        """Take in a step."""
        decided_s: dict[str, float] = {}
        for target in outcome.targets:
            decided_s[target.device] = target.time_s
            self._want(target, now_s)
        for each in self._of_events.rows(event, now_s, outcome):
            if each["event"] == "detection" and each["detector"] in self._streams:
                each["stream"] = self._streams[each["detector"]]
            if each.get("device"):
                self._follow(each, decided_s)
            self.rows.append(each)

    def _want(self, target: Target, now_s: float) -> None:
        """Add a row where a policy wants another amount than before, or a trigger."""
        if target.kind == "amplitude":
            if self._wanted.get(target.device) == target.amount:
                return
            self._wanted[target.device] = target.amount
        wanted = row(
            "wanted",
            target.kind,
            time_s=target.time_s,
            known_s=now_s,
            time_utc=self._clock.utc_us(target.time_s),
            stream=self._streams.get(target.detector),
            sample=target.sample,
            detector=target.detector,
            channel=target.channel,
            device=target.device,
            policy=target.policy,
            program=target.program,
            value=target.value,
            threshold=target.threshold,
            onset_s=target.onset_s,
            fire_at_s=target.fire_at_s,
            reason="withheld" if target.withheld else None,
            complete=True,
            text="",
        )
        self._add_amounts(wanted)
        if target.kind == "trigger":
            wanted["wanted"] = target.amount
        self.rows.append(wanted)

    def _follow(self, each: Row, decided_s: dict[str, float]) -> None:
        device, seq, amount = each["device"], each.get("seq"), each.get("amount")
        if each["event"] == "command":
            if each["kind"] == "amplitude" and amount is not None:
                self._allowed[device] = amount
            self._sent_s[device, each["seq"]] = each["known_s"]
            while len(self._sent_s) > _N_SENT_MAX:
                del self._sent_s[next(iter(self._sent_s))]
            if self._is_timed and device in decided_s:
                each["latency_s"] = each["known_s"] - decided_s[device]
        elif each["event"] in _WORDS:
            if amount is not None:
                self._applied[device] = amount
            sent_s = None if seq is None else self._sent_s.pop((device, seq), None)
            if self._is_timed and sent_s is not None:
                each["latency_s"] = each["time_s"] - sent_s
        self._add_amounts(each)

    def _add_amounts(self, each: Row) -> None:
        for name, amounts in (
            ("wanted", self._wanted),
            ("allowed", self._allowed),
            ("applied", self._applied),
        ):
            if each["device"] in amounts:
                each[name] = amounts[each["device"]]
