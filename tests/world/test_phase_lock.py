"""Triggers of `phase_lock` at the electrode: each at its time and once, and none after the end."""

from collections.abc import Callable, Mapping
from itertools import pairwise
from random import Random
from typing import Any, Final

import pytest
from msgspec.structs import replace

from detectors.rhythm.target_phase import TargetPhaseConfig
from replay.virtual.electrode import Pulses
from replay.virtual.faults import SWARM_FAULTS
from replay.virtual.network.broker import Post
from replay.virtual.operator import Action
from replay.virtual.rig import virtual_rig
from replay.virtual.service import VirtualService
from replay.virtual.swarm import Swarm
from replay.virtual.world import World
from replay.what_if.states import reach
from stimulators.decisions import Refusal, Send, StateChanged
from stimulators.wire.messages import Command
from streamer.closed_loop import Outcome
from streamer.events import Event
from tests.world.scenario import stimulator_of

_MS: Final = 1_000
_S: Final = 1_000_000
#: How far from its time to fire a trigger may be given: what `phase_lock` asks for by default.
_WITHIN_US: Final = 5 * _MS
#: The hop of the detector: no trigger is predicted earlier than the lead and one hop.
_HOP_US: Final = 12 * _MS
#: From the service to the device, on a quiet network.
_WAY_US: Final = 2 * _MS
#: Faults that are left out: clocks that stand still, or are set by less than a device can notice.
_OF_CLOCKS: Final = frozenset({"clock_step", "slept", "device_slept"})


class _Rig:
    """A rig with `phase_lock`, and a judge of each trigger that is given."""

    def __init__(
        self, policy: Mapping[str, Any] | None = None, *, lead_s: float = 0.03, **limits: Any
    ) -> None:
        limits = {"refractory_s": 0.03, "triggers_per_min_max": 2000} | limits
        keys = {"kind": "phase_lock", "on_ma": 1.5, **(policy or {})}
        config = virtual_rig([stimulator_of(**limits)], policies={"left": keys})
        detectors = tuple(
            replace(each, lead_s=lead_s) if isinstance(each, TargetPhaseConfig) else each
            for each in config.detectors
        )
        self.world = World(replace(config, detectors=detectors), seed=5)
        self.longest_us = round(lead_s * 1e6) + _HOP_US + _WITHIN_US
        self.way_us = self.longest_us
        self.given: list[int] = []
        self.refused: list[str] = []
        self._seen: set[tuple[str, int]] = set()
        self._taken_back: dict[str, int] = {}
        self._left_us: dict[str, int] = {}
        device = self.world.devices["left"]
        self._hear = device.client.hear
        self.world.electrodes.pulse_watchers.append(self._pulse)
        self.world.observers.append(self._observe)
        self._watch_client()

    def be_active(self) -> "_Rig":
        reach(self.world, "active", "")
        self.world.run(2 * _S)
        assert self.world.service.state == "active"
        return self

    def run(self, for_us: int) -> int:
        """Run on, and return how many triggers were given meanwhile."""
        before = len(self.given)
        self.world.run(for_us)
        return len(self.given) - before

    def spoil_network(self, **keys: float) -> None:
        for client in self.world.clients.values():
            for leg in (client.up, client.down):
                for key, value in keys.items():
                    setattr(leg, key, value)

    def drive_again(self) -> None:
        """Let the network be quiet, and the rig be driven."""
        self.spoil_network(delay_us=0, jitter_us=0, loss=0.0, duplication=0.0, reorders=0)
        world = self.world
        world.amplifier.is_spoilt = world.amplifier.is_silent = False
        for _ in range(60):
            if world.service.state == "active":
                return
            if world.service.state in {"idle", "safe"}:
                world.operate("arm")
            elif world.service.state == "paused":
                world.operate("resume")
            elif world.service.state == "offline":
                world.start_service(listens=False)
            world.run(_S)
        raise AssertionError(f"the rig is {world.service.state}: {world.service.loop.gate.reason}")

    # The judge.

    def _pulse(self, name: str, pulses: Pulses) -> None:
        device, now_us = self.world.devices[name], self.world.now_us
        last = device.device.triggers.last
        assert last is not None
        assert pulses.n_given == 1
        number = last.session, last.seq
        assert number not in self._seen, "given twice"
        self._seen.add(number)
        assert abs(now_us - (last.fire_at_us or 0)) <= _WITHIN_US, "given at another time"
        assert self._taken_back.get(last.session, 0) < last.seq, "given after it was taken back"
        assert device.client.is_up, "given where nobody could take it back"
        left_us = self._left_us.get(last.session, now_us)
        assert now_us - left_us <= self.way_us, "given after the rig was driven"
        self.given.append(now_us)

    def _observe(self, service: VirtualService, event: Event, outcome: Outcome) -> None:
        del event
        for each in outcome.decisions:
            if isinstance(each, StateChanged):
                if each.after == "active":
                    self._left_us.pop(service.session, None)
                elif each.before == "active":
                    self._left_us[service.session] = self.world.now_us
            elif isinstance(each, Refusal) and each.policy:
                self.refused.append(each.reason)
            elif isinstance(each, Send) and isinstance(each.message, Command):
                is_late = each.message.kind == "trigger" and service.state != "active"
                assert not is_late, "sent by a rig that is not active"

    def _watch_client(self) -> None:
        client = self.world.devices["left"].client

        def hear(post: Post, is_kept: bool) -> None:
            self._hear(post, is_kept)
            message = post.message
            device = self.world.devices["left"].device
            if not isinstance(message, Command) or message.session != device.session:
                return
            if message.kind == "amplitude" and device.info.last_seq >= message.seq:
                before = self._taken_back.get(message.session, 0)
                self._taken_back[message.session] = max(before, message.seq)

        client.hear = hear

    def wait_for_a_trigger(self) -> None:
        """Run until one has come to the device, and waits there."""
        while not self.world.devices["left"].device.triggers.waiting:
            self.run(_MS)

    def kill(self) -> None:
        self.way_us = self.longest_us
        self._left_us[self.world.service.session] = self.world.now_us
        self.world.service.kill()


