"""A train that has begun is not cut, and triggers that come late in a row make a rig safe."""

from typing import Any

from msgspec.structs import replace

from replay.virtual.rig import virtual_rig
from replay.virtual.world import World
from replay.what_if.states import reach
from stimulators.decisions import StateChanged
from stimulators.device_config import DeviceConfig
from stimulators.limits import ProgramConfig
from streamer.closed_loop import Outcome
from streamer.events import Event
from tests.world.scenario import stimulator_of

_MS = 1_000
_S = 1_000_000
#: Half a second of pulses at each trigger.
_TRAIN = ProgramConfig(
    frequency_hz=130.0, pulse_width_us=60.0, contact_area_cm2=0.06, duration_s=0.5
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

    @property
    def charge_fc(self) -> int:
        return sum(self.device.counts.bins_fc)


def test_a_train_that_has_begun_is_counted_whole_and_a_stop_takes_nothing_off_it() -> None:
    device = replace(stimulator_of(refractory_s=0.6), programs={"adbs": _TRAIN})
    rig = _Rig(device, {"every_cycles": 20})
    world = rig.world
    for _ in range(2000):
        world.run(_MS)
        if rig.given_us and world.now_us - rig.given_us[-1] <= _MS:
            break
    began_us, before_fc = rig.given_us[-1], rig.charge_fc
    world.operate("stop")
    world.run(100 * _MS)
    # The device says that it is stopped and gives nothing, though the train has 0.4 s to go.
    assert rig.device.state == "stopped"
    assert rig.device.applied == 0.0
    assert world.now_us - began_us < 150 * _MS
    # The hardware was told of the train in one word, and all of it counts.
    assert rig.charge_fc == before_fc
    per_train_fc = round(1.5 * 60.0 * _TRAIN.n_trigger_pulses * 1e6)
    assert before_fc == per_train_fc * len(rig.given_us)


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
