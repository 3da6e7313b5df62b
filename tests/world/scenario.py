"""One seed of the world: its rig, its faults, and its run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import msgspec

from replay.virtual.faults import SWARM_FAULTS
from replay.virtual.rig import virtual_rig, wider
from replay.virtual.swarm import Swarm
from replay.virtual.world import World
from replay.what_if.states import SEEN_US, delivers
from stimulators.device_config import DeviceConfig
from stimulators.gate_config import GateConfig, Stage
from stimulators.limits import LimitsConfig, ProgramConfig
from tests.world.drawn_policies import LEVEL_DEVICE, draw, reads_peaks
from tests.world.electrode_oracle import ViolationError
from tests.world.oracle import Oracle

#: What a rig without drawn policies drives: each device by one policy of its own.
_NAMES = ({"left"}, {"left"}, {"left", "right"}, {"left", LEVEL_DEVICE})
#: Devices that do not report their amount.
LIES = frozenset({"says_high", "invents"})
_CALM_S = 40
#: How often the signal changes, so that a device that fell short of a target gets another one.
_CHANGE_S = 10
#: How long a device may lag behind a policy whose targets always change.
_LATELY_S = 0.3
#: The longest time for which the signal is weak, until the rig gives the wanted amount.
_WEAK_S_MAX = 10


@dataclass(frozen=True)
class Result:
    """The result of a run."""

    n_steps: int
    digest: str
    kinds: tuple[str, ...]
    happened: tuple[tuple[int, str], ...]


def stimulator(
    name: str, random: Random, *, simulated: bool, step: float, is_quick: bool
) -> DeviceConfig:
    """Return a stimulator with random settings.

    One that is quick has one program and changes as fast as the examples of policies ask for.
    """
    safe_ma = random.choice((0.0, 0.0, 0.5, 2.0))
    return stimulator_of(
        name,
        safe_ma=safe_ma,
        simulated=simulated,
        amount_tolerance=step / 2.0 or None,
        has_rest=random.random() < 0.3 and not is_quick,
        commands_per_s_max=random.choice((50.0, 100.0)),
        on_time_s_max=random.choice((5.0, 60.0, 600.0)),
        rises_per_min_max=random.choice((20, 200)),
        slew_ma_per_s_max=12.0 if is_quick else random.choice((2.0, 12.0)),
        charge_uc_per_10_min_max=random.choice((14_000.0, 9900.0 if safe_ma > 1.0 else 4000.0)),
        has_trains=random.random() < 0.3 and not is_quick,
    )


def stimulator_of(
    name: str = "left",
    *,
    safe_ma: float = 0.0,
    simulated: bool = False,
    has_rest: bool = False,
    has_trains: bool = False,
    amount_tolerance: float | None = None,
    **limits: Any,
) -> DeviceConfig:
    """Return a stimulator.

    `has_rest` gives it a second program, in which it is safe; with `has_trains` each trigger is
    0.3 s of pulses.
    """
    pulses: dict[str, Any] = {"pulse_width_us": 60.0, "contact_area_cm2": 0.06}
    if has_trains:
        pulses["duration_s"] = 0.3
    programs = {"adbs": ProgramConfig(frequency_hz=130.0, **pulses)}
    if has_rest:
        programs["rest"] = ProgramConfig(frequency_hz=60.0, **pulses)
    settings: dict[str, Any] = {
        "refractory_s": 0.35 if has_trains else 0.05,
        "triggers_per_min_max": 60,
        "commands_per_s_max": 50.0,
        "on_time_s_max": 600.0,
        "off_time_s_min": 0.5,
        "rises_per_min_max": 200,
        "amplitude_ma_max": 3.0,
        "slew_ma_per_s_max": 12.0,
        "charge_density_uc_per_cm2_max": 30.0,
        "shannon_k_max": 1.5,
        "charge_uc_per_10_min_max": 14_000.0,
    }
    return DeviceConfig(
        id=name,
        simulated=simulated,
        safe_ma=safe_ma,
        amount_tolerance=amount_tolerance,
        safe_program="rest" if has_rest else "adbs",
        programs=programs,
        limits=LimitsConfig(**(settings | limits)),
    )


def feedback_of(name: str, *, simulated: bool) -> DeviceConfig:
    """Return a feedback device, whose amount is a level."""
    limits = LimitsConfig(
        refractory_s=0.05,
        triggers_per_min_max=60,
        commands_per_s_max=50.0,
        on_time_s_max=600.0,
        off_time_s_min=0.5,
        rises_per_min_max=200,
        level_max=0.8,
        level_slew_per_s_max=4.0,
    )
    return DeviceConfig(id=name, simulated=simulated, safe_level=0.1, limits=limits)


def _policy(device: DeviceConfig, random: Random) -> dict[str, Any]:
    if device.unit == "level":
        return {}
    keys: dict[str, Any] = {"program": "adbs", "on_ma": random.choice((1.0, 3.0))}
    if random.random() < 0.15:
        # A trigger is given in the program in effect, as programs change at 0 only.
        keys |= {"output": "trigger", "program": device.safe_program}
        drawn = random.random()
        if drawn < 0.5:  # at each peak of the rhythm, foretold
            del keys["output"]
            keys["kind"] = "phase_lock" if drawn < 0.25 else "on_event"
    return keys


def run_seed(
    seed: int,
    *,
    kinds: Sequence[str] | None = None,
    n_steps: int = 3000,
    stage: Stage = "closed",
) -> Result:
    """Run one seed to its end and check it with the oracle.

    Parameters
    ----------
    seed : int
        Decides everything, the kinds of faults too.
    kinds : sequence of str, optional
        The faults that may happen instead.
    n_steps : int
        Steps of the swarm; the calm after it comes on top.
    stage : str
        How far the rig does what its policies want.

    Raises
    ------
    ViolationError
        With the command that runs the same again.
    """
    random = Random(seed)  # noqa: S311 a seed must give the same run again
    names = sorted(SWARM_FAULTS)
    drawn = tuple(random.sample(names, random.choice((1, 2, 3, 5, 8, len(names)))))
    used = drawn if kinds is None else tuple(kinds)
    period_us = round(random.choice((0.5, 2.0, 8.0)) * 1e6)
    simulated = random.random() < 0.3
    step = random.choice((0.0, 0.0, 0.1))
    policies = draw(random) if random.random() < 0.5 else ()
    driven = {name for each in policies for name in each.drives}
    driven = driven or random.choice(_NAMES)
    if LEVEL_DEVICE in driven:
        step = 0.0
    devices = [
        feedback_of(name, simulated=simulated)
        if name == LEVEL_DEVICE
        else stimulator(name, random, simulated=simulated, step=step, is_quick=bool(policies))
        for name in sorted(driven)
    ]
    timing = GateConfig(
        lease_s=random.choice((0.25, 1.0)),
        ack_s_max=0.25,
        data_age_s_max=random.choice((0.1, 0.3)),
        hold_s_max=random.choice((2.0, 5.0)),
    )
    config = virtual_rig(
        devices,
        timing=timing,
        arm="auto" if simulated else "operator",
        policies={device.id: _policy(device, random) for device in devices},
        has_rhythm=any(map(reads_peaks, policies)),
    )
    rig = msgspec.structs.replace(config.rig, stage=stage, confirm_s=5.0)
    config = msgspec.structs.replace(config, rig=rig)
    if policies:
        config = msgspec.structs.replace(config, policies=tuple(policies))
    factor = random.choice((1.0, 1.0, 3.0))
    world = World(
        config,
        seed=seed,
        devices=[wider(each, factor) for each in devices],
        step=step,
    )
    swarm = Swarm(world, used, period_us)
    oracle = Oracle(
        world,
        swarm,
        is_honest=not LIES & set(used),
        counts_past=not simulated,
        tolerance=0.0511 if step or "steps" in used else 0.0031,
    )
    try:
        while world.schedule.n_steps < n_steps:
            world.run(500_000)
        swarm.calm_down()
        if stage == "closed":
            _calm(world, swarm, used, _follows if policies else delivers)
        else:
            world.run(10_000_000)
    except Exception as error:
        text = (
            f"{type(error).__name__}: {error}" if not isinstance(error, ViolationError) else error
        )
        last = ", ".join(
            f"{(at - 1_000_000_000) / 1e6:.2f} {kind}" for at, kind in swarm.happened[-8:]
        )
        raise ViolationError(
            f"{text}\n  at {(world.now_us - 1_000_000_000) / 1e6:.3f} s, after {last}\n"
            f"  again: {again(seed, kinds, n_steps)}"
        ) from error
    assert oracle.n_checks > 0
    return Result(world.schedule.n_steps, world.electrodes.digest, used, tuple(swarm.happened))


def again(seed: int, kinds: Sequence[str] | None, n_steps: int) -> str:
    """Return the command that repeats a seed and prints what happened."""
    only = "" if kinds is None else f" --faults {','.join(kinds)}"
    return f"python -m tests.world {seed} --steps {n_steps}{only}"


def _follows(world: World) -> bool:
    """Return whether the rig is active and every device gives what its policy wanted lately.

    Some policies want another amount at each hop, so a device is on its way for ever.
    """
    if not world.running or world.service.state != "active":
        return False
    for name, (amount, program) in world.service.wish.items():
        virtual = world.devices[name]
        way = virtual.config.slew_per_s_max * _LATELY_S
        if virtual.device.program != program or abs(virtual.amount - amount) > way:
            return False
    return True


def _calm(
    world: World, swarm: Swarm, kinds: Sequence[str], is_calm: Callable[[World], bool]
) -> None:
    """Check that the rig gives its policy's amount again, soon after the last fault."""
    wait_us = max(0, swarm.quiet_since_us - world.now_us)
    world.run(wait_us + 1_000_000)
    waited_s = 0
    while True:
        if is_calm(world):
            return
        if waited_s >= _CALM_S + _limit_wait_s(world, kinds):
            raise ViolationError(
                f"{waited_s} s after the last fault the rig does not drive; {_described(world)}"
            )
        for _ in range(20):
            world.run(50_000)
            if is_calm(world):
                return
        waited_s += 1
        if waited_s % _CHANGE_S == 0:
            change_wish(world, is_calm)


