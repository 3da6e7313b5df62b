"""Names of sessions: twenty digits, a dash, eight hexadecimal digits; the later sorts after."""

import re
from datetime import UTC, datetime, timedelta

_GRAMMAR = re.compile(r"[0-9]{20}-[0-9a-f]{8}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def is_session_name(text: str) -> bool:
    """Say whether a text is the name of a session.

    Parameters
    ----------
    text : str
        The twenty digits count Unix microseconds, the eight are random and lower-case.
    """
    return _GRAMMAR.fullmatch(text) is not None


def date_of_session(session: str) -> str:
    """Return when a session was named: ``2026-03-01 14:05:09 UTC``.

    The digits themselves where they are after the year 9999, or the text is no session's name.
    """
    if not is_session_name(session):
        return session
    try:
        return f"{_EPOCH + timedelta(microseconds=int(session[:20])):%Y-%m-%d %H:%M:%S} UTC"
    except OverflowError:
        return f"{session[:20]} us after 1970"
