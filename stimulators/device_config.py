"""The configuration of one device: its unit, limits, programs, safe and stop amounts."""

import math
from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from stimulators.limits import (
    CHARGE_DENSITY_CEILING_UC_PER_CM2,
    SHANNON_K_CEILING,
    LimitsConfig,
    ProgramConfig,
    configured,
)
from stimulators.way_out import no_way_out

#: The largest tolerance of reported amounts, as a share of the highest amount.
_TOLERANCE_SHARE_MAX = 0.1

_Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]+$", max_length=64)]
_Milliampere = Annotated[float, Meta(ge=0.0, le=100.0)]
_Level = Annotated[float, Meta(ge=0.0, le=1.0)]

_CURRENT_LIMITS = (
    "amplitude_ma_max",
    "slew_ma_per_s_max",
    "charge_density_uc_per_cm2_max",
    "shannon_k_max",
    "charge_uc_per_10_min_max",
)
_LEVEL_LIMITS = ("level_max", "level_slew_per_s_max")
#: Limits of one unit that may be left out.
_CURRENT_MORE = ("clinical_ma", "clinical_share_max", "above_mean_ma_max")
_LEVEL_MORE = ("above_mean_level_max",)


class DeviceConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[devices]]` table. A device has amounts in milliampere or levels, never both.

    Parameters
    ----------
    id : str
        The device's name: a level of MQTT topics, so letters, digits, ``-`` and ``_`` only.
    limits : LimitsConfig
        The limits of whatever it is asked for.
    programs : dict of str to ProgramConfig
        By name; a device that speaks milliampere has at least one.
    simulated : bool
        Whether it is a simulation, with nobody connected to it.
    safe_program : str
        The program of `safe_ma`; may be left out where there is only one.
    amount_tolerance : float
        How far the amount may be from the one that the device reports, in its unit: half the step,
        0.05, for a stimulator with steps of 0.1 mA. A device states it in its info; this key is
        for the reference device and for simulation.
    amplitude_step_ma, level_step : float, optional
        The steps of the device, where it has any. What a policy wants is rounded down to one, and
        no command is sent for less than one.
    safe_ma, safe_level : float
        The amount to which it goes by itself, by its own slew, when its lease ends. Exactly one of
        the two is written, which also states the unit of the device.
    stop_ma, stop_level : float
        The amount to which a stop takes it at once; 0 by default.

    Raises
    ------
    ValueError
        Where units are mixed, a limit of the device's unit is missing or one of the other is
        there, the safe or stop amount is above the limit, or the highest amplitude breaks a
        charge limit in any program: ``Q = I PW / 1000`` µC, ``D = Q / A``, ``k = log10(Q D)``
        [1]_. And where a budget does not reserve the way down: the charge of ten minutes at the
        safe amount (or, in any program, at the stop amount) and of the way down from the highest
        amount does not fit, or leaves too little to drive a device from its safe amount, or the
        longest time above the safe amount is shorter than the way down.

    References
    ----------
    .. [1] R. V. Shannon, "A model of safe levels for electrical stimulation", IEEE Trans. Biomed.
       Eng. 39(4), 1992, doi:10.1109/10.126616. Found on cat cortex within hours, with discs of at
       least 1 mm²: below its line is not "safe", above it is not allowed.
    """

    id: _Name
    limits: LimitsConfig
    programs: dict[_Name, ProgramConfig] = {}
    simulated: bool = False
    safe_program: str = ""
    amount_tolerance: Annotated[float, Meta(ge=0.0, le=10.0)] | None = None
    amplitude_step_ma: Annotated[float, Meta(gt=0.0, le=10.0)] | None = None
    level_step: Annotated[float, Meta(gt=0.0, le=1.0)] | None = None
    safe_ma: _Milliampere | None = None
    stop_ma: _Milliampere | None = None
    safe_level: _Level | None = None
    stop_level: _Level | None = None

    def __post_init__(self) -> None:
        self._resolve_stop()
        self._resolve_safe_program()
        wrong = [*self._wrong_limits(), *self._wrong_programs()]
        if not wrong:
            wrong = [*self._wrong_amounts(), *self._wrong_charges()]
        if wrong:
            raise ValueError("\n".join(wrong))
        self.require_way_out()

    @property
    def unit(self) -> Literal["ma", "level"]:
        """The unit of this device's amounts: milliampere, or level from 0 to 1."""
        return "ma" if self.safe_level is None else "level"

    @property
    def safe_amount(self) -> float:
        """The amount to which the device goes when its lease ends, in its unit."""
        return configured(self.safe_ma, self.safe_level)

    @property
    def stop_amount(self) -> float:
        """The amount to which a stop takes the device, in its unit."""
        return configured(self.stop_ma, self.stop_level)

    @property
    def amount_max(self) -> float:
        """The highest amount, in the device's unit."""
        return configured(self.limits.amplitude_ma_max, self.limits.level_max)

    @property
    def amount_step(self) -> float:
        """The step of the device's amounts, in its unit; 0 where it has none."""
        return configured(self.amplitude_step_ma, self.level_step, 0.0)

    @property
    def slew_per_s_max(self) -> float:
        """The fastest change of the amount, in the device's unit a second."""
        return configured(self.limits.slew_ma_per_s_max, self.limits.level_slew_per_s_max)

    def amount_text(self, amount: float) -> str:
        """Return an amount for people, with its unit."""
        return f"{amount:g} mA" if self.unit == "ma" else f"level {amount:g}"

    def charge_uc(self, program: str) -> float:
        """Return the charge of one phase at 1 mA: 0 for a device without a program's pulses."""
        pulses = self.programs.get(program)
        if self.unit == "level" or pulses is None:
            return 0.0
        return (pulses.pulse_width_us or 0.0) / 1000.0

    def trigger_charge_uc(self, program: str) -> float:
        """Return the charge of one trigger at 1 mA, first phases summed; see `charge_uc`."""
        pulses = self.programs.get(program)
        return 0.0 if pulses is None else self.charge_uc(program) * pulses.n_trigger_pulses

    def trigger_s(self, program: str) -> float:
        """Return how long one trigger lasts; 0 for one pulse, and without a program's pulses."""
        pulses = self.programs.get(program)
        return 0.0 if pulses is None else pulses.trigger_s

    def charge_uc_per_s(self, program: str) -> float:
        """Return the charge a second at 1 mA; see `charge_uc`."""
        pulses = self.programs.get(program)
        return 0.0 if pulses is None else self.charge_uc(program) * (pulses.frequency_hz or 0.0)

    def way_down_s(self, lease_s: float = 0.0) -> float:
        """Return how long the way from the highest amount to the safe one takes at most.

        Parameters
        ----------
        lease_s : float
            How long a lease may still hold the highest amount before the device goes down.
        """
        return lease_s + (self.amount_max - self.safe_amount) / self.slew_per_s_max

    def require_way_out(self, lease_s: float = 0.0) -> None:
        """Check that each budget reserves the way down to the safe amount.

        Parameters
        ----------
        lease_s : float
            The length of the rig's leases; 0 asks for the least that any rig needs.

        Raises
        ------
        ValueError
            Where a budget is too small for it; begins with the key.
        """
        wrong = list(no_way_out(self, lease_s))
        if wrong:
            raise ValueError("\n".join(wrong))

    def _resolve_stop(self) -> None:
        if (self.safe_ma is None) == (self.safe_level is None):
            found = "neither" if self.safe_ma is None else "both"
            raise ValueError(f"safe_ma: expected safe_ma or safe_level, found {found}")
        unit, other = ("ma", "level") if self.safe_level is None else ("level", "ma")
        if getattr(self, f"stop_{other}") is not None:
            raise ValueError(
                f"stop_{other}: expected stop_{unit} with safe_{unit}, found stop_{other}"
            )
        if getattr(self, f"stop_{unit}") is None:
            msgspec.structs.force_setattr(self, f"stop_{unit}", 0.0)

    def _resolve_safe_program(self) -> None:
        if not self.safe_program and len(self.programs) == 1:
            msgspec.structs.force_setattr(self, "safe_program", next(iter(self.programs)))

    def _wrong_limits(self) -> Iterator[str]:
        is_current = self.unit == "ma"
        needed = _CURRENT_LIMITS if is_current else _LEVEL_LIMITS
        foreign = (
            (*_LEVEL_LIMITS, *_LEVEL_MORE) if is_current else (*_CURRENT_LIMITS, *_CURRENT_MORE)
        )
        for key in msgspec.structs.fields(LimitsConfig):
            value = getattr(self.limits, key.name)
            if value is None and key.name in needed:
                yield f"limits.{key.name}: expected a number (it has no default), found none"
            if value is not None and key.name in foreign:
                yield (
                    f"limits.{key.name}: expected no such limit for a device with "
                    f"safe_{self.unit}, found {value:g}"
                )
            is_signed = key.name == "shannon_k_max"
            if value is not None and not (math.isfinite(value) and (is_signed or value >= 0.0)):
                yield f"limits.{key.name}: expected a finite number, found {value}"

        clinical_ma, share_max = self.limits.clinical_ma, self.limits.clinical_share_max
        if (clinical_ma is None) != (share_max is None):
            missing = "clinical_ma" if clinical_ma is None else "clinical_share_max"
            yield f"limits.{missing}: expected both clinical_ma and clinical_share_max, found one"
        elif clinical_ma is not None and share_max is not None:
            highest = share_max * clinical_ma
            if highest < self.safe_amount:
                yield (
                    f"limits.clinical_share_max: expected at least safe_ma ({self.safe_amount:g}) "
                    f"with clinical_ma, found {highest:g}"
                )

    def _wrong_programs(self) -> Iterator[str]:
        if self.unit == "ma" and not self.programs:
            yield "programs: expected at least one, found none"
        elif self.safe_program not in (self.programs or {""}):
            found = repr(self.safe_program) if self.safe_program else "none"
            names = f"one of {', '.join(self.programs)}" if self.programs else "none"
            yield f"safe_program: expected {names}, found {found}"
        for name, program in self.programs.items():
            for key in ("frequency_hz", "pulse_width_us", "contact_area_cm2"):
                value = getattr(program, key)
                if self.unit == "ma" and (value is None or not 0.0 < value < math.inf):
                    found = "none" if value is None else str(value)
                    yield f"programs.{name}.{key}: expected a number above 0, found {found}"
            if program.trigger_s > self.limits.refractory_s:
                key = "pulses" if program.duration_s is None else "duration_s"
                yield (
                    f"programs.{name}.{key}: expected a trigger that is over within "
                    f"limits.refractory_s ({self.limits.refractory_s:g} s), found one of "
                    f"{program.trigger_s:.3g} s"
                )

    def _wrong_amounts(self) -> Iterator[str]:
        for key, amount in (("safe", self.safe_amount), ("stop", self.stop_amount)):
            if not 0.0 <= amount <= self.amount_max:
                yield (
                    f"{key}_{self.unit}: expected from 0 to {self.amount_max:g} (the limit), "
                    f"found {amount:g}"
                )
        ours, other = ("amplitude_step_ma", "level_step")[:: 1 if self.unit == "ma" else -1]
        if getattr(self, other) is not None:
            yield f"{other}: expected {ours} with safe_{self.unit}, found {other}"
        elif not self.amount_step <= 2.0 * _TOLERANCE_SHARE_MAX * self.amount_max:
            yield (
                f"{ours}: expected at most {2.0 * _TOLERANCE_SHARE_MAX * self.amount_max:.4g}, a "
                f"fifth of the highest amount, found {self.amount_step:g}"
            )
        highest = _TOLERANCE_SHARE_MAX * self.amount_max
        if self.amount_tolerance is not None and not self.amount_tolerance <= highest:
            yield (
                f"amount_tolerance: expected at most {highest:.4g}, a tenth of the highest amount, "
                f"found {self.amount_tolerance:g}"
            )

    def _wrong_charges(self) -> Iterator[str]:
        if self.unit == "level":
            return
        density_max = min(
            configured(self.limits.charge_density_uc_per_cm2_max), CHARGE_DENSITY_CEILING_UC_PER_CM2
        )
        k_max = min(configured(self.limits.shannon_k_max), SHANNON_K_CEILING)
        for name, program in self.programs.items():
            charge_uc = self.amount_max * self.charge_uc(name)
            density = charge_uc / configured(program.contact_area_cm2)
            k = math.log10(charge_uc * density)
            at = f"programs.{name}: expected at {self.amount_max:g} mA (limits.amplitude_ma_max)"
            if not density <= density_max:
                yield f"{at} at most {density_max:g} uC/cm2 a phase, found {density:.4g}"
            elif not k <= k_max:
                yield f"{at} a Shannon k of at most {k_max:g}, found {k:.4g}"
