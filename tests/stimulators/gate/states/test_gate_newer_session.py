"""A device that a newer session drove is refused with a remedy; a newer session may arm it."""

import pytest

from stimulators.wire.received import InfoHeard
from tests.stimulators.gate.gate_rig import GateRig

#: A second after the rig's own session, and years after it.
_NEWER = ("00001767323046000000-0123abcd", "00001900000000000000-00000000")


@pytest.mark.parametrize("session", _NEWER)
def test_a_session_that_is_not_the_newest_says_both_ways_back(session: str) -> None:
    rig = GateRig().be_ready()
    rig.hear(InfoHeard("stn", rig.obedient["stn"].info(session=session), retained=False))
    rig.run(0.1)
    (refused,) = rig.control("arm")
    for text in (repr(refused), rig.gate.status_text):
        assert "stn" in text
        assert "start the service again" in text
        assert "yet to come" in text
        assert "stimloop device --forget-session" in text
    assert rig.state == "idle"


def test_an_earlier_session_in_the_memory_of_a_device_keeps_nobody_from_arming() -> None:
    rig = GateRig().be_ready()
    earlier = "00001767323044000000-0123abcd"
    rig.hear(InfoHeard("stn", rig.obedient["stn"].info(session=earlier), retained=False))
    rig.run(0.1)
    rig.control("arm")
    assert rig.state == "armed"
