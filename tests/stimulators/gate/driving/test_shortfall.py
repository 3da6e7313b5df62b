"""A device that refuses, clips or stays up: how the gate detects it, and what ends it.

Tolerance and margin together are a quarter, the slew is 8 mA/s, and a way takes a binary fraction.
"""

from typing import Any

import pytest

from stimulators.gate.belief import Belief
from stimulators.gate.driving.answers import OpenCommand
from stimulators.gate.driving.shortfall import Shortfall
from stimulators.gate.freshness import Flaw
from stimulators.gate.word import Word
from stimulators.wire.messages import Command, Reason
from tests.stimulators.gate.gate_rig import device_of, info_of, limits_of

_QUARTER = 0.25


def bench(given: float = 1.0) -> tuple[Shortfall, Belief]:
    config = device_of(safe_ma=0.5, limits=limits_of(slew_ma_per_s_max=8.0))
    belief = Belief(config, command_valid_s=0.125)
    belief.learn(info_of(config, amount_tolerance=_QUARTER - 1e-9))
    assert belief.tolerance + 1e-9 == _QUARTER
    belief.take(Word("boot", 1, 0, given, "adbs", "live", None), 64.0)
    return Shortfall(config, belief), belief


def opened(amount: float, issued_s: float = 64.0, **keys: Any) -> OpenCommand:
    command = Command(
        session="s",
        seq=1,
        kind="amplitude",
        channel="c",
        program="adbs",
        onset_us=0,
        issued_us=round(issued_s * 1e6),
        expires_us=0,
        reason=Reason(detector="", value=0.0, threshold=0.0, policy=""),
        simulated=True,
        amplitude_ma=amount,
    )
    made = OpenCommand(command=command, amount=amount, is_way_down=False, sample=0, due_s=0.0)
    return made._replace(**keys)


# Clipping.


def test_a_device_clips_that_gives_less_twice_after_its_way_is_over() -> None:
    shortfall, belief = bench(0.0)
    belief.send(1, 2.0, "adbs", 64.0)
    belief.take(Word("boot", 2, 1, 0.0, "adbs", "live", None), 64.0)
    assert belief.highest == 2.0
    assert not shortfall.compare(opened(2.0), 0.0, 64.0)
    # The way of 2 mA is over at 64.25.
    assert not shortfall.compare(opened(2.0, 64.125), 0.0, 64.5)
    assert (shortfall.is_clipped, belief.highest) == (False, 2.0)
    assert shortfall.compare(opened(2.0, 64.25), 0.0, 64.5)
    assert (shortfall.is_clipped, belief.highest) == (True, 0.0)
    # Reported once, and again where it clips at another amount.
    assert not shortfall.compare(opened(2.0, 65.0), _QUARTER, 65.0)
    assert shortfall.is_clipped
    assert not shortfall.compare(opened(2.0, 66.0), 1.0, 66.0)
    assert shortfall.compare(opened(2.0, 67.0), 1.0, 67.0)


def test_what_is_missing_within_the_tolerance_is_no_clipping() -> None:
    for missing, is_clipped in ((_QUARTER, False), (_QUARTER + 2**-20, True)):
        shortfall, _ = bench()
        for now_s in (64.0, 65.0, 66.0):
            shortfall.compare(opened(1.0, now_s), 1.0 - missing, now_s)
        assert shortfall.is_clipped is is_clipped


def test_an_amount_that_moves_on_is_no_clipping() -> None:
    shortfall, _ = bench()
    for index in range(8):
        now_s, given = 64.0 + index, 0.3125 * index
        assert not shortfall.compare(opened(3.0, now_s), given, now_s)
    assert not shortfall.is_clipped
    assert not shortfall.compare(opened(1.0, 72.0), 1.0, 72.0)
    assert not shortfall.compare(opened(3.0, 73.0), 1.0, 73.0)
    assert not shortfall.is_clipped


def test_a_clipping_begins_anew_after_an_amount_that_was_reached() -> None:
    shortfall, _ = bench()
    shortfall.compare(opened(2.0), 1.0, 64.0)
    shortfall.compare(opened(1.0, 65.0), 1.0, 65.0)
    assert not shortfall.compare(opened(2.0, 66.0), 1.0, 66.0)
    shortfall, _ = bench(0.0)
    shortfall.compare(opened(2.0), 0.0, 64.0)
    assert shortfall.compare(opened(2.0, 65.0), _QUARTER, 65.0)


