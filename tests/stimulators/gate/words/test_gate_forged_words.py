"""Forged words: they stop only the device that they are about, and not for ever."""

from typing import Any

import msgspec
import pytest

from stimulators.wire.received import DeviceStatusHeard, InfoHeard
from tests.stimulators.gate.gate_rig import SESSION
from tests.stimulators.gate.small_device import SmallDevice
from tests.stimulators.gate.wired_rig import WiredRig


def _say(rig: WiredRig, **keys: Any) -> None:
    said = rig.small["stn"].status()
    rig.hear(DeviceStatusHeard("stn", msgspec.structs.replace(said, **keys)))


@pytest.mark.parametrize("value", [1e300, 1e308, -1e308])
@pytest.mark.parametrize("key", ["applied_ma", "charge_uc", "on_s", "counted_since_s"])
@pytest.mark.parametrize("is_driven", [False, True])
def test_a_number_without_bounds_in_a_word_never_ends_the_service(
    key: str, value: float, *, is_driven: bool
) -> None:
    rig = WiredRig().be_active(2.0) if is_driven else WiredRig().be_ready()
    _say(rig, **{key: value})
    rig.run(3.0, amount=2.0)
    charge_uc, on_s = rig.gate.counted("stn", rig.now_s)
    since_tick_uc = 3.0 * 7.8 * 0.02
    assert charge_uc >= rig.small["stn"].charge_uc - since_tick_uc
    assert on_s >= 0.0


def test_a_number_of_a_command_that_was_never_sent_hides_none_that_is() -> None:
    rig = WiredRig().be_ready()
    _say(rig, session=SESSION, last_seq=2**52)
    assert rig.notices == ["ack_unknown"]
    rig.run(1.1)
    rig.control("arm")
    rig.run(0.5)
    assert rig.state == "active"
    rig.up = lambda _: 0.05
    for _ in range(60):
        rig.pass_hop(3.0)
        belief = rig.gate.beliefs(rig.now_s)["stn"]
        assert (belief.lowest or 0.0) <= rig.given + 1e-9
        assert rig.given - 1e-9 <= (belief.highest or 0.0)


def test_a_second_device_that_has_gone_keeps_the_first_from_nothing() -> None:
    rig = WiredRig().be_ready()
    second = SmallDevice(rig.devices[0], rig.now_s, instance="0ther")
    rig.hear(InfoHeard("stn", second.info(), retained=False))
    rig.run(2.0)
    rig.control("arm")
    assert rig.refusals[0] == "instances"
    rig.hear(InfoHeard("stn", second.info(state="offline", word=0), retained=False))
    rig.run(7.0)
    rig.control("arm")
    rig.run(1.0, amount=2.0)
    assert (rig.state, rig.given) == ("active", 2.0)


def test_an_old_word_that_is_repeated_once_keeps_the_device_from_nothing_for_long() -> None:
    rig = WiredRig().be_ready()
    old = SmallDevice(rig.devices[0], rig.now_s, instance="01d")
    rig.hear(DeviceStatusHeard("stn", old.status()))
    rig.run(12.0)
    rig.control("arm")
    rig.run(1.0, amount=2.0)
    assert (rig.state, rig.given) == ("active", 2.0)


def test_two_devices_that_both_speak_on_are_never_driven() -> None:
    rig = WiredRig().be_ready()
    second = SmallDevice(rig.devices[0], rig.now_s, instance="0ther")
    for _ in range(30):
        rig.hear(DeviceStatusHeard("stn", second.status()))
        rig.run(1.0)
        n_before = len(rig.refusals)
        rig.control("arm")
        assert "instances" in rig.refusals[n_before:]
    assert rig.leases == []


def test_a_last_will_that_comes_late_is_over_with_the_next_word() -> None:
    rig = WiredRig().be_ready()
    will = rig.small["stn"].info(state="offline", word=0)
    rig.hear(InfoHeard("stn", will, retained=False))
    rig.control("arm")
    assert rig.refusals[-1] == "device"
    rig.run(1.1)
    rig.control("arm")
    assert rig.state == "armed"
