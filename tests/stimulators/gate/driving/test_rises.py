"""Offers and yes of one device, each at the borders of its amount and its time."""

import math
from itertools import count

import pytest

from stimulators.gate.driving.fire_times import KnownTime
from stimulators.gate.driving.rises import Rises
from stimulators.targets import Target
from stimulators.wire.messages import CommandKind, DeviceState, DeviceStatus
from tests.stimulators.gate.gate_rig import SESSION, GateRig

#: Powers of two, so that every border is met exactly.
_CONFIRM_S = 8.0
_VALID_S = 0.25
_STANDS_S = 2.0
#: Less than this more is no other amount.
_SPARE = 1e-4


def _target(amount: float, program: str = "adbs", kind: CommandKind = "amplitude") -> Target:
    return GateRig().target(amount, program=program, kind=kind)


def _rises(confirm_s: float | None = _CONFIRM_S) -> Rises:
    return Rises(confirm_s, command_valid_s=_VALID_S, numbers=count(1))


def _opened(amount: float, kind: CommandKind = "amplitude") -> Rises:
    """Return the rises of a device that an operator said yes to at 64 s."""
    rises = _rises()
    assert rises.want(_target(amount, kind=kind), 64.0) is not None
    assert rises.confirm("ada", 64.0) is not None
    return rises


def test_a_yes_opens_no_command_that_could_arrive_after_it() -> None:
    rises = _opened(2.0)
    ends_s = 64.0 + _CONFIRM_S - _VALID_S
    assert rises.highest("adbs", math.nextafter(ends_s, 0.0)) == 2.0
    assert rises.highest("adbs", ends_s) == -math.inf
    assert rises.highest("other", 64.0) == -math.inf


@pytest.mark.parametrize(
    ("kind", "amount", "is_open"),
    [
        ("amplitude", 2.0, True),
        ("amplitude", 2.0 + 0.5 * _SPARE, True),
        ("amplitude", 2.0 + _SPARE, True),
        ("amplitude", 2.0 + 2.0 * _SPARE, False),
        ("trigger", 2.0, True),
        ("trigger", 2.0 + 0.5 * _SPARE, False),
    ],
)
def test_what_is_open_is_not_offered(kind: CommandKind, amount: float, *, is_open: bool) -> None:
    rises = _opened(2.0, kind)
    assert (rises.want(_target(amount, kind=kind), 65.0) is None) is is_open


def test_an_amount_a_little_above_the_offered_one_needs_no_offer_of_its_own() -> None:
    rises = _rises()
    rises.want(_target(2.0), 64.0)
    assert rises.want(_target(2.0 + _SPARE), 70.0) is None
    assert rises.want(_target(2.0 + 2.0 * _SPARE), 70.0) is not None


def test_an_offer_of_another_program_takes_the_place_of_one_that_stood_long_enough() -> None:
    rises = _rises()
    rises.want(_target(2.0), 64.0)
    soon_s = math.nextafter(64.0 + _STANDS_S, 0.0)
    assert rises.want(_target(1.0, "other"), soon_s) is None
    replaced = rises.want(_target(1.0, "other"), 64.0 + _STANDS_S)
    assert replaced is not None
    assert (replaced.number, replaced.target.program) == (2, "other")


def test_offer_and_yes_end_with_their_last_moment_and_are_told_once() -> None:
    rises = _opened(2.0)
    rises.want(_target(3.0), 64.0)
    almost_s = math.nextafter(64.0 + _CONFIRM_S, 0.0)
    assert rises.pass_time(almost_s) is None
    assert [rises.offer is None, rises.yes is None] == [False, False]
    over = rises.pass_time(64.0 + _CONFIRM_S)
    assert over is not None
    assert over.amount == 2.0
    assert [rises.offer is None, rises.yes is None] == [True, True]
    assert rises.pass_time(64.0 + _CONFIRM_S) is None


def test_without_an_offer_there_is_nothing_to_confirm() -> None:
    assert _rises().confirm("ada", 64.0) is None


# How well a device knows the time.


def _status(uncertainty_us: int, said_us: int | None = 64_000_000) -> DeviceStatus:
    state: DeviceState = "live"
    return DeviceStatus(
        session=SESSION,
        state=state,
        instance="boot",
        word=1,
        last_seq=0,
        said_us=said_us,
        said_uncertainty_us=uncertainty_us,
        said_clock=SESSION,
    )


def test_what_a_device_knows_of_the_time_drifts_by_a_hundred_millionths() -> None:
    known = KnownTime()
    known.take(_status(1000), SESSION)
    assert known.uncertainty_s(64.0 + 10.0) == pytest.approx(0.001 + 10.0 * 100e-6, rel=1e-12)


def test_a_report_from_the_future_is_as_good_as_one_of_now() -> None:
    known = KnownTime()
    known.take(_status(1000), SESSION)
    assert known.uncertainty_s(60.0) == 0.001


def test_a_device_may_say_that_it_knows_the_time_exactly() -> None:
    known = KnownTime()
    known.take(_status(0), SESSION)
    assert known.uncertainty_s(64.0) == 0.0


def test_a_report_without_a_time_says_nothing_of_it() -> None:
    known = KnownTime()
    known.take(_status(1000, said_us=None), SESSION)
    assert known.uncertainty_s(64.0) is None
