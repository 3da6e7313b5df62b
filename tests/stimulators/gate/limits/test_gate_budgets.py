"""Budgets hold at the electrode, reserve the way back, and outlive a restart."""

import math

import pytest

from stimulators.decisions import Refusal
from stimulators.gate.usage.past import DevicePast
from stimulators.limits import ProgramConfig
from stimulators.wire.messages import Command
from tests.stimulators.gate.gate_rig import GateRig, device_of, limits_of
from tests.stimulators.gate.small_device import SmallDevice
from tests.stimulators.gate.wired_rig import WiredRig

#: 60 us at 130 Hz.
UC_PER_MA_S = 7.8


def real_of(**keys: float) -> WiredRig:
    return WiredRig(device_of(simulated=False, limits=limits_of(**keys)))


@pytest.mark.parametrize("safe_ma", [0.0, 0.5])
@pytest.mark.parametrize("amount", [1.0, 3.0])
def test_the_charge_limit_holds_with_all_that_the_safe_amount_will_give(
    safe_ma: float, amount: float
) -> None:
    limit_uc = 60.0 + 600.0 * safe_ma * UC_PER_MA_S
    rig = WiredRig(
        device_of(safe_ma=safe_ma, limits=limits_of(charge_uc_per_10_min_max=limit_uc))
    ).be_active()
    rig.run(30.0, amount=amount)
    assert rig.state == "safe"
    device = rig.small["stn"]
    begun_s = rig.now_s - 1000.0
    rig.run(2.0)
    assert device.given == safe_ma
    # What ten minutes from the beginning will have given, at the safe amount from now on.
    ahead_uc = (600.0 - begun_s) * safe_ma * UC_PER_MA_S
    assert device.charge_uc + ahead_uc <= limit_uc
    assert device.charge_uc + ahead_uc >= 0.7 * limit_uc


def test_a_limit_that_the_safe_amount_alone_would_pass_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^limits\.charge_uc_per_10_min_max: expected at least"):
        device_of(
            safe_ma=0.5,
            limits=limits_of(charge_uc_per_10_min_max=600.0 * 0.5 * UC_PER_MA_S - 1.0),
        )


@pytest.mark.parametrize("amount", [0.5, 3.0])
def test_the_on_time_limit_holds_at_the_electrode(amount: float) -> None:
    rig = WiredRig(device_of(limits=limits_of(on_time_s_max=2.0))).be_active()
    rig.down = lambda message: 0.05 if isinstance(message, Command) else 0.002
    rig.up = lambda _: 0.05
    on_s = longest_s = 0.0
    for _ in range(600):
        rig.pass_hop(amount)
        on_s = on_s + 0.01 if rig.given > 0.0 else 0.0
        longest_s = max(longest_s, on_s)
    assert rig.state == "safe"
    assert 1.2 < longest_s <= 2.0


def test_short_breaks_do_not_stretch_the_on_time() -> None:
    limits = limits_of(on_time_s_max=2.0, off_time_s_min=0.5, commands_per_s_max=200.0)
    rig = WiredRig(device_of(limits=limits)).be_active()
    since_s, below_s, longest_s = rig.now_s, math.inf, 0.0
    for hop in range(1500):
        rig.pass_hop(0.0 if hop % 60 < 12 else 1.0)
        below_s = below_s + 0.01 if rig.given <= 0.0 else 0.0
        if below_s >= 0.5:
            since_s = rig.now_s
        longest_s = max(longest_s, rig.now_s - since_s - below_s)
    assert longest_s <= 2.0
    assert rig.state == "safe" or "on_time" in rig.refusals


def test_rises_a_minute_are_limited_and_told() -> None:
    rig = WiredRig(device_of(limits=limits_of(rises_per_min_max=3))).be_active()
    n_rises, was_up = 0, False
    for hop in range(3000):
        rig.pass_hop(1.0 if hop % 100 < 50 else 0.0)
        n_rises += rig.given > 0.0 and not was_up
        was_up = rig.given > 0.0
    assert (n_rises, rig.state) == (3, "active")
    assert "rises" in rig.refusals


def test_a_program_counts_with_its_own_pulses() -> None:
    programs = {
        name: ProgramConfig(frequency_hz=130.0, pulse_width_us=width_us, contact_area_cm2=0.06)
        for name, width_us in (("narrow", 30.0), ("wide", 60.0))
    }
    rig = WiredRig(device_of(programs=programs, safe_program="narrow")).be_active()
    rig.run(1.0, amount=2.0)
    narrow_uc = rig.gate.counted("stn", rig.now_s)[0]
    assert narrow_uc == pytest.approx(rig.small["stn"].charge_uc, rel=0.1)
    assert narrow_uc >= rig.small["stn"].charge_uc


@pytest.mark.parametrize("n_parts", [1, 20])
def test_counted_charge_is_never_below_what_was_given_and_hardly_above(n_parts: int) -> None:
    rig = WiredRig(device_of(limits=limits_of(on_time_s_max=9999.0))).be_active()
    device = rig.small["stn"]
    for _ in range(n_parts):
        for amount in (2.0, 0.0, 3.0, 0.5):
            for _ in range(round(20.0 / n_parts / 0.01)):
                rig.pass_hop(amount)
                counted_uc = rig.gate.counted("stn", rig.now_s)[0]
                assert counted_uc >= device.charge_uc - 0.04 * 3.0 * UC_PER_MA_S
    rig.run(1.2, amount=0.0)
    assert device.charge_uc <= rig.gate.counted("stn", rig.now_s)[0] <= 1.02 * device.charge_uc


