"""The summary counts everything once, takes latencies from the right sample, and stays small."""

import msgspec
import numpy as np
import pytest

from detectors.estimates import Estimates, Seen
from stimulators.decisions import Refusal, Send
from stimulators.refusals import RefusalReason
from stimulators.wire.messages import Ack, Lease
from stimulators.wire.received import AckHeard
from streamer.closed_loop import ClosedLoop, Outcome
from streamer.events import Chunk, Event, Slept, StreamChanged, Tick
from streamer.watching.stream_counts import StreamCounts
from streamer.watching.summary import Summary
from streamer.watching.watchers import Delivered, Sent
from tests.streamer.journal.journal_examples import COMMAND, DETECTION, TARGET
from tests.streamer.rigs import CONFIG, INFOS, RATE_HZ, SESSION, chunk

_LEASE = Lease(session="s", lease_seq=1, issued_us=1, valid_us=2, armed_us=1, simulated=True)


def _new() -> Summary:
    return Summary(ClosedLoop(CONFIG, INFOS, SESSION))


def _estimates(detector: str = "beta", first: int = 0, n_hops: int = 2) -> Estimates:
    """Return hops of this rig's detectors; the measure of every other one is not valid."""
    sample = np.arange(first, first + n_hops, dtype=np.int64)
    found = Estimates.empty(detector, n_hops, 1 if detector == "beta" else 4)
    found.sample[:] = sample
    found.time_s[:] = sample * 1e-3
    found.values[:] = 1.0
    found.valid[:] = True
    found.valid[1::2, 0] = False
    return found


def _command(seq: int) -> Send:
    return Send("stn", msgspec.structs.replace(COMMAND, seq=seq))


def _ack(seq: int | None, refused: str | None = None) -> Event:
    ack = Ack(
        session="s",
        instance="b",
        word=1,
        last_seq=0,
        received_us=1,
        applied_us=1,
        seq=seq,
        refused=refused,
    )
    return AckHeard("stn", ack)


def _count(summary: Summary, event: Event, outcome: Outcome, decided_s: float) -> None:
    summary.watch(event, decided_s, Delivered.of(outcome, decided_s))


def _count_sent(summary: Summary, send: Send, *, was_sent: bool, published_s: float) -> None:
    sent = (Sent(send, was_sent, published_s),)
    summary.watch(Tick(), published_s, Delivered.of(Outcome(), published_s, sent))


def test_nothing_comes_to_zeros_that_are_all_there() -> None:
    found = _new().as_dict()
    assert found["samples"] == found["estimates"] == found["gaps"] == 0
    assert found["detections"] == {"beta": 0, "burst": 0}
    assert found["commands"] == {"issued": 0, "acked": 0, "unsent": 0, "refused": {}}
    assert set(found["latency_ms"]) == {
        "sample_to_decision",
        "sample_to_publish",
        "sample_to_ack",
    }
    assert found["latency_ms"]["sample_to_ack"] == {"p50": 0.0, "p99": 0.0, "p999": 0.0, "max": 0.0}


def test_samples_estimates_detections_and_refusals_are_counted() -> None:
    summary = _new()
    offset = msgspec.structs.replace(DETECTION, kind="offset")
    seen = (
        Seen(_estimates("beta", n_hops=3)),
        Seen(_estimates("burst"), (DETECTION, offset, DETECTION)),
    )
    refusals = (
        Refusal(RefusalReason.LATE),
        Refusal(RefusalReason.LATE),
        Refusal(RefusalReason.HOLD),
    )
    _count(summary, chunk(0, 7), Outcome(seen=seen, decisions=refusals), 0.1)
    _count(summary, chunk(7, 5), Outcome(), 0.2)
    _count(summary, Tick(), Outcome(decisions=(Refusal(RefusalReason.LATE),)), 0.3)
    found = summary.as_dict()
    assert (found["samples"], found["estimates"]) == (12, 5)
    assert found["n_valid"] == 2 + 1
    assert found["hops"]["beta"] == {
        "streams": ["LFP"],
        "measures": [{"measure": "power", "unit": "µV²", "null": None}],
        "n": 3,
        "n_valid": {"STN": 2},
        "never_valid": [],
    }
    # An onset with its offset is one detection; each edge is counted by itself as well.
    assert found["detections"] == {"beta": 0, "burst": 2}
    assert found["edges"] == {"burst": {"onset": 2, "offset": 1, "moment": 0}}
    assert found["commands"]["refused"] == {"hold": 1, "late": 3}


