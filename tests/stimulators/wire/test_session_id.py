"""The format of a session's name, and the date in it."""

import re

import pytest

from stimulators.wire.session_id import (
    SESSION_ID_PATTERN,
    is_session_id,
    session_date_text,
    session_id,
)

_SESSION = "00001772373909000001-0a1b2c3d"


def test_twenty_digits_a_dash_and_eight_hexadecimal_digits_are_a_session_s_name() -> None:
    assert is_session_id(_SESSION)
    assert is_session_id("0" * 20 + "-" + "f" * 8)
    assert re.compile(f"^{SESSION_ID_PATTERN}$").match(_SESSION)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "zzzz",
        _SESSION + "\n",
        _SESSION + "0",
        " " + _SESSION,
        _SESSION[1:],
        "0" + _SESSION,
        _SESSION.upper(),
        _SESSION.replace("-", "_"),
        _SESSION.replace("-", ""),
        _SESSION.replace("0a1b", "0x1b"),
        "\N{FULLWIDTH DIGIT NINE}" + _SESSION[1:],
        "\N{ARABIC-INDIC DIGIT NINE}" + _SESSION[1:],
        "-" + _SESSION[1:],
        "+" + _SESSION[1:],
    ],
)
def test_nothing_else_is(text: str) -> None:
    assert not is_session_id(text)
    assert session_date_text(text) == "an unknown date"


def test_a_name_says_when_its_session_began() -> None:
    assert session_id(1_772_373_909_000_001, "0a1b2c3d") == _SESSION
    assert session_date_text(_SESSION) == "2026-03-01 14:05:09 UTC"
    assert session_date_text("0" * 20 + "-00000000") == "1970-01-01 00:00:00 UTC"


@pytest.mark.parametrize("digits", ["9" * 20, "00253402300800000000"])
def test_a_date_beyond_the_calendar_is_said_and_never_an_error(digits: str) -> None:
    assert session_date_text(f"{digits}-00000000") == "after the year 9999"


def test_a_name_out_of_the_grammar_is_never_made() -> None:
    for unix_us, suffix in ((10**20, "0a1b2c3d"), (-1, "0a1b2c3d"), (0, "0A1B2C3D"), (0, "")):
        with pytest.raises(ValueError, match="session: expected twenty digits"):
            session_id(unix_us, suffix)


def test_names_sort_as_their_sessions_began() -> None:
    began_us = [0, 9, 10, 1_772_373_909_000_000, 10**20 - 1]
    names = [session_id(each, "00000000") for each in began_us]
    assert names == sorted(names)
