"""Triggers that wait in a device for their phase: fired at it, or cancelled."""

from collections.abc import Callable

import numpy as np
import pytest
from msgspec.structs import replace

from detectors.rhythm.target_phase import TargetPhaseConfig
from replay.virtual.electrode import Pulses
from replay.virtual.operator import Action
from replay.virtual.rig import virtual_rig
from replay.virtual.world import World
from replay.what_if.states import reach
from stimulators.decisions import Send
from stimulators.wire.messages import Command
from tests.world.scenario import stimulator_of

_MS = 1_000
_S = 1_000_000
#: The time of a command on its way, of the device's next clock reading, and of the next tick.
_LATE_US = 60 * _MS


class _Rig:
    """A rig that fires a trigger at each peak of the rhythm."""

    def __init__(self, lead_s: float = 0.03) -> None:
        device = stimulator_of(refractory_s=0.03, triggers_per_min_max=2000)
        policy = {"kind": "on_event", "on_ma": 1.5}
        config = virtual_rig([device], policies={"left": policy})
        is_far = lead_s > config.gate.command_valid_s
        gate = replace(config.gate, command_valid_s=1.0, lease_s=2.0) if is_far else config.gate
        detectors = tuple(
            replace(each, lead_s=lead_s) if isinstance(each, TargetPhaseConfig) else each
            for each in config.detectors
        )
        config = replace(config, gate=gate, detectors=detectors)
        self.world = World(config, seed=5)
        self.pulses_us: list[int] = []
        self.fire_us: list[int] = []
        self.world.electrodes.pulse_watchers.append(self._pulse)
        reach(self.world, "active", "")
        self.world.run(_S)
        self.world.observers.append(
            lambda service, event, outcome: self.fire_us.extend(  # noqa: ARG005 the seam's shape
                each.message.fire_at_us or 0
                for each in outcome.decisions
                if isinstance(each, Send)
                and isinstance(each.message, Command)
                and each.message.kind == "trigger"
            )
        )
        assert self.world.service.state == "active"

    def _pulse(self, device: str, pulses: Pulses) -> None:
        assert device == "left"
        self.pulses_us += [pulses.time_us] * pulses.n_given

    def run(self, for_us: int) -> list[int]:
        """Run on, and return the times at which triggers fired."""
        before = len(self.pulses_us)
        self.world.run(for_us)
        return self.pulses_us[before:]


def test_a_steady_rhythm_has_one_trigger_a_cycle_at_its_phase() -> None:
    rig = _Rig()
    given_us = np.array(rig.run(5 * _S))
    assert len(given_us) == pytest.approx(100, abs=3)
    assert np.diff(given_us).min() > 30 * _MS
    fire_us = np.array(rig.fire_us)
    off_us = [int(np.abs(fire_us - each).min()) for each in given_us[2:]]
    assert max(off_us) <= _MS


def test_triggers_far_ahead_are_waited_for_until_they_are_given() -> None:
    rig = _Rig(lead_s=0.4)
    assert rig.world.config.gate.ack_s_max < 0.4
    assert len(rig.run(3 * _S)) == pytest.approx(60, abs=3)
    assert rig.world.service.state == "active"


def _spoil(rig: _Rig) -> None:
    rig.world.amplifier.is_spoilt = True


def _silence(rig: _Rig) -> None:
    rig.world.amplifier.is_silent = True


def _fail(rig: _Rig) -> None:
    rig.world.amplifier.misjudge_clock(200 * _MS)


def _asks(action: Action) -> Callable[[_Rig], None]:
    def ask(rig: _Rig) -> None:
        asked = rig.world.operate(action)
        while asked.exit_code is None:
            rig.world.run(10 * _MS)

    return ask


@pytest.mark.parametrize(
    ("after_us", "lead_s"), [(0, 0.03), (13 * _MS, 0.03), (34 * _MS, 0.03), (0, 0.4)]
)
@pytest.mark.parametrize(
    "end", [_spoil, _silence, _fail, _asks("pause"), _asks("disarm"), _asks("stop")]
)
def test_what_waits_at_the_device_is_not_given_once_the_rig_does_not_drive(
    end: Callable[[_Rig], None], after_us: int, lead_s: float
) -> None:
    rig = _Rig(lead_s)
    rig.run(after_us)
    end(rig)
    while rig.world.service.state == "active":
        rig.run(5 * _MS)
    rig.run(_LATE_US)
    assert rig.run(3 * _S) == []


def test_a_device_that_hears_nothing_more_gives_none_after_its_commands_are_over() -> None:
    rig = _Rig()
    rig.world.service.kill()
    valid_us = round(rig.world.config.gate.command_valid_s * 1e6)
    rig.run(valid_us + 20 * _MS)
    assert rig.run(3 * _S) == []
