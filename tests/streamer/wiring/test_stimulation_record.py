"""A device's answer becomes one event of every signal, from the answers alone."""

from itertools import count

import msgspec
import numpy as np
import pytest

from detectors.block import STIMULATION_CHANGE, STIMULATION_PULSE, BoundEvent, Taint
from detectors.conditioning.artifacts.stimulation_blanking import StimulationBlankingConfig
from stimulators.wire.messages import Ack, DeviceInfo
from stimulators.wire.received import AckHeard, InfoHeard
from streamer.closed_loop import ClosedLoop
from streamer.events import Fault, Marker, Tick
from streamer.wiring.stimulation_record import StimulationRecord
from tests.streamer.rigs import CONFIG, INFOS, RATE_HZ, SESSION, chunk

_WORDS = count(1)


def _ack(seq: int | None = 1, device: str = "stn", **keys: object) -> AckHeard:
    fields = {
        "session": SESSION,
        "instance": "b",
        "word": next(_WORDS),
        "last_seq": 0,
        "received_us": 0,
        "applied_us": 0,
        "applied_ma": 1.5,
    } | keys
    return AckHeard(device, msgspec.convert(fields | {"seq": seq}, Ack))


def _info(applied_ma: float | None, *, retained: bool = False) -> InfoHeard:
    info = DeviceInfo(
        device="stn", instance="b", word=next(_WORDS), state="live", applied_ma=applied_ma
    )
    return InfoHeard("stn", info, retained)


@pytest.fixture
def record() -> StimulationRecord:
    return StimulationRecord(["stn"], (), SESSION)


def test_an_answer_is_a_change_where_amplitudes_are_asked_for(record: StimulationRecord) -> None:
    assert record.hear(_ack(7)) == (STIMULATION_CHANGE, "stn 7 1.5 mA")
    assert record.hear(_ack(8, applied_ma=None, applied_level=0.5)) == (
        STIMULATION_CHANGE,
        "stn 8 level 0.5",
    )


def test_an_answer_is_a_pulse_where_triggers_are_asked_for() -> None:
    record = StimulationRecord(["stn"], ["stn"], SESSION)
    assert record.hear(_ack(7)) == (STIMULATION_PULSE, "stn 7 1.5 mA")


def test_a_stop_is_a_change_of_any_session(record: StimulationRecord) -> None:
    stopped = _ack(None, request_id="stop-1", session="", applied_ma=0.0)
    assert record.hear(stopped) == (STIMULATION_CHANGE, "stn stop-1 0 mA")
    assert record.hear(stopped) is None


def test_what_gave_nothing_new_is_nothing(record: StimulationRecord) -> None:
    record.hear(_ack(1))
    for event in (
        _ack(1),
        _ack(2, refused="limit"),
        _ack(3, session="another"),
        _ack(4, device="somebody"),
        _ack(None),
        Tick(),
        Fault(reason="x"),
        Marker("cues", 0.0, "go"),
    ):
        assert record.hear(event) is None


def test_a_device_that_went_elsewhere_by_itself_is_a_change(record: StimulationRecord) -> None:
    heard = [record.hear(_info(amount)) for amount in (0.0, 2.0, 2.0, 0.5)]
    assert heard == [
        None,
        (STIMULATION_CHANGE, "stn info 2 mA"),
        None,
        (STIMULATION_CHANGE, "stn info 0.5 mA"),
    ]
    assert record.hear(_info(3.0, retained=True)) is None


def test_a_device_that_left_what_it_answered_is_a_change(record: StimulationRecord) -> None:
    record.hear(_info(0.0))
    record.hear(_ack(1, applied_ma=2.0))
    assert record.hear(_info(2.0)) is None
    assert record.hear(_info(None)) is None
    assert record.hear(_info(0.0)) == (STIMULATION_CHANGE, "stn info 0 mA")


def test_answers_are_remembered_without_end_to_the_memory(record: StimulationRecord) -> None:
    for seq in range(1, 10_000):
        record.hear(_ack(seq))
    assert len(record._answers) == 4096
    assert record.hear(_ack(9_999)) is None


def test_an_answer_is_bound_to_the_next_sample_and_blanked() -> None:
    blanking = StimulationBlankingConfig(settle_s=0.04)
    stream = msgspec.structs.replace(CONFIG.streams[0], artifacts=(blanking,))
    config = msgspec.structs.replace(CONFIG, streams=(stream, *CONFIG.streams[1:]))
    loop = ClosedLoop(config, INFOS, SESSION)
    loop.step(chunk(0, 200), 200 / RATE_HZ)
    loop.step(_ack(1), 0.81)
    loop.step(_ack(1), 0.81)
    given = chunk(200, 20)
    block, _ = loop.conditioners["LFP"].update(200, given.samples, given.timestamps_s)
    assert block.events == (BoundEvent(200, STIMULATION_CHANGE, "stn 1 1.5 mA"),)
    spoilt = np.flatnonzero((block.taint[:, 0] & Taint.UNCLEANED) != 0)
    assert spoilt.tolist() == list(range(10))


def test_an_estimate_with_a_spoilt_sample_in_its_window_is_not_valid() -> None:
    blanking = StimulationBlankingConfig(settle_s=0.04)
    stream = msgspec.structs.replace(CONFIG.streams[0], artifacts=(blanking,))
    config = msgspec.structs.replace(CONFIG, streams=(stream, *CONFIG.streams[1:]))
    seen = {}
    for name, events in (("quiet", []), ("driven", [_ack(1)])):
        loop = ClosedLoop(config, INFOS, SESSION)
        loop.step(chunk(0, 200), 200 / RATE_HZ)
        for event in events:
            loop.step(event, 0.81)
        outcome = loop.step(chunk(200, 200), 400 / RATE_HZ)
        seen[name] = next(
            each.estimates for each in outcome.seen if each.estimates.detector == "beta"
        )
    assert seen["quiet"].valid.all()
    sample = seen["driven"].sample
    # Ten samples from 200 on, and a window of a hundred.
    assert (seen["driven"].valid[:, 0] == (sample >= 309)).all()
