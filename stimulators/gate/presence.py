"""What is known of a device: what it said it is, and when it last said anything."""

from collections.abc import Iterator

from stimulators.decisions import Refusal
from stimulators.limits import DeviceConfig
from stimulators.wire.messages import DeviceInfo


class Presence:
    """One device as the gate knows it.

    Parameters
    ----------
    config : DeviceConfig
        What it should be.
    silence_s_max : float
        Time without a word after which it counts as lost.

    Attributes
    ----------
    info : DeviceInfo or None
        What it last said of itself, remembered by the broker or not.
    """

    def __init__(self, config: DeviceConfig, silence_s_max: float) -> None:
        self.info: DeviceInfo | None = None
        self._config = config
        self._silence_s_max = silence_s_max
        self._heard_s: float | None = None

    def hear(self, now_s: float) -> None:
        """Note a sign of life."""
        self._heard_s = now_s

    def describe(self, info: DeviceInfo, now_s: float, *, retained: bool) -> None:
        """Take in what the device says of itself; what a broker remembers is no sign of life."""
        self.info = info
        if info.state == "offline":
            self._heard_s = None
        elif not retained:
            self._heard_s = now_s

    def forget(self) -> None:
        """Know nothing until the device speaks again: the link was lost."""
        self.info = None
        self._heard_s = None

    def is_lost(self, now_s: float) -> bool:
        """Say whether a device that was there has fallen silent; says so once."""
        if self._heard_s is None or now_s - self._heard_s <= self._silence_s_max:
            return False
        self._heard_s = None
        return True

    @property
    def is_there(self) -> bool:
        """Whether it spoke, and not too long ago."""
        return self._heard_s is not None

    def objections(self, session: str) -> Iterator[Refusal]:
        """Yield why the device cannot be armed by `session`."""
        info = self.info
        if info is None or info.state == "offline" or not self.is_there:
            found = (
                "nothing" if info is None else ("silence" if info.state != "offline" else "offline")
            )
            yield self._refusal("device", found, "a device that answers")
            return
        if info.session is not None and (
            info.session > session or (info.state == "live" and info.session != session)
        ):
            yield self._refusal("session", info.session, session)
        if info.simulated != self._config.simulated:
            kinds = {True: "simulated", False: "real"}
            yield self._refusal("simulated", kinds[info.simulated], kinds[self._config.simulated])
        yield from self._narrower_limits(info)
        missing = [name for name in self._config.programs if name not in info.programs]
        if missing and info.programs:
            yield self._refusal("program", ", ".join(info.programs), ", ".join(missing))
        if info.safe_ma is not None and info.safe_ma != self._config.safe_ma:
            yield self._refusal("safe", f"{info.safe_ma:g}", f"{self._config.safe_amount:g}")

    def _narrower_limits(self, info: DeviceInfo) -> Iterator[Refusal]:
        ours, its = self._config, info.limits
        if ours.unit == "ma":
            amount_max, slew_per_s_max = its.amplitude_ma_max, its.slew_ma_per_s_max
        else:
            amount_max, slew_per_s_max = its.level_max, its.level_slew_per_s_max
        triggers_per_s = ours.limits.triggers_per_min_max / 60.0
        for what, limit, asked in (
            ("amount", amount_max, ours.amount_max),
            ("slew", slew_per_s_max, ours.slew_per_s_max),
        ):
            if limit is None or not asked <= limit:
                yield self._refusal("limits", f"{what} {limit}", f"at least {asked:g}")
        if its.triggers_per_s_max is not None and not triggers_per_s <= its.triggers_per_s_max:
            yield self._refusal(
                "limits", f"triggers {its.triggers_per_s_max:g}/s", f"at least {triggers_per_s:g}/s"
            )

    def _refusal(self, reason: str, found: str, expected: str) -> Refusal:
        return Refusal(reason, device=self._config.id, found=found, expected=expected)
