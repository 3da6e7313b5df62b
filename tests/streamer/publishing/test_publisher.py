"""Own streams on the network: another client of LSL finds each, and reads what it is and gives."""

import json

import numpy as np
import pylsl
import pytest

from streamer.closed_loop import ClosedLoop
from streamer.events import Chunk, Tick
from streamer.publishing.publisher import Publisher
from streamer.watching.watchers import Delivered
from tests.streamer.rigs import CONFIG, INFOS, RATE_HZ, SESSION, chunk

pytestmark = pytest.mark.lsl

_OPEN_S = 20.0


def _described(inlet: pylsl.StreamInlet) -> tuple[dict[str, str], list[tuple[str, str]]]:
    desc = inlet.info(timeout=_OPEN_S).desc()
    about = {key: desc.child_value(key) for key in ("manufacturer", "rig", "session")}
    channels = []
    channel = desc.child("channels").child("channel")
    while not channel.empty():
        channels.append((channel.child_value("label"), channel.child_value("unit")))
        channel = channel.next_sibling("channel")
    return about, channels


def _pulled(inlet: pylsl.StreamInlet, n_samples: int) -> tuple[list[list[object]], list[float]]:
    rows: list[list[object]] = []
    stamps_s: list[float] = []
    while len(rows) < n_samples:
        row, stamp_s = inlet.pull_sample(timeout=_OPEN_S)
        assert stamp_s is not None, f"{len(rows)} of {n_samples} samples came"
        rows.append(row)
        stamps_s.append(stamp_s)
    return rows, stamps_s


def test_each_own_stream_is_found_says_what_it_is_and_gives_what_the_loop_gave() -> None:
    loop = ClosedLoop(CONFIG, INFOS, SESSION)
    with Publisher(CONFIG.rig.name, SESSION, loop) as publisher:
        inlets: dict[str, pylsl.StreamInlet] = {}
        for uid in publisher.uids:
            (found,) = pylsl.resolve_byprop("uid", uid, timeout=_OPEN_S)
            inlets[found.source_id()] = pylsl.StreamInlet(found)
            inlets[found.source_id()].open_stream(timeout=_OPEN_S)
        detectors = [f"stimloop/test/detector/{name}" for name in loop.chain.detectors]
        assert list(inlets) == [*detectors, "stimloop/test/events", "stimloop/test/device/stn"]
        about, channels = _described(inlets[detectors[0]])
        assert about == {"manufacturer": "stimloop", "rig": "test", "session": SESSION}
        assert channels == [("STN.power", "µV²"), ("sample", ""), ("taint", "")]
        beta = loop.chain.detectors["beta"]
        assert inlets[detectors[0]].info().nominal_srate() == RATE_HZ / beta.hop_samples
        assert inlets["stimloop/test/events"].info().nominal_srate() == pylsl.IRREGULAR_RATE
        assert _described(inlets["stimloop/test/device/stn"])[1][:2] == [
            ("commanded", "mA"),
            ("applied", "mA"),
        ]

        values, times_s, detected = [], [], []
        for event in [chunk(first, 50, start_s=100.0) for first in range(0, 1000, 50)]:
            outcome = loop.step(event, 110.0)
            publisher.watch(event, 110.0, Delivered.of(outcome, 110.0))
            for seen in outcome.seen:
                detected += [each.onset_s for each in seen.detections]
                if seen.estimates.detector == "beta":
                    values += seen.estimates.values[seen.estimates.valid].tolist()
                    times_s += seen.estimates.time_s.tolist()
        rows, stamps_s = _pulled(inlets[detectors[0]], len(times_s))
        assert stamps_s == times_s
        found_values = np.array(rows, float)[:, 0]
        assert found_values[~np.isnan(found_values)].tolist() == values
        assert detected
        texts, stamps_s = _pulled(inlets["stimloop/test/events"], len(detected))
        heard = [
            (stamp_s, json.loads(str(text))["event"])
            for (text,), stamp_s in zip(texts, stamps_s, strict=True)
        ]
        assert [stamp_s for stamp_s, event in heard if event == "detection"] == detected[
            : sum(event == "detection" for _, event in heard)
        ]
        assert any(event == "detection" for _, event in heard)


def test_a_step_without_anything_sends_nothing() -> None:
    loop = ClosedLoop(CONFIG, INFOS, SESSION)
    with Publisher(CONFIG.rig.name, SESSION, loop) as publisher:
        empty = Chunk("LFP", 0, np.zeros((0, 2), np.float32), np.zeros(0))
        for event in (Tick(), empty):
            publisher.watch(event, 1.0, Delivered())
        assert publisher.n_bytes == 0
