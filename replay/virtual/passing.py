"""Faults that pass: something is otherwise for a while, and then as it was."""

from collections.abc import Iterable

from replay.virtual.device import VirtualDevice
from replay.virtual.misbehaviour import HONEST, Misbehaviour
from replay.virtual.world import World

_UNCERTAIN_S, _CERTAIN_S = 0.1, 1e-4


def set_for(world: World, over_us: int, things: Iterable[object], key: str, value: float) -> None:
    """Set an attribute that is usually 0 of each thing, and back after a while."""
    changed = tuple(things)

    def change(to: float) -> None:
        for each in changed:
            setattr(each, key, to)

    change(value)
    world.schedule.after(over_us, lambda: change(0))


def misbehave_for(
    world: World, over_us: int, device: VirtualDevice, misbehaviour: Misbehaviour
) -> None:
    """Let a device misbehave for a while."""
    device.misbehaviour = misbehaviour

    def end() -> None:
        device.misbehaviour = HONEST

    world.schedule.after(over_us, end)


def be_uncertain_for(world: World, over_us: int) -> None:
    """Let the amplifier's clock be known only to 0.1 s for a while."""
    amplifier = world.amplifier

    def say(uncertainty_s: float) -> None:
        amplifier.uncertainty_s = uncertainty_s
        amplifier.misjudge_clock(0)

    say(_UNCERTAIN_S)
    world.schedule.after(over_us, lambda: say(_CERTAIN_S))
