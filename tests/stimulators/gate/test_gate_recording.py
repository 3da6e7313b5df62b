"""A recording that is wanted and not written keeps a rig from being armed, and nothing else."""

from stimulators.decisions import Refusal, StateChanged
from stimulators.gate.device_messages import TEXT_MAX
from tests.stimulators.gate.gate_rig import GateRig

_PROBLEM = "the recorder does not run"
_REMEDY = "begin another session"


def _lose(rig: GateRig) -> None:
    rig.take(rig.gate.note_recording(_PROBLEM, _REMEDY, rig.now_s))


def _find(rig: GateRig) -> None:
    rig.take(rig.gate.note_recording("", "", rig.now_s))


def _refused(rig: GateRig) -> list[tuple[str, str, str]]:
    decided = rig.control("arm")
    return [
        (str(each.reason), each.found, each.expected)
        for each in decided
        if isinstance(each, Refusal)
    ]


def test_an_operator_is_refused_with_the_reason_and_the_remedy_until_it_is_written() -> None:
    rig = GateRig().be_ready()
    _lose(rig)
    expected = f"a recording that is being written: {_REMEDY}"
    assert _refused(rig) == [("recording", _PROBLEM, expected)]
    rig.tick()
    assert rig.gate.status_text.endswith(
        f"not ready to be armed: {_PROBLEM}, expected a recording that is being written: {_REMEDY}"
    )
    _find(rig)
    assert _refused(rig) == []
    assert rig.state == "armed"


def test_a_simulated_rig_arms_itself_no_sooner() -> None:
    rig = GateRig(arm="auto")
    _lose(rig)
    rig.connect()
    rig.run(5.0, hop=rig.report)
    assert rig.state == "idle"
    assert "waits: the recorder does not run" in rig.gate.status_text
    _find(rig)
    rig.run(0.1, hop=rig.report)
    assert rig.state == "armed"


def test_lost_while_a_device_is_driven_it_changes_nothing() -> None:
    rig = GateRig().be_active()
    rig.run(0.5, amount=1.0)
    before = len(rig.log)
    _lose(rig)
    rig.run(3.0, amount=1.0)
    assert rig.state == "active"
    assert not any(isinstance(each, StateChanged) for _, each in rig.log[before:])


def test_it_does_not_keep_a_paused_rig_from_going_on() -> None:
    rig = GateRig().be_active()
    rig.control("pause")
    rig.run(2.0)
    _lose(rig)
    assert not [each for each in rig.control("resume") if isinstance(each, Refusal)]
    assert rig.state == "active"


def test_what_is_told_of_it_is_cut() -> None:
    rig = GateRig().be_ready()
    rig.take(rig.gate.note_recording("p" * 2_000, "r" * 2_000, rig.now_s))
    ((_, found, expected),) = _refused(rig)
    assert found == "p" * TEXT_MAX
    assert expected == f"a recording that is being written: {'r' * TEXT_MAX}"
