"""The form of a session's name: its start, so that newer ones sort later, and random digits."""

import re
from datetime import UTC, datetime, timedelta

#: Unix microseconds in twenty decimal digits, a dash, eight lower-case hexadecimal digits.
SESSION_ID_PATTERN = r"[0-9]{20}-[0-9a-f]{8}"

_SESSION_ID = re.compile(SESSION_ID_PATTERN)
_N_DIGITS = 20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def session_id(unix_us: int, suffix: str) -> str:
    """Return the name of a session that began at `unix_us`.

    Parameters
    ----------
    unix_us : int
        Microseconds since 1970 in UTC.
    suffix : str
        Eight lower-case hexadecimal digits, which distinguish sessions of the same microsecond.

    Raises
    ------
    ValueError
        Where the result would not be a session's name.
    """
    text = f"{unix_us:0{_N_DIGITS}d}-{suffix}"
    if not is_session_id(text):
        raise ValueError(
            f"session: expected twenty digits, a dash and eight hexadecimal digits, found {text!r}"
        )
    return text


def is_session_id(text: str) -> bool:
    """Return whether the whole of `text` is a session's name."""
    return _SESSION_ID.fullmatch(text) is not None


def session_date_text(session: str) -> str:
    """Return when a session began, in UTC, to the second: ``2026-03-01 14:05:09 UTC``.

    Returns
    -------
    str
        ``an unknown date`` for what is no session's name, and ``after the year 9999`` for a date
        that no calendar here reaches, as a device with a broken clock may remember it.
    """
    if not is_session_id(session):
        return "an unknown date"
    try:
        began = _EPOCH + timedelta(microseconds=int(session[:_N_DIGITS]))
    except OverflowError:
        return "after the year 9999"
    return began.strftime("%Y-%m-%d %H:%M:%S UTC")
