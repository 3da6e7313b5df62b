"""The stages of a rig: what rises only after an operator's yes, and what is withheld."""

from collections.abc import Callable
from typing import Any, Self

import pytest
from msgspec.structs import replace

from stimulators.decisions import Notice, Refusal
from stimulators.limits import ProgramConfig
from stimulators.wire.messages import RiseOffer
from stimulators.wire.received import LinkChanged
from tests.stimulators.gate.gate_rig import (
    CONFIRM_S,
    GateRig,
    amounts,
    commands_in,
    device_of,
    feedback_of,
    limits_of,
)


class StagedRig(GateRig):
    """A rig in the stage `confirm`, its device at 0.5 mA by default."""

    def __init__(self, *devices: Any, **keys: Any) -> None:
        super().__init__(*(devices or (device_of(safe_ma=0.5),)), **({"stage": "confirm"} | keys))

    @property
    def offer(self) -> RiseOffer:
        (offer,) = self.gate.offers()
        return offer

    def yes(self, shown: RiseOffer | None = None, /, **keys: Any) -> list[str]:
        """Say yes to an offer, by default the present one; return the reasons of its refusal."""
        said = shown or self.offer
        settings = {"device": said.device, "offer": said.offer, "amount": said.amount}
        before = len(self.log)
        self.control("confirm", **(settings | keys))
        decided = [each for _, each in self.log[before:]]
        return [str(each.reason) for each in decided if isinstance(each, Refusal)]

    def be_offered(self, amount: float = 2.0) -> Self:
        self.be_active()
        self.run(0.2, amount=amount)
        return self

    def be_confirmed(self, amount: float = 2.0) -> Self:
        self.be_offered(amount)
        assert self.yes() == []
        self.run(0.5, amount=amount)
        return self

    def sent(self, seconds: float, amount: float | None = None, **keys: Any) -> list[float]:
        """Return the amounts that are sent while time passes."""
        return amounts(commands_in(self.run(seconds, amount=amount, **keys)))

    @property
    def given(self) -> float:
        return self.obedient[self.devices[0].id].amount


# What waits for a yes.


def test_a_rise_is_offered_and_not_sent_until_somebody_says_yes() -> None:
    rig = StagedRig().be_active()
    assert rig.sent(1.0, 2.0) == []
    offer = rig.offer
    assert (offer.device, offer.amount, offer.unit, offer.kind) == ("stn", 2.0, "mA", "amplitude")
    assert (offer.lowest, offer.highest, offer.reason.policy) == (0.5, 0.5, "adbs")
    assert offer.confirm_s == CONFIRM_S
    assert rig.notices.count("offered") == 1
    assert "stn up to 2 mA waits for a yes" in rig.gate.status_text
    assert rig.yes() == []
    assert rig.sent(0.5, 2.0)[-1] == 2.0
    assert rig.gate.offers() == ()
    assert "may rise to 2 mA for 10 s more" in rig.gate.status_text


def test_in_hold_nothing_is_offered_though_the_data_are_good_again() -> None:
    rig = StagedRig().be_offered()
    rig.observe(valid=False)
    rig.tick()
    assert (rig.state, rig.gate.offers()) == ("hold", ())
    assert rig.sent(0.1, 2.0) == []
    assert (rig.state, rig.gate.offers()) == ("hold", ())
    assert rig.notices.count("offered") == 1
    rig.run(rig.timing.resume_s + 0.2, amount=2.0)
    assert (rig.state, rig.offer.amount) == ("active", 2.0)


def test_a_yes_is_told_with_who_said_it() -> None:
    rig = StagedRig().be_offered()
    rig.yes(operator="ada")
    told = [each.text for each in rig.decided if isinstance(each, Notice)]
    assert "ada said yes to 2 mA of stn, for 10 s" in told
    rig.run(CONFIRM_S + 0.1, amount=2.0)
    told = [each.text for each in rig.decided if isinstance(each, Notice)]
    assert told[-1] == "the yes of ada to 2 mA of stn is over"


def test_a_fall_needs_no_yes_and_the_way_back_up_does() -> None:
    rig = StagedRig().be_confirmed()
    rig.run(CONFIRM_S, amount=2.0)
    assert rig.given == 2.0
    assert rig.sent(0.5, 1.0)[-1] == 1.0
    assert rig.sent(1.0, 1.5) == []
    assert rig.offer.amount == 1.5
    assert rig.sent(0.5, 0.2)[-1] == 0.2
    assert rig.sent(0.5, 0.4) == []
    assert rig.given == 0.2


