"""What every electrode really received, which the rest of a rig only knows from messages."""

from collections.abc import Callable
from hashlib import blake2b
from typing import NamedTuple


class Given(NamedTuple):
    """From `time_us` on, a device gives this amount in this program."""

    time_us: int
    amount: float
    program: str
    is_powered: bool


class Pulses(NamedTuple):
    """At `time_us` a device gave `n_given` triggers of one amount, each of `lasts_us`."""

    time_us: int
    n_given: int
    amount: float
    program: str
    lasts_us: int = 0


ElectrodeWatcher = Callable[[str, Given, Given], None]


class Electrodes:
    """Follows what the devices give.

    Attributes
    ----------
    given : dict of str to Given
        The newest change of every device.
    pulsing_until_us : dict of str to int
        When the pulses of the newest trigger of a device end, or ended.
    watchers : list of callable
        Called at each change with the device, what it gave before and what it gives now.
    pulse_watchers : list of callable
        Called with the device and the triggers that it gave.
    """

    def __init__(self) -> None:
        self.given: dict[str, Given] = {}
        self.pulsing_until_us: dict[str, int] = {}
        self.watchers: list[ElectrodeWatcher] = []
        self.pulse_watchers: list[Callable[[str, Pulses], None]] = []
        self._digest = blake2b(digest_size=16)

    @property
    def digest(self) -> str:
        """A digest of all changes so far: equal for equal runs."""
        return self._digest.copy().hexdigest()

    def note(self, device: str, given: Given) -> None:
        """Take in what a device gives now."""
        before = self.given.get(device)
        if before is not None and before[1:] == given[1:]:
            return
        self.given[device] = given
        self._digest.update(f"{device} {given!r}\n".encode())
        for watcher in self.watchers:
            watcher(device, before or given, given)

    def pulse(self, device: str, pulses: Pulses) -> None:
        """Take in triggers that a device gave now."""
        self._digest.update(f"{device} {pulses!r}\n".encode())
        self.pulsing_until_us[device] = pulses.time_us + pulses.lasts_us
        for watcher in self.pulse_watchers:
            watcher(device, pulses)

    def cut(self, device: str, time_us: int) -> None:
        """Take in that a device ended its pulses at once."""
        until_us = self.pulsing_until_us.get(device, time_us)
        self.pulsing_until_us[device] = min(until_us, time_us)
