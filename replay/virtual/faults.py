"""Everything that may go wrong in a virtual rig: the closed list that a swarm draws from."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Final

from replay.virtual.device import VirtualDevice
from replay.virtual.misbehaviour import Misbehaviour, MisbehaviourKind
from replay.virtual.network.broker import Client
from replay.virtual.network.network import Leg
from replay.virtual.operator import Action
from replay.virtual.passing import be_uncertain_for, misbehave_for, set_for
from replay.virtual.world import World

#: Begins a fault; returns after how many microseconds it is over.
Begin = Callable[[World], int]

#: A device that clips gives no more than this share of its highest amount.
CLIPPED: Final = 0.6

_MS = 1_000
_S = 1_000_000


def _duration(random: Random) -> int:
    return round(random.choice((0.1, 0.3, 1.0, 3.0)) * random.uniform(0.5, 1.5) * _S)


def _client(world: World) -> Client:
    clients = world.clients
    return clients[world.random.choice(sorted(clients))]


def _legs(world: World) -> list[Leg]:
    """Return one direction of one connection, or of all, or both directions of one."""
    random = world.random
    client = _client(world)
    return random.choice(
        (
            [client.up],
            [client.down],
            [client.up, client.down],
            [each.up for each in world.clients.values()],
            [each.down for each in world.clients.values()],
        )
    )


def _late(world: World) -> int:
    legs, random = _legs(world), world.random
    delay_us = random.choice((30, 60, 100, 150, 250, 450, 900, 2000)) * _MS
    return _for_a_while(world, legs, "delay_us", delay_us)


def _jittery(world: World) -> int:
    jitter_us = world.random.choice((20, 100, 300)) * _MS
    return _for_a_while(world, _legs(world), "jitter_us", jitter_us)


def _overtaking(world: World) -> int:
    legs = _legs(world)
    over_us = _for_a_while(world, legs, "jitter_us", world.random.choice((20, 100, 300)) * _MS)
    _for_a_while(world, legs, "reorders", 1, over_us=over_us)
    return over_us


def _lossy(world: World) -> int:
    return _for_a_while(world, _legs(world), "loss", world.random.choice((0.05, 0.3, 1.0)))


def _doubling(world: World) -> int:
    share = world.random.choice((0.2, 1.0))
    return _for_a_while(world, _legs(world), "duplication", share)


def _for_a_while(world: World, legs: list[Leg], key: str, value: float, *, over_us: int = 0) -> int:
    over_us = over_us or _duration(world.random)
    set_for(world, over_us, legs, key, value)
    # What was sent last is still under way.
    return over_us + 2 * (round(value) if key.endswith("_us") else 0)


def _stall(world: World) -> int:
    over_us = _duration(world.random)
    for leg in _legs(world):
        leg.stall(world.now_us + over_us)
    return over_us


def _disconnect(world: World) -> int:
    back_us = _duration(world.random)
    _client(world).disconnect("the connection was reset", back_after_us=back_us)
    return back_us


def _lose_broker(world: World) -> int:
    down_us = _duration(world.random)
    world.broker.fail(down_us, forgets=world.random.random() < 0.5)
    return down_us + _S // 2


def _kill(world: World) -> int:
    for service in world.running:
        service.kill()
    return 0


def _freeze(world: World) -> int:
    over_us = round(world.random.choice((0.05, 0.2, 0.5, 1.0, 3.0, 10.0)) * _S)
    for service in world.running:
        service.freeze(over_us)
    return over_us


def _second(world: World) -> int:
    if len(world.running) < 3:
        world.start_service()
    return 3 * _S


def _second_deaf(world: World) -> int:
    if len(world.running) < 3:
        world.start_service(listens=False)
    return 3 * _S


def _power(world: World) -> int:
    off_us = _duration(world.random)
    _device(world).cycle_power(off_us)
    return off_us + _S // 2


def _sleep(world: World) -> int:
    over_us = _sleeps_us(world)
    # On Linux the clock stands still meanwhile, elsewhere it goes on.
    world.suspend(over_us, does_clock_stand=world.random.random() < 0.7)
    # The next look at the amplifier's clock comes within five seconds.
    return over_us + 6 * _S


def _sleep_device(world: World) -> int:
    over_us = _sleeps_us(world)
    _device(world).suspend(over_us)
    return over_us + 2 * _S


def _sleeps_us(world: World) -> int:
    random = world.random
    return round(random.choice((0.3, 1.5, 5.0, 5.0, 20.0)) * random.uniform(0.9, 2.0) * _S)


def _step_clock(world: World) -> int:
    by_s = world.random.choice((-3600.0, -5.0, -1.0, -0.1, -0.02, 0.02, 0.1, 1.0, 5.0, 3600.0))
    _device(world).step_clock(round(by_s * _S))
    return 2 * _S


def _device(world: World) -> VirtualDevice:
    return world.devices[world.random.choice(sorted(world.devices))]


def _misbehave(kind: MisbehaviourKind) -> Begin:
    def begin(world: World) -> int:
        device = _device(world)
        amount_max = device.config.amount_max
        amount = {"clips": CLIPPED * amount_max, "steps": amount_max / 30.0}.get(kind, amount_max)
        over_us = _duration(world.random)
        misbehave_for(world, over_us, device, Misbehaviour(kind, amount))
        return over_us + _S

    return begin


def _data(key: str, *values: float) -> Begin:
    def begin(world: World) -> int:
        amplifier = world.amplifier
        if getattr(amplifier, key):
            return 0
        over_us = _duration(world.random)
        value = world.random.choice(values)
        set_for(world, over_us, [amplifier], key, value)
        return over_us + (round(value) if key == "delay_us" else 0)

    return begin


def _uncertain(world: World) -> int:
    over_us = _duration(world.random)
    be_uncertain_for(world, over_us)
    return over_us


def _misjudge(world: World) -> int:
    by_us = world.random.choice((-500, -50, -5, 5, 50, 500)) * _MS
    amplifier = world.amplifier
    amplifier.misjudge_clock(by_us)
    over_us = _duration(world.random)
    world.schedule.after(over_us, lambda: amplifier.misjudge_clock(-by_us))
    return over_us


def _replace_sender(world: World) -> int:
    world.amplifier.replace()
    return _S // 2


def _operate(action: Action) -> Begin:
    def begin(world: World) -> int:
        world.operate(action)
        return 0

    return begin


#: By name: what it does, in one sentence, and how it begins.
SWARM_FAULTS: Final[Mapping[str, tuple[str, Begin]]] = {
    "late": ("Messages of a connection come late.", _late),
    "jittery": ("Messages of a connection come late, each by another time.", _jittery),
    "overtaking": ("Messages of a connection overtake one another.", _overtaking),
    "lossy": ("Messages of a connection are lost.", _lossy),
    "doubling": ("Messages of a connection come twice.", _doubling),
    "stall": ("A connection holds all messages, and then hands them over at once.", _stall),
    "disconnect": ("A connection is lost, with all that is under way.", _disconnect),
    "broker_lost": ("The broker is gone for a while.", _lose_broker),
    "killed": ("The service is killed.", _kill),
    "frozen": ("The service stands still for a while.", _freeze),
    "second": ("A second service of the rig starts.", _second),
    "second_deaf": ("A second service starts, and does not listen before.", _second_deaf),
    "power": ("A device is without power for a while.", _power),
    "slept": ("The machine of the services sleeps.", _sleep),
    "device_slept": ("The computer of a device sleeps.", _sleep_device),
    "clock_step": ("The clock of a device is set.", _step_clock),
    "says_high": ("A device says that it gives its highest amount.", _misbehave("says_high")),
    "clips": ("A device gives less than it is asked for, and says so.", _misbehave("clips")),
    "steps": ("A device gives only multiples of an amount.", _misbehave("steps")),
    "sticks": ("A device takes commands and does not move, and says so.", _misbehave("sticks")),
    "refuses": ("A device refuses all commands.", _misbehave("refuses")),
    "refuses_way_down": ("A device refuses to go down.", _misbehave("refuses_way_down")),
    "invents": ("A device answers commands that were never sent.", _misbehave("invents")),
    "mute_acks": ("A device does not answer commands.", _misbehave("mute_acks")),
    "data_late": ("Samples come late.", _data("delay_us", 50_000, 90_000, 300_000, 2_000_000)),
    "data_silent": ("No samples come.", _data("is_silent", 1)),
    "data_spoilt": ("Samples are not numbers.", _data("is_spoilt", 1)),
    "clock_uncertain": ("The clock of the signal is not known well.", _uncertain),
    "clock_misjudged": ("The correction of the signal's clock makes a step.", _misjudge),
    "sender_replaced": ("Another sender takes the amplifier's place.", _replace_sender),
    "disarm": ("An operator disarms.", _operate("disarm")),
    "pause": ("An operator pauses, and later resumes.", _operate("pause")),
    "stop": ("An operator presses stop.", _operate("stop")),
}
