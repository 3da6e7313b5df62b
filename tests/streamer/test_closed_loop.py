"""The loop's step: a pure function of (event, now), for any events."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stimulators.decisions import Notice, Send, StateChanged
from stimulators.wire.messages import (
    Ack,
    ClockRequest,
    Command,
    Control,
    DeviceInfo,
    DeviceLimits,
    DeviceState,
    Lease,
    Stop,
)
from stimulators.wire.received import (
    AckHeard,
    ClockAsked,
    ControlHeard,
    InfoHeard,
    LinkChanged,
    StopHeard,
    Unreadable,
)
from streamer.closed_loop import ClosedLoop, Outcome
from streamer.events import Chunk, ClockCorrection, Event, Fault, Marker, StreamChanged, Tick
from streamer.journal.records import encode_outcome
from tests.streamer.rigs import CONFIG, HOP, INFOS, RATE_HZ, SESSION, chunk


class _Device:
    """The rig's device: live from its first lease, and at every amount at once."""

    def __init__(self, state: DeviceState = "safe", *, word: int = 0) -> None:
        self.state = state
        self._word = word
        self._last_seq = 0
        self._applied_ma = 0.0

    def info(self) -> InfoHeard:
        """Return the device's description of itself."""
        self._word += 1
        info = DeviceInfo(
            device="stn",
            instance="b007",
            word=self._word,
            state=self.state,
            last_seq=self._last_seq,
            simulated=True,
            programs=("adbs",),
            limits=DeviceLimits(amplitude_ma_max=5.0, slew_ma_per_s_max=50.0),
            safe_ma=0.0,
            safe_program="adbs",
            stop_ma=0.0,
            applied_ma=self._applied_ma,
            program="adbs",
            session=SESSION if self.state == "live" else None,
        )
        return InfoHeard("stn", info, retained=False)

    def answers(self, sent: Send) -> Iterator[Event]:
        """Yield the device's answers to these messages."""
        message = sent.message
        if isinstance(message, Lease) and self.state != "live":
            self.state = "live"
            yield self.info()
        if isinstance(message, Command):
            self._word += 1
            self._last_seq, self._applied_ma = message.seq, message.amplitude_ma or 0.0
            ack = Ack(
                session=SESSION,
                instance="b007",
                word=self._word,
                last_seq=self._last_seq,
                received_us=0,
                applied_us=0,
                seq=message.seq,
                applied_ma=self._applied_ma,
                program="adbs",
            )
            yield AckHeard("stn", ack)


_DEVICE = _Device().info()
_DELAY_S = 0.01


def _new() -> ClosedLoop:
    return ClosedLoop(CONFIG, INFOS, SESSION)


def _run(loop: ClosedLoop, last: int, *, first: int = 0) -> list[Outcome]:
    """Feed samples from `first` to before `last`, with a tick after each chunk."""
    device = _Device("live" if first else "safe", word=1 + 10 * first)
    outcomes: list[Outcome] = []
    for start in range(first, last, HOP):
        now_s = (start + HOP) / RATE_HZ + _DELAY_S
        outcomes.append(loop.step(chunk(start, HOP), now_s))
        outcomes.append(loop.step(Tick(), now_s))
        for sent in _of(outcomes[-2:], Send):
            outcomes.extend(loop.step(answer, now_s) for answer in device.answers(sent))
    return outcomes


def _of(outcomes: Sequence[Outcome], kind: type) -> list:  # type: ignore[type-arg]
    return [each for outcome in outcomes for each in outcome.decisions if isinstance(each, kind)]


@pytest.fixture
def active() -> ClosedLoop:
    """Return a loop that was fed up to sample 1000 and drives its device."""
    loop = _new()
    loop.step(LinkChanged(is_up=True), 0.0)
    loop.step(_DEVICE, 0.0)
    loop.step(ClockCorrection("LFP", 0.0, 1e-4), 0.0)
    _run(loop, 1000)
    assert loop.gate.state == "active"
    return loop


_NOW = 1000 / RATE_HZ + _DELAY_S


def test_a_rig_arms_drives_and_follows_the_bursts() -> None:
    loop = _new()
    loop.step(LinkChanged(is_up=True), 0.0)
    loop.step(_DEVICE, 0.0)
    loop.step(ClockCorrection("LFP", 0.0, 1e-4), 0.0)
    outcomes = _run(loop, 1000)
    assert [change.after for change in _of(outcomes, StateChanged)] == ["armed", "active"]
    amplitudes = [
        sent.message.amplitude_ma
        for sent in _of(outcomes, Send)
        if getattr(sent.message, "kind", "") == "amplitude"
    ]
    # Sample 500 begins a burst of one second; the ramp goes up to 2 mA and down again.
    assert amplitudes[0] < amplitudes[1] < 2.0
    assert max(amplitudes) == 2.0
    assert amplitudes[-1] == 0.0


