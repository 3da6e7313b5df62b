"""The course of what a device was sent: what the gate's slew makes of it is left out."""

import pytest

from stimulators.decisions import Decision, Send
from stimulators.targets import DeviceChange, DeviceEvent, Target
from stimulators.wire.messages import Command, Reason
from streamer.watching.given_course import GivenCourse
from tests.stimulators.gate.gate_rig import SESSION, GateRig, device_of

_RATE_HZ = 100.0
_DEVICE = device_of(safe_ma=0.5)
_RIG = GateRig(_DEVICE)


class _Session:
    """Steps of a session, at the time of their sample."""

    def __init__(self) -> None:
        self.course = GivenCourse(_DEVICE, _RATE_HZ)

    def hop(self, sample: int, wanted: float, *sent: float) -> None:
        target = _RIG.target(wanted, sample=sample)
        self._take(sample, [target], sent, [])

    def tick(self, sample: int, *sent: float) -> None:
        self._take(sample, [], sent, [])

    def change(self, sample: int, change: DeviceChange, *sent: float) -> None:
        event = DeviceEvent(
            policy="adbs",
            device="stn",
            change=change,
            sample=sample,
            lowest=0.5,
            highest=0.5,
            certain=True,
        )
        self._take(sample, [], sent, [event])

    def _take(
        self, sample: int, targets: list[Target], sent: tuple[float, ...], events: list[DeviceEvent]
    ) -> None:
        decisions: list[Decision] = [Send("stn", _command(each)) for each in sent]
        self.course.take(sample / _RATE_HZ, targets, decisions, events)


def _command(amount: float) -> Command:
    return Command(
        session=SESSION,
        seq=1,
        kind="amplitude",
        channel="",
        program="adbs",
        amplitude_ma=amount,
        onset_us=0,
        issued_us=0,
        expires_us=1,
        reason=Reason(detector="burst", value=2.0, threshold=1.0, policy="adbs"),
        simulated=True,
    )


def test_a_device_that_was_never_engaged_has_no_course() -> None:
    session = _Session()
    session.hop(3, 2.0)
    session.tick(4, 0.5)
    assert session.course.finish() == []


def test_steps_of_the_slew_count_as_their_end_from_when_it_was_wanted() -> None:
    session = _Session()
    session.change(100, "engaged")
    session.hop(109, 0.5)
    session.hop(119, 2.0, 1.1)
    session.tick(124, 1.7)
    session.tick(129, 2.0)
    session.hop(139, 2.0)
    session.hop(149, 0.5, 1.4, 0.8)
    session.tick(154, 0.5)
    assert session.course.finish() == [(0.0, 0.5), (0.19, 2.0), (0.49, 0.5)]


def test_a_way_that_a_limit_or_an_operator_delayed_stands_at_its_own_times() -> None:
    session = _Session()
    session.change(100, "engaged")
    session.hop(109, 2.0, 1.0)
    session.hop(309, 2.0)
    session.tick(409, 2.0)
    assert session.course.finish() == [(0.0, 0.5), (0.09, 1.0), (3.09, 2.0)]


def test_while_it_is_not_driven_it_is_the_safe_amount_and_time_goes_on() -> None:
    session = _Session()
    session.change(100, "engaged")
    session.hop(99, 2.0, 2.0)
    session.change(200, "paused", 0.5)
    session.change(300, "resumed")
    session.hop(309, 2.0, 2.0)
    session.change(400, "safe")
    session.change(500, "engaged")
    session.hop(509, 1.0, 1.0)
    assert session.course.finish() == [
        (0.0, 2.0),
        (1.0, 0.5),
        (2.09, 2.0),
        (3.0, 0.5),
        (4.09, 1.0),
    ]


def test_times_rise_whatever_came_late() -> None:
    session = _Session()
    session.change(100, "engaged")
    session.hop(109, 2.0, 1.0)
    session.tick(409, 2.0)
    session.hop(119, 1.0, 1.5)
    times_s = [time_s for time_s, _ in session.course.finish()]
    assert times_s == pytest.approx(sorted(set(times_s)))
