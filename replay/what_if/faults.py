"""The faults that `what-if` shows, each in one sentence: a closed list."""

from collections.abc import Callable
from typing import Final, NamedTuple

from replay.virtual.misbehaviour import HONEST, Kind, Misbehaviour
from replay.virtual.operator import Action
from replay.virtual.world import World
from stimulators.wire import topics
from stimulators.wire.topics import Topic

_MS = 1_000
_S = 1_000_000
#: How long most faults last.
_LAST_US: Final = 3 * _S
#: The on-time that is left in "limit reached": no board reads a picture of an hour.
ON_TIME_S: Final = 6.0


class WhatIfFault(NamedTuple):
    """One fault.

    `must_rest` says that devices which were driven have to come to their safe amount by it, and
    stay there until somebody arms or resumes the rig.
    """

    name: str
    sentence: str
    begin: Callable[[World], None]
    lasts_us: int = 0
    must_rest: bool = False


def _kill(world: World) -> None:
    world.service.kill()


def _freeze(for_us: int) -> Callable[[World], None]:
    return lambda world: world.service.freeze(for_us)


def _lose_broker(world: World) -> None:
    world.broker.fail(_LAST_US, forgets=True)


def _on_legs(key: str, value: float) -> Callable[[World], None]:
    def begin(world: World) -> None:
        legs = [leg for each in world.clients.values() for leg in (each.up, each.down)]
        for leg in legs:
            setattr(leg, key, value)

        def end() -> None:
            for leg in legs:
                setattr(leg, key, 0)

        world.schedule.after(_LAST_US, end)

    return begin


def _stall(world: World) -> None:
    for client in world.clients.values():
        client.down.stall(world.now_us + _S)


def _lose(*lost: Topic) -> Callable[[World], None]:
    def begin(world: World) -> None:
        clients = tuple(world.clients.values())
        for client in clients:
            client.lost_topics.update(lost)

        def end() -> None:
            for client in clients:
                client.lost_topics.clear()

        world.schedule.after(_LAST_US, end)

    return begin


def _data(key: str, value: float) -> Callable[[World], None]:
    def begin(world: World) -> None:
        setattr(world.amplifier, key, value)
        world.schedule.after(_LAST_US, lambda: setattr(world.amplifier, key, 0))

    return begin


def _replace_sender(world: World) -> None:
    world.amplifier.replace()


def _misjudge(world: World) -> None:
    world.amplifier.misjudge_clock(50 * _MS)


def _uncertain(world: World) -> None:
    amplifier = world.amplifier

    def say(uncertainty_s: float) -> None:
        amplifier.uncertainty_s = uncertainty_s
        amplifier.misjudge_clock(0)

    say(0.1)
    world.schedule.after(_LAST_US, lambda: say(1e-4))


def _disconnect(world: World) -> None:
    for device in world.devices.values():
        device.client.disconnect("the connection was reset", back_after_us=_LAST_US)


def _cycle_power(world: World) -> None:
    for device in world.devices.values():
        device.cycle_power(_S)


def _sleep(for_us: int) -> Callable[[World], None]:
    return lambda world: world.suspend(for_us)


def _sleep_devices(world: World) -> None:
    for device in world.devices.values():
        device.suspend(5 * _S)


def _step_clock(by_us: int) -> Callable[[World], None]:
    def begin(world: World) -> None:
        for device in world.devices.values():
            device.step_clock(by_us)

    return begin


def _misbehave(kind: Kind, share: float = 1.0) -> Callable[[World], None]:
    def begin(world: World) -> None:
        for device in world.devices.values():
            device.misbehaviour = Misbehaviour(kind, share * device.config.amount_max)

        def end() -> None:
            for device in world.devices.values():
                device.misbehaviour = HONEST

        world.schedule.after(_LAST_US, end)

    return begin


def _start_second(*, listens: bool) -> Callable[[World], None]:
    def begin(world: World) -> None:
        world.start_service(listens=listens)

    return begin


def _operate(action: Action) -> Callable[[World], None]:
    def begin(world: World) -> None:
        world.operate(action)

    return begin


def _nothing(world: World) -> None:
    """Nothing is done here: the limit is reached by itself."""


