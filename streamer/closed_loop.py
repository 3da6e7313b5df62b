"""The loop itself: takes an event, returns estimates, targets and decisions. No I/O, no clock."""

import hashlib
import math
from collections.abc import Sequence

import msgspec

from detectors.block import MARKER, NEWEST_TAINT, WINDOW_TAINT, Block, Break, Taint
from detectors.chain import DetectorChain
from detectors.conditioning.conditioner import Conditioner, Note
from detectors.deferral import EffectiveResult
from detectors.estimates import Seen
from stimulators.decisions import Decision, Notice, Send
from stimulators.gate.gate import SafetyGate, StreamReport
from stimulators.targets import DeviceEvent, Target
from stimulators.wire.messages import Lease
from streamer.config import LoopConfig
from streamer.events import (
    Chunk,
    ClockCorrection,
    Event,
    Fault,
    Happening,
    Marker,
    NullArrived,
    NullLate,
    PastKnown,
    RecorderChanged,
    Slept,
    StreamChanged,
    Tick,
)
from streamer.source import StreamInfo
from streamer.wiring.device_events import DeviceEvents
from streamer.wiring.stimulation_record import StimulationRecord
from streamer.wiring.wiring import Wiring, conditioners, wirings

_SPOILT = int(WINDOW_TAINT | NEWEST_TAINT)


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """All results of one step, in order, with the device events that policies hear."""

    notes: tuple[Note, ...] = ()
    seen: tuple[Seen, ...] = ()
    targets: tuple[Target, ...] = ()
    decisions: tuple[Decision, ...] = ()
    device_events: tuple[DeviceEvent, ...] = ()