def test_counted_charge_is_never_below_what_was_given_where_words_are_late() -> None:
    rig = WiredRig(device_of(limits=limits_of(on_time_s_max=9999.0))).be_active()
    rig.up = lambda _: 0.2
    device = rig.small["stn"]
    for part in range(40):
        for _ in range(100):
            rig.pass_hop((2.0, 0.0, 3.0, 0.5)[part % 4])
            counted_uc = rig.gate.counted("stn", rig.now_s)[0]
            assert counted_uc >= device.charge_uc - 0.04 * 3.0 * UC_PER_MA_S


# Restarts.


def past_of(rig: WiredRig) -> DevicePast:
    (past,) = rig.gate.past(rig.now_s)
    return past


def test_a_real_device_of_which_nothing_is_known_is_spent_for_ten_minutes() -> None:
    rig = real_of(on_time_s_max=2.0)
    rig.small["stn"].keys = {"off_when_unpowered": False}
    rig.be_ready()
    refused = [each for each in rig.control("arm") if isinstance(each, Refusal)]
    assert [each.reason for each in refused] == ["charge"]
    assert "s to wait" in refused[0].found
    for _ in range(598):
        rig.now_s += 1.0
        rig.deliver()
        rig.live()
        rig.tick()
    rig.run(5.0, hop=rig.report)
    rig.control("arm")
    assert rig.state == "armed", rig.refusals


def test_a_device_that_counts_since_it_was_switched_on_settles_what_nobody_knows() -> None:
    rig = real_of().be_ready()
    rig.control("arm")
    assert rig.state == "armed", rig.refusals


def test_a_device_whose_count_reaches_over_the_window_settles_it_too() -> None:
    rig = real_of()
    device = rig.small["stn"]
    device.keys = {"off_when_unpowered": False}
    device._boot_s -= 700.0
    device.charge_uc = 300.0
    rig.be_ready()
    rig.control("arm")
    assert rig.state == "armed", rig.refusals
    assert rig.gate.counted("stn", rig.now_s)[0] == pytest.approx(300.0)


def test_five_restarts_give_the_charge_of_one() -> None:
    device = device_of(
        simulated=False, limits=limits_of(charge_uc_per_10_min_max=60.0, on_time_s_max=9999.0)
    )
    past: tuple[DevicePast, ...] = (DevicePast(device="stn", known_age_s=0.0),)
    given_uc = 0.0
    for _ in range(5):
        rig = WiredRig(device)
        rig.take(rig.gate.learn_past(past, rig.now_s))
        rig.be_ready()
        rig.control("arm")
        rig.run(3.0, amount=2.0)
        rig.control("disarm")
        rig.run(1.0)
        given_uc += rig.small["stn"].charge_uc
        past = (past_of(rig),)
    assert 40.0 < given_uc <= 60.0


def test_a_service_that_was_killed_is_taken_to_have_given_the_most_since() -> None:
    device = device_of(simulated=False)
    past = DevicePast(device="stn", known_age_s=30.0, charges=((40.0, 100.0),), on_s=10.0)
    rig = GateRig(device)
    rig.take(rig.gate.learn_past((past,), rig.now_s))
    charge_uc, on_s = rig.gate.counted("stn", rig.now_s)
    assert charge_uc == pytest.approx(100.0 + 30.0 * 3.0 * UC_PER_MA_S, rel=1e-6)
    assert on_s == 40.0


def test_arming_after_a_crash_waits_only_for_the_break_that_ends_the_on_time() -> None:
    limits = limits_of(on_time_s_max=5.0, off_time_s_min=4.0)
    rig = WiredRig(device_of(simulated=False, limits=limits))
    rig.take(rig.gate.learn_past((DevicePast(device="stn", known_age_s=6.0, on_s=1.0),), rig.now_s))
    rig.small["stn"].keys = {"off_when_unpowered": False}
    rig.be_ready()
    refused = [each for each in rig.control("arm") if isinstance(each, Refusal)]
    assert [each.reason for each in refused] == ["on_time"]
    assert "2 s to wait" in refused[0].found
    rig.run(2.0, hop=rig.report)
    rig.control("arm")
    assert rig.state == "armed", rig.refusals


def test_a_restarted_device_does_not_wipe_what_was_counted() -> None:
    limits = limits_of(charge_uc_per_10_min_max=60.0, on_time_s_max=9999.0)
    rig = WiredRig(device_of(limits=limits)).be_active()
    given_uc = 0.0
    for part in range(4):
        rig.run(3.0, amount=2.0)
        given_uc += rig.small["stn"].charge_uc
        anew = SmallDevice(rig.devices[0], rig.now_s, instance=f"boot-{part}")
        anew.session = rig.small["stn"].session
        rig.small["stn"] = anew
        rig.say("stn", [anew.info()])
        rig.run(3.0)
        rig.control("arm")
    assert 40.0 < given_uc <= 60.0


def test_a_device_that_has_given_more_than_we_counted_is_believed() -> None:
    rig = WiredRig().be_active()
    rig.small["stn"].charge_uc += 5000.0
    rig.small["stn"].on_s = 20.0
    rig.run(1.5, amount=0.0)
    assert rig.gate.counted("stn", rig.now_s)[0] >= 5000.0


def test_what_was_never_learnt_is_not_kept_as_nothing() -> None:
    rig = GateRig(device_of(simulated=False))
    (past,) = rig.gate.past(rig.now_s)
    assert past.known_age_s == math.inf