def test_another_wish_ends_a_clipping_but_it_is_told_once_for_each_amount() -> None:
    shortfall, _ = bench()
    shortfall.compare(opened(2.0), 1.0, 64.0)
    assert shortfall.compare(opened(2.0, 65.0), 1.0, 65.0)
    shortfall.forget_clipping()
    assert not shortfall.is_clipped
    assert not shortfall.compare(opened(2.0, 66.0), 1.0, 66.0)
    assert not shortfall.is_clipped
    assert not shortfall.compare(opened(2.0, 67.0), 1.0, 67.0)
    assert shortfall.is_clipped
    shortfall.forget()
    assert not shortfall.is_clipped
    assert not shortfall.compare(opened(2.0, 68.0), 1.0, 68.0)
    assert shortfall.compare(opened(2.0, 69.0), 1.0, 69.0)


# Refusals.


def test_that_many_refusals_in_a_row_are_a_flaw() -> None:
    shortfall, _ = bench()
    for _ in range(4):
        assert shortfall.flaw(5) is None
        shortfall.take_refusal(opened(2.0))
    assert (shortfall.flaw(5), shortfall.n_refused) == (None, 4)
    shortfall.take_refusal(opened(2.0))
    found = Flaw("refused", "stn refused 5 commands in a row", "fewer than 5")
    assert shortfall.flaw(5) == found
    shortfall.end_refusals()
    assert (shortfall.flaw(1), shortfall.n_refused) == (None, 0)
    shortfall.take_refusal(opened(2.0))
    assert shortfall.flaw(1) is not None
    shortfall.forget()
    assert (shortfall.flaw(1), shortfall.n_refused) == (None, 0)


@pytest.mark.parametrize(
    ("given", "is_there"), [(0.0, True), (0.75, True), (0.75 + 2**-20, False), (2.0, False)]
)
def test_a_way_down_that_is_refused_is_a_flaw_until_it_is_gone(
    given: float, *, is_there: bool
) -> None:
    shortfall, _ = bench(given)
    shortfall.take_refusal(opened(0.5, is_way_down=True))
    found = Flaw("refused", "stn refused the way down", "a way down that is taken")
    assert (shortfall.refused_down, shortfall.flaw(5)) == (
        (None, None) if is_there else (0.5, found)
    )


def test_what_ends_a_refused_way_down() -> None:
    for end in (Shortfall.end_refusals, Shortfall.forget_refused_way_down, Shortfall.forget):
        shortfall, _ = bench(2.0)
        shortfall.take_refusal(opened(0.0, is_way_down=True))
        assert shortfall.refused_down == 0.0
        end(shortfall)
        assert shortfall.refused_down is None
    shortfall, _ = bench(2.0)
    shortfall.accept_safe()
    assert shortfall.refused_down is None
    for asked, found in ((0.0, 0.5), (1.0, 1.0)):
        shortfall.take_refusal(opened(asked, is_way_down=True))
        shortfall.accept_safe()
        assert shortfall.refused_down == found


# A way down that is not gone.


def test_a_device_that_stays_up_twice_after_its_way_is_over_does_not_go() -> None:
    shortfall, _ = bench(2.0)
    shortfall.compare(opened(0.5), 2.0, 64.0)
    # The way of 1.5 mA is over at 64.1875.
    shortfall.compare(opened(0.5, 64.125), 2.0, 64.25)
    assert shortfall.refused_down is None
    shortfall.compare(opened(0.5, 64.1875), 2.0, 64.25)
    assert shortfall.refused_down == 0.5
    found = Flaw("refused", "stn did not go the way down", "a way down that is taken")
    assert shortfall.flaw(5) == found


@pytest.mark.parametrize(
    ("givens", "is_stuck"),
    [
        ([2.0, 2.0 - _QUARTER], True),
        ([2.0, 2.0 + _QUARTER], True),
        ([2.0, 1.5], False),
        ([_QUARTER, _QUARTER, _QUARTER], False),
        ([2.0, 0.125, 2.0], False),
        ([2.0, float("nan")], False),
    ],
)
def test_a_device_is_stuck_that_stays_within_the_tolerance_and_beyond_it(
    givens: list[float], *, is_stuck: bool
) -> None:
    shortfall, _ = bench(3.0)
    for index, given in enumerate(givens):
        shortfall.compare(opened(0.0, 64.0 + index), given, 64.0 + index)
    assert (shortfall.refused_down == 0.0) is is_stuck


def test_what_was_stuck_is_forgotten() -> None:
    shortfall, _ = bench(2.0)
    shortfall.compare(opened(0.0), 2.0, 64.0)
    shortfall.forget()
    shortfall.compare(opened(0.0, 65.0), 2.0, 65.0)
    assert shortfall.refused_down is None
    shortfall.compare(opened(0.0, 66.0), 2.0, 66.0)
    assert shortfall.refused_down == 0.0
