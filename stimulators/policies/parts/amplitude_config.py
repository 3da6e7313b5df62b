"""The keys of every amplitude policy's table, and the checks of it against its device."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal, NamedTuple, TypeAlias

from msgspec import Meta

from stimulators.device_config import DeviceConfig
from stimulators.policies.amounts import wrong_amounts, wrong_program
from stimulators.policies.parts.durations import (
    hop_s_of,
    wrong_durations,
    wrong_transitions,
    wrong_way_up,
)
from stimulators.policies.parts.ramp_presets import (
    RampPreset,
    Transitions,
    transitions_of,
    wrong_preset,
    wrong_ramp,
)
from stimulators.policies.parts.steps import Steps
from stimulators.policies.policy import (
    MeasureRead,
    OneDeviceConfig,
    PolicyInputs,
    Thresholds,
)

Amount: TypeAlias = Annotated[float, Meta(ge=0.0, le=100.0)]
Duration: TypeAlias = Annotated[float, Meta(ge=0.0, le=3600.0)]
#: A number of a detector's measure, in its unit.
Level: TypeAlias = Annotated[float, Meta(ge=-1e12, le=1e12)]

#: Durations that are counted in updates, so that none may be shorter than an update.
_ONSETS = ("onset_upper_s", "onset_lower_s")


_CLIP = ("highest", "lowest")


class AmplitudeConfig(OneDeviceConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of every policy's table that sets an amplitude.

    Parameters
    ----------
    measure : str
        Which measure of the detector it follows.
    lowest_ma, highest_ma, lowest_level, highest_level : float
        Its own clip, in the device's unit. The highest amount has no default; the lowest is the
        device's safe amount unless given.
    step_ma, step_level : float
        Steps of the device: what is wanted is a whole number of them. 0 for none.
    transition_up_s, transition_down_s : float
        The way from the lowest amount to the highest takes so long, and back. No default, as
        published ones differ five thousandfold; 0 is a step, which the device follows as its slew
        allows.
    preset : {"percept_dual", "percept_single", "stanford", "rcs_slow", "rcs_fast"}
        A published ramp, instead of both transitions: see
        `stimulators.policies.parts.ramp_presets`.
    averaging_s : float
        The measure is averaged over so long, without overlap; 0 takes every hop.
    onset_upper_s, onset_lower_s : float
        The mean must be above, or below, for so long, without a break, before it counts.
    detection_blanking_s : float
        After each change of where the amount goes the measure is not looked at for so long.
    startup_delay_s : float
        Nor when the device is driven anew.
    expected_sign : {"falls", "rises"}
        What the measure does as the amount rises; the policy acts against it: where it falls, a
        high measure calls for more, where it rises, for less. No default unless the device is
        simulated: then ``falls``.
    sign_watch_s : float
        Where the amount is at its highest for so long, and the measure has gone the other way
        since the amount was low, the rig is made safe: see `SignWatch`.
    """

    transition_up_s: Duration | None = None
    transition_down_s: Duration | None = None
    preset: RampPreset | None = None
    measure: Annotated[str, Meta(min_length=1, max_length=64)] = "value"
    lowest_ma: Amount | None = None
    highest_ma: Amount | None = None
    lowest_level: Amount | None = None
    highest_level: Amount | None = None
    step_ma: Amount = 0.0
    step_level: Amount = 0.0
    averaging_s: Duration = 0.0
    onset_upper_s: Duration = 0.0
    onset_lower_s: Duration = 0.0
    detection_blanking_s: Duration = 0.0
    startup_delay_s: Duration = 0.0
    expected_sign: Literal["falls", "rises"] | None = None
    sign_watch_s: Annotated[float, Meta(ge=5.0, le=3600.0)] = 30.0

    def __post_init__(self) -> None:
        wrong = wrong_ramp(self.preset, self.transition_up_s, self.transition_down_s)
        if wrong is not None:
            raise ValueError(wrong)

    @property
    def reads(self) -> tuple[MeasureRead, ...]:
        """The measure."""
        return (MeasureRead("of", self.of, self.channel, self.measure, compared="level"),)

    @property
    def onset_longest_s(self) -> float:
        """The longer of both onsets."""
        return max(self.onset_upper_s, self.onset_lower_s)