def test_gaps_and_quality_come_from_the_streams() -> None:
    summary = _new()
    bad = chunk(0, 10)
    samples = bad.samples.copy()
    samples[3:5, 0] = np.nan
    event = Chunk("LFP", 0, samples, bad.timestamps_s)
    _count(summary, event, summary._loop.step(event, 0.1), 0.1)
    found = summary.as_dict()
    assert found["quality"]["not_finite"] == 2
    assert found["found"] == [
        {
            "stream": "LFP",
            "kind": "not_finite",
            "channel": "STN",
            "times": 1,
            "samples": 2,
            "first_sample": 3,
            "first_s": 0.012,
            "text": "STN is not finite, the last good value stands in",
        }
    ]


def test_every_kind_is_counted_though_nothing_is_wrong() -> None:
    summary = _new()
    event = chunk(0, 500)
    _count(summary, event, summary._loop.step(event, 2.0), 2.0)
    found = summary.as_dict()
    assert set(found["quality"].values()) == {0}
    assert {"gaps", "late", "rate", "implausible", "lost", "empty"} <= set(found["quality"])
    assert found["streams"] == {
        "LFP": {
            "samples": 500,
            "channels": 2,
            "derived_channels": 0,
            "rate_hz": 250.0,
            "rate_measured_hz": 250.0,
        }
    }


def test_a_rate_that_is_not_the_headers_is_measured_beyond_the_bound_of_the_fit() -> None:
    summary = _new()
    samples = chunk(0, 4000).samples
    event = Chunk("LFP", 0, samples, np.arange(4000) / 1024.0)
    _count(summary, event, summary._loop.step(event, 4.0), 4.0)
    found = summary.as_dict()
    assert found["streams"]["LFP"]["rate_measured_hz"] == 1024.0
    assert found["quality"]["rate"] == 1
    rate = next(each for each in found["found"] if each["kind"] == "rate")
    assert rate["text"] == "expected 250 Hz, found 1024 Hz over its stamps"
    assert rate["samples"] == 4000


@pytest.mark.parametrize(
    ("factor", "unit"), [(1e3, "milliseconds"), (1e6, "microseconds"), (1e9, "nanoseconds")]
)
def test_stamps_in_another_unit_are_told_by_their_rate(factor: float, unit: str) -> None:
    counts = StreamCounts(ClosedLoop(CONFIG, INFOS, SESSION).conditioners)
    counts.add(Chunk("LFP", 0, chunk(0, 1000).samples, np.arange(1000) / RATE_HZ * factor))
    (found,) = counts.found
    assert found.text.endswith(f" Hz over its stamps: they look like {unit}, expected seconds")


def test_a_stream_that_gave_nothing_or_fell_silent_is_found() -> None:
    summary = _new()
    assert [each["kind"] for each in summary.as_dict()["found"]] == ["empty"]
    event = chunk(0, 500)
    _count(summary, event, summary._loop.step(event, 2.0), 2.0)
    for detail in ("no sample for 0.2 s", "no sample for 0.3 s"):
        _count(summary, StreamChanged("LFP", "silent", detail), Outcome(), 2.2)
    (found,) = summary.as_dict()["found"]
    assert (found["kind"], found["times"], found["first_s"]) == ("silent", 2, 500 / RATE_HZ)
    assert found["text"] == "no sample for 0.2 s"
    assert summary.as_dict()["quality"]["silent"] == 2


