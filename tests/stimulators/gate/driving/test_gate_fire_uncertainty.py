"""A time to fire that clocks do not make certain enough is refused, and says by how much."""

import math
from typing import Any

import pytest

from stimulators.decisions import Refusal
from stimulators.wire.messages import DeviceStatus
from stimulators.wire.received import DeviceStatusHeard
from tests.stimulators.gate.gate_rig import SESSION, GateRig, device_of

_NOT_SAID = "a device that does not say how well it knows the time"


def _say(rig: GateRig, uncertainty_us: int = 1_000, **keys: Any) -> None:
    device = rig.obedient["stn"]
    settings: dict[str, Any] = {
        "session": device.session,
        "state": device.state,
        "said_us": round(rig.now_s * 1e6),
        "said_uncertainty_us": uncertainty_us,
        "said_clock": SESSION,
        **device.words(),
    }
    rig.hear(DeviceStatusHeard("stn", DeviceStatus(**(settings | keys))))


def _trigger(rig: GateRig, within_s: float = 0.005) -> list[tuple[str, str, str]]:
    """Ask for a trigger 50 ms ahead, and return how it was refused."""
    before = len(rig.log)
    rig.trigger(1.0, fire_at_s=rig.now_s + 0.05, fire_uncertainty_s_max=within_s)
    found = [each for _, each in rig.log[before:] if isinstance(each, Refusal)]
    return [(each.reason, each.found, each.expected) for each in found]


@pytest.mark.parametrize(("uncertainty_us", "is_sent"), [(4_890, True), (4_910, False)])
def test_the_clocks_of_stream_and_device_count_together(
    uncertainty_us: int, *, is_sent: bool
) -> None:
    rig = GateRig().be_active()  # the clock of its stream is known to 0.1 ms
    _say(rig, uncertainty_us)
    refused = _trigger(rig)
    assert [each.kind for each in rig.commands] == ["trigger"] * is_sent
    found = "0.005 s uncertain (0.0049 s of it the device)"
    expected = "at most 0.005 s (fire_uncertainty_s_max)"
    assert refused == ([] if is_sent else [("clock", found, expected)])
    assert rig.state == "active"


def test_what_the_stream_leaves_of_it_is_the_devices() -> None:
    rig = GateRig().be_active()
    _say(rig)
    assert _trigger(rig) == []
    assert rig.commands[-1].fire_uncertainty_us_max == 4_900

    def hop() -> None:
        rig.report(uncertainty_s=0.0039)
        rig.observe()

    rig.run(0.06, hop=hop)
    assert _trigger(rig) == []
    assert rig.commands[-1].fire_uncertainty_us_max == 1_100


def test_it_grows_with_time_until_the_device_says_it_anew() -> None:
    rig = GateRig().be_active()
    _say(rig, 4_700)
    rig.run(3.0)
    assert [each[0] for each in _trigger(rig)] == ["clock"]  # 0.3 ms of drift in three seconds
    _say(rig, 4_700)
    assert _trigger(rig) == []


@pytest.mark.parametrize(
    "keys",
    [
        {"said_us": None, "said_clock": ""},
        {"said_clock": ""},
        {"said_clock": "00000000000000000009-0000000b"},
        {"said_uncertainty_us": -1},
    ],
)
def test_a_device_that_does_not_say_it_has_no_such_triggers(keys: dict[str, Any]) -> None:
    rig = GateRig().be_active()
    assert _trigger(rig)[0][1] == _NOT_SAID
    _say(rig)
    rig.run(0.06)
    assert _trigger(rig) == []
    _say(rig, **keys)
    rig.run(0.06)
    assert _trigger(rig)[0][1] == _NOT_SAID
    # Without a limit only the device judges.
    rig.trigger(1.0, fire_at_s=rig.now_s + 0.05)
    assert rig.commands[-1].fire_uncertainty_us_max is None


def test_an_older_word_that_comes_late_says_nothing() -> None:
    rig = GateRig().be_active()
    older = rig.obedient["stn"].words()
    _say(rig, 6_000)
    _say(rig, 1_000, **older)
    assert [each[0] for each in _trigger(rig)] == ["clock"]


@pytest.mark.parametrize("within_s", [math.nan, -math.inf, -1.0, 0.0])
def test_no_number_that_is_none_lets_a_trigger_pass(within_s: float) -> None:
    rig = GateRig().be_active()
    _say(rig)
    assert [each[0] for each in _trigger(rig, within_s)] == ["clock"]
    assert rig.commands == []


@pytest.mark.parametrize("within_s", [math.inf, 1e300])
def test_more_than_a_command_is_valid_is_as_much_as_that(within_s: float) -> None:
    rig = GateRig().be_active()
    _say(rig)
    assert _trigger(rig, within_s) == []
    assert rig.commands[-1].fire_uncertainty_us_max == 100_000


def _hold(rig: GateRig) -> None:
    rig.observe(valid=False)


@pytest.mark.parametrize(("after_s", "is_said"), [(0.054, True), (0.056, False)])
def test_what_may_still_be_given_is_taken_back_in_the_step_that_holds(
    after_s: float, *, is_said: bool
) -> None:
    rig = GateRig(device_of()).be_active(1.0)
    _say(rig)
    assert _trigger(rig) == []
    rig.report()
    rig.now_s += after_s
    rig.report()
    before = len(rig.commands)
    _hold(rig)
    assert rig.state == "hold"
    assert [each.kind for each in rig.commands[before:]] == ["amplitude"] * is_said


def test_what_takes_back_may_be_lost_and_a_pause_says_it_again() -> None:
    rig = GateRig(device_of()).be_active(1.0)
    _say(rig)
    assert _trigger(rig) == []
    rig.answers = False
    _hold(rig)
    before = len(rig.commands)
    rig.control("pause")
    assert [each.kind for each in rig.commands[before:]] == ["amplitude"]


def test_an_uncertainty_of_exactly_what_is_allowed_is_taken() -> None:
    rig = GateRig().be_active()
    _say(rig, 4_000, said_us=round(rig.now_s * 1e6) + 1)
    assert _trigger(rig, 1e-4 + 0.004) == []
