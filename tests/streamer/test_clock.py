"""The service's clock, and names made of the time."""

import re
import sys
import time
from datetime import UTC, datetime, timedelta

import pylsl
import pytest

from stimulators.wire.session_id import is_session_id
from streamer import clock


def test_the_service_runs_on_the_clock_that_stamps_samples() -> None:
    before_s = pylsl.local_clock()  # noqa: TID251 the reference it is held against
    now_s = clock.now_s()
    after_s = pylsl.local_clock()  # noqa: TID251 the reference it is held against
    assert before_s <= now_s <= after_s


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the clock goes on")
def test_the_clock_that_stamps_samples_is_the_one_that_sleeps_with_the_machine() -> None:
    read_s = time.clock_gettime  # noqa: TID251 the reference it is held against
    before_s = read_s(time.CLOCK_MONOTONIC)
    now_s = clock.now_s()
    after_s = read_s(time.CLOCK_MONOTONIC)
    assert before_s <= now_s <= after_s
    with_sleep_s = read_s(time.CLOCK_BOOTTIME)
    assert clock.suspended_s() == pytest.approx(with_sleep_s - after_s, abs=0.1)
    assert clock.with_sleep_s() == pytest.approx(with_sleep_s, abs=0.1)


def test_a_session_id_says_when_it_was_made_and_is_never_made_twice() -> None:
    before = datetime.now(UTC)  # noqa: TID251 the reference it is held against
    ids = [clock.new_session_id() for _ in range(200)]
    after = datetime.now(UTC)  # noqa: TID251 the reference it is held against
    assert len(set(ids)) == len(ids)
    for each in ids:
        assert is_session_id(each)
        made = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int(each[:20]))
        assert before <= made <= after
    micros = [each[:20] for each in ids]
    assert micros == sorted(micros)


def test_the_wall_time_is_fit_for_a_folder_name_on_any_system() -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ", clock.wall_time_text())


def test_the_time_of_day_is_to_the_millisecond() -> None:
    assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3}", clock.time_of_day_text())
