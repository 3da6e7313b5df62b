"""A recording through the loop: a folder as of a live session, equal detections in any chunks."""

import json
import signal
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from replay import readers
from replay.recording_source import Chunking
from replay.verification.verify import verify
from stimulators.decisions import Send, StateChanged
from stimulators.wire.messages import Command
from stimulators.wire.received import AckHeard
from streamer.config import LoopConfig
from streamer.errors import JournalError, StreamNotFoundError
from streamer.journal.reader import JournalReader
from streamer.journal.records import StepRecord
from streamer.streams import Match
from tests.replay.recordings import recording, whole
from tests.replay.recordings import signal as signal_of
from tests.replay.rig import CONFIG_TOML, make_session, rig, short_recording

_REAL = """
[rig]
name = "real"

[[streams]]
name = "LFP"
kind = "lfp"
match = { name = "STN_ECOG" }

[[streams]]
name = "Force"
kind = "other"
match = { name = "Force" }

[[streams]]
name = "Events"
kind = "markers"
match = { name = "Events" }

[[detectors]]
id = "beta"
kind = "band_power"
stream = "LFP"
channels = ["LFP_RIGHT_0", "ECOG_RIGHT_0"]
band_hz = [13.0, 30.0]
hop_s = 0.005

[[detectors]]
id = "burst"
kind = "burst"
of = "beta"
threshold = { percentile = 75.0, calibrate_s = 5.0 }

[[detectors]]
id = "force"
kind = "band_power"
stream = "Force"
band_hz = [2.0, 20.0]
"""


def _decided(folder: Path) -> list[dict[str, Any]]:
    with JournalReader(folder / "journal.sqlite") as reader:
        return [
            decision
            for record in reader.records()
            if isinstance(record.payload, StepRecord)
            for decision in msgspec.msgpack.decode(bytes(record.payload.outcome)).get(
                "decisions", ()
            )
        ]


def test_where_nothing_is_driven_no_tick_changes_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data_dir: Path
) -> None:
    loaded = readers.open(data_dir / "xdf-derived" / "stn_ecog_3streams_drift_reset_gap.xdf")
    config = msgspec.toml.decode(_REAL.encode(), type=LoopConfig)
    digests, records = [], []
    for tick_s in (config.rig.tick_s, 10.0, 1000.0):
        monkeypatch.setattr("replay.session._IDLE_TICK_S", tick_s)
        out = tmp_path / f"{tick_s:g}"
        summary = make_session(out, loaded, config, config_toml=_REAL.encode())
        digests.append(summary["digest"])
        records.append(summary["journal"]["records"])
        assert summary["found"]
        assert summary["estimates"]
    assert digests[0] == digests[1] == digests[2]
    assert records[0] > records[1] > records[2]


def test_hours_without_samples_are_a_few_ticks(tmp_path: Path) -> None:
    stamps_s = np.arange(2000) / 250.0
    stamps_s[1000:] += 3500.0
    band = msgspec.structs.replace(rig().detectors[0], channels=())
    stream = msgspec.structs.replace(rig().streams[0], montage=())
    config = rig(streams=(stream,), detectors=(band,), policies=(), devices=())
    made = recording(signal_of(stamps_s, rate_hz=250.0))
    summary = make_session(tmp_path / "session", made, config)
    assert summary["samples"] == 2000
    assert summary["journal"]["records"] < 2000


@pytest.mark.parametrize("n_interrupts", [1, 5])
@pytest.mark.parametrize("after_samples", [0, 300])
def test_a_replay_that_is_interrupted_has_its_end_record_and_summary(
    tmp_path: Path, after_samples: int, n_interrupts: int
) -> None:
    def press(done: int, _total: int) -> None:
        if done >= after_samples and not pressed:
            pressed.extend([done] * n_interrupts)
            for _ in range(n_interrupts):
                signal.raise_signal(signal.SIGINT)

    pressed: list[int] = []
    summary = make_session(tmp_path / "session", progress=press)
    assert summary["ended"] == "stopped"
    assert 0 < summary["samples"] < 1500
    assert verify(tmp_path / "session").passes
    assert (tmp_path / "session" / "summary.json").exists()


def test_the_folder_is_that_of_a_session(tmp_path: Path) -> None:
    summary = make_session(tmp_path / "session")
    assert sorted(path.name for path in (tmp_path / "session").iterdir()) == [
        "config.toml",
        "estimates.parquet",
        "events.parquet",
        "journal.sqlite",
        "summary.json",
    ]
    assert (tmp_path / "session" / "config.toml").read_bytes() == CONFIG_TOML
    written = json.loads((tmp_path / "session" / "summary.json").read_text(encoding="utf-8"))
    beside = {"folder": str(tmp_path / "session"), "unused_streams": []}
    assert {**beside, **written} == summary
    assert summary["ended"] == "end of data"
    assert (summary["samples"], summary["gaps"]) == (1500, 1)
    assert summary["estimates"] > 400
    assert summary["detections"]["burst"] >= 2
    assert summary["edges"]["burst"]["offset"] >= 2
    assert set(summary["digest"]) == {"estimates", "detections", "targets", "decisions"}
    assert summary["real_time_factor"] > 1.0
    assert summary["versions"]["numba"]
    assert "latency_ms" not in summary  # in virtual time nothing takes any


