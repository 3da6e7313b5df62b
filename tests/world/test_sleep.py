"""A computer of the rig sleeps: what is given, what is counted, and how it resumes."""

import pytest

from replay.virtual.rig import virtual_rig
from replay.virtual.swarm import Swarm
from replay.virtual.world import World
from replay.what_if.states import delivers, reach
from tests.world.oracle import Oracle
from tests.world.scenario import stimulator_of

_S = 1_000_000
_LONG = pytest.param(1200, marks=pytest.mark.slow)


class SleepingRig:
    """A rig that drives at 3 mA, checked by the oracle at every step."""

    def __init__(self, *, safe_ma: float = 1.2) -> None:
        device = stimulator_of(safe_ma=safe_ma, charge_uc_per_10_min_max=9900.0)
        self.world = World(virtual_rig([device]), seed=5)
        quiet = World(virtual_rig([device]), seed=6)
        self.swarm = Swarm(quiet, (), _S)
        self.swarm.quiet_since_us = 10**18
        self.oracle = Oracle(self.world, self.swarm, tolerance=0.0031)
        reach(self.world, "active", "")

    def counted_uc(self) -> tuple[float, float]:
        """Return the charge that the service counts, and the charge that was given."""
        service, (name,) = self.world.service, self.world.devices
        counted_uc, _ = service.loop.gate.counted(name, service.now_s)
        return counted_uc, self.oracle.electrodes[name].charge_in_window_uc(self.world.now_us)

    def drives_again(self) -> bool:
        """Arm once the data are good; return whether the device gives what the policy wants."""
        self.world.run(12 * _S)
        asked = self.world.operate("arm")
        while asked.exit_code is None:
            self.world.run(_S // 10)
        assert asked.exit_code == 0, asked.reason
        self.world.run(5 * _S)
        return delivers(self.world)


@pytest.mark.parametrize("does_clock_stand", [True, False])
@pytest.mark.parametrize("slept_s", [5, 100, _LONG])
def test_after_the_services_machine_slept_it_is_armed_at_once(
    slept_s: int, does_clock_stand: bool
) -> None:
    day = SleepingRig()
    day.world.suspend(slept_s * _S, does_clock_stand=does_clock_stand)
    day.world.run((slept_s + 1) * _S)
    assert day.world.service.state == "safe"
    (device,) = day.world.devices.values()
    assert device.amount == pytest.approx(1.2)
    assert day.drives_again()
    counted_uc, given_uc = day.counted_uc()
    assert given_uc * (1.0 - 1e-3) <= counted_uc <= given_uc * 1.05 + 100.0


@pytest.mark.parametrize("slept_s", [5, 100, _LONG])
def test_a_device_whose_computer_slept_is_at_its_safe_amount_and_armed_again(slept_s: int) -> None:
    day = SleepingRig()
    (device,) = day.world.devices.values()
    device.suspend(slept_s * _S)
    day.world.run(slept_s * _S - 1)
    assert device.amount == 0.0
    day.world.run(_S)
    assert device.device.state == "safe"
    assert day.world.service.state == "safe"
    assert day.drives_again()


def test_a_service_that_starts_after_a_sleep_counts_what_was_given_meanwhile() -> None:
    day = SleepingRig(safe_ma=2.0)
    day.world.service.kill()
    again = day.world.start_service()
    day.world.run(2 * _S)
    day.world.suspend(60 * _S)
    day.world.run(65 * _S)
    assert again.phase == "running"
    counted_uc, given_uc = day.counted_uc()
    assert given_uc * (1.0 - 1e-3) <= counted_uc <= given_uc * 1.05


@pytest.mark.parametrize("part", ["device", "broker", "service"])
def test_after_a_link_was_away_for_minutes_the_rig_is_armed_at_once(part: str) -> None:
    day, away_us = SleepingRig(), 200 * _S
    if part == "device":
        (device,) = day.world.devices.values()
        device.client.disconnect("out of reach", back_after_us=away_us)
    elif part == "broker":
        day.world.broker.fail(away_us, forgets=True)
    else:
        day.world.service.freeze(away_us)
    day.world.run(away_us)
    assert day.drives_again()
    counted_uc, given_uc = day.counted_uc()
    assert given_uc * (1.0 - 1e-3) <= counted_uc <= given_uc * 1.05 + 100.0