def _spoil(rig: _Rig) -> None:
    rig.world.amplifier.is_spoilt = True


def _silence(rig: _Rig) -> None:
    rig.world.amplifier.is_silent = True


def _cut(rig: _Rig) -> None:
    rig.world.devices["left"].client.disconnect("the connection was reset", back_after_us=_S)


def _asks(action: Action) -> Callable[[_Rig], None]:
    def ask(rig: _Rig) -> None:
        rig.world.operate(action)

    return ask


_ENDS: Final[Mapping[str, Callable[[_Rig], None]]] = {
    "hold": _spoil,
    "silence": _silence,
    "pause": _asks("pause"),
    "disarm": _asks("disarm"),
    "stop": _asks("stop"),
    "a lost link": _cut,
    "a kill": _Rig.kill,
}


@pytest.mark.parametrize(
    ("network", "way_us"),
    [
        ({}, _WAY_US),
        ({"delay_us": 4 * _MS}, _WAY_US + 8 * _MS),
        ({"duplication": 1.0}, _WAY_US),
        ({"jitter_us": 12 * _MS, "reorders": 1, "duplication": 0.5}, _WAY_US + 24 * _MS),
        ({"loss": 0.3}, _S),
    ],
    ids=["quiet", "late", "doubled", "overtaken", "lost"],
)
def test_a_trigger_is_given_at_its_time_and_once_and_none_after_the_end(
    network: dict[str, float], way_us: int
) -> None:
    rig = _Rig(lead_s=0.08).be_active()
    for end in _ENDS.values():
        rig.drive_again()
        assert rig.run(2 * _S) > 5
        rig.spoil_network(**network)
        rig.run(100 * _MS)
        rig.way_us = min(way_us, rig.longest_us)
        rig.wait_for_a_trigger()
        end(rig)
        while rig.world.service.state == "active":
            rig.run(10 * _MS)
        rig.run(rig.longest_us)
        assert rig.run(300 * _MS) == 0
        rig.way_us = rig.longest_us


def test_each_cycle_has_one_trigger_at_its_own_time() -> None:
    rig = _Rig().be_active()
    assert rig.run(5 * _S) == pytest.approx(100, abs=3)
    apart_us = [second - first for first, second in pairwise(rig.given)]
    assert min(apart_us) > 35 * _MS
    assert rig.refused == []


def test_every_third_cycle_has_a_trigger_where_that_is_asked_for() -> None:
    rig = _Rig({"every_cycles": 3}).be_active()
    assert rig.run(5 * _S) == pytest.approx(33, abs=2)
    assert rig.refused == []


@pytest.mark.parametrize(
    ("limits", "n_given", "reason"),
    [
        ({"triggers_per_min_max": 60}, 60, "triggers"),
        ({"commands_per_s_max": 10.0}, 90, "commands"),
        ({"refractory_s": 0.08}, 110, "refractory"),
    ],
)
def test_a_limit_below_the_rhythm_leaves_triggers_out_and_the_rig_active(
    limits: dict[str, Any], n_given: int, reason: str
) -> None:
    rig = _Rig(**limits).be_active()
    rig.given.clear()
    rig.run(10 * _S)
    assert set(rig.refused) == {reason}
    assert len(rig.given) <= n_given
    assert rig.world.service.state == "active"


def test_a_stream_whose_clock_is_uncertain_has_no_triggers_and_the_rig_goes_on() -> None:
    rig = _Rig().be_active()
    rig.world.amplifier.uncertainty_s = 0.0045
    rig.run(6 * _S)  # until the next correction says it
    rig.refused.clear()
    assert rig.run(_S) == 0
    assert set(rig.refused) == {"clock"}
    assert rig.world.service.state == "active"


def test_a_device_that_knows_the_time_badly_gives_none() -> None:
    rig = _Rig()
    rig.world.devices["left"].client.up.delay_us = 12 * _MS
    rig.be_active()
    assert (len(rig.given), set(rig.refused)) == (0, {"clock"})
    assert rig.world.service.state == "active"


@pytest.mark.parametrize("seed", range(4))
def test_swarms_of_faults_change_no_time_to_fire(seed: int) -> None:
    rig = _Rig().be_active()
    kinds = Random(seed).sample(sorted(set(SWARM_FAULTS) - _OF_CLOCKS), 6)  # noqa: S311 a seed
    Swarm(rig.world, kinds, _S)
    rig.world.run(15 * _S)
