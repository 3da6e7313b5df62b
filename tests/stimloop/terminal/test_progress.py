"""Without a screen, progress is a line now and then, and none for a quick task."""

import pytest

from stimloop.terminal.progress import progress_of_named
from streamer import clock


def test_what_is_over_soon_is_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_of_named("trying faults") as advance:
        for row in range(100):
            advance(row, 100, "no power")
    assert capsys.readouterr().err == ""


def test_what_takes_longer_is_a_line_with_how_far_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    times_s = iter([0.0, 5.0, 10.0, 10.0, 11.0, 25.0, 25.0])
    monkeypatch.setattr(clock, "now_s", lambda: next(times_s))
    with progress_of_named("compiling") as advance:
        advance(1, None, "band_power")
        advance(2, None, "coher\x1bence")
        advance(3, 9, "late")
        advance(4, 9, "")
    assert capsys.readouterr().err.splitlines() == [
        "stimloop: compiling coher\\x1bence: 2",
        "stimloop: compiling: 4 of 9",
    ]


def test_where_a_machine_reads_the_result_there_is_none(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now_s", iter([0.0, 100.0, 200.0]).__next__)
    with progress_of_named("replaying", is_shown=False) as advance:
        advance(4, 9, "")
    assert capsys.readouterr().err == ""
