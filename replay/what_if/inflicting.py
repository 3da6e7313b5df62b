"""How each fault of `what-if` is brought about, in a whole rig: nothing here is left to chance."""

from collections.abc import Callable
from typing import Final

from replay.virtual.misbehaviour import Misbehaviour, MisbehaviourKind
from replay.virtual.operator import Action
from replay.virtual.passing import be_uncertain_for, misbehave_for, set_for
from replay.virtual.world import World
from stimulators.wire.topics import Topic

#: In microseconds.
MS: Final = 1_000
S: Final = 1_000_000
#: How long most faults last.
LAST_US: Final = 3 * S

Inflict = Callable[[World], None]


def kill(world: World) -> None:
    """Kill the service."""
    world.service.kill()


def freeze(for_us: int) -> Inflict:
    """Let the service stand still."""
    return lambda world: world.service.freeze(for_us)


def lose_broker(world: World) -> None:
    """Let the broker be gone, and forget all that it kept."""
    world.broker.fail(LAST_US, forgets=True)


def on_legs(key: str, value: float) -> Inflict:
    """Set an attribute of both directions of all connections."""

    def begin(world: World) -> None:
        legs = [leg for each in world.clients.values() for leg in (each.up, each.down)]
        set_for(world, LAST_US, legs, key, value)

    return begin


def stall(world: World) -> None:
    """Hold what is on its way to anybody, and hand it over at once after a second."""
    for client in world.clients.values():
        client.down.stall(world.now_us + S)


def lose(*lost: Topic) -> Inflict:
    """Lose all messages on some topics."""

    def begin(world: World) -> None:
        clients = tuple(world.clients.values())
        for client in clients:
            client.lost_topics.update(lost)

        def end() -> None:
            for client in clients:
                client.lost_topics.clear()

        world.schedule.after(LAST_US, end)

    return begin


def data(key: str, value: float) -> Inflict:
    """Set an attribute of the amplifier."""
    return lambda world: set_for(world, LAST_US, [world.amplifier], key, value)


def replace_sender(world: World) -> None:
    """Let another sender take the amplifier's place."""
    world.amplifier.replace()


def misjudge(world: World) -> None:
    """Let the correction of the signal's clock step."""
    world.amplifier.misjudge_clock(50 * MS)


def uncertain(world: World) -> None:
    """Let the signal's clock be known badly."""
    be_uncertain_for(world, LAST_US)


def disconnect(world: World) -> None:
    """Cut the connections of all devices."""
    for device in world.devices.values():
        device.client.disconnect("the connection was reset", back_after_us=LAST_US)


def cycle_power(world: World) -> None:
    """Let all devices be without power."""
    for device in world.devices.values():
        device.cycle_power(S)


def sleep(for_us: int) -> Inflict:
    """Let the service's machine sleep."""
    return lambda world: world.suspend(for_us)


def sleep_devices(world: World) -> None:
    """Let the computers of all devices sleep."""
    for device in world.devices.values():
        device.suspend(5 * S)


def step_clock(by_us: int) -> Inflict:
    """Set the clocks of all devices."""

    def begin(world: World) -> None:
        for device in world.devices.values():
            device.step_clock(by_us)

    return begin


def misbehave(kind: MisbehaviourKind, share: float = 1.0) -> Inflict:
    """Let all devices misbehave, by a share of their highest amount where an amount matters."""

    def begin(world: World) -> None:
        for device in world.devices.values():
            misbehaviour = Misbehaviour(kind, share * device.config.amount_max)
            misbehave_for(world, LAST_US, device, misbehaviour)

    return begin


def start_second(*, listens: bool) -> Inflict:
    """Start a second service of the same rig."""

    def begin(world: World) -> None:
        world.start_service(listens=listens)

    return begin


def operate(action: Action) -> Inflict:
    """Let an operator run a command."""

    def begin(world: World) -> None:
        world.operate(action)

    return begin


def nothing(world: World) -> None:
    """Do nothing: the limit is reached by itself."""
