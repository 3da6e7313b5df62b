"""Our own sessions as recordings: the same samples, and the same session once more."""

import json
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from replay import readers
from replay.recording import RecordingError
from tests.replay.recordings import whole
from tests.replay.rig import make_session, short_recording


def write_example(path: Path) -> None:
    """Write the journal of a session of a signal with a gap, and of markers."""
    make_session(path.parent / "session", short_recording())
    shutil.copy(path.parent / "session" / "journal.sqlite", path)


def test_a_session_has_the_samples_that_it_was_given(tmp_path: Path) -> None:
    made = short_recording()
    make_session(tmp_path / "session", made)
    found = readers.open(tmp_path / "session")
    assert found.warnings == ()
    for given, kept in zip(made.streams, found.streams, strict=True):
        assert kept.info.lsl_name == given.info.lsl_name
        assert (kept.info.channels, kept.info.units) == (given.info.channels, given.info.units)
        assert whole(kept).content == whole(given).content
        assert whole(kept).timestamps_s.tobytes() == whole(given).timestamps_s.tobytes()
    assert found.streams[0].clock.offsets_s.size > 1


def test_a_session_once_more_sees_and_decides_the_same(tmp_path: Path) -> None:
    make_session(tmp_path / "first", short_recording())
    make_session(tmp_path / "second", readers.open(tmp_path / "first"))
    digests = [
        json.loads((tmp_path / name / "summary.json").read_text("utf-8"))["digest"]
        for name in ("first", "second")
    ]
    assert digests[0] == digests[1]


def test_a_session_that_did_not_end_is_read_up_to_there(tmp_path: Path) -> None:
    make_session(tmp_path / "session", short_recording())
    journal = tmp_path / "session" / "journal.sqlite"
    with sqlite3.connect(journal) as connection:
        (n_records,) = connection.execute("SELECT count(*) FROM records").fetchone()
        connection.execute("DELETE FROM records WHERE number > ?", (n_records // 2,))
    connection.close()
    found = readers.open(tmp_path / "session")
    (told,) = found.warnings
    assert told.startswith(f"read up to record {n_records // 2}: ")
    expected = short_recording().streams[0]
    kept = whole(found.streams[0])
    n_kept = len(kept.timestamps_s)
    assert 0 < n_kept < expected.n_samples
    np.testing.assert_array_equal(kept.samples, expected.read(0, n_kept).samples)


def test_a_folder_without_its_journal_and_one_without_samples_are_one_line(tmp_path: Path) -> None:
    make_session(tmp_path / "session", short_recording())
    (tmp_path / "session" / "journal.sqlite").rename(tmp_path / "moved")
    with pytest.raises(
        RecordingError, match=r"with its samples, which are in journal\.sqlite, found none"
    ):
        readers.open(tmp_path / "session")
    (tmp_path / "session" / "journal.sqlite").write_bytes(b"other")
    with pytest.raises(RecordingError, match=r"expected a session that can be read: .*SQLite"):
        readers.open(tmp_path / "session")


def test_a_journal_without_samples_is_one_line(tmp_path: Path) -> None:
    make_session(tmp_path / "session", short_recording())
    journal = tmp_path / "session" / "journal.sqlite"
    with sqlite3.connect(journal) as connection:
        connection.execute("DELETE FROM records WHERE number > 0")
    connection.close()
    with pytest.raises(RecordingError, match="kept its samples, found no sample of LFP"):
        readers.open(tmp_path / "session")