def test_what_is_sent_is_the_newest_target_and_no_more_than_was_shown() -> None:
    rig = StagedRig().be_offered(2.0)
    shown = rig.offer
    rig.run(0.1, amount=1.2)
    assert rig.offer == replace(shown, until_us=rig.offer.until_us)
    assert rig.yes(shown) == []
    assert max(rig.sent(0.5, 1.2)) == 1.2
    assert max(rig.sent(0.5, 2.9)) == 2.0
    assert rig.offer.amount == 2.9
    assert rig.sent(0.5, 1.0)[-1] == 1.0
    assert rig.sent(0.5, 2.9)[-1] == 2.0


def test_a_yes_ends_after_its_time_and_no_command_of_it_arrives_later() -> None:
    slow = device_of(safe_ma=0.5, limits=limits_of(slew_ma_per_s_max=0.1))
    rig = StagedRig(slow).be_offered(2.0)
    said_s = rig.now_s
    rig.yes()
    rig.run(CONFIRM_S + 5.0, amount=2.0)
    risen = [
        command
        for command in rig.commands
        if command.issued_us / 1e6 > said_s and (command.amplitude_ma or 0.0) > 0.5
    ]
    assert risen
    assert max(command.expires_us for command in risen) / 1e6 <= said_s + CONFIRM_S + 1e-6
    assert rig.given == pytest.approx(0.5 + 0.1 * CONFIRM_S, abs=0.05)
    assert rig.offer.amount == 2.0


def test_an_offer_stands_as_long_as_it_is_wanted_and_then_as_long_as_a_yes() -> None:
    rig = StagedRig().be_offered()
    first = rig.offer
    rig.run(3 * CONFIRM_S, amount=2.0)
    assert rig.offer.offer == first.offer
    rig.run(CONFIRM_S - 1.0, amount=0.5)
    assert rig.offer.offer == first.offer
    rig.run(1.1, amount=0.5)
    assert rig.gate.offers() == ()
    assert rig.yes(first) == ["offer"]
    assert rig.sent(1.0, 2.0) == []


def test_more_than_is_offered_is_offered_anew_and_no_sooner_than_it_can_be_read() -> None:
    rig = StagedRig().be_offered(1.0)
    first = rig.offer
    rig.run(1.0, amount=2.0)
    assert rig.offer.offer == first.offer
    rig.run(1.5, amount=2.0)
    second = rig.offer
    assert (second.offer > first.offer, second.amount) == (True, 2.0)
    assert rig.yes(first) == ["offer"]
    assert rig.sent(0.5, 2.0) == []
    assert rig.yes(second) == []
    assert rig.sent(0.5, 2.0)[-1] == 2.0


# A yes that is refused.


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ({"retained": True}, "retained"),
        ({"session": "00001700000000000000-00000000"}, "session"),
        ({"issued_us": 0}, "late"),
        ({"expires_us": 0}, "late"),
        ({"device": "other"}, "device"),
        ({"offer": 2}, "offer"),
        ({"offer": 0}, "offer"),
        ({"amount": 2.5}, "offer"),
        ({"amount": 1.5}, "offer"),
        ({"amount": None}, "offer"),
        ({"amount": float("nan")}, "offer"),
    ],
)
def test_a_yes_to_anything_but_what_is_shown_opens_nothing(
    keys: dict[str, Any], reason: str
) -> None:
    rig = StagedRig().be_offered()
    assert rig.yes(**keys) == [reason]
    assert rig.sent(1.0, 2.0) == []
    assert rig.offer.amount == 2.0


def test_a_yes_that_comes_twice_counts_once() -> None:
    rig = StagedRig().be_offered()
    offer = rig.offer
    said_us = round(rig.now_s * 1e6)
    assert rig.yes(request_id="yes") == []
    assert rig.yes(offer, request_id="yes", issued_us=said_us) == ["repeated", "offer"]
    assert rig.yes(offer, request_id="another") == ["offer"]
    rig.run(CONFIRM_S - 0.5, amount=2.0)
    rig.run(0.6, amount=1.0)
    assert rig.sent(1.0, 2.0) == []


@pytest.mark.parametrize("stage", ["closed", "shadow"])
def test_in_another_stage_there_is_nothing_to_say_yes_to(stage: Any) -> None:
    rig = StagedRig(stage=stage).be_active()
    rig.run(0.2, amount=2.0)
    assert rig.gate.offers() == ()
    rig.control("confirm", device="stn", offer=1, amount=2.0)
    assert rig.refusals[-1] == "state"


