"""Own streams: hops come back bit for bit, and an event is one JSON object with its stamp."""

import json
import math

import numpy as np
import pytest

from detectors.estimates import Estimates
from stimulators.decisions import Decision, Notice, Send, StateChanged
from stimulators.wire.messages import Ack
from stimulators.wire.received import AckHeard
from streamer.events import Event, Tick
from streamer.journal.records import mark_of
from streamer.publishing.own_samples import (
    EventSample,
    EventSamples,
    estimate_rows,
    estimates_of,
)
from streamer.publishing.own_streams import STIMULATION_CHANNELS
from tests.streamer.journal.journal_examples import DECISIONS


def _samples(event: Event, *decisions: Decision) -> list[EventSample]:
    samples = EventSamples({"LFP": 1000.0})
    return list(samples.of_step(event, 20.0, notes=(), detections=(), decisions=decisions))


def test_hops_come_back_from_their_stream_bit_for_bit() -> None:
    random = np.random.default_rng(1)
    valid = random.random((200, 5)) < 0.8
    values = np.where(valid, random.lognormal(size=(200, 5)), 0.0)
    values[3, valid[3].argmax()] = -0.0
    hops = Estimates(
        "beta",
        np.arange(9, 2009, 10),
        random.random(200) + 5e4,
        values,
        valid,
        random.integers(0, 2**16, 200).astype(np.uint16),
    )
    rows = estimate_rows(hops)
    assert np.isnan(rows[:, :5]).tolist() == (~valid).tolist()
    again = estimates_of("beta", rows, hops.time_s)
    assert mark_of(again) == mark_of(hops)
    rows[7, valid[7].argmax()] = np.nextafter(rows[7, valid[7].argmax()], np.inf)
    assert mark_of(estimates_of("beta", rows, hops.time_s)) != mark_of(hops)


def test_an_event_is_a_json_object_that_says_only_what_it_knows() -> None:
    (sample,) = _samples(Tick(), StateChanged("idle", "armed", "armed by µ\0"))
    assert json.loads(sample.text) == {
        "event": "state",
        "kind": "armed",
        "text": "armed by µ\0",
        "time_s": 20.0,
        "known_s": 20.0,
    }
    assert "\0" not in sample.text
    assert sample.time_s == 20.0
    assert sample.of_device is None


def test_a_command_and_the_answer_to_it_are_samples_of_the_device() -> None:
    commands = [each for each in DECISIONS if isinstance(each, Send)]
    sent = [each for each in _samples(Tick(), *commands) if each.of_device is not None]
    assert sent
    for each in sent:
        assert each.of_device is not None
        said = json.loads(each.text)
        commanded, applied, trigger, seq = each.of_device.values
        assert each.of_device.device == said["device"]
        assert commanded == said["amount"]
        assert math.isnan(applied)
        assert trigger == (said["kind"] == "trigger")
        assert seq == said["seq"]
    ack = Ack(
        session="s",
        instance="b",
        word=1,
        last_seq=3,
        received_us=19_000_000,
        applied_us=19_500_000,
        seq=3,
        applied_ma=1.5,
    )
    (answer,) = _samples(AckHeard("stn", ack))
    assert answer.time_s == 19.5
    assert answer.of_device is not None
    assert answer.of_device.values[1:] == (1.5, 0.0, 3.0)
    assert math.isnan(answer.of_device.values[0])
    assert len(answer.of_device.values) == len(STIMULATION_CHANNELS)


@pytest.mark.parametrize("time_us", [0, 19_500_000])
def test_no_stamp_is_zero_which_would_mean_now(time_us: int) -> None:
    ack = Ack(session="s", instance="b", word=1, last_seq=3, received_us=0, applied_us=time_us)
    (answer,) = _samples(AckHeard("stn", ack))
    assert answer.time_s == (time_us / 1e6 or 20.0)


def test_a_notice_is_told_with_its_text() -> None:
    (sample,) = _samples(Tick(), Notice("recording_lost", "the disk is full"))
    assert json.loads(sample.text)["kind"] == "recording_lost"
