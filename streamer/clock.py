"""The one file that reads a clock; everybody else is handed `now_s` or a callable that gives it."""

import secrets
import sys
import time
from datetime import UTC, datetime

import pylsl

from stimulators.wire.session_id import session_id


def now_s() -> float:
    """Return the service's time: the LSL clock of this machine, in seconds since it started."""
    return float(pylsl.local_clock())


def suspended_s() -> float:
    """Return how long this machine has slept since it started, in seconds.

    The LSL clock stands still while Linux sleeps: whoever looks at `now_s` alone sees no pause.
    Elsewhere it goes on, and this is 0.
    """
    if sys.platform != "linux":
        return 0.0
    return time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)


def with_sleep_s() -> float:
    """Return the seconds since this machine started, its sleep included: a device's clock.

    A lease must not outlive the sleep of the machine that the device runs on.
    """
    return now_s() + suspended_s()


def unix_us() -> int:
    """Return the time of day in microseconds since 1970: it may be set, but outlives a restart."""
    now = datetime.now(UTC)
    return int(now.timestamp()) * 1_000_000 + now.microsecond


def utc_offset_us() -> int:
    """Return what to add to `now_s`, in microseconds, to reach `unix_us`, as both are now."""
    before_s, now_us, after_s = now_s(), unix_us(), now_s()
    return now_us - round((before_s + after_s) / 2.0 * 1e6)


def new_session_id() -> str:
    """Return an identifier that sorts as text by the time it was made.

    Returns
    -------
    str
        Unix microseconds in twenty decimal digits, a dash, eight random hexadecimal digits.
        Devices adopt only sessions that are newer than the newest they remember.
    """
    return session_id(unix_us(), secrets.token_hex(4))


def time_of_day_text() -> str:
    """Return the time of day in this machine's time zone, for a log: ``14:05:09.250``."""
    return datetime.now(UTC).astimezone().strftime("%H:%M:%S.%f")[:-3]


def wall_time_text() -> str:
    """Return the date and time in UTC, fit for a folder's name: ``2026-03-01T14-05-09Z``."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%SZ")