# What ends offers and yes.


def _hold(rig: StagedRig) -> None:
    rig.observe(valid=False)
    assert rig.state == "hold"


def _pause(rig: StagedRig) -> None:
    rig.control("pause")
    assert rig.state == "paused"


def _disarm(rig: StagedRig) -> None:
    rig.control("disarm")


def _stop(rig: StagedRig) -> None:
    rig.stop()


def _fail(rig: StagedRig) -> None:
    rig.take(rig.gate.fail("a fault", rig.now_s))


def _stall(rig: StagedRig) -> None:
    rig.tick(0.5)
    assert rig.state == "hold"


def _lose_broker(rig: StagedRig) -> None:
    rig.hear(LinkChanged(is_up=False, reason="gone"))


_ENDS = (_hold, _pause, _disarm, _stop, _fail, _stall, _lose_broker)


def _come_back(rig: StagedRig) -> None:
    """Bring the rig back to active, as an operator does."""
    if rig.state == "paused":
        rig.run(1.0)
        rig.control("resume")
    elif rig.state == "hold":
        rig.run(1.0)
    else:
        rig.connect()
        rig.run(4.0, hop=rig.report)
        rig.control("arm")
        rig.run(0.5)
    assert rig.state == "active", rig.refusals


@pytest.mark.parametrize("end", _ENDS)
def test_whatever_the_rig_goes_through_ends_the_yes(end: Callable[[StagedRig], None]) -> None:
    rig = StagedRig().be_confirmed()
    rig.run(0.2, amount=1.0)
    end(rig)
    assert rig.gate.offers() == ()
    _come_back(rig)
    before = rig.given
    assert max(rig.sent(1.0, 2.0), default=before) <= before
    assert rig.yes() == []
    assert rig.sent(0.5, 2.0)[-1] == 2.0


@pytest.mark.parametrize("end", _ENDS)
def test_a_yes_to_an_offer_of_before_opens_nothing(end: Callable[[StagedRig], None]) -> None:
    rig = StagedRig().be_offered()
    offer = rig.offer
    end(rig)
    assert rig.yes(offer) != []
    _come_back(rig)
    assert rig.yes(offer) == ["offer"]
    before = rig.given
    rig.run(0.2, amount=2.0)
    assert rig.yes(offer) == ["offer"]
    assert max(rig.sent(1.0, 2.0), default=before) <= before


def test_a_lost_command_of_a_yes_is_not_said_again_after_it() -> None:
    rig = StagedRig().be_offered(2.0)
    ends_s = rig.now_s + CONFIRM_S
    assert rig.yes() == []
    rig.run(CONFIRM_S - 0.2, amount=1.0)
    rig.answers = False
    assert max(rig.sent(0.05, 2.0)) > 1.0
    rig.run(0.6, amount=2.0)
    assert rig.state == "hold"
    late = [each for each in rig.commands if each.issued_us / 1e6 > ends_s - 0.1]
    assert max(amounts(late)) <= 1.0


# Programs, triggers, levels.


def _two_programs(contacts: str = "") -> StagedRig:
    programs = {
        name: ProgramConfig(
            frequency_hz=130.0, pulse_width_us=60.0, contact_area_cm2=0.0598, contacts=contacts
        )
        for name in ("adbs", "other")
    }
    return StagedRig(device_of(safe_ma=0.5, programs=programs, safe_program="adbs"))


@pytest.mark.parametrize("contacts", ["", "1-2+"])
def test_another_program_is_a_rise_and_is_not_begun_before_the_yes(contacts: str) -> None:
    rig = _two_programs(contacts)
    rig.be_active()
    assert rig.sent(0.5, 0.5) == []
    rig.run(0.5, hop=lambda: _wants(rig, 0.4, "other"))
    assert (rig.given, rig.obedient["stn"].program) == (0.4, "adbs")
    assert (rig.offer.amount, rig.offer.program) == (0.4, "other")
    assert rig.yes() == []
    rig.run(0.5, hop=lambda: _wants(rig, 1.0, "other"))
    assert (rig.given, rig.obedient["stn"].program) == (0.4, "other")
    rig.run(0.5, hop=lambda: _wants(rig, 0.3, "adbs"))
    assert rig.given == 0.3
    assert rig.obedient["stn"].program == "other"


