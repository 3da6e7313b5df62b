"""One device as the configuration names it: its unit, limits, safe and stop amounts."""

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
)

#: Gate and device count charge in bins of 2 s, each by its own clock: the safe amount counts for
#: this much longer than ten minutes. And a device is driven again only where it could give its
#: highest amount for a second.
_COUNTED_BEYOND_S = 4.0
_ROOM_S = 1.0
#: A device that says its amount no better than this of its maximum is not believed.
_TOLERANCE_OF_MAXIMUM = 0.1

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


class DeviceConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[devices]]` table. A device speaks milliampere or level, never both.

    Parameters
    ----------
    id : str
        The device's name: a level of MQTT topics, so letters, digits, ``-`` and ``_`` only.
    limits : LimitsConfig
        What it may ever be asked for.
    programs : dict of str to ProgramConfig
        By name; a device that speaks milliampere has at least one.
    simulated : bool
        Whether nobody is connected to it.
    safe_program : str
        The program of `safe_ma`; may be left out where there is only one.
    amount_tolerance : float
        How far what the device gives may be from what it says, in its unit: half the step of a
        stimulator with steps of 0.1 mA is 0.05. The device says it in its info; here it is for
        the reference device and for simulation.
    safe_ma, safe_level : float
        Where it goes by itself, by its own slew, when its lease ends. Exactly one is given; it
        says which unit the device speaks.
    stop_ma, stop_level : float
        Where a stop takes it at once; 0 unless given.

    Raises
    ------
    ValueError
        Where units are mixed, a limit of the device's unit is missing or one of the other is
        there, the safe or stop amount is above the limit, or the highest amplitude breaks a
        charge limit in any program: ``Q = I PW / 1000`` µC, ``D = Q / A``, ``k = log10(Q D)``
        [1]_. And where a budget leaves no way out: the charge of ten minutes at the safe amount
        (or, in any program, at the stop amount) and of the way down from the highest amount does
        not fit, or leaves no room in which a device at its safe amount could be driven, or the
        time above the safe amount is over before the way down is.

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
    safe_ma: _Milliampere | None = None
    stop_ma: _Milliampere | None = None
    safe_level: _Level | None = None
    stop_level: _Level | None = None

    def __post_init__(self) -> None:
        self._settle_stop()
        self._settle_safe_program()
        wrong = [*self._of_limits(), *self._of_programs()]
        if not wrong:
            wrong = [*self._of_amounts(), *self._of_charges()]
        if wrong:
            raise ValueError("\n".join(wrong))
        self.require_way_out()

    @property
    def unit(self) -> Literal["ma", "level"]:
        """What amounts of this device mean: milliampere, or level from 0 to 1."""
        return "ma" if self.safe_level is None else "level"

    @property
    def safe_amount(self) -> float:
        """Where the device goes when its lease ends, in its unit."""
        return _given(self.safe_ma, self.safe_level)

    @property
    def stop_amount(self) -> float:
        """Where a stop takes the device, in its unit."""
        return _given(self.stop_ma, self.stop_level)

    @property
    def amount_max(self) -> float:
        """The highest amount, in the device's unit."""
        return _given(self.limits.amplitude_ma_max, self.limits.level_max)

    @property
    def slew_per_s_max(self) -> float:
        """The fastest change of the amount, in the device's unit a second."""
        return _given(self.limits.slew_ma_per_s_max, self.limits.level_slew_per_s_max)

    def charge_uc(self, program: str) -> float:
        """Return the charge of one phase at 1 mA: 0 for a device without a program's pulses."""
        pulses = self.programs.get(program)
        if self.unit == "level" or pulses is None:
            return 0.0
        return (pulses.pulse_width_us or 0.0) / 1000.0

    def charge_uc_per_s(self, program: str) -> float:
        """Return the charge a second at 1 mA; see `charge_uc`."""
        pulses = self.programs.get(program)
        return 0.0 if pulses is None else self.charge_uc(program) * (pulses.frequency_hz or 0.0)

    def way_down_s(self, lease_s: float = 0.0) -> float:
        """Return how long the way from the highest amount to the safe one takes at most.

        Parameters
        ----------
        lease_s : float
            What a lease may still hold the highest amount, before the device goes down.
        """
        return lease_s + (self.amount_max - self.safe_amount) / self.slew_per_s_max

    def require_way_out(self, lease_s: float = 0.0) -> None:
        """Hold the budgets against what the device still gives once it is told to go safe.

        Parameters
        ----------
        lease_s : float
            As the rig grants it; without, the least that any rig needs is asked for.

        Raises
        ------
        ValueError
            Where a budget does not reserve its way out; begins with the key.
        """
        lease = f" and a lease of {lease_s:g} s" if lease_s else ""
        wrong = list(self._of_on_time(lease_s, lease))
        if self.unit == "ma":
            wrong.extend(self._of_charge_budget(lease_s, lease))
        if wrong:
            raise ValueError("\n".join(wrong))

    def _of_on_time(self, lease_s: float, lease: str) -> Iterator[str]:
        way_s = self.way_down_s(lease_s)
        if not self.limits.on_time_s_max > way_s:
            yield (
                f"limits.on_time_s_max: expected more than the {way_s:.4g} s of the way down"
                f"{lease}, found {self.limits.on_time_s_max:g}"
            )

    def _of_charge_budget(self, lease_s: float, lease: str) -> Iterator[str]:
        highest = self.amount_max
        budget_uc = _given(self.limits.charge_uc_per_10_min_max)
        amount_s = highest * lease_s + highest**2 / (2.0 * self.slew_per_s_max)
        way_uc = amount_s * max(self.charge_uc_per_s(each) for each in self.programs)
        rests = [("safe_ma", self.safe_amount, self.safe_program)]
        rests += [("stop_ma", self.stop_amount, each) for each in self.programs]
        for key, amount, program in rests:
            rest_uc = 600.0 * amount * self.charge_uc_per_s(program)
            room_uc = self._room_to_arm_uc() if key == "safe_ma" else 0.0
            room = f", room to be armed ({room_uc:.7g})" if room_uc else ""
            least_uc = rest_uc + room_uc + way_uc
            if not least_uc <= budget_uc:
                yield (
                    "limits.charge_uc_per_10_min_max: expected at least "
                    f"{least_uc:.7g} uC, ten minutes of {key} in program {program} "
                    f"({rest_uc:.7g}){room} and the way down{lease} ({way_uc:.7g}), "
                    f"found {budget_uc:.7g}"
                )
                return

    def _room_to_arm_uc(self) -> float:
        """Return what a device needs beyond ten minutes at its safe amount to be driven."""
        if not self.safe_amount:
            return 0.0
        beyond_uc = _COUNTED_BEYOND_S * self.safe_amount * self.charge_uc_per_s(self.safe_program)
        dearest = max(self.charge_uc_per_s(each) for each in self.programs)
        return beyond_uc + _ROOM_S * self.amount_max * dearest

    def _settle_stop(self) -> None:
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

    def _settle_safe_program(self) -> None:
        if not self.safe_program and len(self.programs) == 1:
            msgspec.structs.force_setattr(self, "safe_program", next(iter(self.programs)))

    def _of_limits(self) -> Iterator[str]:
        is_current = self.unit == "ma"
        needed = _CURRENT_LIMITS if is_current else _LEVEL_LIMITS
        foreign = _LEVEL_LIMITS if is_current else _CURRENT_LIMITS
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

    def _of_programs(self) -> Iterator[str]:
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

    def _of_amounts(self) -> Iterator[str]:
        for key, amount in (("safe", self.safe_amount), ("stop", self.stop_amount)):
            if not 0.0 <= amount <= self.amount_max:
                yield (
                    f"{key}_{self.unit}: expected from 0 to {self.amount_max:g} (the limit), "
                    f"found {amount:g}"
                )
        highest = _TOLERANCE_OF_MAXIMUM * self.amount_max
        if self.amount_tolerance is not None and not self.amount_tolerance <= highest:
            yield (
                f"amount_tolerance: expected at most {highest:.4g}, a tenth of the highest amount, "
                f"found {self.amount_tolerance:g}"
            )

    def _of_charges(self) -> Iterator[str]:
        if self.unit == "level":
            return
        density_max = min(
            _given(self.limits.charge_density_uc_per_cm2_max), CHARGE_DENSITY_CEILING_UC_PER_CM2
        )
        k_max = min(_given(self.limits.shannon_k_max), SHANNON_K_CEILING)
        for name, program in self.programs.items():
            charge_uc = self.amount_max * self.charge_uc(name)
            density = charge_uc / _given(program.contact_area_cm2)
            k = math.log10(charge_uc * density)
            at = f"programs.{name}: expected at {self.amount_max:g} mA (limits.amplitude_ma_max)"
            if not density <= density_max:
                yield f"{at} at most {density_max:g} uC/cm2 a phase, found {density:.4g}"
            elif not k <= k_max:
                yield f"{at} a Shannon k of at most {k_max:g}, found {k:.4g}"


def _given(*values: float | None) -> float:
    """Return the one that is there; NaN, which no comparison lets pass, where none is."""
    for value in values:
        if value is not None:
            return value
    return math.nan
