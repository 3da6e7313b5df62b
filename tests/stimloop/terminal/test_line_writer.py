"""Lines come in order, and a slow or closed reader never delays the writer."""

import io
import os

from stimloop.terminal.line_writer import LineWriter


def test_lines_come_in_order() -> None:
    file = io.StringIO()
    with LineWriter(file) as lines:
        for number in range(500):
            lines.write(f"line {number}")
    assert file.getvalue().splitlines() == [f"line {number}" for number in range(500)]


def test_a_reader_that_pauses_costs_lines_not_time_and_is_told_how_many() -> None:
    ours, theirs = os.pipe()
    with os.fdopen(theirs, "w") as file, os.fdopen(ours) as reader, LineWriter(file) as lines:
        # The pipe takes 64 KiB, the queue 1000 lines; then lines are dropped.
        for number in range(3000):
            lines.write(f"{number:099d}")
        first = [reader.readline() for _ in range(1000)]
        lines.write("after")
        assert [int(line) for line in first] == list(range(1000))
        rest = iter(reader.readline, "after\n")
        assert any("lines were dropped" in line for line in rest)


def test_a_reader_that_has_left_ends_the_writing_quietly() -> None:
    class Gone(io.StringIO):
        def flush(self) -> None:
            raise BrokenPipeError

    with LineWriter(Gone()) as lines:
        for number in range(5000):
            lines.write(f"line {number}")
