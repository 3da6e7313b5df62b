"""The control arm yoked: the amounts of another session, whatever the signal does now."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from stimulators.policies.arms.arm import Arm, ArmConfig
from stimulators.policies.parts.amplitude_config import Amount
from stimulators.policies.policy import Clip, PolicyConfig, PolicyInputs
from stimulators.policies.threshold import ThresholdConfig
from stimulators.targets import DeviceEvent, Observation, Target

_Seconds = Annotated[float, Meta(ge=0.0, le=86_400.0)]


class YokedConfig(
    ArmConfig,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="yoked",
):
    """A `[[policies]]` table of kind ``yoked``.

    Parameters
    ----------
    course : list of [float, float]
        Seconds since the device was engaged, rising from 0, and the amount from then on, in its
        unit.

    Examples
    --------
    >>> from stimulators.policies.threshold import ThresholdConfig
    >>> policy = ThresholdConfig(id="adbs", of="burst", device="stn", on_ma=2.0)
    >>> YokedConfig(id="yoked", wraps=policy, course=((0.0, 0.5), (0.5, 2.0))).drives
    ('stn',)
    """

    course: Annotated[tuple[tuple[_Seconds, Amount], ...], Meta(min_length=1, max_length=100_000)]


class Yoked(Arm):
    """Gives the amounts of a written course, at every hop at which the wrapped policy decides.

    Parameters
    ----------
    config : YokedConfig
        The course, and what is wrapped: a policy that keeps the amplitude of one device.
    inputs : PolicyInputs
        The rate of its samples, reads and the device.

    Raises
    ------
    ValueError
        Where times do not rise from 0, an amount is above the limit, or what is wrapped gives
        triggers or drives several devices; the text begins with the key.

    Notes
    -----
    Time is counted in samples from the engagement of the device; it goes on in HOLD and while
    paused. Before, the first amount holds, after the end the last.

    Examples
    --------
    >>> from stimulators.testing.policy_example import Hop, PolicyExample
    >>> hops = [Hop(is_on=False, changes=(("engaged", 0.3),)), *[Hop(is_on=True)] * 150]
    >>> targets = PolicyExample(Yoked, Yoked.examples[0]).run(hops)
    >>> round(targets[0].amount, 3), round(targets[-1].amount, 3)
    (0.5, 1.0)
    """

    config_type: ClassVar[type[PolicyConfig]] = YokedConfig
    #: The configurations on which the laws are tested.
    examples: ClassVar[tuple[PolicyConfig, ...]] = (
        YokedConfig(
            id="yoked",
            course=((0.0, 0.5), (0.5, 2.0), (1.2, 1.0)),
            wraps=ThresholdConfig(id="p", of="burst", device="stn", on_ma=2.0),
        ),
    )

    def __init__(self, config: YokedConfig, inputs: PolicyInputs) -> None:
        super().__init__(config, inputs)
        self.require_amplitude()
        (device,) = self.require_one(inputs)
        times_s = [time_s for time_s, _ in config.course]
        self._amounts = [amount for _, amount in config.course]
        if times_s[0] != 0.0 or any(later <= earlier for earlier, later in pairwise(times_s)):
            raise ValueError("course: expected times that rise from 0, found others")
        highest = max(self._amounts)
        if highest > device.amount_max:
            raise ValueError(
                f"course: expected amounts up to {device.amount_max:g} (the limit of device "
                f"{device.id!r}), found {highest:g}"
            )
        self._samples = [round(time_s * inputs.rate_hz) for time_s in times_s]
        self._engaged: int | None = None
        self.clips = (Clip(device.id, "amplitude", min(self._amounts), highest),)

    def reset(self) -> None:
        """Forget everything: what follows is as after construction."""
        super().reset()
        self._engaged = None

    def note(self, event: DeviceEvent) -> None:
        """Start the clock of the course when the device is engaged."""
        super().note(event)
        if event.change == "engaged":
            self._engaged = event.sample

    def decide(self, observation: Observation) -> Sequence[Target]:
        """Return the amount that the course has at this time."""
        passed = 0 if self._engaged is None else max(0, observation.sample - self._engaged)
        amount = self._amounts[bisect_right(self._samples, passed) - 1]
        wanted = self.wanted_within(observation)
        return [msgspec.structs.replace(each, amount=amount) for each in wanted]
