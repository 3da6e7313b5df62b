"""A session folder in a notebook: frames and arrays, of a session in any state."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stimloop.library.input_errors import InputError
from stimloop.library.session import session as open_session
from streamer.errors import JournalError
from tests.replay.rig import make_session
from tests.replay.verification import broken


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "session"
    make_session(folder)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "session"))


def _kill(folder: Path) -> None:
    """Leave the folder of a killed session: without end, summary and tables."""
    for name in ("summary.json", "estimates.parquet", "events.parquet"):
        (folder / name).unlink()
    with broken.opened(folder) as connection:
        connection.execute("DELETE FROM records WHERE kind = 'end'")
        connection.commit()
        connection.execute("PRAGMA journal_mode=WAL")


def test_frames_have_what_the_summary_counts(folder: Path) -> None:
    found = open_session(folder)
    assert found.summary is not None
    estimates, events = found.estimates, found.events
    beta = estimates.query("detector == 'beta'").pivot(
        index="time_s", columns="channel", values="value"
    )
    assert list(beta.columns) == ["STN_13"]
    assert len(beta) == found.summary["hops"]["beta"]["n"]
    assert beta.index.is_monotonic_increasing
    assert len(found.commands) == found.summary["commands"]["issued"] > 4
    assert found.commands.amount.max() == 2.0
    assert set(found.commands.device) == {"left"}
    assert (events.event == "ack").sum() == found.summary["commands"]["acked"]
    (gap,) = found.gaps.to_dict("records")
    assert (gap["stream"], gap["duration_s"], gap["sample"]) == ("LFP", 0.3, 1250)
    # The recording's clock is 7 s behind, and what is missing begins after sample 1249.
    assert abs(gap["time_s"] - (57.0 + 1250 / 250.0)) < 0.01
    assert found.about.utc_offset_us is None
    assert estimates.time_utc.isna().all()
    assert repr(found) == f"session({str(folder)!r}): end of data"


@pytest.mark.parametrize("table", ["estimates", "events", "commands", "gaps"])
def test_arrays_are_the_frames_without_pandas(
    folder: Path, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = open_session(folder)
    frame = getattr(found, table)
    monkeypatch.setitem(sys.modules, "pandas", None)
    without = open_session(folder)
    arrays = without.arrays(table)  # type: ignore[arg-type]
    assert list(arrays) == list(frame.columns)
    for name, values in arrays.items():
        assert len(values) == len(frame)
        if values.dtype.kind == "f":
            np.testing.assert_array_equal(values, frame[name].to_numpy())
    line = rf"expected pandas, which a table needs, found none: .*session\.arrays\('{table}'\)"
    with pytest.raises(InputError, match=line):
        getattr(without, table)


def test_a_killed_session_has_tables_up_to_its_newest_record(folder: Path) -> None:
    whole = open_session(folder)
    expected = whole.estimates, whole.commands
    _kill(folder)
    before = sorted(folder.iterdir())
    killed = open_session(folder)
    assert killed.summary is None
    assert repr(killed) == f"session({str(folder)!r}): unfinished"
    assert killed.estimates.equals(expected[0])
    assert killed.commands.equals(expected[1])
    of_sqlite = {"journal.sqlite-wal", "journal.sqlite-shm"}
    assert {path.name for path in set(folder.iterdir()) - set(before)} <= of_sqlite


def test_what_is_none_or_of_another_format_is_one_line(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"with journal\.sqlite in it, found no such folder$"):
        open_session(tmp_path / "nowhere")
    with pytest.raises(JournalError, match=r"with journal\.sqlite in it, found none there$"):
        open_session(tmp_path)
    table = pq.read_table(folder / "events.parquet")
    newer = {b"stimloop": table.schema.metadata[b"stimloop"].replace(b'"format":1', b'"format":9')}
    pq.write_table(table.replace_schema_metadata(newer), folder / "events.parquet")
    with pytest.raises(JournalError, match="expected a table of format 1, found format 9: make"):
        open_session(folder).events  # noqa: B018
    pq.write_table(pa.table({"a": [1]}), folder / "events.parquet")
    with pytest.raises(JournalError, match="expected a table that stimloop wrote"):
        open_session(folder).events  # noqa: B018
    (folder / "events.parquet").write_bytes(b"PAR1 cut")
    with pytest.raises(JournalError, match="expected a table that stimloop wrote"):
        open_session(folder).events  # noqa: B018
    with pytest.raises(InputError, match="table: expected estimates, events, commands or gaps"):
        open_session(folder).arrays("bursts")  # type: ignore[arg-type]


def test_what_happened_and_why_is_there_too(made: Path) -> None:
    found = open_session(made)
    states = found.journal("state")
    assert [each.what for each in states][:2] == ["armed", "active"]
    assert {each.kind for each in found.journal()} >= {"header", "command", "ack", "end"}
    assert found.therapy["left"]["mean_amount"] > 0.0
    told = found.explain(int(found.commands.seq[0]))
    assert told.why[0] == "policy adbs wanted 2 mA, and the gate allowed a command"
    assert str(told).startswith("+")
    assert told.to_dict()["command"]["seq"] == 1
    assert repr(told) == "explained('left', command 1)"
    assert told.plot().axes
    (nothing,) = found.explain_at("+0.5")
    assert repr(nothing) == "explained('left', nothing sent)"
    with pytest.raises(ValueError, match="kind: expected one of header, "):
        found.journal("states")
