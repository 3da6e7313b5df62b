"""A device with steps is sent whole ones: nothing for less, evenly spaced, and without chatter."""

from itertools import pairwise
from typing import Any

import pytest

from stimulators.decisions import NothingSent
from tests.stimulators.gate.gate_rig import (
    CONFIRM_S,
    GateRig,
    amounts,
    commands_in,
    device_of,
    limits_of,
)
from tests.stimulators.gate.test_gate_stages import StagedRig


def _rig(**limits: Any) -> GateRig:
    device = device_of(
        safe_ma=0.55, amplitude_step_ma=0.1, amount_tolerance=0.05, limits=limits_of(**limits)
    )
    return GateRig(device).be_active()


def test_what_is_wanted_is_rounded_down_to_a_step_and_the_safe_amount_is_not() -> None:
    rig = _rig()
    rig.run(0.5, amount=1.29)
    assert rig.obedient["stn"].amount == pytest.approx(1.2)
    rig.run(0.5, amount=0.55)
    assert rig.obedient["stn"].amount == 0.55


def test_a_wish_that_moves_by_less_than_a_step_sends_nothing() -> None:
    rig = _rig()
    rig.run(0.5, amount=1.0)
    before = len(rig.commands)
    for amount in (1.05, 0.95, 1.09, 0.91, 1.0) * 10:
        rig.run(0.02, amount=amount)
    assert rig.commands[before:] == []
    assert rig.obedient["stn"].amount == pytest.approx(1.0)
    assert [each.reason for each in rig.decided if isinstance(each, NothingSent)][-1] == "there"
    rig.run(0.2, amount=1.11)
    assert rig.obedient["stn"].amount == pytest.approx(1.1)


def test_a_way_up_has_no_command_for_less_than_a_step_and_none_too_soon() -> None:
    rig = _rig(slew_ma_per_s_max=1.0, commands_per_s_max=5.0)
    sent = commands_in(rig.run(6.0, amount=2.5))
    given = amounts(sent)
    assert given == pytest.approx([0.1 * n for n in range(6, 26)])
    spacing_s = [(b.issued_us - a.issued_us) / 1e6 for a, b in pairwise(sent)]
    # One of the five is kept for the way down.
    assert min(spacing_s) >= 0.25 - 1e-6
    limits = {each.reason for each in rig.decided if isinstance(each, NothingSent)}
    assert "limit" not in limits


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ({"level_step": 0.1}, "level_step: expected amplitude_step_ma with safe_ma"),
        ({"amplitude_step_ma": 0.7}, "amplitude_step_ma: expected at most 0.6, a fifth"),
    ],
)
def test_a_step_is_in_the_unit_of_the_device_and_small(keys: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=f"^{text}"):
        device_of(**keys)


def test_a_way_down_has_whole_steps_too_and_ends_at_what_is_wanted() -> None:
    rig = _rig(slew_ma_per_s_max=1.0)
    rig.run(4.0, amount=1.5)
    given = amounts(commands_in(rig.run(3.0, amount=0.8)))
    assert given == pytest.approx([0.1 * n for n in range(14, 7, -1)])


@pytest.mark.parametrize("highest", [0.6, 0.7, 1.2, 1.4, 2.4, 2.9, 3.0])
def test_the_highest_amount_is_reached_though_its_steps_sum_to_a_little_more(
    highest: float,
) -> None:
    rig = _rig(amplitude_ma_max=highest)
    rig.run(1.0, amount=highest)
    assert rig.obedient["stn"].amount == highest


@pytest.mark.parametrize("tolerance", [0.05, 0.003])
def test_a_yes_and_its_offer_are_whole_steps_so_that_a_device_rounds_neither_up(
    tolerance: float,
) -> None:
    rig = StagedRig(device_of(amplitude_step_ma=0.1, amount_tolerance=tolerance))
    rig.be_offered(2.58)
    assert rig.offer.amount == 2.5
    assert rig.yes() == []
    rig.run(0.5, amount=2.58)
    rig.run(0.5, amount=2.9)
    assert rig.given == 2.5
    # Less than a step more is nothing to ask for, and less than a step less nothing to send.
    rig.run(2 * CONFIRM_S, amount=2.9)
    rig.run(CONFIRM_S + 0.5, amount=2.58)
    assert rig.gate.offers() == ()
    assert rig.sent(0.5, 2.47) == []
    assert rig.sent(0.5, 2.29)[-1] == 2.2
