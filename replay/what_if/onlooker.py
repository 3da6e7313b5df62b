"""What an operator and the pictures see of a fault, from its beginning on."""

from replay.virtual.service import VirtualService
from replay.virtual.world import World
from stimulators.decisions import Notice, SendStop, StateChanged
from streamer.closed_loop import Outcome
from streamer.events import Event

#: A fault is looked at for this long from its beginning on.
AFTER_S = 10.0
_N_SEEN_MAX = 10


class Onlooker:
    """Notes what happens from the moment that it is made, just before a fault begins.

    Parameters
    ----------
    world : World
        What it looks at.

    Attributes
    ----------
    start_us : int
        When it was made, in virtual time.
    noticed_us : int or None
        When the service or a device first said anything of it.
    sees : list of str
        What an operator is told, with the seconds since then.
    amounts, wishes : dict of str to list
        By device, what it gave and what its policy wanted: pairs of seconds since then, and amount.
    """

    def __init__(self, world: World) -> None:
        self.start_us = world.now_us
        self.noticed_us: int | None = None
        self.sees: list[str] = []
        self.amounts = {name: [(0.0, each.amount)] for name, each in world.devices.items()}
        self.wishes = {name: [(0.0, _wish(world, name))] for name in world.devices}
        self._world = world
        self._devices = self._described()
        self._is_gone = False
        world.observers.append(self._observe)

    @property
    def now_s(self) -> float:
        """Seconds since the fault began."""
        return (self._world.now_us - self.start_us) / 1e6

    def tell(self, text: str) -> None:
        """Note what an operator is told."""
        if self.noticed_us is None:
            self.noticed_us = self._world.now_us
        if len(self.sees) < _N_SEEN_MAX and not any(each.endswith(text) for each in self.sees):
            self.sees.append(f"{self.now_s:.2f} s: {text}")

    def look(self) -> None:
        """Look at devices, policies and the service."""
        described = self._described()
        for name, text in described.items():
            if text != self._devices[name]:
                self.tell(text)
        self._devices = described
        for name, device in self._world.devices.items():
            _note(self.amounts[name], self.now_s, device.amount)
            _note(self.wishes[name], self.now_s, _wish(self._world, name))
        for service in self._world.services:
            if service.phase == "ended" and service.exit_code:
                self.tell(f"a service ended with exit code {service.exit_code}")
        if not self._world.running and not self._is_gone:
            self._is_gone = True
            self.tell("status: the service is gone")

    def _described(self) -> dict[str, str]:
        return {
            name: f"device {name}: {each.device.state}, {each.device.info.reason}"
            if each.is_on
            else f"device {name}: {'asleep' if each.is_asleep else 'no power'}"
            for name, each in self._world.devices.items()
        }

    def _observe(self, service: VirtualService, event: Event, outcome: Outcome) -> None:  # noqa: ARG002
        if self.now_s > AFTER_S:
            return
        for each in outcome.decisions:
            if isinstance(each, StateChanged):
                self.tell(f"{each.after}: {each.reason}")
            elif isinstance(each, Notice):
                self.tell(each.text)
            elif isinstance(each, SendStop):
                self.tell(f"the service presses stop: {each.reason}")


def _wish(world: World, device: str) -> float:
    """Return the amount that is wanted of a device; of one of which none is, the safe one."""
    safe_amount = world.devices[device].config.safe_amount
    amount, _ = world.service.wish.get(device, (safe_amount, ""))
    return amount


def _note(points: list[tuple[float, float]], now_s: float, amount: float) -> None:
    if points[-1][1] != amount:
        points.append((round(now_s, 3), round(amount, 6)))
