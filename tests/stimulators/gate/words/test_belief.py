"""What a device may give: safe, stopped, certain and down, each at its limits.

The safe amount is 0.5 mA and the tolerance 0.25 mA, so that every border is a binary fraction.
"""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stimulators.gate.belief import Belief
from stimulators.gate.word import Word
from stimulators.limits import ProgramConfig
from tests.stimulators.gate.gate_rig import device_of, info_of

_PULSES = ProgramConfig(frequency_hz=130.0, pulse_width_us=60.0, contact_area_cm2=0.0598)
#: The margin against the rounding of sums belongs to what is allowed.
_MARGIN = 1e-9


def belief_of(*, tolerance: float = 0.25, **keys: Any) -> Belief:
    config = device_of(safe_ma=0.5, programs={"a": _PULSES, "b": _PULSES}, safe_program="a", **keys)
    belief = Belief(config, command_valid_s=0.125)
    belief.learn(info_of(config, amount_tolerance=tolerance))
    return belief


def word_of(number: int, amount: float, **keys: Any) -> Word:
    return Word("boot", number, 0, amount, "a", None, None)._replace(**keys)


def said(amount: float, *, state: str = "live", **keys: Any) -> Belief:
    belief = belief_of(**keys)
    belief.take(word_of(1, amount, state=state), 64.0)
    return belief


@pytest.mark.parametrize(
    ("amount", "is_resting", "is_at_safe"),
    [
        (0.0, True, False),
        (0.25 - 2 * _MARGIN, True, False),
        ((0.5 - 0.25) - _MARGIN, True, True),
        (0.25, True, True),
        (0.75, True, True),
        (0.75 + _MARGIN, True, True),
        (0.75 + 2 * _MARGIN, False, False),
        (2.0, False, False),
    ],
)
def test_a_device_is_at_its_safe_amount_within_the_tolerance(
    amount: float, *, is_resting: bool, is_at_safe: bool
) -> None:
    belief = said(amount)
    assert (belief.is_resting, belief.is_at_safe) == (is_resting, is_at_safe)


@pytest.mark.parametrize(("stop_ma", "highest"), [(0.25, 0.5), (1.0, 1.0)])
def test_a_stopped_device_gives_no_more_than_a_stop_or_safety_takes_it_to(
    stop_ma: float, highest: float
) -> None:
    for amount, is_stopped in (
        (0.0, True),
        (highest + 0.25, True),
        ((highest + 0.25) + _MARGIN, True),
        (highest + 0.25 + 2 * _MARGIN, False),
    ):
        assert said(amount, state="stopped", stop_ma=stop_ma).is_stopped is is_stopped
        assert not said(amount, state="safe", stop_ma=stop_ma).is_stopped


def test_a_device_is_down_where_it_says_after_the_newest_command_that_it_is() -> None:
    assert not belief_of().is_down
    assert said(0.5, state="safe").is_down
    assert said(0.0, state="stopped").is_down
    assert not said(0.0, state="safe").is_down
    assert not said(0.5, state="live").is_down
    assert not said(2.0, state="stopped").is_down
    belief = said(0.5, state="safe")
    belief.send(1, 0.5, "a", 64.0)
    assert not belief.is_down
    belief.take(word_of(2, 0.5, state="safe"), 64.0)
    assert not belief.is_down
    belief.take(word_of(3, 0.5, state="safe", last_seq=1), 64.0)
    assert belief.is_down


def test_what_nobody_said_is_neither_certain_nor_safe_however_wide_the_tolerance() -> None:
    belief = belief_of(tolerance=3.0)
    assert (belief.is_certain, belief.is_at_safe) == (False, False)


def test_certain_is_what_differs_by_the_tolerance_at_most() -> None:
    for amount, is_certain in ((0.25 + _MARGIN, True), (0.25 + 2 * _MARGIN, False)):
        belief = said(0.0)
        belief.send(1, amount, "a", 64.0)
        assert belief.is_certain is is_certain


def test_a_device_may_say_the_highest_it_may_give_and_the_tolerance() -> None:
    belief = said(1.0)
    assert belief.allows(1.0 + 0.25 + _MARGIN)
    assert not belief.allows(1.0 + 0.25 + 2 * _MARGIN)
    assert said(0.0).allows(0.5 + 0.25 + _MARGIN)


def test_words_are_numbered_from_nothing_whatever_the_boot_is_called() -> None:
    belief = belief_of()
    assert belief.is_news(word_of(0, 1.0, instance=""))
    assert not belief.is_news(word_of(-1, 1.0, instance=""))


def test_of_the_commands_without_a_word_a_thousand_and_twenty_four_are_kept() -> None:
    belief = said(1.0)
    for seq in range(1, 1025):
        belief.send(seq, 0.0 if seq == 1 else 1.0, "a", 64.0)
    assert belief.lowest == 0.0
    belief.send(1025, 1.0, "a", 64.0)
    assert belief.lowest == 1.0


def test_a_number_beyond_a_hundred_times_the_limit_is_none() -> None:
    assert said(300.0).highest == 300.0
    assert said(300.0 + 2**-20).highest == 3.0


