"""Lines about reference devices: a change of state at once, an amount once it is steady."""

from collections.abc import Callable

from stimulators.device.device_link import DeviceLink

#: A ramp has many steps: an amount is printed once it has been steady for this time.
_RESTS_S = 0.5


class _Seen:
    """The newest amount of one device, since when it is steady, and what was printed last."""

    def __init__(self, amount: float, now_s: float) -> None:
        self.amount = amount
        self.since_s = now_s
        self.state = ""
        self.told_amount: float | None = None


class DeviceWatch:
    """Prints a line when a device changes, and calls `ready` once all are connected.

    Parameters
    ----------
    n_devices : int
        How many are waited for.
    told : callable, optional
        Takes a line.
    ready : callable
        Called once all have a link.
    now_s : callable
        The clock.
    """

    def __init__(
        self,
        n_devices: int,
        told: Callable[[str], None] | None,
        ready: Callable[[], None],
        now_s: Callable[[], float],
    ) -> None:
        self._n_awaited = n_devices
        self._told = told
        self._ready = ready
        self._now_s = now_s
        self._linked: set[str] = set()
        self._seen: dict[str, _Seen] = {}

    def see(self, link: DeviceLink) -> None:
        """Compare a device with what was last printed; call at each message and every second."""
        info = link.device.info
        if info.device not in self._linked and link.is_up:
            self._linked.add(info.device)
            self._n_awaited -= 1
            if self._n_awaited == 0:
                self._ready()
        amount = info.applied_ma if info.applied_ma is not None else info.applied_level or 0.0
        state = f"{'linked' if link.is_up else link.problem}, {info.state}"
        self._look(info.device, state, amount, self._now_s())

    def _look(self, device: str, state: str, amount: float, now_s: float) -> None:
        seen = self._seen.setdefault(device, _Seen(amount, now_s))
        if amount != seen.amount:
            seen.amount, seen.since_s = amount, now_s
        rests = amount != seen.told_amount and now_s - seen.since_s >= _RESTS_S
        if state == seen.state and not rests:
            return
        seen.state, seen.told_amount = state, amount
        if self._told is not None:
            self._told(f"{device}: {state}, {amount:g}")
