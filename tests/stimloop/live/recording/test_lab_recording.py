"""The real recorder beside a real session: what it writes, and how its end is told."""

import json
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pylsl
import pytest
import pyxdf

from replay.verification.verify import verify
from stimloop.recorder_config import RecordingConfig
from streamer.events import Event, PastKnown, RecorderChanged, Tick
from streamer.journal.reader import JournalReader
from streamer.journal.records import StepRecord
from tests.stimloop.live.recording.recorded_session import Watched, run_recorded

pytestmark = [
    pytest.mark.lsl,
    pytest.mark.skipif(sys.platform != "linux", reason="signals and limits of Linux"),
]

_RECORD = RecordingConfig(record=True, free_mb_min=0.0)


def _lab_recorder(watched: Watched) -> psutil.Process:
    """Return the process of LabRecorder itself, the child of ours."""
    assert watched.recording.recorder is not None
    (found,) = psutil.Process(watched.recording.recorder.pid).children()
    return found


def _spoiling(spoil: Callable[[Watched], None]) -> Callable[[Event, Watched], bool]:
    """Return what spoils the recorder after a second of samples, and ends once that is told."""
    spoilt: list[bool] = []

    def ends(event: Event, watched: Watched) -> bool:
        if isinstance(event, RecorderChanged) and spoilt:
            return True
        if not spoilt and watched.n_samples >= 250:
            spoilt.append(True)
            spoil(watched)
        return False

    return ends


def _lost(watched: Watched) -> RecorderChanged:
    first, *others = watched.told
    assert first.is_recording
    (lost,) = others
    assert not lost.is_recording
    assert lost.remedy
    return lost


@pytest.mark.slow
def test_a_recording_is_equal_to_the_journal_in_every_stream(tmp_path: Path) -> None:
    folder = tmp_path / "session"
    ended, watched = run_recorded(
        folder, _RECORD, lambda _event, seen: seen.n_samples >= 750, name="recorded"
    )
    assert ended.fault is None
    summary = json.loads((folder / "summary.json").read_text("utf-8"))
    recording = summary["recording"]
    assert recording["is_equal"], recording["text"]
    assert recording["interruptions"] == []
    counted = {each["stream"]: each["n_equal"] for each in recording["streams"]}
    assert list(counted) == ["LFP", "beta", "burst", "events", "stn"]
    assert min(counted.values()) > 0
    assert counted["LFP"] == summary["samples"]
    assert watched.told == [
        RecorderChanged(is_recording=True, detail=f"to {folder / 'recording.xdf'}")
    ]
    with JournalReader(folder / "journal.sqlite") as reader:
        steps = (each.payload for each in reader.records())
        events = [each.event for each in steps if isinstance(each, StepRecord)]
    assert isinstance(events[0], PastKnown)
    told = next(k for k, each in enumerate(events) if isinstance(each, RecorderChanged))
    assert told < next(k for k, each in enumerate(events) if isinstance(each, Tick))
    streams, _ = pyxdf.load_xdf(folder / "recording.xdf", dejitter_timestamps=False)
    names = {each["info"]["name"][0] for each in streams}
    assert names == {"recorded", "test-beta", "test-burst", "test-events", "test-stn"}
    verdict = verify(folder)
    assert verdict.passes
    assert verdict.recording is not None
    assert verdict.recording.is_equal


@pytest.mark.slow
@pytest.mark.parametrize("how", ["killed", "full"])
def test_a_recorder_that_dies_is_told_and_the_session_goes_on(tmp_path: Path, how: str) -> None:
    def spoil(watched: Watched) -> None:
        process = _lab_recorder(watched)
        if how == "killed":
            process.send_signal(signal.SIGKILL)
        else:
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (9000, 9000))

    folder = tmp_path / "session"
    ended, watched = run_recorded(folder, _RECORD, _spoiling(spoil), name=how, speed=10.0)
    lost = _lost(watched)
    assert "the recorder does not run" in lost.detail
    assert "LabRecorder ended by itself" in lost.detail
    assert ended.fault is None
    assert ended.summary["ended"] == "enough"
    recording = ended.summary["recording"]
    assert not recording["is_equal"]
    assert recording["interruptions"] == [lost.detail]
    assert not verify(folder).passes


@pytest.mark.slow
def test_a_file_that_does_not_grow_is_told(tmp_path: Path) -> None:
    stopped: list[psutil.Process] = []

    def spoil(watched: Watched) -> None:
        stopped.append(_lab_recorder(watched))
        stopped[0].suspend()

    ends = _spoiling(spoil)

    def ends_and_resumes(event: Event, watched: Watched) -> bool:
        is_over = ends(event, watched)
        if is_over:
            stopped[0].resume()
        return is_over

    _, watched = run_recorded(
        tmp_path / "session", _RECORD, ends_and_resumes, name="stopped", speed=20.0
    )
    assert "has not grown" in _lost(watched).detail


def test_own_streams_are_sent_without_a_recorder_where_that_is_wanted(tmp_path: Path) -> None:
    found: list[str] = []

    def ends(_event: Event, watched: Watched) -> bool:
        if not found and watched.n_samples:
            query = "starts-with(source_id,'stimloop/test/')"
            found.extend(each.source_id() for each in pylsl.resolve_bypred(query, 4, timeout=10.0))
        return bool(found)

    ended, watched = run_recorded(
        tmp_path / "session", RecordingConfig(), ends, name="sent", publishes=True
    )
    assert {each.removeprefix("stimloop/test/") for each in found} == {
        "detector/beta",
        "detector/burst",
        "events",
        "device/stn",
    }
    assert watched.told == []
    assert "recording" not in ended.summary
    assert not (tmp_path / "session" / "recording.xdf").exists()


def test_a_file_that_is_there_is_not_replaced_and_the_session_runs_unrecorded(
    tmp_path: Path,
) -> None:
    there = tmp_path / "there.xdf"
    there.write_bytes(b"of another session")
    table = RecordingConfig(record=True, file=str(there), free_mb_min=0.0)
    ended, watched = run_recorded(
        tmp_path / "session", table, lambda _event, seen: bool(seen.told), name="there"
    )
    (told,) = watched.told
    assert not told.is_recording
    assert "already exists" in told.detail
    assert there.read_bytes() == b"of another session"
    assert not ended.summary["recording"]["is_equal"]
    assert ended.fault is None
