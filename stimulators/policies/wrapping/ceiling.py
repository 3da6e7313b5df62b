"""A ceiling: a second measure that is too high lowers the highest amount of a policy."""

from collections.abc import Iterator, Sequence
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from stimulators.policies.dual_threshold import DualThresholdConfig
from stimulators.policies.parts.amplitude_config import Amount, Duration, Level, n_hops_of
from stimulators.policies.parts.averaging import Averaging
from stimulators.policies.parts.durations import (
    hop_s_of,
    wrong_durations,
    wrong_transitions,
)
from stimulators.policies.parts.onsets import Onsets
from stimulators.policies.policy import EventRead, MeasureRead, PolicyConfig, PolicyInputs
from stimulators.policies.ramp import Ramp, per_sample
from stimulators.policies.wrapping.wrapped import WrappingConfig, seen_by, wrapped_amplitude
from stimulators.targets import DeviceEvent, MakeSafe, Observation, Target


class CeilingConfig(
    WrappingConfig,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="ceiling",
):
    """A `[[policies]]` table of kind ``ceiling``.

    Parameters
    ----------
    by, by_channel, measure : str
        The detector whose measure lowers the ceiling, of the same stream as what is wrapped; its
        channel, which may be left out where it has one, and its measure.
    upper_threshold, lower_threshold : float
        Above the upper one the ceiling goes down, below the lower one up; no default.
    lowest_ma, lowest_level : float
        Lowest value of the ceiling, in the device's unit; no default.
    transition_up_s, transition_down_s : float
        How long the ceiling takes from its lowest to its highest value, and back; no default.
    averaging_s, onset_upper_s, onset_lower_s : float
        Averaging and onsets of the second measure, as in `AmplitudeConfig`.

    Examples
    --------
    >>> Ceiling.examples[0].drives
    ('stn',)
    """

    by: str
    upper_threshold: Level
    lower_threshold: Level
    transition_up_s: Duration
    transition_down_s: Duration
    by_channel: str = ""
    measure: Annotated[str, Meta(min_length=1, max_length=64)] = "value"
    lowest_ma: Amount | None = None
    lowest_level: Amount | None = None
    averaging_s: Duration = 0.0
    onset_upper_s: Duration = 0.0
    onset_lower_s: Duration = 0.0

    @property
    def reads(self) -> tuple[MeasureRead | EventRead, ...]:
        """The reads of the wrapped policy, and then the measure of the ceiling."""
        own = MeasureRead("by", self.by, self.by_channel, self.measure, compared="ceiling")
        return (*super().reads, own)


