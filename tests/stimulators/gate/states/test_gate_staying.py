"""Conditions of staying: broken is safe wherever a rig may be driven; in idle none latches."""

from collections.abc import Callable
from typing import Any

import pytest

from stimulators.limits import ProgramConfig
from stimulators.wire.messages import DeviceLimits
from stimulators.wire.received import InfoHeard, LinkChanged
from tests.stimulators.gate.gate_rig import INSTANCE, GateRig, device_of, info_of
from tests.stimulators.gate.small_device import SmallDevice
from tests.stimulators.gate.wired_rig import WiredRig

_STATES: dict[str, Callable[[GateRig], GateRig]] = {
    "armed": GateRig.be_armed,
    "active": lambda rig: rig.be_active(2.0),
    "hold": lambda rig: rig.be_held(2.0),
    "paused": lambda rig: rig.be_paused(2.0),
}
_LOWER = DeviceLimits(amplitude_ma_max=2.9, slew_ma_per_s_max=12.0)
_SLOWER = DeviceLimits(amplitude_ma_max=3.0, slew_ma_per_s_max=11.0)
_LESS_CHARGE = DeviceLimits(
    amplitude_ma_max=3.0, slew_ma_per_s_max=12.0, charge_uc_per_10_min_max=1.0
)
_SHORTER = DeviceLimits(amplitude_ma_max=3.0, slew_ma_per_s_max=12.0, on_time_s_max=1.0)


@pytest.mark.parametrize("state", _STATES)
@pytest.mark.parametrize(
    "keys",
    [
        {"limits": _LOWER},
        {"limits": _SLOWER},
        {"limits": _LESS_CHARGE},
        {"limits": _SHORTER},
        {"simulated": False},
        {"safe_ma": 0.5},
        {"stop_ma": 0.5},
        {"safe_program": "other"},
        {"programs": ("other",)},
        {"amount_tolerance": 0.31},
        {"session": "99999999999999999999-00000000"},
        {"instance": "another"},
    ],
    ids=str,
)
def test_a_device_that_is_not_as_it_was_armed_with_is_safe(
    state: str, keys: dict[str, Any]
) -> None:
    rig = _STATES[state](GateRig())
    rig.hear(InfoHeard("stn", rig.obedient["stn"].info(**keys), retained=False))
    assert rig.state == "safe"


@pytest.mark.parametrize("state", _STATES)
def test_another_sender_of_the_data_is_safe_and_its_data_have_to_be_good_anew(state: str) -> None:
    rig = _STATES[state](GateRig())
    rig.take(rig.gate.sender_changed("LFP", "stream LFP comes from another sender", rig.now_s))
    assert rig.changes[-1] == (state, "safe")
    assert rig.gate.reason == "stream LFP comes from another sender"
    rig.run(1.9)
    rig.control("arm")
    assert "data" in rig.refusals
    rig.run(0.2)
    rig.control("arm")
    assert rig.state == "armed", rig.refusals


def test_another_sender_in_idle_begins_the_two_seconds_anew_and_nothing_latches() -> None:
    rig = GateRig().be_ready()
    rig.take(rig.gate.sender_changed("LFP", "another sender", rig.now_s))
    assert (rig.state, rig.changes) == ("idle", [])
    rig.control("arm")
    assert rig.refusals == ["data"]


def test_nothing_resumes_on_another_sender() -> None:
    rig = WiredRig().be_active()
    rig.run(1.0, amount=3.0)
    rig.run(0.5, hop=lambda: rig.report(problem="silent"))
    assert rig.state == "hold"
    rig.take(rig.gate.sender_changed("LFP", "another sender", rig.now_s))
    since_s = rig.now_s + 1.0
    rig.run(20.0, amount=3.0)
    assert (rig.state, rig.peak(since_s)) == ("safe", 0.0)


def test_uncertain_clocks_and_bad_data_are_a_hold_first() -> None:
    rig = GateRig().be_active(2.0)
    rig.report(uncertainty_s=None)
    assert rig.state == "hold"
    rig = GateRig().be_active(2.0)
    rig.report(problem="saturated")
    assert rig.state == "hold"


@pytest.mark.parametrize("state", _STATES)
def test_a_device_that_was_started_anew_is_safe_whatever_says_it_first(state: str) -> None:
    rig = _STATES[state](WiredRig())
    assert isinstance(rig, WiredRig)
    rig.run(0.1)
    anew = SmallDevice(rig.devices[0], rig.now_s, instance="another")
    rig.small["stn"] = anew
    rig.say("stn", [anew.status()])
    rig.run(0.1, amount=3.0)
    assert rig.state == "safe"
    assert rig.gate.reason == "device stn was started anew"
    rig.run(10.0, amount=3.0)
    assert anew.given == 0.0


def test_two_devices_of_one_id_are_safe_and_are_not_armed() -> None:
    rig = GateRig().be_active(2.0)
    device = rig.obedient["stn"]
    rig.hear(InfoHeard("stn", device.info(instance="twin"), retained=False))
    assert rig.state == "safe"
    rig.hear(InfoHeard("stn", device.info(), retained=False))
    rig.run(0.5)
    rig.control("arm")
    assert "instances" in rig.refusals
    # A Last Will, and what the broker remembers, are no second device.
    rig = GateRig().be_active(2.0)
    device = rig.obedient["stn"]
    rig.hear(InfoHeard("stn", device.info(instance="before"), retained=True))
    offline = info_of(device_of(), instance="before", word=0, state="offline", applied_ma=None)
    rig.hear(InfoHeard("stn", offline, retained=False))
    assert rig.state == "active"
    offline = info_of(device_of(), instance=INSTANCE, word=0, state="offline", applied_ma=None)
    rig.hear(InfoHeard("stn", offline, retained=False))
    assert rig.state == "safe"


def test_a_device_with_a_newer_session_in_its_memory_is_told_with_dates_and_the_way_back() -> None:
    rig = GateRig().be_ready()
    newer = rig.obedient["stn"].info(session="00001900000000000000-00000000")
    rig.hear(InfoHeard("stn", newer, retained=False))
    (refused,) = rig.control("arm")
    text = repr(refused)
    assert "2030-03-17" in text
    assert "2026-01-02" in text
    assert "stimloop device --forget-session" in text


def test_in_idle_a_broker_a_device_and_data_may_come_and_go() -> None:
    rig = GateRig(arm="auto")
    for _ in range(3):
        rig.hear(LinkChanged(is_up=False, reason="gone"))
        rig.run(0.5, hop=lambda: rig.report(problem="frozen"))
        rig.connect()
    assert rig.changes == []
    rig.run(3.0)
    assert rig.state == "active"


def test_programs_that_a_device_lacks_are_named() -> None:
    program = ProgramConfig(frequency_hz=130.0, pulse_width_us=60.0, contact_area_cm2=0.06)
    rig = GateRig(device_of(programs={"one": program, "two": program}, safe_program="one"))
    rig.connect()
    rig.hear(InfoHeard("stn", rig.obedient["stn"].info(programs=("one",)), retained=False))
    rig.run(2.1, hop=rig.report)
    rig.control("arm")
    assert rig.refusals == ["program"]
