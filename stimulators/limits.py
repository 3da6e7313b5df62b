"""What a device may ever be asked for, and how long the gate trusts what it was told."""

import math
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

#: Absolute ceilings, whatever a file says: Shannon's line (`DeviceConfig`) and the charge
#: density accepted for deep brain stimulation.
_SHANNON_K_CEILING = 1.85
_CHARGE_DENSITY_CEILING_UC_PER_CM2 = 30.0
#: Gate and device count charge in bins of 2 s, each by its own clock: so much longer than ten
#: minutes the safe amount counts. And a device is driven again only where it could give its
#: highest amount for so long.
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


class ProgramConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[devices.programs.NAME]` table: pulses a device was set up for, by name.

    Parameters
    ----------
    frequency_hz, pulse_width_us : float
        Rate of the pulses and width of one phase; a device that speaks milliampere has both.
    contact_area_cm2 : float
        Area the current passes through; such a device has it too.
    contacts : str
        Which contacts the current passes through, in the device's own words. Between two
        programs of the same contacts the device may change at an amount above 0.
    """

    frequency_hz: Annotated[float, Meta(gt=0.0, le=2000.0)] | None = None
    pulse_width_us: Annotated[float, Meta(gt=0.0, le=10_000.0)] | None = None
    contact_area_cm2: Annotated[float, Meta(gt=0.0, le=1000.0)] | None = None
    contacts: Annotated[str, Meta(max_length=64)] = ""


class LimitsConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[devices.limits]` table. None has a default: who drives a device writes them down.

    Parameters
    ----------
    refractory_s : float
        Shortest time from one trigger to the next.
    triggers_per_min_max : int
        Triggers in any 60 s.
    commands_per_s_max : int
        Commands in any second, ramps included.
    on_time_s_max : float
        Longest time above the safe amount without a break of `off_time_s_min`.
    off_time_s_min : float
        A break at or below the safe amount that is shorter does not end the time above it.
    rises_per_min_max : int
        Departures from the safe amount upwards, in any 60 s.
    amplitude_ma_max, slew_ma_per_s_max : float
        Highest amplitude and its fastest change; for a device that speaks milliampere.
    charge_density_uc_per_cm2_max, shannon_k_max : float
        Charge density of a phase, at most 30 µC/cm², and ``k = log10(Q D)``, at most 1.85.
    charge_uc_per_10_min_max : float
        Charge, first phases summed, in any ten minutes.
    level_max, level_slew_per_s_max : float
        Highest level and its fastest change; for a feedback device, which speaks level.
    """

    refractory_s: Annotated[float, Meta(ge=0.0, le=3600.0)]
    triggers_per_min_max: Annotated[int, Meta(ge=0, le=60_000)]
    commands_per_s_max: Annotated[float, Meta(ge=1.0, le=2000.0)]
    on_time_s_max: Annotated[float, Meta(gt=0.0, le=86_400.0)]
    off_time_s_min: Annotated[float, Meta(ge=0.0, le=3600.0)]
    rises_per_min_max: Annotated[int, Meta(ge=0, le=60_000)]
    amplitude_ma_max: Annotated[float, Meta(gt=0.0, le=100.0)] | None = None
    slew_ma_per_s_max: Annotated[float, Meta(gt=0.0, le=100_000.0)] | None = None
    charge_density_uc_per_cm2_max: (
        Annotated[float, Meta(gt=0.0, le=_CHARGE_DENSITY_CEILING_UC_PER_CM2)] | None
    ) = None
    shannon_k_max: Annotated[float, Meta(ge=-10.0, le=_SHANNON_K_CEILING)] | None = None
    charge_uc_per_10_min_max: Annotated[float, Meta(gt=0.0, le=1e9)] | None = None
    level_max: Annotated[float, Meta(gt=0.0, le=1.0)] | None = None
    level_slew_per_s_max: Annotated[float, Meta(gt=0.0, le=1000.0)] | None = None


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
        if (self.safe_ma is None) == (self.safe_level is None):
            found = "neither" if self.safe_ma is None else "both"
            raise ValueError(f"safe_ma: expected safe_ma or safe_level, found {found}")
        unit, other = ("ma", "level") if self.safe_level is None else ("level", "ma")
        if getattr(self, f"stop_{other}") is not None:
            raise ValueError(f"stop_{other}: expected stop_{unit} with safe_{unit}")
        if getattr(self, f"stop_{unit}") is None:
            msgspec.structs.force_setattr(self, f"stop_{unit}", 0.0)
        self._require_limits()
        self._settle_safe_program()
        for key, amount in (("safe", self.safe_amount), ("stop", self.stop_amount)):
            if not 0.0 <= amount <= self.amount_max:
                raise ValueError(
                    f"{key}_{unit}: expected from 0 to {self.amount_max:g} (the limit), "
                    f"found {amount:g}"
                )
        self._require_tolerance()
        if self.unit == "ma":
            self._require_charges()
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
        limits, lease = self.limits, f" and a lease of {lease_s:g} s" if lease_s else ""
        way_s = self.way_down_s(lease_s)
        if not limits.on_time_s_max > way_s:
            raise ValueError(
                f"limits.on_time_s_max: expected more than the {way_s:.4g} s of the way down"
                f"{lease}, found {limits.on_time_s_max:g}"
            )
        if self.unit == "level":
            return
        highest = self.amount_max
        amount_s = highest * lease_s + highest**2 / (2.0 * self.slew_per_s_max)
        way_uc = amount_s * max(self.charge_uc_per_s(each) for each in self.programs)
        rests = [("safe_ma", self.safe_amount, self.safe_program)]
        rests += [("stop_ma", self.stop_amount, each) for each in self.programs]
        for key, amount, program in rests:
            rest_uc = 600.0 * amount * self.charge_uc_per_s(program)
            room_uc = self._room_to_arm_uc() if key == "safe_ma" else 0.0
            room = f", room to be armed ({room_uc:.7g})" if room_uc else ""
            least_uc = rest_uc + room_uc + way_uc
            if not least_uc <= _given(limits.charge_uc_per_10_min_max):
                raise ValueError(
                    "limits.charge_uc_per_10_min_max: expected at least "
                    f"{least_uc:.7g} uC, ten minutes of {key} in program {program} "
                    f"({rest_uc:.7g}){room} and the way down{lease} ({way_uc:.7g}), "
                    f"found {limits.charge_uc_per_10_min_max:.7g}"
                )

    def _room_to_arm_uc(self) -> float:
        """What a device that has given its safe amount for long needs beyond it to be driven."""
        if not self.safe_amount:
            return 0.0
        beyond_uc = _COUNTED_BEYOND_S * self.safe_amount * self.charge_uc_per_s(self.safe_program)
        dearest = max(self.charge_uc_per_s(each) for each in self.programs)
        return beyond_uc + _ROOM_S * self.amount_max * dearest

    def _require_tolerance(self) -> None:
        highest = _TOLERANCE_OF_MAXIMUM * self.amount_max
        if self.amount_tolerance is not None and not self.amount_tolerance <= highest:
            raise ValueError(
                f"amount_tolerance: expected at most {highest:.4g}, a tenth of the highest amount, "
                f"found {self.amount_tolerance:g}"
            )

    def _settle_safe_program(self) -> None:
        names = tuple(self.programs)
        if not self.safe_program and len(names) == 1:
            msgspec.structs.force_setattr(self, "safe_program", names[0])
        if self.safe_program in names or (not self.safe_program and not names):
            return
        found = repr(self.safe_program) if self.safe_program else "none"
        raise ValueError(f"safe_program: expected one of {', '.join(names)}, found {found}")

    def _require_limits(self) -> None:
        is_current = self.unit == "ma"
        needed = _CURRENT_LIMITS if is_current else _LEVEL_LIMITS
        foreign = _LEVEL_LIMITS if is_current else _CURRENT_LIMITS
        for key in msgspec.structs.fields(LimitsConfig):
            value = getattr(self.limits, key.name)
            if value is None and key.name in needed:
                raise ValueError(f"limits: Object missing required field `{key.name}`")
            if value is not None and key.name in foreign:
                raise ValueError(
                    f"limits.{key.name}: expected no such limit for a device with "
                    f"safe_{self.unit}, found {value:g}"
                )
            is_signed = key.name == "shannon_k_max"
            if value is not None and not (math.isfinite(value) and (is_signed or value >= 0.0)):
                raise ValueError(f"limits.{key.name}: expected a finite number, found {value}")

    def _require_charges(self) -> None:
        if not self.programs:
            raise ValueError("programs: expected at least one, found none")
        density_max = min(
            _given(self.limits.charge_density_uc_per_cm2_max), _CHARGE_DENSITY_CEILING_UC_PER_CM2
        )
        k_max = min(_given(self.limits.shannon_k_max), _SHANNON_K_CEILING)
        for name, program in self.programs.items():
            for key in ("frequency_hz", "pulse_width_us", "contact_area_cm2"):
                value = getattr(program, key)
                if value is None or not 0.0 < value < math.inf:
                    raise ValueError(
                        f"programs.{name}.{key}: expected a number above 0, found {value}"
                    )
            charge_uc = self.amount_max * self.charge_uc(name)
            density = charge_uc / _given(program.contact_area_cm2)
            k = math.log10(charge_uc * density)
            at = f"programs.{name}: expected at {self.amount_max:g} mA (limits.amplitude_ma_max)"
            if not density <= density_max:
                raise ValueError(
                    f"{at} at most {density_max:g} uC/cm2 a phase, found {density:.4g}"
                )
            if not k <= k_max:
                raise ValueError(f"{at} a Shannon k of at most {k_max:g}, found {k:.4g}")


class GateConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[gate]` table: how old, how late and how uncertain anything may be.

    Parameters
    ----------
    data_age_s_max : float
        Oldest data a decision may rest on; older holds.
    resume_s : float
        Good data without a break before a hold ends.
    hold_s_max : float
        Longest hold; then safe. Longer than a detector's window, or one bad sample ends in safe.
    lease_s : float
        A device without a newer lease for so long goes to its safe amount.
    command_valid_s : float
        A command that reaches its device later than this is refused there.
    ack_s_max : float
        A command not answered for so long holds; at most one and a half leases, so that with
        the tick it is known within two.
    device_silence_s_max : float
        A device that says nothing at all for so long is lost. Devices ask for the time far more
        often.
    clock_uncertainty_s_max : float
        Highest uncertainty of a stream's clock, and how far in the future smoothed stamps may be.
    clock_step_s_max : float
        Largest step of a stream's clock.
    refusals_in_row_max : int
        A device that refuses more commands than this one after the other holds the rig, and
        then makes it safe.
    lapses_per_min_max : int
        Lapses (a device's lease that ended, a stall of the service) in any 60 s; one more makes
        the rig safe.

    Raises
    ------
    ValueError
        Where a hold could never end well, or a silent device would be noticed too late.
    """

    data_age_s_max: Annotated[float, Meta(gt=0.0, le=10.0)] = 0.1
    resume_s: Annotated[float, Meta(ge=0.0, le=60.0)] = 0.5
    hold_s_max: Annotated[float, Meta(gt=0.0, le=60.0)] = 2.0
    lease_s: Annotated[float, Meta(ge=0.05, le=10.0)] = 0.25
    command_valid_s: Annotated[float, Meta(gt=0.0, le=10.0)] = 0.1
    ack_s_max: Annotated[float, Meta(gt=0.0, le=20.0)] = 0.25
    device_silence_s_max: Annotated[float, Meta(gt=0.0, le=60.0)] = 5.0
    clock_uncertainty_s_max: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.005
    clock_step_s_max: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.01
    refusals_in_row_max: Annotated[int, Meta(ge=1, le=100)] = 5
    lapses_per_min_max: Annotated[int, Meta(ge=0, le=60)] = 2

    def __post_init__(self) -> None:
        if not self.hold_s_max > self.resume_s:
            raise ValueError(
                f"hold_s_max: expected more than resume_s ({self.resume_s:g}), "
                f"found {self.hold_s_max:g}"
            )
        if not self.ack_s_max <= 1.5 * self.lease_s:
            raise ValueError(
                f"ack_s_max: expected at most 1.5 leases ({1.5 * self.lease_s:g}), "
                f"found {self.ack_s_max:g}"
            )


def _given(*values: float | None) -> float:
    """Return the one that is there; NaN, which no comparison lets pass, where none is."""
    return next((value for value in values if value is not None), math.nan)