class Ceiling:
    """Limits the amount of the wrapped policy by a ceiling that a second measure moves.

    For a measure that shows an excess: in the pallidum of dystonia, slow power steers the amount
    and beta that rises with it lowers the ceiling.

    Parameters
    ----------
    config : CeilingConfig
        The second measure, and what is wrapped: a policy of one device, with an amplitude.
    inputs : PolicyInputs
        Reads and device.

    Raises
    ------
    ValueError
        Where it does not fit what is wrapped; the text begins with the key.

    Notes
    -----
    The ceiling begins at the highest amount of the wrapped policy, goes down while the mean of the
    measure is above the upper threshold, up while it is below the lower, and stays between, by its
    own transitions; at hops at which its measure is not valid it stays. It goes on in HOLD and
    while nothing is driven: it follows the measure alone. What is wrapped hears from its device
    that it gives less, so a `pi` does not wind up against it.

    Examples
    --------
    >>> from stimulators.testing.policy_example import Hop, PolicyExample
    >>> hops = [Hop(is_on=False, changes=(("engaged", 0.3),)), *[Hop(is_on=True)] * 150]
    >>> targets = PolicyExample(Ceiling, Ceiling.examples[0]).run(hops)
    >>> round(targets[0].amount, 3), round(targets[-1].amount, 3)
    (0.82, 1.0)
    """

    config_type: ClassVar[type[PolicyConfig]] = CeilingConfig
    #: The configurations on which the laws are tested.
    examples: ClassVar[tuple[PolicyConfig, ...]] = (
        CeilingConfig(
            id="capped",
            by="beta",
            upper_threshold=2.0,
            lower_threshold=1.0,
            lowest_ma=1.0,
            transition_up_s=0.5,
            transition_down_s=0.2,
            averaging_s=0.04,
            onset_upper_s=0.08,
            wraps=DualThresholdConfig(
                id="slow",
                of="slow",
                device="stn",
                lowest_ma=0.5,
                highest_ma=2.5,
                upper_threshold=2.0,
                lower_threshold=1.0,
                averaging_s=0.0,
                onset_upper_s=0.0,
                onset_lower_s=0.0,
                detection_blanking_s=0.0,
                transition_up_s=0.5,
                transition_down_s=0.5,
            ),
        ),
    )

    def __init__(self, config: CeilingConfig, inputs: PolicyInputs) -> None:
        self._within, clip = wrapped_amplitude(config, inputs)
        lowest = _lowest(config, inputs, clip.lowest, clip.highest)
        rate_hz = inputs.rate_hz
        self.clips = self._within.clips
        self._config = config
        self._channel = inputs.reads[-1].channel
        self._highest = clip.highest
        self._hop_samples = inputs.hop_samples
        self._averaging = Averaging(n_hops_of(config.averaging_s, inputs))
        self._onsets = Onsets(
            upper_samples=round(config.onset_upper_s * rate_hz),
            lower_samples=round(config.onset_lower_s * rate_hz),
        )
        distance = clip.highest - lowest
        self._ramp = Ramp(
            clip.highest,
            lowest=lowest,
            highest=clip.highest,
            up_per_sample=per_sample(distance, config.transition_up_s, rate_hz),
            down_per_sample=per_sample(distance, config.transition_down_s, rate_hz),
        )
        self._ends = {1: lowest, -1: clip.highest}
        self._goal: float | None = None
        self._mean = 0.0

    @property
    def ceiling(self) -> float:
        """The ceiling now: the highest amount that is passed on."""
        return self._ramp.amount

    def reset(self) -> None:
        """Forget everything: what follows is as after construction."""
        self._within.reset()
        self._averaging.restart()
        self._onsets.restart()
        self._ramp.amount = self._highest
        self._goal = None
        self._mean = 0.0

    def note(self, event: DeviceEvent) -> None:
        """Pass an event of its device on to the wrapped policy."""
        self._within.note(event)

    def decide(self, observation: Observation) -> Sequence[Target] | MakeSafe:
        """Return the wrapped policy's targets, none above the ceiling."""
        self._move(observation)
        wanted = self._within.decide(seen_by(self._config, observation))
        if isinstance(wanted, MakeSafe):
            return wanted
        return [each if each.amount <= self.ceiling else self._lowered(each) for each in wanted]

    def _lowered(self, target: Target) -> Target:
        """Return the ceiling in place of a target above it, and the measure it rests on."""
        return msgspec.structs.replace(
            target,
            amount=self.ceiling,
            detector=self._config.by,
            channel=self._channel,
            value=self._mean,
            threshold=self._config.upper_threshold,
        )

    def _move(self, observation: Observation) -> None:
        is_valid = observation.values_valid[-1]
        mean = self._averaging.take(observation.values[-1], is_valid=is_valid)
        if mean is not None:
            if mean == mean:  # noqa: PLR0124 not NaN: enough of it was valid
                self._mean = mean
            side = int(mean > self._config.upper_threshold) - int(
                mean < self._config.lower_threshold
            )
            side = self._onsets.update(side, observation.sample, observation.time_s)
            self._goal = self._ends.get(side)
        if is_valid and self._goal is not None:
            self._ramp.move(self._goal, self._hop_samples)


def _lowest(config: CeilingConfig, inputs: PolicyInputs, lowest: float, highest: float) -> float:
    (device,) = inputs.devices
    unit, other = ("ma", "level") if device.unit == "ma" else ("level", "ma")
    found: float | None = getattr(config, f"lowest_{unit}")
    wrong = [*_wrong_durations(config, inputs)]
    if config.upper_threshold < config.lower_threshold:
        wrong.append(
            f"upper_threshold: expected at least lower_threshold ({config.lower_threshold:g}), "
            f"found {config.upper_threshold:g}"
        )
    if (foreign := getattr(config, f"lowest_{other}")) is not None:
        wrong.append(
            f"lowest_{other}: expected lowest_{unit} for device {device.id!r}, found {foreign:g}"
        )
    elif found is None or not lowest <= found < highest:
        wrong.append(
            f"lowest_{unit}: expected from {lowest:g} to less than {highest:g}, the clip of what "
            f"is wrapped, found {'none' if found is None else f'{found:g}'}"
        )
    else:
        found_s = {
            "transition_up_s": config.transition_up_s,
            "transition_down_s": config.transition_down_s,
        }
        wrong += wrong_transitions(found_s, highest - found, device)
    if wrong:
        raise ValueError("\n".join(wrong))
    return found or 0.0


def _wrong_durations(config: CeilingConfig, inputs: PolicyInputs) -> Iterator[str]:
    hop = f"one hop of {config.wraps.reads[0].detector!r}"
    averaging_s = config.averaging_s
    yield from wrong_durations({"averaging_s": averaging_s}, hop_s_of(inputs), hop)
    update_s = n_hops_of(averaging_s, inputs) * hop_s_of(inputs)
    onsets_s = {"onset_upper_s": config.onset_upper_s, "onset_lower_s": config.onset_lower_s}
    yield from wrong_durations(onsets_s, update_s, "averaging_s" if averaging_s > 0.0 else hop)
