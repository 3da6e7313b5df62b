"""Times of a session are read as they are written, and what is none of it is one line."""

from datetime import UTC, timedelta, timezone

import pytest

from replay.explanation.session_times import Moment, SessionTimes, TimeError

#: 2026-03-01 23:59:30.25 UTC, for two minutes.
_BEGAN_US = 1_772_409_570_250_000
_TIMES = SessionTimes(
    began_s=5.0, ended_s=125.0, began_us=_BEGAN_US, ended_us=_BEGAN_US + 120_000_000
)
_RECORDED = SessionTimes(began_s=5.0, ended_s=125.0)
_HOUR_LATER = timezone(timedelta(hours=1), "CET")


@pytest.mark.parametrize(
    ("written", "since_s", "width_s"),
    [
        ("23:59:30", -0.25, 1.0),
        ("23:59:31", 0.75, 1.0),
        ("23:59:31.2", 0.95, 0.1),
        ("0:00:01", 30.75, 1.0),
        ("2026-03-02T00:00:01Z", 30.75, 1.0),
        ("2026-03-02 00:00:01.250", 31.0, 0.001),
        ("2026-03-02T01:00:01+01:00", 30.75, 1.0),
        ("+83", 83.0, 1.0),
        ("+83.25s", 83.25, 0.01),
    ],
)
def test_a_time_is_as_exact_as_it_was_written(written: str, since_s: float, width_s: float) -> None:
    assert _TIMES.moment(written, UTC) == pytest.approx(Moment(since_s, width_s))


def test_a_time_of_day_is_of_the_zone_that_is_asked_for() -> None:
    assert _TIMES.moment("00:59:31", _HOUR_LATER).since_s == pytest.approx(0.75)
    assert _TIMES.text(0.75, _HOUR_LATER) == "00:59:31.000"
    assert _TIMES.text(0.75, _HOUR_LATER, is_dated=True) == "2026-03-02 00:59:31.000 CET"
    assert _RECORDED.text(0.75, UTC, is_dated=True) == "+0.750 s"


@pytest.mark.parametrize(
    ("times", "written", "problem"),
    [
        (
            _TIMES,
            "12:00:00",
            "--at: expected a time of the session, from 2026-03-01 23:59:30.250 UTC to 2026-03-02",
        ),
        (_TIMES, "+121", "--at: expected a time of the session, from "),
        (_TIMES, "2026-03-05T00:00:00Z", "--at: expected a time of the session, from "),
        (_TIMES, "noon", "--at: expected a time as 12:03:07, 2026-03-01T12:03:07Z or +83.2"),
        (_TIMES, "25:00:00", "--at: expected a time of day, found 25:00:00: "),
        (_RECORDED, "12:00:00", "--at: expected seconds since the session began, as +83.2"),
        (_RECORDED, "+200", "--at: expected a time of the session, from +0.000 s to +120.000 s"),
    ],
)
def test_what_is_no_time_of_the_session_is_one_line(
    times: SessionTimes, written: str, problem: str
) -> None:
    with pytest.raises(TimeError) as raised:
        times.moment(written, UTC)
    assert str(raised.value).startswith(problem)
    assert "\n" not in str(raised.value)
