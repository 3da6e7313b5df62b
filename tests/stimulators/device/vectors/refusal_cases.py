"""A case for each reason that a device refuses a command with."""

from collections.abc import Callable

from stimulators.wire import topics
from tests.stimulators.device.vectors.script import NEWER, Script

#: A way to come to a refusal, with the changes of the device's table that it needs.
Case = Callable[[Script], None]


def session(script: Script) -> None:
    """A command of a session that does not hold the device."""
    script.live()
    script.refused("session", session=NEWER)


def stopped(script: Script) -> None:
    """A command after a stop, until a lease of a later arming."""
    script.live()
    script.command(1.0)
    script.stop()
    script.refused("stopped")


def lease(script: Script) -> None:
    """A command of the session that holds the device, after its lease ended."""
    script.live(valid_us=300_000)
    script.pass_us(400_000)
    script.refused("lease")


def clock(script: Script) -> None:
    """A command from the future, and a trigger that no clock makes as exact as it must be."""
    script.live()
    script.refused("clock", issued_us=20_000, expires_us=120_000)
    script.refused("clock", kind="trigger", fire_at_us=50_000, fire_uncertainty_us_max=0)


def expired(script: Script) -> None:
    """A command that comes after its end."""
    script.live()
    script.pass_us(300_000)
    script.refused("expired", issued_us=-200_000, expires_us=-100_000)


def validity(script: Script) -> None:
    """A command that is valid for more than 10 s, and one from before its arming."""
    script.live(armed_us=-900)
    script.refused("validity", expires_us=11_000_000)
    script.refused("validity", issued_us=-2_000)


def order(script: Script) -> None:
    """A command that was overtaken by a newer one."""
    script.live()
    overtaken = script.make(2.0)
    script.command(1.0)
    script.pass_us(10_000)
    script.ask(overtaken, "order")


def simulated(script: Script) -> None:
    """A command for a real device, sent to a simulated one."""
    script.live()
    script.refused("simulated", simulated=False)


def unit(script: Script) -> None:
    """A level for a device of milliampere, both units, and neither."""
    script.live()
    script.refused("unit", None, level=0.5)
    script.refused("unit", 1.0, level=0.5)
    script.refused("unit", None)


def limit(script: Script) -> None:
    """More than the device may ever give, and less than nothing."""
    script.live()
    script.refused("limit", 3.5)
    script.refused("limit", -0.5)


def program(script: Script) -> None:
    """A program that the device has not, and a change of program at an amount above 0."""
    script.live()
    script.refused("program", program="unheard-of")
    script.refused("program", program="wide")


def charge(script: Script) -> None:
    """A rise from which the way down would no longer fit within the charge of ten minutes.

    It comes in the middle of the time in which staying still fits and rising does not.
    """
    _go_to_the_end(script, "charge")


def on_time(script: Script) -> None:
    """A rise from which the way down would no longer fit within the time above safe.

    It comes in the middle of the time in which staying still fits and rising does not.
    """
    _go_to_the_end(script, "on_time")


def refractory(script: Script) -> None:
    """A trigger 10 ms after the last one, where 50 ms are the least."""
    script.live()
    script.command(1.0, kind="trigger")
    script.pass_us(10_000)
    script.refused("refractory", kind="trigger")


def triggers(script: Script) -> None:
    """A third trigger in a minute, where two are the most."""
    script.live()
    for _ in range(2):
        script.command(1.0, kind="trigger")
        script.pass_us(100_000)
    script.refused("triggers", kind="trigger")


def dropped(script: Script) -> None:
    """A trigger that waits for its time while a new amount is commanded."""
    script.live()
    waiting = script.make(1.0, kind="trigger", fire_at_us=80_000)
    script.hear(topics.COMMAND, waiting)
    script.pass_us(20_000)
    script.command(1.0)


REFUSALS: tuple[Case, ...] = (
    session,
    stopped,
    lease,
    clock,
    expired,
    validity,
    order,
    simulated,
    unit,
    limit,
    program,
    charge,
    on_time,
    refractory,
    triggers,
    dropped,
)
#: Keys of the device's table that a case changes.
CHANGES: dict[Case, dict[str, float]] = {
    charge: {"safe_ma": 0.0, "charge_uc_per_10_min_max": 30.0},
    on_time: {"safe_ma": 0.0, "on_time_s_max": 3.0},
}


def _go_to_the_end(script: Script, word: str) -> None:
    """Stay at 1 mA until a rise is refused for `word`, and then for half as long as it lasts."""
    script.live()
    script.command(1.0)
    budgets = script.device._budgets
    program = script.device.program

    def is_refused() -> bool:
        return budgets.limit_for(3.0, program, script.device._delivery.now_us) == word

    n_steps = 0
    while not is_refused():
        if n_steps % 50 == 0:
            script.lease()
        n_steps += 1
        script.pass_us(10_000)
        script.tick()
    script.lease()
    script.pass_us(25_000)
    script.is_now("live", 1.0)
    script.refused(word, 3.0)
