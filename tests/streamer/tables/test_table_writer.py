"""Tables beside the loop: a failing, hanging or full disk is reported once, and delays nothing."""

import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from detectors.estimates import Estimates, Seen
from stimloop.terminal.found_text import warnings
from streamer.closed_loop import ClosedLoop, Outcome
from streamer.events import Fault, Tick
from streamer.journal.provenance import header
from streamer.journal.records import Header
from streamer.tables.table_file import TableFile
from streamer.tables.writer import TableWriter
from tests.replay.rig import make_session, rig, short_recording

_INFOS = tuple(each.info for each in short_recording(1.0).streams)
_NAMES = ["estimates.parquet", "events.parquet"]


@pytest.fixture(scope="module")
def loop() -> ClosedLoop:
    return ClosedLoop(rig(), _INFOS, "s")


@pytest.fixture(scope="module")
def first() -> Header:
    return header(rig(), _INFOS, session="s", config_toml=b"")


def _outcome(n_hops: int) -> Outcome:
    ones = np.ones((n_hops, 1))
    sample = np.arange(n_hops)
    taint = np.zeros(n_hops, np.uint16)
    return Outcome(seen=(Seen(Estimates("beta", sample, sample / 50.0, ones, ones > 0, taint)),))


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_all_that_was_handed_over_is_in_the_tables_at_the_end(
    tmp_path: Path, loop: ClosedLoop, first: Header
) -> None:
    with TableWriter(tmp_path, loop, first) as writer:
        for number in range(100):
            writer.watch(Tick(), number / 10.0, _outcome(7))
        assert _names(tmp_path) == [f".{name}.part" for name in _NAMES]
        assert writer.end(100) is None
    assert _names(tmp_path) == _NAMES
    table = pq.read_table(tmp_path / _NAMES[0])
    assert table.num_rows == 700
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Make a disk on which writes hang until the event is set."""
    answers = threading.Event()
    write = TableFile.write

    def hang(file: TableFile, group: pa.Table) -> None:
        answers.wait()
        write(file, group)

    monkeypatch.setattr(TableFile, "write", hang)
    yield answers
    answers.set()


def test_a_disk_that_hangs_costs_bounded_memory_and_then_the_tables(
    tmp_path: Path, loop: ClosedLoop, first: Header, stuck: threading.Event
) -> None:
    outcome = _outcome(70_000)  # more than a row group: the thread is soon stuck
    with TableWriter(tmp_path, loop, first, n_values_max=1_000_000) as writer:
        references = sys.getrefcount(outcome)
        for _ in range(100):
            writer.watch(Tick(), 0.0, outcome)
        assert writer.problem is not None
        assert "the disk was too slow" in writer.problem
        n_kept = sys.getrefcount(outcome) - references
        assert n_kept * 70_000 < 1_000_000 + 2 * 70_000
        stuck.set()
        assert writer.end(100) == writer.problem
    assert _names(tmp_path) == []
    assert sys.getrefcount(outcome) == references


def test_the_loop_of_a_recording_waits_for_a_slow_disk(
    tmp_path: Path, loop: ClosedLoop, first: Header, stuck: threading.Event
) -> None:
    outcome = _outcome(70_000)
    with TableWriter(tmp_path, loop, first, waits=True, n_values_max=200_000) as writer:

        def feed() -> None:
            for _ in range(20):
                writer.watch(Tick(), 0.0, outcome)

        feeding = threading.Thread(target=feed)
        feeding.start()
        feeding.join(0.2)
        assert feeding.is_alive()
        stuck.set()
        feeding.join()
        assert writer.end(20) is None
    assert pq.read_metadata(tmp_path / _NAMES[0]).num_rows == 20 * 70_000


def test_a_disk_that_never_answers_does_not_hold_the_end_up_for_long(
    tmp_path: Path,
    loop: ClosedLoop,
    first: Header,
    stuck: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("streamer.tables.writer._END_S_MAX", 0.05)
    assert not stuck.is_set()
    with TableWriter(tmp_path, loop, first) as writer:
        writer.watch(Tick(), 0.0, _outcome(3))
        assert writer.end(1) == "the disk did not answer within 0.05 s"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a disk that is always full")
def test_a_full_disk_ends_the_tables_and_not_the_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = pa.OSFile
    monkeypatch.setattr(pa, "OSFile", lambda _path, mode: real("/dev/full", mode))
    out = tmp_path / "session"
    summary = make_session(out, short_recording(2.0))
    assert summary["ended"] == "end of data"
    assert _names(out) == ["config.toml", "journal.sqlite", "summary.json"]
    tables = json.loads((out / "summary.json").read_text("utf-8"))["tables"]
    assert not tables["written"]
    assert "No space left on device" in tables["problem"]
    (told,) = [line for line in warnings(summary) if "tables" in line]
    assert "No space left on device: the journal has everything, stimloop export" in told


def test_a_folder_that_is_gone_is_a_problem_and_no_error(
    tmp_path: Path, loop: ClosedLoop, first: Header
) -> None:
    with TableWriter(tmp_path / "gone", loop, first) as writer:
        writer.watch(Fault("x"), 0.0, Outcome())
        assert writer.end(1) == "No such file or directory"


def test_a_step_that_was_not_handed_over_ends_the_tables(
    tmp_path: Path, loop: ClosedLoop, first: Header
) -> None:
    with TableWriter(tmp_path, loop, first) as writer:
        writer.watch(Tick(), 0.0, _outcome(3))
        assert writer.end(2) == "expected 2 steps, found 1: one failed half way"
    assert _names(tmp_path) == []


def test_without_an_end_there_are_no_tables(
    tmp_path: Path, loop: ClosedLoop, first: Header
) -> None:
    with TableWriter(tmp_path, loop, first) as writer:
        writer.watch(Tick(), 0.0, _outcome(3))
    assert _names(tmp_path) == []


def test_without_pyarrow_a_session_has_no_tables_and_says_so(
    tmp_path: Path, loop: ClosedLoop, first: Header, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "streamer.tables.session_tables", None)
    with TableWriter(tmp_path, loop, first) as writer:
        writer.watch(Tick(), 0.0, _outcome(3))
        problem = writer.end(1)
    assert problem is not None
    assert "streamer.tables.session_tables" in problem