def test_the_loop_closes_on_a_simulated_twin_of_a_real_device(tmp_path: Path) -> None:
    warned: list[str] = []
    summary = make_session(tmp_path / "session", warn=warned.append)
    assert len([each for each in warned if "harmonic" not in each]) == 1
    assert "devices left: simulated, with the same limits" in warned[0]
    assert summary["commands"]["issued"] == summary["commands"]["acked"] > 4
    decided = _decided(tmp_path / "session")
    states = [each["after"] for each in decided if each["type"] == StateChanged.__name__]
    assert states[:2] == ["armed", "active"]
    assert states[-1] == "idle"
    amplitudes = [
        each["message"]["amplitude_ma"]
        for each in decided
        if each["type"] == Send.__name__ and "amplitude_ma" in each["message"]
    ]
    assert max(amplitudes) == 2.0
    assert amplitudes[-1] == 0.0


def test_the_same_of_everything_gives_the_same_journal(tmp_path: Path) -> None:
    first, second = (make_session(tmp_path / name) for name in ("a", "b"))
    assert first["journal"] == second["journal"]
    assert first["digest"] == second["digest"]


@pytest.mark.parametrize(
    "chunking",
    [
        Chunking(n_samples_max=1),
        Chunking(n_samples_max=7),
        Chunking(n_samples_max=100_000),
        Chunking(n_samples_max=30, seed=1),
        Chunking(n_samples_max=400, seed=2),
    ],
    ids=str,
)
def test_what_is_detected_does_not_depend_on_the_chunks(tmp_path: Path, chunking: Chunking) -> None:
    usual = make_session(tmp_path / "usual")
    other = make_session(tmp_path / "other", chunking=chunking)
    for what in ("estimates", "detections"):
        assert other["digest"][what] == usual["digest"][what]
        assert other[what] == usual[what]
    assert other["quality"] == usual["quality"]
    assert verify(tmp_path / "other").holds


def test_the_real_recording_is_seen_the_same_in_any_chunks(data_dir: Path, tmp_path: Path) -> None:
    made = readers.open(data_dir / "xdf-derived" / "stn_ecog_3streams_drift_reset_gap.xdf")
    config = msgspec.toml.decode(_REAL, type=LoopConfig)
    found = []
    chunkings = [
        Chunking(),
        Chunking(n_samples_max=1),
        Chunking(n_samples_max=1_000_000),
        Chunking(n_samples_max=64, seed=1),
        Chunking(n_samples_max=3000, seed=2),
    ]
    for index, chunking in enumerate(chunkings):
        summary = make_session(
            tmp_path / str(index), made, config, config_toml=_REAL.encode(), chunking=chunking
        )
        assert verify(tmp_path / str(index)).holds
        digest = summary["digest"]
        found.append((digest["estimates"], digest["detections"], summary["detections"]))
    assert found == [found[0]] * len(found)
    assert summary["gaps"] == 1
    assert summary["quality"]["clock_resets"] == 1
    assert summary["detections"]["burst"] > 10


def test_progress_is_told_up_to_the_last_sample(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    make_session(tmp_path / "session", progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (1500, 1500)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_a_session_never_overwrites_another(tmp_path: Path) -> None:
    make_session(tmp_path)
    before = (tmp_path / "journal.sqlite").read_bytes()
    with pytest.raises(JournalError, match="expected an empty or new folder, found"):
        make_session(tmp_path)
    assert (tmp_path / "journal.sqlite").read_bytes() == before


@pytest.mark.parametrize(
    ("config", "kind", "problem"),
    [
        (
            rig(streams=(msgspec.structs.replace(rig().streams[0], match=Match(name="EEG")),)),
            StreamNotFoundError,
            "stream LFP: expected one stream with name = 'EEG', found none",
        ),
        (
            rig(detectors=(msgspec.structs.replace(rig().detectors[0], channels=("GPi",)),)),
            ValueError,
            r"detectors\[0\]\.channels\[0\]: expected one of .*, found .GPi.",
        ),
    ],
)
def test_a_rig_that_does_not_fit_leaves_no_folder_behind(
    tmp_path: Path, config: LoopConfig, kind: type[Exception], problem: str
) -> None:
    out = tmp_path / "session"
    with pytest.raises(kind, match=problem):
        make_session(out, config=config)
    assert not out.exists()


def test_a_fault_in_the_middle_completes_the_folder_and_is_raised(tmp_path: Path) -> None:
    def stumble(n_done: int, _: int) -> None:
        if n_done > 700:
            raise RuntimeError("stumbled")

    out = tmp_path / "session"
    with pytest.raises(RuntimeError, match="stumbled"):
        make_session(out, progress=stumble)
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert summary["ended"] == "fault: stumbled"
    assert verify(out).holds


def test_a_recording_of_nothing_ends_at_once(tmp_path: Path) -> None:
    config = rig(streams=rig().streams[:1], policies=(), devices=())
    empty = recording(
        signal_of(
            [], channels=("STN_1", "STN_3"), samples=whole(short_recording().streams[0]).samples[:0]
        )
    )
    summary = make_session(tmp_path / "session", empty, config)
    assert (summary["samples"], summary["estimates"]) == (0, 0)
    assert verify(tmp_path / "session").holds


def test_every_command_is_answered_after_the_same_time(tmp_path: Path) -> None:
    make_session(tmp_path / "session")
    sent_us: dict[int, int] = {}
    with JournalReader(tmp_path / "session" / "journal.sqlite") as reader:
        for record in reader.records():
            if not isinstance(record.payload, StepRecord):
                continue
            event = record.payload.event
            if isinstance(event, AckHeard):
                assert event.message.seq is not None
                taken_s = record.now_s - sent_us.pop(event.message.seq) / 1e6
                assert taken_s == pytest.approx(0.002, abs=2e-6)
            outcome = msgspec.msgpack.decode(bytes(record.payload.outcome))
            for decision in outcome.get("decisions", ()):
                message = decision.get("message", {})
                if decision["type"] == Send.__name__ and "seq" in message:
                    command = msgspec.convert(message, Command)
                    sent_us[command.seq] = command.issued_us
    assert sent_us == {}
