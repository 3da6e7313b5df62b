"""The course of amounts that a session gave one device, as the arm `yoked` takes it."""

from collections.abc import Iterable
from typing import Final

from stimulators.decisions import Decision, Send
from stimulators.device_config import DeviceConfig
from stimulators.targets import DeviceEvent, Target
from stimulators.wire.messages import Command

#: A way that takes longer than this share of what the slew needs, and this long, is not the slew's.
_SLEW_SHARE: Final = 1.5
_SLACK_S: Final = 0.25
_N_DECIMALS: Final = 6


class GivenCourse:
    """What a device was sent, as times and amounts, folded over the steps of a session.

    Parameters
    ----------
    device : DeviceConfig
        The device.
    rate_hz : float
        Of the samples that its policy counts by.

    Notes
    -----
    Time is in samples from when the device was engaged first, as `yoked` counts. Each stretch in
    which the policy wants one amount has the amount that was sent last in it, from its beginning
    on: the steps of the gate's slew are left out, as another run makes them anew. Where the way
    took longer than the slew needs (a limit, an operator's yes), the commands stand at their own
    times. While the device is not driven it is the safe amount.

    Examples
    --------
    See `stimloop.importing.session_course`.
    """

    def __init__(self, device: DeviceConfig, rate_hz: float) -> None:
        self._device = device
        self._rate_hz = rate_hz
        self._engaged: int | None = None
        self._wanted: float | None = None
        self._begin = 0
        self._sent: list[tuple[int, float]] = []
        self._newest_sample, self._newest_s = 0, 0.0
        self._points: list[tuple[int, float]] = []

    def take(
        self,
        now_s: float,
        targets: Iterable[Target],
        decisions: Iterable[Decision],
        events: Iterable[DeviceEvent],
    ) -> None:
        """Take in one step: when it was, what was wanted, decided, and became of devices."""
        phases = [
            each for each in events if each.device == self._device.id and each.change != "applied"
        ]
        self._engage(phases, now_s)
        if self._engaged is None:
            return
        for target in targets:
            if target.device == self._device.id:
                self._newest_sample, self._newest_s = target.sample, now_s
                if target.amount != self._wanted:
                    self._begin_stretch(target.sample, target.amount)
        for event in phases:
            self._begin_stretch(event.sample, None)
            if event.change in {"safe", "released"}:
                self._send(event.sample, self._device.safe_amount)
        passed = round(max(0.0, now_s - self._newest_s) * self._rate_hz)
        for each in decisions:
            if isinstance(each, Send) and each.device == self._device.id:
                self._take_message(each.message, self._newest_sample + passed)

    def finish(self) -> list[tuple[float, float]]:
        """End the course; return seconds since the device was engaged, and the amount from then on.

        Times rise from 0. Empty where it was never engaged.
        """
        self._end_stretch()
        course: list[tuple[float, float]] = []
        for sample, amount in self._points:
            if not course or course[-1][1] != amount:
                course.append((round(sample / self._rate_hz, _N_DECIMALS), amount))
        return course

    def _engage(self, phases: list[DeviceEvent], now_s: float) -> None:
        first = next((each for each in phases if each.change == "engaged"), None)
        if self._engaged is None and first is not None:
            self._engaged = self._begin = self._newest_sample = first.sample
            self._newest_s = now_s
            self._points.append((0, self._device.safe_amount))

    def _take_message(self, message: object, sample: int) -> None:
        if isinstance(message, Command) and message.kind == "amplitude":
            amount = message.amplitude_ma if message.level is None else message.level
            self._send(sample, amount or 0.0)

    def _send(self, sample: int, amount: float) -> None:
        before = self._sent[-1] if self._sent else self._points[-1]
        if amount != before[1]:
            self._sent.append((sample, amount))

    def _begin_stretch(self, sample: int, wanted: float | None) -> None:
        self._end_stretch()
        self._begin, self._wanted = sample, wanted

    def _end_stretch(self) -> None:
        """Keep what was sent in the stretch that ends here."""
        sent, self._sent = self._sent, []
        if not sent:
            return
        last_sample, amount = sent[-1]
        slew_s = abs(amount - self._points[-1][1]) / self._device.slew_per_s_max
        took_s = (last_sample - self._begin) / self._rate_hz
        is_of_slew = took_s <= _SLEW_SHARE * slew_s + _SLACK_S
        for each in [(self._begin, amount)] if is_of_slew else sent:
            self._keep(*each)

    def _keep(self, sample: int, amount: float) -> None:
        since = max(0, sample - (self._engaged or 0))
        while self._points and self._points[-1][0] >= since:
            self._points.pop()
        self._points.append((since, amount))
