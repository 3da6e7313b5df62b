"""What is withheld is refused once and never sent; the device stays at, or goes to, safe."""

from stimulators.decisions import Refusal, Send
from tests.stimulators.gate.gate_rig import GateRig, amounts, commands_in, device_of, limits_of


def test_nothing_is_sent_for_what_is_withheld() -> None:
    rig = GateRig(device_of()).be_active()
    before = len(rig.commands)
    for amount in (1.0, 1.5, 2.0, 2.5):
        rig.want(amount, withheld=True)
        rig.run(0.1)
    assert rig.commands[before:] == []
    assert rig.refusals == ["withheld"]
    assert rig.state == "active"


def test_a_device_that_gave_something_goes_to_its_safe_amount_by_its_slew() -> None:
    rig = GateRig(device_of(safe_ma=0.5)).be_active(2.0)
    before = len(rig.commands)
    rig.want(2.0, withheld=True)
    rig.run(0.5)
    sent = amounts(rig.commands[before:])
    assert sent == sorted(sent, reverse=True)
    assert sent[-1] == 0.5
    assert len(sent) > 2


def test_what_is_no_longer_withheld_is_given_again() -> None:
    rig = GateRig(device_of()).be_active(2.0)
    rig.want(2.0, withheld=True)
    rig.run(0.5)
    rig.run(0.5, amount=2.0)
    assert amounts(rig.commands)[-1] == 2.0


def test_a_trigger_that_is_withheld_is_not_sent() -> None:
    rig = GateRig(device_of()).be_active()
    before = len(rig.commands)
    rig.trigger(1.0, withheld=True)
    assert rig.commands[before:] == []
    assert rig.refusals == ["withheld"]


def test_an_amount_beyond_the_limit_is_a_fault_though_it_is_withheld() -> None:
    rig = GateRig(device_of()).be_active()
    rig.want(3.5, withheld=True)
    assert rig.state == "safe"


def test_what_is_withheld_is_taken_back_at_once() -> None:
    rig = GateRig(device_of(safe_ma=0.5)).be_active(2.0)
    rig.run(0.1)
    (refused, sent) = rig.want(2.0, withheld=True)
    assert isinstance(refused, Refusal)
    assert isinstance(sent, Send)
    assert amounts(commands_in([sent]))[0] < 2.0


def test_a_hold_keeps_what_a_device_gave_when_its_target_was_withheld() -> None:
    rig = GateRig(device_of(limits=limits_of(slew_ma_per_s_max=1.0))).be_active(1.0)
    rig.want(1.0, withheld=True)
    rig.run(0.2)
    before = len(rig.commands)
    rig.observe(valid=False)
    rig.run(0.3, hop=rig.report)
    assert rig.state == "hold"
    assert min(amounts(rig.commands[before:]), default=1.0) > 0.7