def test_an_empty_chunk_is_nothing(active: ClosedLoop) -> None:
    empty = Chunk("LFP", 1000, np.zeros((0, 2), np.float32), np.zeros(0))
    assert active.step(empty, _NOW) == Outcome()
    assert active.gate.state == "active"


def test_samples_of_a_stream_that_is_no_signal_are_nothing(active: ClosedLoop) -> None:
    for stream in ("cues", "unknown"):
        strange = Chunk(stream, 0, np.zeros((3, 1), np.float32), np.arange(3.0))
        assert active.step(strange, _NOW) == Outcome()
    assert active.gate.state == "active"


def test_a_correction_of_a_stream_that_is_no_signal_is_nothing(active: ClosedLoop) -> None:
    for stream in ("cues", "unknown"):
        assert active.step(ClockCorrection(stream, 50.0, 1e-4), _NOW) == Outcome()
    assert active.gate.state == "active"


def test_a_marker_is_bound_to_the_next_sample_of_every_signal(active: ClosedLoop) -> None:
    for stream in ("cues", "unknown"):
        assert active.step(Marker(stream, 3.0, "go"), _NOW) == Outcome()
    given_ = chunk(1000, HOP)
    block, _ = active.conditioners["LFP"].update(1000, given_.samples, given_.timestamps_s)
    assert [(event.sample, event.text) for event in block.events] == [(1000, "go")] * 2


def test_a_clock_that_steps_while_active_is_a_fault(active: ClosedLoop) -> None:
    assert active.step(ClockCorrection("LFP", 0.005, 1e-4), _NOW) == Outcome()
    outcome = active.step(ClockCorrection("LFP", 0.05, 1e-4), _NOW)
    assert [change.after for change in _of([outcome], StateChanged)] == ["safe"]


def test_a_bad_sample_of_the_channel_that_is_followed_holds(active: ClosedLoop) -> None:
    bad = chunk(1000, HOP)
    samples = bad.samples.copy()
    samples[-1, 0] = math.nan
    outcome = active.step(Chunk("LFP", 1000, samples, bad.timestamps_s), _NOW + HOP / RATE_HZ)
    assert [change.after for change in _of([outcome], StateChanged)] == ["hold"]
    assert "not_finite" in active.gate.reason


def test_a_bad_sample_of_another_channel_holds_nothing(active: ClosedLoop) -> None:
    bad = chunk(1000, HOP)
    samples = bad.samples.copy()
    samples[:, 1] = math.nan
    active.step(Chunk("LFP", 1000, samples, bad.timestamps_s), _NOW + HOP / RATE_HZ)
    assert active.gate.state == "active"


@pytest.mark.parametrize("what", ["silent", "heard", "lost", "resumed"])
def test_what_a_source_noticed_is_told(active: ClosedLoop, what: str) -> None:
    event = StreamChanged("LFP", what, "0.8 s")  # type: ignore[arg-type]
    outcome = active.step(event, _NOW)
    assert outcome.decisions[0] == Notice(f"stream_{what}", "stream LFP: 0.8 s")
    assert active.gate.state == "active"


_OTHER_SENDERS = [
    ("resumed", "a new outlet", False),
    ("changed", "rate: was 250.0 Hz, is now 500.0 Hz", False),
    ("changed", "rate: was 250.0 Hz, is now 500.0 Hz", True),
]


@pytest.mark.parametrize(("what", "detail", "is_same"), _OTHER_SENDERS)
def test_another_sender_of_the_stream_that_a_policy_reads_is_safe(
    active: ClosedLoop, what: str, detail: str, *, is_same: bool
) -> None:
    event = StreamChanged("LFP", what, detail, "uid", is_same)  # type: ignore[arg-type]
    outcome = active.step(event, _NOW)
    assert outcome.decisions[0] == Notice(f"stream_{what}", f"stream LFP: {detail}")
    assert active.gate.state == "safe"
    assert f"stream LFP has another sender: {detail}" in active.gate.reason


