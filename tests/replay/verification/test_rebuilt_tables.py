"""Tables rebuilt from the journal equal, byte for byte, those written during the session."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pyarrow.parquet as pq
import pytest

from replay import readers
from replay.recording_source import Chunking
from replay.session import replay_session
from replay.verification.rebuilt_tables import rebuild_tables
from stimloop.config import load
from streamer.closed_loop import ClosedLoop
from streamer.config import LoopConfig
from streamer.errors import JournalError
from streamer.journal.reader import JournalReader
from streamer.journal.records import StepRecord
from tests.replay.rig import make_session
from tests.replay.verification import broken

_NAMES = ("estimates.parquet", "events.parquet")
_ROOT = Path(__file__).parents[3]
_KILLED = """
import os, signal, sys
from pathlib import Path
from tests.replay.rig import make_session
def kill(n_done, _):
    if n_done > 1000:
        os.kill(os.getpid(), signal.SIGKILL)
make_session(Path(sys.argv[1]), progress=kill)
"""


def _bytes(folder: Path) -> list[bytes]:
    return [(folder / name).read_bytes() for name in _NAMES]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "session"
    make_session(folder)
    return folder


@pytest.fixture
def session(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "session"))


@pytest.mark.parametrize(
    "chunking", [Chunking(n_samples_max=1), Chunking(n_samples_max=100, seed=3)]
)
def test_they_are_the_same_bytes(tmp_path: Path, chunking: Chunking) -> None:
    make_session(tmp_path / "session", chunking=chunking)
    (tmp_path / "again").mkdir()
    rebuilt = rebuild_tables(tmp_path / "session", tmp_path / "again")
    assert _bytes(tmp_path / "session") == _bytes(tmp_path / "again")
    assert (rebuilt.has_ended, rebuilt.difference) == (True, None)
    assert rebuilt.n_estimates == pq.read_metadata(tmp_path / "again" / _NAMES[0]).num_rows > 1000
    assert rebuilt.n_events == pq.read_metadata(tmp_path / "again" / _NAMES[1]).num_rows > 40


def test_of_every_detector_on_a_real_recording_too(tmp_path: Path, data_dir: Path) -> None:
    file = _ROOT / "docs" / "examples" / "every-detector.toml"
    recording = readers.open(data_dir / "xdf-derived" / "stn_ecog_3streams_drift_reset_gap.xdf")
    out = tmp_path / "session"
    summary = replay_session(recording, load(file).loop, config_toml=file.read_bytes(), out=out)
    (tmp_path / "again").mkdir()
    rebuild_tables(out, tmp_path / "again")
    assert _bytes(out) == _bytes(tmp_path / "again")
    hops = pq.read_table(out / _NAMES[0], columns=["detector", "sample"]).to_pandas()
    found = hops.groupby("detector", observed=True)["sample"].nunique()
    for detector, counts in summary["hops"].items():
        assert found.get(detector, 0) == counts["n"], detector
    events = pq.read_table(out / _NAMES[1]).to_pandas()
    assert (events.event == "gap").sum() == summary["gaps"] == 1
    assert (events.event == "detection").sum() == sum(
        sum(each.values()) for each in summary["edges"].values()
    )


def test_estimates_are_those_of_the_loop(session: Path) -> None:
    """Compare with the loop itself, which knows nothing of tables."""
    with JournalReader(session / "journal.sqlite") as reader:
        config = msgspec.json.decode(reader.header.config_json, type=LoopConfig)
        loop = ClosedLoop(config, reader.header.infos, reader.header.session)
        seen = [
            each.estimates
            for record in reader.records()
            if isinstance(record.payload, StepRecord)
            for each in loop.step(record.payload.event, record.now_s).seen
        ]
    table = pq.read_table(session / _NAMES[0]).to_pandas()
    for name, detector in loop.chain.detectors.items():
        parts = [each for each in seen if each.detector == name]
        values = np.concatenate([each.values for each in parts])
        valid = np.concatenate([each.valid for each in parts])
        for column, output in enumerate(detector.outputs):
            rows = table[
                (table.detector == name)
                & (table.channel == output.channel)
                & (table.measure == output.measure)
            ]
            expected = np.where(valid[:, column], values[:, column], np.nan)
            np.testing.assert_array_equal(rows.value, expected)
            assert set(rows.unit) == {output.unit}


def test_a_killed_session_leaves_none_and_they_are_made_up_to_its_newest_record(
    tmp_path: Path,
) -> None:
    out = tmp_path / "session"
    child = subprocess.run(
        [sys.executable, "-c", _KILLED, str(out)],
        cwd=_ROOT,
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
        check=False,
    )
    assert child.returncode == -signal.SIGKILL
    assert not any((out / name).exists() for name in _NAMES)
    rebuilt = rebuild_tables(out, out)
    assert not rebuilt.has_ended
    assert rebuilt.difference is None
    killed, whole = pq.read_table(out / _NAMES[0]), tmp_path / "whole"
    make_session(whole)
    expected = pq.read_table(whole / _NAMES[0]).to_pandas()
    found = killed.to_pandas()
    assert 500 < len(found) < len(expected)
    for detector in ("beta", "burst"):
        ours = found[found.detector == detector]
        for measure in set(ours.measure):
            values = ours[ours.measure == measure]["value"].to_numpy()
            theirs = expected[(expected.detector == detector) & (expected.measure == measure)]
            np.testing.assert_array_equal(values, theirs["value"].to_numpy()[: len(values)])


def test_a_damaged_journal_makes_no_table(session: Path) -> None:
    for name in _NAMES:
        (session / name).unlink()
    with broken.opened(session) as connection:
        connection.execute("UPDATE records SET now_s = now_s + 1 WHERE number = 20")
        connection.commit()
    with pytest.raises(JournalError, match="record 20: the chain is broken"):
        rebuild_tables(session, session)
    assert sorted(path.name for path in session.iterdir()) == [
        "config.toml",
        "journal.sqlite",
        "summary.json",
    ]


def test_a_step_that_comes_out_otherwise_is_named(
    session: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = ClosedLoop.step

    def spoilt(loop: ClosedLoop, event: object, now_s: float) -> object:
        outcome = step(loop, event, now_s)  # type: ignore[arg-type]
        for seen in outcome.seen:
            seen.estimates.values[:] *= 1.0 + 1e-12
        return outcome

    monkeypatch.setattr(ClosedLoop, "step", spoilt)
    (tmp_path / "again").mkdir()
    rebuilt = rebuild_tables(session, tmp_path / "again")
    assert rebuilt.difference is not None
    assert "(Chunk) comes out otherwise here" in rebuilt.difference
    assert (tmp_path / "again" / _NAMES[0]).exists()
