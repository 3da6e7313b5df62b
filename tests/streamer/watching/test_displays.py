"""Displays get every detection, and at most ten estimates a second."""

from typing import Any

import numpy as np

from detectors.estimates import Detection, Estimates, Seen
from detectors.outputs import Output, outputs_of, with_null
from stimulators.wire.display_messages import (
    DetectorInfo,
    EstimateColumn,
    EstimateMessage,
    EventMessage,
)
from stimulators.wire.received import LinkChanged
from streamer.closed_loop import Outcome
from streamer.events import Tick
from streamer.watching.displays import Displays
from tests.streamer.journal.journal_examples import DETECTION, estimates
from tests.streamer.recording_transport import RecordingTransport


class _Detector:
    """The part of a detector that a display reads."""

    def __init__(self, id_: str, *outputs: Output) -> None:
        self.id = id_
        self.outputs = outputs


_COHERENCE = outputs_of(("a-b",), with_null("coherence", ""))
_BETA = _Detector("beta", Output("C0", "power", "µV²"))
_LINK = _Detector("link", *_COHERENCE)


def _displays(transport: RecordingTransport) -> Displays:
    detectors: Any = (_BETA, _LINK)
    return Displays(transport, "session", detectors)


def _hop(detector: str, sample: int, *, n_hops: int = 1) -> Seen:
    samples = np.arange(sample - n_hops + 1, sample + 1, dtype=np.int64)
    values = np.column_stack((samples / 2.0, samples * 1.0))
    valid = np.ones(values.shape, np.bool_)
    valid[:, 1] = False
    return Seen(
        Estimates(
            detector, samples, samples / 1000.0, values, valid, np.zeros(len(samples), np.uint16)
        )
    )


def test_of_a_thousand_hops_a_second_ten_are_shown() -> None:
    transport = RecordingTransport()
    displays = _displays(transport)
    for sample in range(5000):
        displays.watch(Tick(), 0.0, Outcome(seen=(_hop("beta", sample), _hop("gamma", sample))))
    shown = {
        name: [message for detector, message in transport.kept if detector == name]
        for name in ("beta", "gamma")
    }
    assert {name: len(messages) for name, messages in shown.items()} == {"beta": 50, "gamma": 50}
    assert shown["beta"][1] == EstimateMessage(
        sample=100, time_us=100_000, values=(50.0, 100.0), valid=(True, False)
    )


def test_of_many_hops_in_one_step_the_newest_is_shown() -> None:
    transport = RecordingTransport()
    _displays(transport).watch(Tick(), 0.0, Outcome(seen=(_hop("beta", 499, n_hops=500),)))
    ((_, message),) = transport.kept
    assert isinstance(message, EstimateMessage)
    assert message.sample == 499


def test_time_that_went_back_does_not_silence_a_display() -> None:
    transport = RecordingTransport()
    displays = _displays(transport)
    displays.watch(Tick(), 0.0, Outcome(seen=(_hop("beta", 1_000_000),)))
    displays.watch(Tick(), 0.0, Outcome(seen=(_hop("beta", 10),)))
    assert len(transport.kept) == 2


def test_every_detection_is_shown_with_or_without_an_estimate() -> None:
    transport = RecordingTransport()
    displays = _displays(transport)
    nothing = estimates("burst", n_hops=0)
    offset = Detection("burst", "STN_L_13", "offset", 9, 9, 0.09, 0.1)
    for _ in range(2):
        displays.watch(Tick(), 0.0, Outcome(seen=(Seen(nothing, (DETECTION, offset)),)))
    assert transport.kept == 2 * [
        (
            "burst",
            EventMessage(kind="onset", channel="STN_L_13", sample=5, onset_us=50_000, strength=0.3),
        ),
        (
            "burst",
            EventMessage(
                kind="offset", channel="STN_L_13", sample=9, onset_us=90_000, strength=0.1
            ),
        ),
    ]


def test_what_the_values_are_is_said_once_a_connection_a_detector_a_tick() -> None:
    transport = RecordingTransport()
    displays = _displays(transport)
    displays.watch(Tick(), 0.0, Outcome())
    assert transport.kept == []
    for _ in range(2):
        displays.watch(LinkChanged(is_up=True), 0.0, Outcome())
        for n_told in (1, 2, 2):
            displays.watch(Tick(), 0.0, Outcome())
            assert len(transport.kept) == n_told
        assert transport.kept.pop() == (
            "link",
            DetectorInfo(
                session="session",
                columns=(
                    EstimateColumn(
                        channel="a-b", measure="coherence", unit="", null="coherence_null"
                    ),
                    EstimateColumn(channel="a-b", measure="coherence_null", unit="", null=None),
                ),
            ),
        )
        ((detector, info),) = transport.kept
        assert isinstance(info, DetectorInfo)
        assert (detector, info.columns[0].unit) == ("beta", "µV²")
        transport.kept.clear()


def test_what_a_link_does_not_take_is_said_at_the_next_tick() -> None:
    transport = RecordingTransport(is_up=False)
    displays = _displays(transport)
    displays.watch(LinkChanged(is_up=True), 0.0, Outcome())
    displays.watch(Tick(), 0.0, Outcome())
    transport.is_up = True
    displays.watch(Tick(), 0.0, Outcome())
    assert [detector for detector, _ in transport.kept] == ["beta", "beta"]
    displays.watch(LinkChanged(is_up=False), 0.0, Outcome())
    displays.watch(Tick(), 0.0, Outcome())
    assert len(transport.kept) == 2