@pytest.mark.parametrize(("what", "detail", "is_same"), _OTHER_SENDERS)
@pytest.mark.parametrize("stream", ["cues", "unknown"])
def test_another_sender_of_markers_or_of_a_display_is_a_note(
    active: ClosedLoop, stream: str, what: str, detail: str, *, is_same: bool
) -> None:
    event = StreamChanged(stream, what, detail, "uid", is_same)  # type: ignore[arg-type]
    outcome = active.step(event, _NOW)
    assert outcome.decisions == (Notice(f"stream_{what}", f"stream {stream}: {detail}"),)
    assert active.gate.state == "active"


@pytest.mark.parametrize(("what", "detail", "is_same"), _OTHER_SENDERS)
def test_another_sender_in_idle_latches_nothing(what: str, detail: str, *, is_same: bool) -> None:
    loop = _new()
    loop.step(ClockCorrection("LFP", 0.0, 1e-4), 0.0)
    loop.step(StreamChanged("LFP", what, detail, "uid", is_same), 0.1)  # type: ignore[arg-type]
    idle = loop.step(ClockCorrection("LFP", 0.0, 1e-4), 0.2)
    assert not _of([idle], StateChanged)
    loop.step(LinkChanged(is_up=True), 0.3)
    loop.step(_DEVICE, 0.3)
    _run(loop, 1000)
    assert loop.gate.state == "active"


def test_the_clock_of_another_sender_does_not_step_since_it_is_another_clock() -> None:
    loop = _new()
    loop.step(ClockCorrection("LFP", 0.0, 1e-4), 0.0)
    loop.step(StreamChanged("LFP", "resumed", "a new outlet", "uid", is_same_sender=False), 0.1)
    assert loop.step(ClockCorrection("LFP", 5000.0, 1e-4), 0.1) == Outcome()
    assert loop.gate.state == "idle"


def test_the_clock_of_the_same_outlet_that_came_back_must_be_the_one_it_was(
    active: ClosedLoop,
) -> None:
    active.step(StreamChanged("LFP", "lost", "no answer"), _NOW)
    active.step(StreamChanged("LFP", "resumed", "the same outlet", "uid"), _NOW)
    active.step(ClockCorrection("LFP", 0.5, 1e-4), _NOW)
    assert active.gate.state == "safe"


def test_a_resumed_stream_begins_every_window_anew(active: ClosedLoop) -> None:
    active.step(StreamChanged("LFP", "resumed", "a new outlet"), _NOW)
    (before, *_) = active.step(chunk(1000, HOP), _NOW + HOP / RATE_HZ).seen
    assert not before.estimates.valid.any()


def test_a_fault_and_a_stop_are_safe_and_reset_the_policy(active: ClosedLoop) -> None:
    _run(active, 1400, first=1000)
    (wiring,) = active.wirings
    seen = [target for outcome in _run(active, 1405, first=1400) for target in outcome.targets]
    assert [target.amount for target in seen] == [2.0]
    stop = StopHeard(Stop(request_id="r", operator="o", reason="pain"))
    (event,) = active.step(stop, 1405 / RATE_HZ + 0.02).device_events
    assert active.gate.state == "safe"
    assert (event.change, event.sample) == ("safe", wiring.policy.next_sample)
    (target,) = [each for step in _run(active, 1410, first=1405) for each in step.targets]
    # Without a dwell time it is on at once: since this hop, and not since the burst began.
    assert (target.amount, target.onset_s) == (2.0, target.time_s)


