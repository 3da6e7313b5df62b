"""A train that has begun is ended, and triggers that come late in a row make a rig safe."""

from typing import Any

import pytest
from msgspec.structs import replace

from replay.virtual.rig import virtual_rig
from replay.virtual.world import World
from replay.what_if.states import reach
from stimulators.decisions import StateChanged
from stimulators.device_config import DeviceConfig
from stimulators.limits import ProgramConfig
from stimulators.wire.messages import Control, ControlAction
from stimulators.wire.received import ControlHeard
from streamer.closed_loop import Outcome
from streamer.events import Event
from tests.world.scenario import stimulator_of

_MS = 1_000
_S = 1_000_000
#: Nine tenths of a second of pulses at each trigger.
_TRAIN = ProgramConfig(
    frequency_hz=130.0, pulse_width_us=60.0, contact_area_cm2=0.06, duration_s=0.9
)


class _Rig:
    """A rig whose policy gives a trigger at peaks of 20 Hz, driven for two seconds."""

    def __init__(self, device: DeviceConfig, policy: dict[str, Any] | None = None) -> None:
        keys = {"kind": "phase_lock", "on_ma": 1.5, **(policy or {})}
        self.world = World(virtual_rig([device], policies={"left": keys}), seed=5)
        self.device = self.world.devices["left"].device
        self.given_us: list[int] = []
        self.states: list[str] = []
        self.world.electrodes.pulse_watchers.append(
            lambda _, given: self.given_us.append(given.time_us)
        )
        self.world.observers.append(self._observe)
        reach(self.world, "active", "")
        self.world.run(2 * _S)
        self.states.clear()

    def _observe(self, service: object, event: Event, outcome: Outcome) -> None:
        del service, event
        self.states += [each.after for each in outcome.decisions if isinstance(each, StateChanged)]

    def left_us(self) -> int:
        """Return how long the electrode still gets pulses of the newest trigger."""
        return max(0, self.world.electrodes.pulsing_until_us["left"] - self.world.now_us)

    @property
    def charge_fc(self) -> int:
        return sum(self.device.counts.bins_fc)


def _in_a_train() -> _Rig:
    """Return a rig one millisecond after a train has begun."""
    device = replace(stimulator_of(refractory_s=1.0), programs={"adbs": _TRAIN})
    rig = _Rig(device, {"every_cycles": 30})
    n_before = len(rig.given_us)
    while len(rig.given_us) == n_before:
        rig.world.run(_MS)
    assert rig.left_us() > 850 * _MS
    return rig


@pytest.mark.parametrize("action", ["disarm", "pause"])
def test_an_operator_ends_a_train_that_has_begun(action: ControlAction) -> None:
    rig = _in_a_train()
    service = rig.world.service
    now_us = round(service.now_s * 1e6)
    asked = Control(
        request_id="1",
        session=service.session,
        operator="operator",
        issued_us=now_us,
        expires_us=now_us + _S,
        action=action,
    )
    service.hear(ControlHeard(asked, retained=False))
    rig.world.run(30 * _MS)
    assert rig.states == [{"disarm": "idle", "pause": "paused"}[action]]
    assert rig.left_us() == 0


def test_a_stop_ends_a_train_that_has_begun_and_says_so_truly() -> None:
    rig = _in_a_train()
    rig.world.operate("stop")
    rig.world.run(20 * _MS)
    assert rig.device.state == "stopped"
    assert rig.left_us() == 0


def test_hold_ends_a_train_that_has_begun_and_so_does_a_lease_that_ends() -> None:
    """A rig without samples holds; a device that hears nothing more has its own timer."""
    rig = _in_a_train()
    rig.world.amplifier.is_silent = True
    rig.world.run(350 * _MS)
    assert rig.states == ["hold"]
    assert rig.left_us() == 0
    rig = _in_a_train()
    rig.world.clients["device left"].down.delay_us = 3 * _S
    rig.world.run(600 * _MS)
    assert rig.device.state == "safe"
    assert rig.left_us() == 0


@pytest.mark.parametrize("late_ms", [60, 105, 120, 150, 190])
def test_in_hold_a_command_that_comes_too_late_to_be_done_ends_a_train_all_the_same(
    late_ms: int,
) -> None:
    rig = _in_a_train()
    rig.world.clients["device left"].down.delay_us = late_ms * _MS
    rig.world.amplifier.is_silent = True
    while "hold" not in rig.states:
        rig.world.run(_MS)
    rig.world.run(late_ms * _MS + 30 * _MS)
    assert rig.left_us() == 0


def test_a_command_that_is_lost_is_said_again_and_ends_the_train_then() -> None:
    rig = _in_a_train()
    down = rig.world.clients["device left"].down
    rig.world.amplifier.is_silent = True
    down.loss = 1.0
    while "hold" not in rig.states:
        rig.world.run(_MS)
    rig.world.run(5 * _MS)
    down.loss = 0.0
    assert rig.left_us() > 400 * _MS
    rig.world.run(round(rig.world.config.gate.ack_s_max * 1e6) + 50 * _MS)
    assert rig.left_us() == 0


def test_a_train_that_is_ended_counts_whole() -> None:
    rig = _in_a_train()
    before_fc = rig.charge_fc
    rig.world.operate("stop")
    rig.world.run(100 * _MS)
    assert rig.device.state == "stopped"
    assert rig.charge_fc == before_fc
    per_train_fc = round(1.5 * 60.0 * _TRAIN.n_trigger_pulses * 1e6)
    assert before_fc == pytest.approx(per_train_fc * len(rig.given_us), rel=1e-9)


def test_triggers_that_come_late_in_a_row_hold_the_rig_and_make_it_safe() -> None:
    rig = _Rig(stimulator_of(refractory_s=0.03, triggers_per_min_max=2000))
    clients = rig.world.clients.values()
    for client in clients:
        client.down.delay_us = 40 * _MS
    rig.world.run(400 * _MS)
    assert rig.states == ["hold"]
    # The way is quick again; but nothing but triggers is sent, so no command that is done follows.
    for client in clients:
        client.down.delay_us = 0
    rig.world.run(3 * _S)
    assert rig.states == ["hold", "safe"]
    assert "refused 5 commands in a row" in rig.world.service.loop.gate.reason
