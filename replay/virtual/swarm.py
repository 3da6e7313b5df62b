"""Faults at random times in a virtual world, and an attendant who starts and arms again."""

from collections.abc import Sequence

from replay.virtual.faults import SWARM_FAULTS
from replay.virtual.operator import Action, VirtualOperator
from replay.virtual.service import VirtualService
from replay.virtual.world import World
from stimulators.gate.presence import NEWER_REMEMBERED

_LOOK_US = 250_000
#: An arming that leads to no activity within this time is given up.
_ARMED_US_MAX = 5_000_000


class Swarm:
    """Lets faults happen in a world, and an attendant set right what they leave behind.

    Parameters
    ----------
    world : World
        The rig; its seed decides everything.
    kinds : sequence of str
        The faults that may happen, of `SWARM_FAULTS`.
    period_us : int
        The mean time from the start of one fault to that of the next.

    Attributes
    ----------
    quiet_since_us : int
        When the last fault was over; in the future while one goes on.
    happened : list of (int, str)
        When each fault began.
    """

    def __init__(self, world: World, kinds: Sequence[str], period_us: int) -> None:
        self.quiet_since_us = world.now_us
        self.happened: list[tuple[int, str]] = []
        self._world = world
        self._kinds = tuple(kinds)
        self._period_us = period_us
        self._is_over = False
        self._armed_us = world.now_us
        world.start_service()
        world.schedule.after(_LOOK_US, self._attend)
        world.schedule.after(1, self._swing)
        if kinds:
            self._plan()

    def calm_down(self) -> None:
        """Let no more faults begin and the signal be strong; what goes on ends by itself."""
        self._is_over = True
        self._world.amplifier.is_strong = True

    def _plan(self) -> None:
        delay_us = round(self._world.random.expovariate(1.0 / self._period_us))
        self._world.schedule.after(delay_us, self._strike)

    def _strike(self) -> None:
        if self._is_over:
            return
        world = self._world
        kind = world.random.choice(self._kinds)
        self.happened.append((world.now_us, kind))
        over_us = SWARM_FAULTS[kind][1](world)
        self.quiet_since_us = max(self.quiet_since_us, world.now_us + over_us)
        self._plan()

    def _swing(self) -> None:
        """Let the signal be strong or weak for another while."""
        world = self._world
        if self._is_over:
            return
        world.amplifier.is_strong = not world.amplifier.is_strong
        world.schedule.after(round(world.random.choice((0.3, 1.0, 4.0)) * 1e6), self._swing)

    def _attend(self) -> None:
        world = self._world
        world.schedule.after(_LOOK_US, self._attend)
        if any(operator.exit_code is None for operator in world.operators):
            return
        if not world.running:
            if self._is_over or world.random.random() < 0.3:
                world.start_service()
            return
        service = world.running[-1]
        state = service.state
        if state != "armed":
            self._armed_us = world.now_us
        elif world.now_us - self._armed_us > _ARMED_US_MAX:
            # A device that was switched on anew takes no lease of the session before.
            service.end(0, "started again")
        if NEWER_REMEMBERED in service.loop.gate.status_text:
            # As the status says: a session that is not the newest can never drive the device.
            service.end(0, "started again")
        elif (asked := _due(service)) is not None:
            action, chance = asked
            if self._is_over or world.random.random() < chance:
                self._ask(action)

    def _ask(self, action: Action) -> VirtualOperator:
        return self._world.operate(action)


def _due(service: VirtualService) -> tuple[Action, float] | None:
    """Return what an attendant may ask of a service, and how likely he does at a look."""
    if service.state in {"idle", "safe"}:
        return "arm", 0.3
    if service.state == "paused":
        return "resume", 0.1
    if service.state == "active" and service.loop.gate.offers():
        return "confirm", 0.3
    return None
