"""A recording that is not written: the loop tells its gate, and an alarm, and takes it back."""

from stimulators.decisions import Notice
from streamer.closed_loop import ClosedLoop
from streamer.events import RecorderChanged, Tick
from tests.streamer.rigs import CONFIG, INFOS, SESSION


def test_a_recording_that_is_not_written_is_an_alarm_and_what_the_gate_waits_for() -> None:
    loop = ClosedLoop(CONFIG, INFOS, SESSION)
    lost = RecorderChanged(is_recording=False, detail="the disk is full", remedy="make room")
    (alarm,) = loop.step(lost, 1.0).decisions
    assert alarm == Notice("recording_lost", "the disk is full: make room")
    reasons = [each.reason for each in loop.gate._conditions.objections(1.0, is_linked=True)]
    assert "recording" in reasons
    (good,) = loop.step(RecorderChanged(is_recording=True, detail="to a file"), 1.1).decisions
    assert good == Notice("recording", "to a file")
    loop.step(Tick(), 1.2)
    reasons = [each.reason for each in loop.gate._conditions.objections(1.2, is_linked=True)]
    assert "recording" not in reasons
