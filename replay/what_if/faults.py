"""The faults that `what-if` shows, each in one sentence: a closed list."""

from typing import Final, NamedTuple

from replay.what_if import inflicting
from replay.what_if.inflicting import LAST_US, MS, Inflict, S
from stimulators.wire import topics

#: The on-time that is left in "limit reached": no board reads a picture of an hour.
ON_TIME_S: Final = 6.0


class WhatIfFault(NamedTuple):
    """One fault.

    `must_rest` says that devices which were driven have to come to their safe amount by it, and
    stay there until somebody arms or resumes the rig.
    """

    name: str
    sentence: str
    begin: Inflict
    lasts_us: int = 0
    must_rest: bool = False


WHAT_IF_FAULTS: Final = (
    WhatIfFault(
        "service killed",
        "The service is killed and says nothing more.",
        inflicting.kill,
        0,
        must_rest=True,
    ),
    WhatIfFault(
        "service frozen 1 s", "The service stands still for one second.", inflicting.freeze(S), S
    ),
    WhatIfFault(
        "service frozen 5 s",
        "The service stands still for five seconds.",
        inflicting.freeze(5 * S),
        5 * S,
        must_rest=True,
    ),
    WhatIfFault(
        "machine sleeps 8 s",
        "The service's machine sleeps for eight seconds, and the broker ends its connection.",
        inflicting.sleep(8 * S),
        8 * S,
        must_rest=True,
    ),
    WhatIfFault(
        "second service",
        "Somebody starts a second service of the same rig.",
        inflicting.start_second(listens=True),
    ),
    WhatIfFault(
        "second service that does not listen",
        "A second service starts without listening whether another one is there.",
        inflicting.start_second(listens=False),
    ),
    WhatIfFault(
        "broker lost",
        "The broker is gone for three seconds.",
        inflicting.lose_broker,
        LAST_US,
        must_rest=True,
    ),
    WhatIfFault(
        "network late",
        "Every message takes 0.3 s longer, for three seconds.",
        inflicting.on_legs("delay_us", 150 * MS),
        LAST_US,
    ),
    WhatIfFault(
        "network stalls",
        "No message arrives for one second, then all do at once.",
        inflicting.stall,
        S,
    ),
    WhatIfFault(
        "messages twice",
        "Every message comes twice, for three seconds.",
        inflicting.on_legs("duplication", 1.0),
        LAST_US,
    ),
    WhatIfFault(
        "answers lost",
        "No answer of a device to a command arrives, for three seconds.",
        inflicting.lose(topics.ACK),
        LAST_US,
    ),
    WhatIfFault(
        "commands lost",
        "No command arrives, for three seconds.",
        inflicting.lose(topics.COMMAND),
        LAST_US,
    ),
    WhatIfFault(
        "leases lost",
        "No lease arrives, for three seconds.",
        inflicting.lose(topics.LEASE),
        LAST_US,
    ),
    WhatIfFault(
        "data late",
        "Samples come 0.5 s late, for three seconds.",
        inflicting.data("delay_us", 500 * MS),
        LAST_US,
    ),
    WhatIfFault(
        "data silent",
        "No samples come, for three seconds.",
        inflicting.data("is_silent", 1),
        LAST_US,
    ),
    WhatIfFault(
        "data suspect",
        "Samples are not numbers, for three seconds.",
        inflicting.data("is_spoilt", 1),
        LAST_US,
    ),
    WhatIfFault(
        "sender changed",
        "Another sender takes the amplifier's place under its name.",
        inflicting.replace_sender,
        S // 2,
        must_rest=True,
    ),
    WhatIfFault(
        "clock correction steps",
        "The correction of the signal's clock changes by 50 ms at once.",
        inflicting.misjudge,
        0,
        must_rest=True,
    ),
    WhatIfFault(
        "clock uncertain",
        "The signal's clock is known only to 0.1 s, for three seconds.",
        inflicting.uncertain,
        LAST_US,
    ),
    WhatIfFault(
        "device offline",
        "The devices lose their connection for three seconds.",
        inflicting.disconnect,
        LAST_US,
        must_rest=True,
    ),
    WhatIfFault(
        "device restarted",
        "The devices lose power for one second and start anew.",
        inflicting.cycle_power,
        S,
        must_rest=True,
    ),
    WhatIfFault(
        "device sleeps 5 s",
        "The computers of the devices sleep for five seconds, and give nothing meanwhile.",
        inflicting.sleep_devices,
        5 * S,
        must_rest=True,
    ),
    WhatIfFault(
        "device clock set back",
        "The clocks of the devices are set back by an hour.",
        inflicting.step_clock(-3600 * S),
    ),
    WhatIfFault(
        "device clock set forward",
        "The clocks of the devices are set forward by an hour.",
        inflicting.step_clock(3600 * S),
    ),
    WhatIfFault(
        "device refuses",
        "The devices refuse every command, for three seconds.",
        inflicting.misbehave("refuses"),
        LAST_US,
    ),
    WhatIfFault(
        "device refuses the way down",
        "The devices refuse every command to give less, for three seconds.",
        inflicting.misbehave("refuses_way_down"),
        LAST_US,
    ),
    WhatIfFault(
        "device clips",
        "The devices give at most half of their highest amount, for three seconds.",
        inflicting.misbehave("clips", 0.5),
        LAST_US,
    ),
    WhatIfFault(
        "device sticks",
        "The devices take every command and go on giving what they give, for three seconds.",
        inflicting.misbehave("sticks"),
        LAST_US,
    ),
    WhatIfFault(
        "device says too much",
        "The devices say that they give their highest amount, whatever they give.",
        inflicting.misbehave("says_high"),
        LAST_US,
    ),
    WhatIfFault(
        "device invents answers",
        "The devices answer commands that were never sent, for three seconds.",
        inflicting.misbehave("invents"),
        LAST_US,
    ),
    WhatIfFault(
        "stop pressed",
        "An operator presses stop.",
        inflicting.operate("stop"),
        must_rest=True,
    ),
    WhatIfFault(
        "disarmed",
        "An operator disarms the rig.",
        inflicting.operate("disarm"),
        must_rest=True,
    ),
    WhatIfFault("paused", "An operator pauses the rig.", inflicting.operate("pause")),
    WhatIfFault(
        "limit reached",
        f"The devices have been above their safe amount for as long as they may (here "
        f"{ON_TIME_S:g} s).",
        inflicting.nothing,
    ),
)
