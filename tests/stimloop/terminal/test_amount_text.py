"""Amounts as text, from a belief and from a device's report."""

import pytest

from stimloop.terminal.amount_text import age_text, amount_text
from stimloop.terminal.plain_text import plain
from stimulators.wire.messages import DeviceBelief


@pytest.mark.parametrize(
    ("belief", "text"),
    [
        (None, "?"),
        (DeviceBelief(), "?"),
        (DeviceBelief(lowest=1.0), "?"),
        (DeviceBelief(lowest=2.0, highest=2.0, certain=True), "2.00 mA"),
        (DeviceBelief(lowest=1.8, highest=2.04), "1.80-2.04 mA"),
    ],
)
def test_an_amount_is_shown_only_where_it_is_known(belief: DeviceBelief | None, text: str) -> None:
    assert amount_text(belief, "ma") == text


def test_a_level_has_no_unit() -> None:
    assert amount_text(DeviceBelief(lowest=0.5, highest=0.5, certain=True), "level") == "0.50"


@pytest.mark.parametrize(
    ("age_s", "text"), [(None, "no word yet"), (0.04, "0.0 s ago"), (250.0, "250 s ago")]
)
def test_an_age_is_told(age_s: float | None, text: str) -> None:
    assert age_text(age_s) == text


@pytest.mark.parametrize(
    "text", ["\x1b[2J", "a\nb", "a\rb", "\x9b31m", "\u202egnp", "\u2028", "\x00", "\x7f"]
)
def test_nothing_that_steers_a_terminal_reaches_it(text: str) -> None:
    assert plain(text).isprintable()
    assert plain(plain(text)) == plain(text)