def test_a_program_is_the_one_the_word_says_or_that_of_the_command_done() -> None:
    belief = belief_of()
    belief.take(word_of(1, 1.0, program="b"), 64.0)
    assert belief.program == "b"
    belief.send(1, 1.0, "a", 64.0)
    belief.take(word_of(2, 1.0, program="", last_seq=1), 64.0)
    assert belief.program == "a"
    belief.take(word_of(3, 1.0, program="b", last_seq=1), 64.0)
    assert belief.program == "b"


def test_a_word_cannot_have_done_what_was_not_sent_yet() -> None:
    belief = belief_of()
    belief.take(word_of(1, 1.0, last_seq=1), 64.0)
    belief.send(1, 2.0, "a", 64.0)
    assert (belief.has_open, belief.highest) == (True, 2.0)


def test_the_age_of_a_word_is_the_time_since_it_came() -> None:
    belief = said(1.0)
    assert belief.report(66.5).word_age_s == 2.5
    assert belief.report(63.0).word_age_s == 0.0


def test_a_device_at_rest_leaves_what_it_has_not_done_open() -> None:
    belief = said(1.0)
    belief.send(1, 1.5, "a", 64.0)
    belief.send(2, 2.0, "a", 64.0)
    belief.take(word_of(2, 0.5, state="safe", last_seq=1), 64.0)
    assert (belief.has_open, belief.highest) == (True, 2.0)


def test_a_command_that_was_answered_as_done_is_where_the_device_goes() -> None:
    belief = said(1.0)
    belief.send(1, 1.5, "a", 64.0)
    belief.take(word_of(2, 1.0, last_seq=1, answers=1), 64.0)
    assert belief.highest == 1.5
    belief.send(2, 2.0, "a", 64.0)
    belief.take(word_of(3, 1.0, last_seq=1, answers=2, is_refusal=True), 64.0)
    assert (belief.highest, belief.has_open) == (1.5, False)


def test_a_stop_is_on_its_way_until_a_word_shows_it() -> None:
    belief = said(2.0, stop_ma=0.25)
    belief.note_stop()
    belief.take(word_of(2, 2.0, state="live"), 64.0)
    assert belief.lowest == 0.25
    belief.take(word_of(3, 0.25, state="stopped"), 64.0)
    belief.take(word_of(4, 2.0, state="live"), 64.0)
    assert belief.lowest == 2.0


def test_what_was_not_reached_may_be_passed_by_the_tolerance() -> None:
    belief = said(0.75)
    assert [belief.most_at(asked) for asked in (0.5, 1.0, 0.25, 2.0)] == [0.5, 1.0, 0.5, 2.25]
    assert belief.most == 0.75
    belief.send(1, 2.0, "a", 64.0)
    assert belief.most == 2.25


def test_the_newest_command_done_is_as_old_as_its_sending() -> None:
    belief = said(1.0)
    assert belief.done_s == -float("inf")
    belief.send(1, 1.5, "a", 64.5)
    belief.send(2, 2.0, "a", 65.0)
    belief.take(word_of(2, 1.5, last_seq=1), 66.0)
    assert belief.done_s == 64.5
    belief.take(word_of(3, 2.0, last_seq=2), 66.0)
    assert belief.done_s == 65.0


_AMOUNTS = st.sampled_from((0.0, 0.5, 1.0, 2.5))
#: What may befall a belief, told by a function of it and of a number that grows.
_EVENTS = st.one_of(
    _AMOUNTS.map(lambda amount: lambda belief, n: belief.send(n, amount, "a", 64.0)),
    st.builds(
        lambda amount, state, done, answers, *, is_refusal: (
            lambda belief, n: belief.take(
                word_of(
                    n,
                    amount,
                    state=state,
                    last_seq=max(0, n - done),
                    answers=None if answers is None else max(0, n - answers),
                    is_refusal=is_refusal,
                ),
                64.0,
            )
        ),
        _AMOUNTS,
        st.sampled_from(("live", "safe", "stopped", None)),
        st.integers(0, 4),
        st.none() | st.integers(0, 4),
        is_refusal=st.booleans(),
    ),
    st.sampled_from(("note_stop", "note_leased", "note_offline", "clip")).map(
        lambda name: lambda belief, _: getattr(belief, name)()
    ),
)


@given(st.lists(_EVENTS, max_size=10))
def test_the_range_is_that_of_a_belief_which_was_never_asked_before(
    events: list[Callable[[Belief, int], None]],
) -> None:
    asked = belief_of()
    for n_events in range(1, len(events) + 1):
        events[n_events - 1](asked, n_events)
        unasked = belief_of()
        for number, event in enumerate(events[:n_events], start=1):
            event(unasked, number)
        assert asked.interval == unasked.interval


def test_of_a_device_that_clips_no_more_is_expected_than_it_said() -> None:
    belief = belief_of()
    belief.send(1, 2.5, "a", 64.0)
    belief.take(word_of(2, 1.0, state="live", last_seq=1), 64.0)
    assert belief.interval == (1.0, 2.5)
    belief.clip()
    assert belief.interval == (1.0, 1.0)


def test_a_device_off_the_network_gives_what_it_said_last() -> None:
    belief = belief_of()
    belief.take(word_of(1, 1.0, state="safe"), 64.0)
    assert (belief.state, belief.interval) == ("safe", (0.5, 1.0))
    belief.note_offline()
    assert (belief.state, belief.interval) == ("offline", (1.0, 1.0))
