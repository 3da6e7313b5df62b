"""When a recording counts as written, and what is said of one that is not."""

import pytest

from stimloop.live.recording.recorder_watch import RecorderWatch

_FREE = 10**9
_RATE_BYTES = 40_000


def _watch() -> RecorderWatch:
    return RecorderWatch(2e8, began_s=100.0)


def _faults(watch: RecorderWatch, sizes: dict[float, int], *, until_s: float) -> dict[float, str]:
    """Return the fault at each half second, where the file has `sizes` from given times on."""
    found: dict[float, str] = {}
    for half in range(round(2 * until_s) + 1):
        passed_s = half / 2
        n_due = round(passed_s * _RATE_BYTES)
        size = [each for since_s, each in sizes.items() if since_s <= passed_s][-1]
        size = round(passed_s * _RATE_BYTES) if size < 0 else size
        now_s = 100.0 + passed_s
        watch.hear(size, _FREE, n_due_bytes=n_due, now_s=now_s)
        problem = watch.problem(n_due, now_s)
        found[passed_s] = "" if problem is None else problem.fault
    return found


def test_a_file_that_grows_is_written() -> None:
    assert set(_faults(_watch(), {0.0: -1}, until_s=10.0).values()) == {""}


def test_a_file_that_does_not_grow_is_told_within_four_seconds_and_again_good_once_it_does() -> (
    None
):
    found = _faults(_watch(), {0.0: -1, 5.0: 200_000, 12.0: -1}, until_s=14.0)
    assert found[8.0] == ""
    assert found[8.5] == found[11.5] == "growth"
    assert found[12.0] == found[14.0] == ""


def test_where_little_is_due_a_file_need_not_grow() -> None:
    watch = _watch()
    for second in range(100):
        watch.hear(0, _FREE, n_due_bytes=200 * second, now_s=100.0 + second)
        assert watch.problem(200 * second, 100.0 + second) is None


def test_a_recorder_that_says_nothing_is_told() -> None:
    watch = _watch()
    watch.hear(10, _FREE, n_due_bytes=10, now_s=101.0)
    assert watch.problem(10, 104.0) is None
    problem = watch.problem(10, 104.1)
    assert problem is not None
    assert problem.fault == "silent"
    watch.hear(20, _FREE, n_due_bytes=20, now_s=105.0)
    assert watch.problem(20, 105.0) is None


def test_a_disk_that_is_nearly_full_is_told_before_it_is() -> None:
    watch = _watch()
    watch.hear(10, 199_999_999, n_due_bytes=10, now_s=101.0)
    problem = watch.problem(10, 101.0)
    assert problem is not None
    assert problem.fault == "disk"
    assert "200 MB left" in problem.found
    watch.hear(10, 200_000_000, n_due_bytes=10, now_s=102.0)
    assert watch.problem(10, 102.0) is None


@pytest.mark.parametrize("fault", ["dead", "streams"])
def test_a_recorder_that_is_gone_and_streams_that_are_not_sent_do_not_come_back(
    fault: str,
) -> None:
    watch = _watch()
    watch.die("")
    watch.lose_streams("")
    assert watch.problem(0, 100.0) is None
    tell = watch.die if fault == "dead" else watch.lose_streams
    tell("exit code 1, " + 300 * "x")
    tell("something else")
    watch.hear(10, _FREE, n_due_bytes=10, now_s=101.0)
    problem = watch.problem(10, 101.0)
    assert problem is not None
    assert problem.fault == fault
    assert "exit code 1" in problem.found
    assert problem.remedy == "end this session and begin another"
    assert len(problem.found) < 400