class ThresholdsConfig(AmplitudeConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Further keys, where the policy compares the measure with two thresholds.

    Parameters
    ----------
    upper_threshold, lower_threshold : float
        In the unit of the measure; no default.
    """

    upper_threshold: Level
    lower_threshold: Level

    @property
    def compares_with(self) -> Thresholds:
        """Both thresholds."""
        return Thresholds(self.upper_threshold, self.lower_threshold)


class OwnAmounts(NamedTuple):
    """The amounts of a table in the unit of its device."""

    lowest: float
    highest: float
    step: float


def amounts_of(
    config: AmplitudeConfig, inputs: PolicyInputs, wrong: Iterable[str] = ()
) -> OwnAmounts:
    """Return a table's own clip and step.

    Parameters
    ----------
    config : AmplitudeConfig
        The table.
    inputs : PolicyInputs
        Its device and hops.
    wrong : iterable of str
        What is wrong in keys of the policy's own, to be told with the rest.

    Raises
    ------
    ValueError
        Where the table does not fit the device or the hops; a line each, with its key.
    """
    device = inputs.devices[0]
    unit = device.unit
    amounts = {
        key: {each: getattr(config, f"{key}_{each}") for each in ("ma", "level")} for key in _CLIP
    }
    found = [
        *wrong,
        *wrong_program(config.program, device, is_trigger=False),
        *wrong_amounts(amounts, device),
        *_wrong_units(config, device),
        *wrong_preset(config.preset, device),
        *_wrong_sign(config, device),
        *_wrong_durations(config, inputs),
    ]
    if not found:
        lowest = amounts["lowest"][unit]
        own = OwnAmounts(
            device.safe_amount if lowest is None else lowest,
            amounts["highest"][unit] or 0.0,
            getattr(config, f"step_{unit}"),
        )
        found = [*_wrong_clip(own, device), *_wrong_transitions(config, own, device)]
    if found:
        raise ValueError("\n".join(found))
    return own


def n_hops_of(duration_s: float, inputs: PolicyInputs) -> int:
    """Return the number of hops of a duration, at least one."""
    return max(1, round(duration_s * inputs.rate_hz / inputs.hop_samples))


def ways_of(config: AmplitudeConfig, distance: float) -> Transitions:
    """Return the durations of a table's ramps up and down over this distance of amounts."""
    if config.preset is not None:
        return transitions_of(config.preset, distance)
    return Transitions(config.transition_up_s or 0.0, config.transition_down_s or 0.0)


def _wrong_units(config: AmplitudeConfig, device: DeviceConfig) -> Iterator[str]:
    """Refuse further amounts in the unit that the device does not use."""
    unit, other = ("ma", "level") if device.unit == "ma" else ("level", "ma")
    for key in config.__struct_fields__:
        stem, _, of_unit = key.rpartition("_")
        found = getattr(config, key)
        if of_unit == other and stem not in _CLIP and found:
            yield f"{key}: expected {stem}_{unit} for device {device.id!r}, found {found:g}"


def _wrong_sign(config: AmplitudeConfig, device: DeviceConfig) -> Iterator[str]:
    if config.expected_sign is None and not device.simulated:
        yield (
            'expected_sign: expected "falls" or "rises" (what the measure does as the amount '
            f"rises; it has no default, as device {device.id!r} is not simulated), found none"
        )


def _wrong_durations(config: AmplitudeConfig, inputs: PolicyInputs) -> Iterator[str]:
    hop_s = hop_s_of(inputs)
    hop = f"one hop of {config.of!r}"
    averaging_s = config.averaging_s
    if wrong := [*wrong_durations({"averaging_s": averaging_s}, hop_s, hop)]:
        yield from wrong
        return
    what = "averaging_s" if averaging_s > 0.0 else hop
    onsets_s = {key: getattr(config, key) for key in _ONSETS}
    yield from wrong_durations(onsets_s, n_hops_of(averaging_s, inputs) * hop_s, what)


def _wrong_clip(own: OwnAmounts, device: DeviceConfig) -> Iterator[str]:
    unit = device.unit
    if own.highest <= own.lowest:
        yield (
            f"highest_{unit}: expected more than lowest_{unit} ({own.lowest:g}), "
            f"found {own.highest:g}"
        )
        return
    steps = Steps(own.step, lowest=own.lowest, highest=own.highest)
    for key, amount in (("lowest", own.lowest), ("highest", own.highest)):
        if not steps.has(amount):
            yield (
                f"{key}_{unit}: expected a whole number of steps (step_{unit} = {own.step:g}), "
                f"found {amount:g}"
            )


def _wrong_transitions(
    config: AmplitudeConfig, own: OwnAmounts, device: DeviceConfig
) -> Iterator[str]:
    """Refuse ramps that the device cannot follow, or that its time above safe ends too soon."""
    distance = own.highest - own.lowest
    ways = ways_of(config, distance)
    up, down = (
        ("transition_up_s", "transition_down_s") if config.preset is None else ("preset",) * 2
    )
    yield from wrong_transitions({up: ways.up_s, down: ways.down_s}, distance, device)
    above = min(own.highest - device.safe_amount, distance)
    above_s = ways.up_s * above / distance if distance > 0.0 else 0.0
    yield from wrong_way_up(up, above_s, device)
