"""Limits on the amount, and on charge density and Shannon's k of one phase of a pulse."""

import math

from stimulators.decisions import Refusal
from stimulators.gate.limits.limit import Asked, Limit, Limited, Told
from stimulators.limits import CHARGE_DENSITY_CEILING_UC_PER_CM2, SHANNON_K_CEILING
from stimulators.refusals import RefusalReason

#: Charge at 1 mA, and contact area, where there are no pulses.
_NO_PULSES = (0.0, 1.0)


class AmountLimit(Limit):
    """The highest amount; a policy that wants more, or less than 0, makes the rig safe."""

    place = 10
    keys = ("amplitude_ma_max", "level_max")
    reason = RefusalReason.LIMIT
    text = "highest amount; a policy that wants more makes the rig safe"
    told = Told("amount", "amplitude_ma_max", "level_max", is_needed=True)

    def __init__(self, device: Limited) -> None:
        super().__init__(device)
        self._highest = device.config.amount_max

    def check(self, asked: Asked) -> Refusal | None:
        """Return why the amount is refused, or None."""
        if not (asked.kind == "target" or asked.gives_more):
            return None
        if 0.0 <= asked.amount <= self._highest:
            return None
        return self.refusal(f"{asked.amount:g}", f"from 0 to {self._highest:g}")


class ChargeDensityLimit(Limit):
    """The highest charge density of a phase; a configuration that could exceed it does not load."""

    place = 20
    keys = ("charge_density_uc_per_cm2_max",)
    reason = RefusalReason.LIMIT
    text = "charge density of a phase at the highest amount, in every program; at start"
    kinds = frozenset({"wish", "amplitude", "trigger"})

    def __init__(self, device: Limited) -> None:
        super().__init__(device)
        density_max = self.value_of(device.config)
        self._highest = (
            CHARGE_DENSITY_CEILING_UC_PER_CM2
            if density_max is None
            else min(density_max, CHARGE_DENSITY_CEILING_UC_PER_CM2)
        )
        self._phases = _phases(device)

    def check(self, asked: Asked) -> Refusal | None:
        """Return why the amount is refused, or None."""
        _, density = _phase(self._phases, asked)
        if density <= self._highest or not asked.gives_more:
            return None
        return self.refusal(f"{density:.4g} uC/cm2 a phase", f"at most {self._highest:g}")


class ShannonLimit(Limit):
    """The highest Shannon k of a phase; a configuration that could exceed it does not load."""

    place = 30
    keys = ("shannon_k_max",)
    reason = RefusalReason.LIMIT
    text = "Shannon's k of a phase at the highest amount, in every program; at start"
    kinds = frozenset({"wish", "amplitude", "trigger"})

    def __init__(self, device: Limited) -> None:
        super().__init__(device)
        k_max = self.value_of(device.config)
        self._highest = SHANNON_K_CEILING if k_max is None else min(k_max, SHANNON_K_CEILING)
        self._phases = _phases(device)

    def check(self, asked: Asked) -> Refusal | None:
        """Return why the amount is refused, or None."""
        charge_uc, density = _phase(self._phases, asked)
        product = charge_uc * density
        k = math.log10(product) if product > 0.0 else -math.inf
        if k <= self._highest or not asked.gives_more:
            return None
        return self.refusal(f"a Shannon k of {k:.4g}", f"at most {self._highest:g}")


def _phases(device: Limited) -> dict[str, tuple[float, float]]:
    """Return the charge at 1 mA and the contact area of each program that has a contact area."""
    return {
        name: (device.config.charge_uc(name), program.contact_area_cm2)
        for name, program in device.config.programs.items()
        if program.contact_area_cm2 is not None
    }


def _phase(phases: dict[str, tuple[float, float]], asked: Asked) -> tuple[float, float]:
    """Return the charge and the charge density of one phase at the asked amount."""
    charge_uc_per_ma, area_cm2 = phases.get(asked.program, _NO_PULSES)
    charge_uc = asked.amount * charge_uc_per_ma
    return charge_uc, charge_uc / area_cm2