def test_in_virtual_time_there_is_no_latency() -> None:
    summary = Summary(ClosedLoop(CONFIG, INFOS, SESSION), is_timed=False)
    assert "latency_ms" not in summary.as_dict()


def test_latencies_run_from_the_newest_sample_of_the_step_that_caused_them() -> None:
    summary = _new()
    for first_s in (0.0, 1.0):
        hop = _estimates("beta", round(first_s * 1e3), n_hops=1)
        target = msgspec.structs.replace(TARGET, time_s=first_s)
        outcome = Outcome(seen=(Seen(hop),), targets=(target,))
        _count(summary, chunk(0, 1), outcome, first_s + 0.002)
    _count_sent(summary, _command(1), was_sent=True, published_s=1.003)
    _count(summary, _ack(1), Outcome(), 1.005)
    latency_ms = {name: each["max"] for name, each in summary.as_dict()["latency_ms"].items()}
    assert latency_ms == {"sample_to_decision": 2.0, "sample_to_publish": 3.0, "sample_to_ack": 5.0}
    assert summary.as_dict()["commands"]["acked"] == 1


def test_what_the_network_did_not_take_is_counted_and_has_no_latency() -> None:
    summary = _new()
    _count(summary, chunk(0, 1), Outcome(seen=(Seen(_estimates(n_hops=1)),)), 0.1)
    _count_sent(summary, _command(1), was_sent=False, published_s=0.2)
    _count_sent(summary, Send("stn", _LEASE), was_sent=False, published_s=0.2)
    commands = summary.as_dict()["commands"]
    assert (commands["issued"], commands["unsent"]) == (1, 2)
    assert summary.latencies["sample_to_publish"].n == 0


def test_a_device_that_refuses_is_counted_by_its_reason() -> None:
    summary = _new()
    _count_sent(summary, _command(1), was_sent=True, published_s=0.2)
    _count(summary, _ack(1, "lease"), Outcome(), 0.3)
    _count(summary, _ack(None), Outcome(), 0.3)
    commands = summary.as_dict()["commands"]
    assert (commands["acked"], commands["refused"]) == (0, {"device:lease": 1})


def test_a_device_that_never_answers_costs_no_memory() -> None:
    summary = _new()
    _count(summary, chunk(0, 1), Outcome(seen=(Seen(_estimates("beta", 1, n_hops=1)),)), 0.1)
    for seq in range(10_000):
        _count_sent(summary, _command(seq), was_sent=True, published_s=0.2)
    assert len(summary._open) <= 4096


def test_reasons_that_a_device_makes_up_take_no_more_memory() -> None:
    summary = _new()
    for index in range(500):
        _count(summary, _ack(1, refused=f"{index} {'x' * 10_000}"), Outcome(), 0.1)
    refused = summary.as_dict()["commands"]["refused"]
    assert sum(refused.values()) == 500
    assert sum(map(len, refused)) < 5000


def test_it_says_when_the_session_began_and_ended_also_in_utc() -> None:
    loop = ClosedLoop(CONFIG, INFOS, SESSION)
    dated, undated = Summary(loop, utc_offset_us=1_772_366_400_000_000), Summary(loop)
    dated.begin(1.0)
    for summary in (dated, undated):
        _count(summary, Tick(), Outcome(), 1.0 if summary is undated else 1.25)
        _count(summary, Slept(60.0), Outcome(), 1.5)
        _count(summary, Tick(), Outcome(), 2.25)
    assert undated.as_dict()["time"] == {"began_s": 1.0, "ended_s": 2.25}
    assert dated.as_dict()["time"] == {
        "began_s": 1.0,
        "ended_s": 2.25,
        "began_utc": "2026-03-01T12:00:01.000000Z",
        "ended_utc": "2026-03-01T12:01:02.250000Z",
    }
