"""What a service waits for is printed when it changes, and not otherwise."""

from stimloop.live.status_news import StatusNews

_TICK_S = 0.02


def _told(texts: list[tuple[float, str]]) -> list[str]:
    """Return the lines that are printed while each text stands for its seconds."""
    status, now_s, lines = StatusNews(), 0.0, []
    for lasts_s, text in texts:
        for tick in range(round(lasts_s / _TICK_S)):
            said = text.format(tick / 100.0) if text else "not armed"
            line = status.see("idle", "not armed", said, now_s)
            lines += [line.text] if line is not None else []
            now_s += _TICK_S
    return lines


def test_a_reason_is_told_once_whatever_its_numbers_do() -> None:
    assert _told([(5.0, "not armed; waits: good for {} s")]) == [
        "idle: not armed; waits: good for 0.25 s"
    ]


def test_another_reason_is_another_line_and_so_is_the_first_one_later() -> None:
    first, second = "not armed; waits: no broker", "not armed; waits: stn: silence"
    assert _told([(2.0, first), (12.0, second), (2.0, first)]) == [
        f"idle: {each}" for each in (first, second, first)
    ]


def test_reasons_that_take_turns_are_told_once_each() -> None:
    turns = [(_TICK_S, "not armed; waits: a"), (_TICK_S, "not armed; waits: b")] * 500
    assert _told(turns) == ["idle: not armed; waits: a", "idle: not armed; waits: b"]


def test_what_is_over_at_once_and_what_waits_for_nothing_is_no_line() -> None:
    assert _told([(0.3, "not armed; waits: a"), (5.0, "")]) == []
