"""What a policy knows of its device: how it is driven, and what it may give."""

import pytest

from tests.stimulators.gate.gate_rig import GateRig, device_of, feedback_of

_RANGE = (2.0, 2.0, True)


@pytest.mark.parametrize(
    ("rig", "phase"),
    [
        (GateRig().be_active(2.0), "driven"),
        (GateRig().be_held(2.0), "held"),
    ],
)
def test_a_device_is_driven_or_held_with_the_rig(rig: GateRig, phase: str) -> None:
    assert tuple(rig.gate.applied("stn")) == (phase, *_RANGE)


def test_a_paused_and_a_safe_rig_say_so_of_every_device() -> None:
    rig = GateRig().be_paused(2.0)
    assert rig.gate.applied("stn").phase == "paused"
    rig = GateRig().be_active(2.0)
    rig.want(4.0)
    assert rig.state == "safe"
    assert rig.gate.applied("stn").phase == "safe"


def test_a_device_that_nobody_drives_is_released() -> None:
    rig = GateRig()
    rig.connect()
    assert rig.gate.applied("stn").phase == "released"
    rig.be_armed()
    assert rig.state == "armed"
    assert rig.gate.applied("stn").phase == "released"


def test_of_an_active_rig_only_a_device_that_is_live_is_driven() -> None:
    rig = GateRig(device_of(), feedback_of())
    rig.be_active()
    assert rig.gate.applied("band").phase == "driven"
    rig.gate._drives["band"].is_live = False
    assert rig.gate.applied("band").phase == "released"
    assert rig.gate.applied("stn").phase == "driven"