def _wants(rig: GateRig, amount: float, program: str) -> None:
    rig.report()
    rig.observe()
    rig.want(amount, program=program)


def test_a_policy_that_wavers_between_programs_makes_no_flood_of_offers() -> None:
    rig = _two_programs().be_active()
    for hop in range(400):
        rig.run(0.01, hop=lambda: _wants(rig, 1.0, ("adbs", "other")[hop % 2]))  # noqa: B023 at once
    assert rig.notices.count("offered") <= 3
    assert rig.given == 0.5


def test_a_trigger_waits_for_a_yes_and_is_no_higher_than_it() -> None:
    rig = StagedRig(device_of()).be_active()
    assert commands_in(rig.trigger(1.0)) == []
    assert rig.refusals == ["unconfirmed"]
    assert (rig.offer.amount, rig.offer.kind) == (1.0, "trigger")
    assert rig.yes() == []
    assert amounts(commands_in(rig.trigger(1.0))) == [1.0]
    rig.run(0.1)
    assert commands_in(rig.trigger(1.1)) == []
    rig.run(CONFIRM_S)
    assert commands_in(rig.trigger(1.0)) == []


def test_a_trigger_that_fires_after_the_yes_is_not_sent() -> None:
    rig = StagedRig(device_of()).be_active()
    rig.trigger(1.0)
    rig.yes()
    rig.run(CONFIRM_S - 0.13)
    assert amounts(commands_in(rig.trigger(1.0, fire_at_s=rig.now_s + 0.02))) == [1.0]
    rig.run(0.06)
    assert commands_in(rig.trigger(1.0, fire_at_s=rig.now_s + 0.09)) == []
    assert rig.refusals[-1] == "unconfirmed"


@pytest.mark.parametrize("amount", [1 / 3, 1.23454, 1.23456, 1.2])
def test_a_trigger_of_any_number_of_decimals_is_given_once_it_is_confirmed(amount: float) -> None:
    rig = StagedRig(device_of()).be_active()
    rig.trigger(amount)
    assert amount <= rig.offer.amount < amount + 1e-4
    assert rig.yes() == []
    assert amounts(commands_in(rig.trigger(amount))) == [amount]


def test_a_trigger_of_a_little_more_than_is_open_is_offered() -> None:
    rig = StagedRig(device_of()).be_active()
    rig.trigger(1.0)
    assert rig.yes() == []
    rig.run(0.1)
    assert commands_in(rig.trigger(1.00005)) == []
    assert rig.offer.amount == 1.0001
    assert rig.yes() == []
    assert amounts(commands_in(rig.trigger(1.00005))) == [1.00005]


def test_a_yes_to_pulses_is_none_to_a_current_that_stays() -> None:
    rig = StagedRig(device_of()).be_active()
    rig.trigger(2.0)
    assert rig.yes() == []
    assert rig.sent(0.5, 2.0) == []
    assert rig.offer.kind == "amplitude"
    assert rig.yes() == []
    assert rig.sent(0.5, 2.0)[-1] == 2.0
    assert amounts(commands_in(rig.trigger(2.0))) == [2.0]


def test_a_level_waits_for_a_yes_too() -> None:
    rig = StagedRig(feedback_of()).be_active()
    assert rig.sent(0.5, 0.6) == []
    assert (rig.offer.amount, rig.offer.unit) == (0.6, "level")
    assert rig.yes() == []
    assert rig.sent(0.5, 0.6)[-1] == 0.6


def test_a_yes_to_one_device_opens_nothing_of_another() -> None:
    rig = StagedRig(device_of("left"), device_of("right")).be_active()
    for name in ("left", "right"):
        rig.want(2.0, device=name)
    rig.run(0.1)
    left, right = rig.gate.offers()
    assert rig.yes(left, device="right") == ["offer"]
    assert rig.yes(left) == []
    rig.run(0.5)
    assert (rig.obedient["left"].amount, rig.obedient["right"].amount) == (2.0, 0.0)
    assert rig.gate.offers() == (replace(right, until_us=rig.gate.offers()[0].until_us),)


# The stage shadow.


def test_in_a_shadow_all_is_decided_and_nothing_is_sent() -> None:
    rig = StagedRig(stage="shadow").be_active()
    assert rig.sent(1.0, 2.0) == []
    assert commands_in(rig.trigger(1.0)) == []
    assert rig.refusals == ["withheld", "withheld"]
    assert rig.state == "active"