FAULTS: Final = (
    WhatIfFault(
        "service killed", "The service is killed and says nothing more.", _kill, 0, must_rest=True
    ),
    WhatIfFault("service frozen 1 s", "The service stands still for one second.", _freeze(_S), _S),
    WhatIfFault(
        "service frozen 5 s",
        "The service stands still for five seconds.",
        _freeze(5 * _S),
        5 * _S,
        must_rest=True,
    ),
    WhatIfFault(
        "machine sleeps 8 s",
        "The service's machine sleeps for eight seconds, and the broker ends its connection.",
        _sleep(8 * _S),
        8 * _S,
        must_rest=True,
    ),
    WhatIfFault(
        "second service",
        "Somebody starts a second service of the same rig.",
        _start_second(listens=True),
    ),
    WhatIfFault(
        "second service that does not listen",
        "A second service starts without listening whether another one is there.",
        _start_second(listens=False),
    ),
    WhatIfFault(
        "broker lost",
        "The broker is gone for three seconds.",
        _lose_broker,
        _LAST_US,
        must_rest=True,
    ),
    WhatIfFault(
        "network late",
        "Every message takes 0.3 s longer, for three seconds.",
        _on_legs("delay_us", 150 * _MS),
        _LAST_US,
    ),
    WhatIfFault(
        "network stalls", "No message arrives for one second, then all do at once.", _stall, _S
    ),
    WhatIfFault(
        "messages twice",
        "Every message comes twice, for three seconds.",
        _on_legs("duplication", 1.0),
        _LAST_US,
    ),
    WhatIfFault(
        "answers lost",
        "No answer of a device to a command arrives, for three seconds.",
        _lose(topics.ACK),
        _LAST_US,
    ),
    WhatIfFault(
        "commands lost", "No command arrives, for three seconds.", _lose(topics.COMMAND), _LAST_US
    ),
    WhatIfFault(
        "leases lost", "No lease arrives, for three seconds.", _lose(topics.LEASE), _LAST_US
    ),
    WhatIfFault(
        "data late",
        "Samples come 0.5 s late, for three seconds.",
        _data("delay_us", 500 * _MS),
        _LAST_US,
    ),
    WhatIfFault(
        "data silent", "No samples come, for three seconds.", _data("is_silent", 1), _LAST_US
    ),
    WhatIfFault(
        "data suspect",
        "Samples are not numbers, for three seconds.",
        _data("is_spoilt", 1),
        _LAST_US,
    ),
    WhatIfFault(
        "sender changed",
        "Another sender takes the amplifier's place under its name.",
        _replace_sender,
        _S // 2,
        must_rest=True,
    ),
    WhatIfFault(
        "clock correction steps",
        "The correction of the signal's clock changes by 50 ms at once.",
        _misjudge,
        0,
        must_rest=True,
    ),
    WhatIfFault(
        "clock uncertain",
        "The signal's clock is known only to 0.1 s, for three seconds.",
        _uncertain,
        _LAST_US,
    ),
    WhatIfFault(
        "device offline",
        "The devices lose their connection for three seconds.",
        _disconnect,
        _LAST_US,
        must_rest=True,
    ),
    WhatIfFault(
        "device restarted",
        "The devices lose power for one second and start anew.",
        _cycle_power,
        _S,
        must_rest=True,
    ),
    WhatIfFault(
        "device sleeps 5 s",
        "The computers of the devices sleep for five seconds, and give nothing meanwhile.",
        _sleep_devices,
        5 * _S,
        must_rest=True,
    ),
    WhatIfFault(
        "device clock set back",
        "The clocks of the devices are set back by an hour.",
        _step_clock(-3600 * _S),
    ),
    WhatIfFault(
        "device clock set forward",
        "The clocks of the devices are set forward by an hour.",
        _step_clock(3600 * _S),
    ),
    WhatIfFault(
        "device refuses",
        "The devices refuse every command, for three seconds.",
        _misbehave("refuses"),
        _LAST_US,
    ),
    WhatIfFault(
        "device refuses the way down",
        "The devices refuse every command to give less, for three seconds.",
        _misbehave("refuses_way_down"),
        _LAST_US,
    ),
    WhatIfFault(
        "device clips",
        "The devices give at most half of their highest amount, for three seconds.",
        _misbehave("clips", 0.5),
        _LAST_US,
    ),
    WhatIfFault(
        "device sticks",
        "The devices take every command and go on giving what they give, for three seconds.",
        _misbehave("sticks"),
        _LAST_US,
    ),
    WhatIfFault(
        "device says too much",
        "The devices say that they give their highest amount, whatever they give.",
        _misbehave("says_high"),
        _LAST_US,
    ),
    WhatIfFault(
        "device invents answers",
        "The devices answer commands that were never sent, for three seconds.",
        _misbehave("invents"),
        _LAST_US,
    ),
    WhatIfFault(
        "stop pressed",
        "An operator presses stop.",
        _operate("stop"),
        must_rest=True,
    ),
    WhatIfFault(
        "disarmed",
        "An operator disarms the rig.",
        _operate("disarm"),
        must_rest=True,
    ),
    WhatIfFault("paused", "An operator pauses the rig.", _operate("pause")),
    WhatIfFault(
        "limit reached",
        f"The devices have been above their safe amount for as long as they may (here "
        f"{ON_TIME_S:g} s).",
        _nothing,
    ),
)
