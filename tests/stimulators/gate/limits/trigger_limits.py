"""The limits of a device's triggers, asked alone."""

from stimulators.gate.belief import Belief
from stimulators.gate.limits.limit import Asked, Limited
from stimulators.gate.limits.triggers import RefractoryLimit, TriggersLimit
from stimulators.gate.usage.account import Account
from stimulators.refusals import RefusalReason
from tests.stimulators.gate.gate_rig import device_of, limits_of


class TriggerBudget:
    """Refractory time and triggers a minute of a device, in the order in which they are asked."""

    def __init__(self, refractory_s: float, n_per_min_max: int) -> None:
        limits = limits_of(refractory_s=refractory_s, triggers_per_min_max=n_per_min_max)
        config = device_of(limits=limits)
        account = Account(config, lease_s=0.25, tick_s=0.02)
        device = Limited(config, Belief(config, 0.1), account, 0.02)
        self._limits = (RefractoryLimit(device), TriggersLimit(device))

    def refusal(
        self, time_s: float, now_s: float, fire_at_s: float | None = None
    ) -> RefusalReason | None:
        """Return why a trigger may not go, or None."""
        asked = _asked(time_s, now_s, fire_at_s)
        refusals = [limit.check(asked) for limit in self._limits]
        return next((each.reason for each in refusals if each is not None), None)

    def take(self, time_s: float, now_s: float, fire_at_s: float | None = None) -> None:
        """Count a trigger that goes."""
        for limit in self._limits:
            limit.count(_asked(time_s, now_s, fire_at_s))


def _asked(time_s: float, now_s: float, fire_at_s: float | None) -> Asked:
    fire_at_s = now_s if fire_at_s is None else fire_at_s
    return Asked("trigger", 1.0, "adbs", now_s, time_s=time_s, fire_at_s=fire_at_s)
