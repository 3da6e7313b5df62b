"""What a device may ever be asked for: its limits, and the pulses of its programs."""

import math
from typing import Annotated

import msgspec
from msgspec import Meta

#: Absolute ceilings that no configuration file can raise: Shannon's line (`DeviceConfig`) and the
#: charge density accepted for deep brain stimulation.
SHANNON_K_CEILING = 1.85
CHARGE_DENSITY_CEILING_UC_PER_CM2 = 30.0
#: All of a trigger is counted as given at its beginning, which is true for short ones.
_TRIGGER_S_MAX = 1.0


class ProgramConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[devices.programs.NAME]` table: pulses that a device is programmed for.

    Parameters
    ----------
    frequency_hz, pulse_width_us : float
        Rate of the pulses and width of one phase; required for a device of milliampere.
    contact_area_cm2 : float
        Area that the current passes through; required for a device of milliampere.
    contacts : str
        Which contacts the current passes through, in the device's own notation. Between programs
        of the same contacts the device may change at an amount above 0.
    pulses : int
        Pulses that one trigger delivers, at `frequency_hz`; one where neither this nor
        `duration_s` is written.
    duration_s : float
        How long one trigger lasts, at `frequency_hz`, in place of `pulses`; at most 1 s. All of it
        is counted as given at its beginning.

    Raises
    ------
    ValueError
        Where both `pulses` and `duration_s` are written, or the pulses take longer than 1 s.

    Examples
    --------
    >>> program = ProgramConfig(frequency_hz=130.0, pulse_width_us=60.0, contact_area_cm2=0.06)
    >>> program.frequency_hz, program.n_trigger_pulses
    (130.0, 1)
    >>> ProgramConfig(frequency_hz=130.0, duration_s=0.1).n_trigger_pulses
    14
    """

    frequency_hz: Annotated[float, Meta(gt=0.0, le=2000.0)] | None = None
    pulse_width_us: Annotated[float, Meta(gt=0.0, le=10_000.0)] | None = None
    contact_area_cm2: Annotated[float, Meta(gt=0.0, le=1000.0)] | None = None
    contacts: Annotated[str, Meta(max_length=64)] = ""
    pulses: Annotated[int, Meta(ge=1, le=2000)] | None = None
    duration_s: Annotated[float, Meta(gt=0.0, le=1.0)] | None = None

    def __post_init__(self) -> None:
        if self.pulses is not None and self.duration_s is not None:
            raise ValueError(
                f"duration_s: expected pulses or duration_s, found both ({self.pulses} and "
                f"{self.duration_s:g})"
            )
        if self.n_trigger_pulses > 1 and self.frequency_hz is None:
            raise ValueError(f"frequency_hz: expected one with pulses ({self.pulses}), found none")
        if self.trigger_s > _TRIGGER_S_MAX:
            raise ValueError(
                f"pulses: expected a trigger of at most {_TRIGGER_S_MAX:g} s, found {self.pulses} "
                f"pulses at {self.frequency_hz or 0.0:g} Hz, {self.trigger_s:.3g} s"
            )

    @property
    def n_trigger_pulses(self) -> int:
        """Pulses that one trigger delivers at most."""
        if self.duration_s is not None:
            # One at once, and one after each period that is over before the end.
            return math.floor(self.duration_s * (self.frequency_hz or 0.0)) + 1
        return self.pulses or 1

    @property
    def trigger_s(self) -> float:
        """How long one trigger lasts, in seconds."""
        if self.duration_s is not None:
            return self.duration_s
        n_periods = self.n_trigger_pulses - 1
        return n_periods / self.frequency_hz if self.frequency_hz else 0.0


class LimitsConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[devices.limits]` table; no limit has a default, so that somebody has decided on each.

    Parameters
    ----------
    refractory_s : float
        Shortest time from one trigger to the next.
    triggers_per_min_max : int
        Triggers in any 60 s.
    commands_per_s_max : int
        Commands in any second, ramps included: at least two, as one takes back what another began.
    on_time_s_max : float
        Longest time above the safe amount without a break of `off_time_s_min`.
    off_time_s_min : float
        A break at or below the safe amount that is shorter does not end the time above it.
    rises_per_min_max : int
        How often the amount may leave the safe amount upwards, in any 60 s.
    amplitude_ma_max, slew_ma_per_s_max : float
        Highest amplitude and its fastest change; for a device of milliampere.
    charge_density_uc_per_cm2_max, shannon_k_max : float
        Charge density of a phase, at most 30 µC/cm², and ``k = log10(Q D)``, at most 1.85.
    charge_uc_per_10_min_max : float
        Charge, first phases summed, in any ten minutes.
    clinical_ma, clinical_share_max : float, optional
        The clinical amplitude, and the highest amplitude as a multiple of it.
    above_mean_ma_max, above_mean_level_max : float, optional
        How far above the mean of the last ten minutes an amplitude or level may be.
    level_max, level_slew_per_s_max : float
        Highest level and its fastest change; for a feedback device, which has levels.

    Examples
    --------
    >>> limits = LimitsConfig(
    ...     refractory_s=0.05,
    ...     triggers_per_min_max=600,
    ...     commands_per_s_max=50.0,
    ...     on_time_s_max=120.0,
    ...     off_time_s_min=0.5,
    ...     rises_per_min_max=120,
    ...     level_max=0.8,
    ...     level_slew_per_s_max=4.0,
    ... )
    >>> limits.level_max, limits.amplitude_ma_max
    (0.8, None)
    """

    refractory_s: Annotated[float, Meta(ge=0.0, le=3600.0)]
    triggers_per_min_max: Annotated[int, Meta(ge=0, le=60_000)]
    commands_per_s_max: Annotated[float, Meta(ge=2.0, le=2000.0)]
    on_time_s_max: Annotated[float, Meta(gt=0.0, le=86_400.0)]
    off_time_s_min: Annotated[float, Meta(ge=0.0, le=3600.0)]
    rises_per_min_max: Annotated[int, Meta(ge=0, le=60_000)]
    amplitude_ma_max: Annotated[float, Meta(gt=0.0, le=100.0)] | None = None
    slew_ma_per_s_max: Annotated[float, Meta(gt=0.0, le=100_000.0)] | None = None
    charge_density_uc_per_cm2_max: (
        Annotated[float, Meta(gt=0.0, le=CHARGE_DENSITY_CEILING_UC_PER_CM2)] | None
    ) = None
    shannon_k_max: Annotated[float, Meta(ge=-10.0, le=SHANNON_K_CEILING)] | None = None
    charge_uc_per_10_min_max: Annotated[float, Meta(gt=0.0, le=1e9)] | None = None
    clinical_ma: Annotated[float, Meta(gt=0.0, le=100.0)] | None = None
    clinical_share_max: Annotated[float, Meta(gt=0.0, le=100.0)] | None = None
    above_mean_ma_max: Annotated[float, Meta(gt=0.0, le=100.0)] | None = None
    above_mean_level_max: Annotated[float, Meta(gt=0.0, le=1.0)] | None = None
    level_max: Annotated[float, Meta(gt=0.0, le=1.0)] | None = None
    level_slew_per_s_max: Annotated[float, Meta(gt=0.0, le=1000.0)] | None = None


def configured(*values: float | None) -> float:
    """Return the first value that is not None; NaN, which fails every comparison, without one.

    Examples
    --------
    >>> configured(None, 2.0, 3.0)
    2.0
    """
    for value in values:
        if value is not None:
            return value
    return math.nan
