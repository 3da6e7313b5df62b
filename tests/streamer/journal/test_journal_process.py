"""What a journal keeps when its process is killed, and its error when the disk is full."""

import signal
from pathlib import Path

import pytest

from streamer.journal.reader import JournalReader
from streamer.journal.records import StepRecord, encode, encode_outcome
from tests.streamer.journal import journal_process
from tests.streamer.journal.journal_examples import EVENTS, outcome


def check_steps(path: Path) -> int:
    """Compare every step with what was written; return the number of records."""
    with JournalReader(path) as reader:
        _, *steps = reader.records()
        for number, record in enumerate(steps):
            assert isinstance(record.payload, StepRecord)
            assert record.now_s == number
            assert encode(record.payload.event) == encode(EVENTS[number % len(EVENTS)])
            assert bytes(record.payload.outcome) == encode_outcome(outcome(number))
        assert reader.end is None
        return reader.n_records


@pytest.mark.parametrize("n_lines", [1, 40])
def test_a_killed_process_loses_nothing_that_was_committed(tmp_path: Path, n_lines: int) -> None:
    path = tmp_path / "journal.sqlite"
    with journal_process.start(path, n_steps=7) as process:
        assert process.stdout is not None
        for _ in range(n_lines):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        told = [7 * n_lines + 1, *(int(line) for line in process.stdout if line.endswith("\n"))]
    assert process.returncode == -signal.SIGKILL
    # The process may be killed after the commit and before the word of it.
    assert check_steps(path) in {told[-1], told[-1] + 7}


def test_a_killed_process_loses_no_more_than_one_batch(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with journal_process.start(path, n_steps=10_000) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    assert check_steps(path) >= int(first)


def test_a_full_disk_fails_every_later_call_and_keeps_what_was_committed(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with journal_process.start(path, n_steps=5, n_bytes_max=200_000) as process:
        assert process.stdout is not None
        lines = process.stdout.read().splitlines()
    assert process.returncode == 0
    failures = [line for line in lines if not line.isdigit()]
    first = failures[0].removeprefix("first: ")
    assert first.startswith(str(path))
    assert [line.removeprefix("again: ") for line in failures[1:]] == [first] * 4
    n_committed = int(lines[len(lines) - len(failures) - 1])
    assert n_committed > 50
    assert check_steps(path) == n_committed


def test_a_disk_that_is_full_from_the_start_is_an_error_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with journal_process.start(path, n_steps=5, n_bytes_max=2000) as process:
        assert process.stdout is not None
        assert process.stdout.read().startswith(f"never: {path}: ")
    assert process.returncode == 0
