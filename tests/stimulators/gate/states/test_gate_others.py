"""One service a rig: who drives nothing and is newer ends; where both drive, both are safe."""

from stimulators.decisions import EndRun
from stimulators.wire.messages import Status
from stimulators.wire.received import StatusHeard
from tests.stimulators.gate.gate_rig import SESSION, GateRig

OLDER = "00001600000000000000-00000000"
NEWER = "00001800000000000000-00000000"


def beat(session: str, *, drives: tuple[str, ...] = (), state: str = "idle") -> StatusHeard:
    return StatusHeard(Status(state=state, session=session, drives=drives))


def ends(rig: GateRig) -> list[str]:
    return [each.reason for each in rig.decided if isinstance(each, EndRun)]


def test_of_two_the_newer_that_drives_nothing_ends() -> None:
    rig = GateRig().be_ready()
    rig.hear(beat(OLDER))
    assert ends(rig) == [f"another service of this rig is there: session {OLDER}"]
    rig = GateRig().be_ready()
    rig.hear(beat(NEWER))
    assert ends(rig) == []


def test_one_that_drives_does_not_end_and_both_that_drive_go_safe() -> None:
    rig = GateRig().be_active(2.0)
    rig.hear(beat(OLDER))
    assert (rig.state, ends(rig)) == ("active", [])
    rig.hear(beat(OLDER, drives=("stn",)))
    assert (rig.state, ends(rig)) == ("safe", [])
    assert rig.gate.reason == f"service {OLDER} drives devices, too"


def test_one_that_still_brings_its_device_to_safety_does_not_end() -> None:
    rig = GateRig().be_active(2.0)
    rig.answers = False
    rig.control("disarm")
    rig.hear(beat(OLDER))
    assert ends(rig) == []
    rig.answers = True
    rig.run(2.0)
    rig.settle()
    rig.run(0.1)
    rig.hear(beat(OLDER))
    assert len(ends(rig)) == 1


def test_nothing_is_armed_beside_another_service() -> None:
    rig = GateRig(arm="auto")
    rig.connect()
    for _ in range(4):
        rig.hear(beat(NEWER))
        rig.run(1.0)
    assert rig.state == "idle"
    rig.control("arm")
    assert "service" in rig.refusals
    rig = GateRig().be_ready()
    rig.hear(beat(NEWER))
    rig.control("arm")
    assert rig.refusals == ["service"]
    rig.run(2.6, hop=rig.report)
    rig.control("arm")
    assert rig.state == "armed"


def test_own_and_ended_services_are_no_others() -> None:
    rig = GateRig().be_ready()
    rig.hear(beat(SESSION, drives=("stn",)))
    rig.hear(beat(OLDER, state="offline"))
    rig.control("arm")
    assert (rig.state, ends(rig)) == ("armed", [])