def change_wish(world: World, is_calm: Callable[[World], bool] = delivers) -> None:
    """Weaken the signal for a while, so that the policies want other amounts.

    It is weak until the devices give what is wanted then. One that changes its program goes
    through 0, and where both begin at once the time that another may be above its safe amount can
    be over before: then the rig goes safe, as it must, however often it is armed.
    """
    world.amplifier.is_strong = False
    world.run(1_000_000)
    for _ in range(20 * _WEAK_S_MAX):
        if is_calm(world):
            break
        world.run(50_000)
    world.amplifier.is_strong = True
    world.run(SEEN_US)


def _described(world: World) -> str:
    services = [(each.state, each.loop.gate.reason) for each in world.running]
    devices = [(each.device.state, each.device.info.reason) for each in world.devices.values()]
    answers = [(each.action, each.exit_code, each.reason) for each in world.operators[-2:]]
    return f"services {services}, devices {devices}, operators {answers}"


def _limit_wait_s(world: World, kinds: Sequence[str]) -> int:
    """Return how long a limit may keep the rig from being armed, from what was given before."""
    is_wide = all(each.limits.charge_uc_per_10_min_max == 14_000.0 for each in world.config.devices)
    # A device whose clock was set forward does not know what it gave meanwhile, nor a service
    # what a device gave while its machine slept.
    is_counted = {"clock_step", "slept", "device_slept"}.isdisjoint(kinds)
    return 0 if is_wide and is_counted else 620
