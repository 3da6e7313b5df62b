"""Every command, refusal and nothing carries its reason, and the limits that bind most."""

from collections.abc import Sequence

import pytest

from stimulators.decisions import Bound, Decision, NothingSent, Refusal, Send
from stimulators.wire.messages import Command, Lease
from tests.stimulators.gate.driving.bench import Bench
from tests.stimulators.gate.gate_rig import GateRig, device_of, limits_of


def _reasons(decisions: Sequence[Decision]) -> list[str]:
    """Return the reasons in order, equal neighbours once; leases have none."""
    told = [
        str(each.reason)
        for each in decisions
        if isinstance(each, Refusal | NothingSent)
        or (isinstance(each, Send) and not isinstance(each.message, Lease))
    ]
    return [each for each, before in zip(told, [None, *told], strict=False) if each != before]


def _slow(**keys: float) -> GateRig:
    limits = limits_of(slew_ma_per_s_max=2.0, **keys)
    return GateRig(device_of(safe_ma=0.5, limits=limits))


def _last(rig: GateRig) -> Send:
    return [each for each in rig.decided if isinstance(each, Send) and each.reason][-1]


def test_a_way_up_and_down_is_told_from_its_first_step_to_where_it_ends() -> None:
    rig = _slow().be_active()
    rig.run(0.1, amount=0.5)
    for amount in (1.5, 0.5):
        told = _reasons(rig.run(1.0, amount=amount))
        assert (told[0], told[-1]) == ("wanted", "there")
        assert set(told) <= {"wanted", "step", "there"}


def test_nothing_is_told_once_for_each_stretch_of_a_reason() -> None:
    rig = _slow().be_active(1.5)
    rig.run(0.5, amount=1.5)
    n_told = sum(isinstance(each, NothingSent) for each in rig.decided)
    rig.run(5.0, amount=1.5)
    assert sum(isinstance(each, NothingSent) for each in rig.decided) == n_told


def test_a_step_of_a_ramp_is_bound_by_the_slew_and_then_by_the_amount() -> None:
    rig = _slow().be_active()
    rig.run(0.2, amount=2.9)
    sent = _last(rig)
    assert [each.limit for each in sent.bounds] == ["slew_ma_per_s_max", "amplitude_ma_max"]
    assert sent.bounds[0].share == pytest.approx(1.0)
    given = rig.commands[-1].amplitude_ma
    assert sent.bounds[1].share == pytest.approx((given or 0.0) / 3.0)


def test_a_limit_that_allows_no_further_step_is_named() -> None:
    rig = _slow(commands_per_s_max=5.0).be_active()
    rig.run(0.5, amount=2.0)
    (nothing,) = [
        each for each in rig.decided if isinstance(each, NothingSent) and each.reason == "limit"
    ]
    assert nothing.bounds[0].limit == "commands_per_s_max"
    assert nothing.bounds[0].share > 1.0


def test_a_refusal_by_a_limit_names_it_and_the_runner_up() -> None:
    rig = GateRig(device_of(limits=limits_of(refractory_s=0.5))).be_active()
    rig.trigger(1.5)
    rig.run(0.1)
    (refused,) = rig.trigger(1.5)
    assert isinstance(refused, Refusal)
    assert refused.bounds[0].limit == "refractory_s"
    assert refused.bounds[0].share > 1.0
    assert refused.bounds[1] == Bound("amplitude_ma_max", 0.5)


def test_what_the_gate_says_by_itself_has_its_reason() -> None:
    rig = _slow().be_active(1.5)
    rig.observe(valid=False)
    assert _reasons(rig.run(0.2, hop=rig.report))[-1:] == ["kept"]
    rig = _slow().be_active(1.5)
    rig.control("pause")
    assert set(_reasons(rig.run(1.5))) == {"rest"}
    rig = _slow().be_active(1.5)
    rig.control("disarm")
    assert _last(rig).reason == "safe"
    rig = _slow().be_active(1.5)
    rig.want(1.5, withheld=True)
    assert "rest" in _reasons(rig.run(1.5))


def test_what_is_said_again_says_so() -> None:
    bench = Bench().be_live(0.5).want(0.75)
    first = bench.drive.next_decision("active", bench.now_s)
    assert isinstance(first, Send)
    assert isinstance(first.message, Command)
    # It took the command in, and is slow.
    bench.say(0.625, last_seq=first.message.seq, answers=first.message.seq)
    bench.now_s += bench.timing.ack_s_max
    again = bench.drive.next_decision("active", bench.now_s)
    assert isinstance(again, Send)
    assert (first.reason, again.reason) == ("wanted", "again")


def test_a_device_that_is_not_driven_is_told_nothing_of() -> None:
    rig = GateRig(device_of()).be_ready()
    rig.run(1.0)
    rig.control("arm")
    assert not any(isinstance(each, NothingSent) for each in rig.decided)