class ClosedLoop:
    """The loop: its results are a pure function of the list of (event, now) that it was fed.

    Parameters
    ----------
    config : LoopConfig
        The rig.
    infos : sequence of StreamInfo
        The streams as they were found, in the order of the configuration.
    session : str
        Name of this session; later sessions sort after earlier ones.
    hears_gate : bool
        Whether policies hear what becomes of their devices here; where not, `bind` says it.

    Raises
    ------
    ValueError
        Where the configuration does not fit the streams; the text begins with the key path.
    """

    def __init__(
        self,
        config: LoopConfig,
        infos: Sequence[StreamInfo],
        session: str,
        *,
        hears_gate: bool = True,
    ) -> None:
        read = {each.name for detector in config.detectors for each in detector.reads}
        unread = {stream.name for stream in config.streams} - read
        self.conditioners: dict[str, Conditioner] = conditioners(config.streams, infos, unread)
        layouts = {name: each.layout for name, each in self.conditioners.items()}
        self.chain = DetectorChain(config.detectors, layouts)
        self.policies = config.policies
        self.wirings: tuple[Wiring, ...] = wirings(config, self.chain)
        self.allow = config.rig.allow
        watched = tuple(dict.fromkeys(name for each in self.wirings for name in each.streams))
        self.gate = SafetyGate(
            timing=config.gate,
            arm=config.rig.arm,
            stage=config.rig.stage,
            confirm_s=config.rig.confirm_s,
            devices=config.devices,
            streams=watched,
            tick_s=config.rig.tick_s,
            session=session,
            calibration_s=max((wiring.calibration_s for wiring in self.wirings), default=0.0),
        )
        clips = [clip for each in self.wirings for clip in each.policy.clips.values()]
        self._stimulation = StimulationRecord(
            [device.id for device in config.devices],
            [clip.device for clip in clips if clip.kind == "trigger"],
            session,
        )
        self._device_events = DeviceEvents(self.wirings, self.gate) if hears_gate else None
        self._uncertainty_s: dict[str, float] = {}
        self._correction_s: dict[str, float] = {}
        self._silent: frozenset[str] = frozenset()
        self._n_breaks = dict.fromkeys(self.conditioners, 0)
        self._columns = {name: self._used_columns(name) for name in watched}
        # A policy may depend on several streams, of which the gate watches only one.
        self._driving = frozenset[str]().union(
            *(self.chain.streams_of(name) for each in self.wirings for name in each.detectors)
        )

    def step(self, event: Event, now_s: float) -> Outcome:
        """Take the next event at `now_s` (service clock) and return all results of it.

        Nothing follows from an empty chunk, or from samples of a stream that is not configured
        as a signal.
        """
        if isinstance(event, Chunk):
            return self._take_samples(event, now_s)
        decisions = self._hear(event, now_s)
        # A tick without decisions changes no device and nothing that is known of one.
        is_told = bool(decisions) or not isinstance(event, Tick)
        return Outcome(
            decisions=decisions, device_events=self._bind_device_events() if is_told else ()
        )

    def bind(self, event: DeviceEvent) -> None:
        """Give a policy a device event, which it hears at the event's sample."""
        for wiring in self.wirings:
            if wiring.policy.id == event.policy:
                wiring.bind(event)

    def condition(self, conditioner: Conditioner, chunk: Chunk) -> tuple[Block, tuple[Note, ...]]:
        """Return the block that is made of a chunk, and the notes on it."""
        return conditioner.update(chunk.first_sample, chunk.samples, chunk.timestamps_s)

    def detect(self, block: Block) -> tuple[tuple[Seen, ...], Sequence[EffectiveResult]]:
        """Return what the detectors see in a block, and the results that take effect in it."""
        return self.chain.update(block), self.chain.take_bound()

    def _bind_device_events(self) -> tuple[DeviceEvent, ...]:
        """Bind the device events of this step to the next sample that each policy decides on."""
        if self._device_events is None:
            return ()
        events = self._device_events.take()
        for event in events:
            self.bind(event)
        return events

    def _hear(self, event: Happening, now_s: float) -> tuple[Decision, ...]:
        if isinstance(event, Tick | Slept | Fault | PastKnown | RecorderChanged):
            return self._tell_gate(event, now_s)
        if isinstance(event, ClockCorrection):
            return self._correct(event, now_s)
        if isinstance(event, Marker):
            self._bind(MARKER, event.text, self._marked_s(event))
            return ()
        if isinstance(event, StreamChanged):
            return self._change_stream(event, now_s)
        if isinstance(event, NullLate | NullArrived):
            return (self._hear_of_null(event),)
        given = self._stimulation.hear(event)
        if given is not None:
            self._bind(given.kind, given.text)
        return self.gate.receive(event, now_s)

    def _hear_of_null(self, event: NullLate | NullArrived) -> Notice:
        about = f"{event.detector} on {event.channel}: what chance gives"
        if isinstance(event, NullLate):
            self.chain.postpone(event.detector, event.channel)
            why = f"cannot be computed: {event.reason}" if event.reason else "is not computed yet"
            return Notice(kind="null_late", text=f"{about} {why}; it is not valid")
        conditioner = self.conditioners.get(self.chain.streams.get(event.detector, ""))
        if conditioner is not None:
            self.chain.bind(event.detector, event.channel, conditioner.next_sample)
        return Notice(kind="null_arrived", text=f"{about} is there, and valid from the next hop on")

    def _tell_gate(
        self, event: Tick | Slept | Fault | PastKnown | RecorderChanged, now_s: float
    ) -> tuple[Decision, ...]:
        if isinstance(event, RecorderChanged):
            problem = "" if event.is_recording else event.detail
            decisions = self.gate.note_recording(problem, event.remedy, now_s)
            return (*decisions, _recorder_notice(event))
        if isinstance(event, Slept):
            return self.gate.sleep(event.lasted_s, now_s)
        if isinstance(event, Fault):
            return self.gate.fail(event.reason, now_s)
        if isinstance(event, PastKnown):
            older_s = 0.0 if event.read_s is None else max(0.0, now_s - event.read_s)
            return self.gate.learn_past([each.aged(older_s) for each in event.past], now_s)
        return self.gate.tick(now_s)

    def _bind(self, kind: str, text: str, time_s: float | None = None) -> None:
        """Bind a marker or a stimulation to the next sample of every signal."""
        for conditioner in self.conditioners.values():
            conditioner.mark(kind, text, time_s)

    def _marked_s(self, event: Marker) -> float | None:
        """Return when a marker was stamped, in the service's clock; None where that is unknown."""
        time_s = event.time_s + self._correction_s.get(event.stream, math.nan)
        return time_s if math.isfinite(time_s) else None

    def _take_samples(self, chunk: Chunk, now_s: float) -> Outcome:
        conditioner = self.conditioners.get(chunk.stream)
        if conditioner is None or not chunk.timestamps_s.size:
            return Outcome()
        block, notes = self.condition(conditioner, chunk)
        seen, bound = self.detect(block)
        notes += tuple(map(self._noted, bound))
        targets: list[Target] = []
        faults: list[str] = []
        newest = [wiring.fold(seen, targets, faults) for wiring in self.wirings]
        # Errors may be raised up to here: the gate has not been told of these samples yet.
        decisions: list[Decision] = []
        if chunk.stream in self._columns:
            decisions.extend(self.gate.report(self._report(block), now_s))
        for wiring, hop in zip(self.wirings, newest, strict=True):
            if hop is not None:
                wiring.policy.go_on(hop.sample)
                for device in wiring.devices:
                    decisions.extend(self.gate.observe(device, hop, now_s))
        for fault in faults:
            decisions.extend(self.gate.fail(fault, now_s))
        if targets:
            decisions.extend(self.gate.admit(targets, now_s))
        events = self._bind_device_events() if _move_devices(decisions) else ()
        return Outcome(notes, seen, tuple(targets), tuple(decisions), events)

    def _noted(self, bound: EffectiveResult) -> Note:
        """Return a note that a new null is valid from here on, with a digest of its values."""
        digest = hashlib.sha256(bound.result.tobytes()).hexdigest()
        return Note(
            self.chain.streams[bound.detector],
            bound.sample,
            "null",
            f"{bound.detector} on {bound.channel}: what chance gives is from here on that of noise "
            f"with the spectrum of the calibration (sha256 {digest[:16]})",
        )

    def _report(self, block: Block) -> StreamReport:
        newest = block.taint[-1]
        taint = 0
        for column in self._columns[block.stream]:
            taint |= int(newest[column])
        taint &= _SPOILT
        return StreamReport(
            stream=block.stream,
            newest_time_s=float(block.time_s[-1]),
            uncertainty_s=self._uncertainty_s.get(block.stream),
            problem=str(Taint(taint).name).lower() if taint else None,
        )

    def _correct(self, event: ClockCorrection, now_s: float) -> tuple[Decision, ...]:
        conditioner = self.conditioners.get(event.stream)
        if conditioner is None:  # of markers: it is part of their times
            self._correction_s[event.stream] = event.correction_s
            return ()
        before_s = self._correction_s.get(event.stream)
        if conditioner.correct(event.correction_s):
            self._break(event.stream, self._silent)
        self._correction_s[event.stream] = event.correction_s
        self._uncertainty_s[event.stream] = event.uncertainty_s
        if before_s is None or event.stream not in self._columns:
            return ()
        return self.gate.clock_moved(event.stream, event.correction_s - before_s, now_s)

    def _change_stream(self, event: StreamChanged, now_s: float) -> tuple[Decision, ...]:
        told = Notice(kind=f"stream_{event.what}", text=f"stream {event.stream}: {event.detail}")
        conditioner = self.conditioners.get(event.stream)
        if conditioner is not None:
            if event.what == "resumed":
                conditioner.restart(event.detail)
            flows = event.what in {"resumed", "heard"}
            stream = {event.stream}
            self._break(event.stream, self._silent - stream if flows else self._silent | stream)
        is_another = event.what == "resumed" and not event.is_same_sender
        if is_another:  # with a clock of its own, of which nothing is known yet
            self._correction_s.pop(event.stream, None)
            self._uncertainty_s.pop(event.stream, None)
        if event.stream not in self._driving or not (is_another or event.what == "changed"):
            return (told,)
        text = f"stream {event.stream} has another sender: {event.detail}"
        return (told, *self.gate.sender_changed(event.stream, text, now_s))

    def _break(self, stream: str, silent: frozenset[str]) -> None:
        """Separate the samples of every stream before this moment from those after it."""
        self._silent = silent
        self._n_breaks[stream] += 1
        next_sample = {name: each.next_sample for name, each in self.conditioners.items()}
        at = Break(dict(self._n_breaks), silent, next_sample)
        for conditioner in self.conditioners.values():
            conditioner.part(at)

    def _used_columns(self, stream: str) -> list[int]:
        layout = self.conditioners[stream].layout
        used = set().union(*(wiring.channels_of(stream) for wiring in self.wirings))
        return [index for index, label in enumerate(layout.channels) if label in used]


def _recorder_notice(event: RecorderChanged) -> Notice:
    """Return the notice of a recording that is written, or the alarm of one that is not."""
    if event.is_recording:
        return Notice(kind="recording", text=event.detail)
    return Notice(kind="recording_lost", text=f"{event.detail}: {event.remedy}")


def _move_devices(decisions: Sequence[Decision]) -> bool:
    """Return whether decisions may change how a device is driven, or the amount it gives.

    Triggers alone leave all that policies hear of their devices as it was.
    """
    for each in decisions:
        if not isinstance(each, Send) or isinstance(each.message, Lease):
            return True
        if each.message.kind != "trigger":
            return True
    return False