_WORDS = st.sampled_from(["LFP", "cues", "unknown"])
_NUMBERS = st.sampled_from([0.0, 1e-4, -1e-3, 0.02, 5.0, -1000.0, math.nan, math.inf, 1e300])
_SEQS = st.integers(0, 12)
_OTHERS: st.SearchStrategy[Event] = st.one_of(
    st.just(Tick()),
    st.builds(Fault, st.just("a fault")),
    st.builds(Marker, _WORDS, _NUMBERS, st.text(max_size=3)),
    st.builds(ClockCorrection, _WORDS, _NUMBERS, _NUMBERS),
    st.builds(
        StreamChanged,
        _WORDS,
        st.sampled_from(["silent", "heard", "lost", "resumed", "changed"]),
        st.just(""),
        st.just("uid"),
        st.booleans(),
    ),
    st.builds(LinkChanged, st.booleans(), st.just("why")),
    st.just(_DEVICE),
    st.builds(
        InfoHeard,
        st.sampled_from(["stn", "unknown"]),
        st.builds(
            DeviceInfo,
            device=st.just("stn"),
            state=st.sampled_from(["offline", "safe", "live", "stopped"]),
            applied_ma=st.none() | _NUMBERS,
            session=st.sampled_from([None, SESSION, "0", "9"]),
        ),
        st.booleans(),
    ),
    st.builds(
        AckHeard,
        st.sampled_from(["stn", "unknown"]),
        st.builds(
            Ack,
            session=st.sampled_from([SESSION, "other"]),
            received_us=_SEQS,
            applied_us=_SEQS,
            seq=st.none() | _SEQS,
            applied_ma=st.none() | _NUMBERS,
            refused=st.sampled_from([None, "lease"]),
        ),
    ),
    st.builds(
        ClockAsked,
        st.just("stn"),
        st.just(ClockRequest(request_seq=1, sent_us=1, nonce="n", instance="b007")),
    ),
    st.builds(
        ControlHeard,
        st.builds(
            Control,
            request_id=st.sampled_from(["a", "b"]),
            session=st.sampled_from([SESSION, "other"]),
            operator=st.just("o"),
            issued_us=st.integers(0, 10**7),
            expires_us=st.integers(0, 10**8),
            action=st.sampled_from(["arm", "disarm", "mark", "set"]),
        ),
        st.booleans(),
    ),
    st.just(StopHeard(Stop(request_id="r", operator="o", reason="x"))),
    st.just(Unreadable("stimloop/x", "not JSON")),
)


class _Samples(NamedTuple):
    """A chunk to be generated: its length, and flaws of its samples and stamps."""

    n_samples: int
    value: float | None
    stamps_by_s: float
    n_lost: int


_SAMPLES = st.builds(
    _Samples,
    st.integers(0, 30),
    st.none() | _NUMBERS,
    st.sampled_from([0.0, 0.0, 0.5, -0.2, math.nan]),
    st.sampled_from([0, 0, 0, 7]),
)
_PAUSES_S = st.sampled_from([0.0, 0.001, 0.02, 0.02, 0.3, -0.005, -3.0])


def _history(
    n_good: int, steps: Sequence[tuple[float, Event | _Samples]]
) -> Iterator[tuple[Event, float]]:
    """Yield events for a loop: `n_good` good samples, then anything."""
    yield LinkChanged(is_up=True), 0.0
    yield _DEVICE, 0.0
    yield ClockCorrection("LFP", 0.0, 1e-4), 0.0
    for first in range(0, n_good, 10):
        now_s = (first + 10) / RATE_HZ
        yield chunk(first, 10), now_s
        yield Tick(), now_s
    index, now_s = n_good, n_good / RATE_HZ
    for pause_s, step in steps:
        now_s += pause_s
        if not isinstance(step, _Samples):
            yield step, now_s
            continue
        given_ = chunk(index, step.n_samples)
        samples = given_.samples.copy()
        if step.value is not None:
            samples[:1] = np.float32(step.value) if abs(step.value) < 1e30 else math.inf
        stamps_s = given_.timestamps_s + step.stamps_by_s
        yield Chunk("LFP", index, samples, stamps_s), now_s
        index += step.n_samples + step.n_lost


@given(
    n_good=st.sampled_from([0, 600, 900]),
    steps=st.lists(st.tuples(_PAUSES_S, _OTHERS | _SAMPLES), max_size=25),
)
def test_the_same_events_give_the_same_outcomes_and_none_raises(
    n_good: int, steps: list[tuple[float, Event | _Samples]]
) -> None:
    first, second = _new(), _new()
    for event, now_s in _history(n_good, steps):
        outcome = first.step(event, now_s)
        assert encode_outcome(outcome) == encode_outcome(second.step(event, now_s))
        for sent in _of([outcome], Send):
            amount = getattr(sent.message, "amplitude_ma", None)
            assert amount is None or 0.0 <= amount <= 2.0


def test_a_marker_carries_its_stamp_in_the_services_clock() -> None:
    """By the newest correction of its own stream; none is known before the first one."""
    loop = _new()
    loop.step(Marker("cues", 5.0, "before"), _NOW)
    loop.step(ClockCorrection("cues", 100.0, 0.001), _NOW)
    loop.step(Marker("cues", 5.0, "after"), _NOW)
    loop.step(ClockCorrection("cues", 90.0, 0.001), _NOW)
    loop.step(Marker("cues", 5.0, "later"), _NOW)
    given = chunk(0, HOP)
    block, _ = loop.conditioners["LFP"].update(0, given.samples, given.timestamps_s)
    assert [(each.sample, each.text, each.time_s) for each in block.events] == [
        (0, "before", None),
        (0, "after", 105.0),
        (0, "later", 95.0),
    ]
