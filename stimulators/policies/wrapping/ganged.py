"""One biomarker, several devices: the others follow the amount of the first in proportion."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from stimulators.device_config import DeviceConfig
from stimulators.policies.amounts import program_of, wrong_amounts, wrong_program
from stimulators.policies.dual_threshold import DualThresholdConfig
from stimulators.policies.parts.amplitude_config import Amount
from stimulators.policies.policy import Clip, PolicyConfig, PolicyInputs
from stimulators.policies.wrapping.wrapped import WrappingConfig, wrapped_amplitude
from stimulators.targets import DeviceEvent, MakeSafe, Observation, Target


class GangedDevice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A `[policies.others.NAME]` table: one more device, by its id.

    Parameters
    ----------
    program : str
        One of its programs; may be left out where it has only one.
    lowest_ma, highest_ma, lowest_level, highest_level : float
        What it gets where the first device gets the lowest or highest amount of its policy; the
        highest has no default, the lowest is the device's safe amount unless given.
    """

    program: str = ""
    lowest_ma: Amount | None = None
    highest_ma: Amount | None = None
    lowest_level: Amount | None = None
    highest_level: Amount | None = None


class GangedConfig(
    WrappingConfig,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="ganged",
):
    """A `[[policies]]` table of kind ``ganged``.

    Parameters
    ----------
    others : dict of str to GangedDevice
        The devices beside that of the wrapped policy, by id.

    Examples
    --------
    >>> Ganged.examples[0].drives
    ('stn', 'stn_right', 'band')
    """

    others: Annotated[dict[str, GangedDevice], Meta(min_length=1, max_length=15)]

    @property
    def drives(self) -> tuple[str, ...]:
        """The device of the wrapped policy, and the others."""
        return (*super().drives, *self.others)


class Ganged:
    """Gives other devices each amount of the wrapped policy, as the same share of their own range.

    For two sides that follow one biomarker, as an implant's ganged hemispheres do, and for a
    feedback device beside a stimulator.

    Parameters
    ----------
    config : GangedConfig
        The other devices, and what is wrapped: a policy of one device, with an amplitude.
    inputs : PolicyInputs
        Reads and devices.

    Raises
    ------
    ValueError
        Where it does not fit what is wrapped, or a device; the text begins with the key.

    Notes
    -----
    The wrapped policy ramps and holds by what became of its own, first device; the others follow,
    each by its own slew. Each is refused by its own limits alone. Holds, pauses and SAFE are of the
    rig: all devices have them together.

    Examples
    --------
    >>> from stimulators.testing.policy_example import Hop, PolicyExample
    >>> hops = [Hop(is_on=False, changes=(("engaged", 0.3),)), *[Hop(is_on=True)] * 150]
    >>> targets = PolicyExample(Ganged, Ganged.examples[0]).run(hops)
    >>> {target.device: round(target.amount, 3) for target in targets}
    {'stn': 2.5, 'stn_right': 2.0, 'band': 0.7}
    """

    config_type: ClassVar[type[PolicyConfig]] = GangedConfig
    #: The configurations on which the laws are tested.
    examples: ClassVar[tuple[PolicyConfig, ...]] = (
        GangedConfig(
            id="both",
            others={
                "stn_right": GangedDevice(lowest_ma=1.0, highest_ma=2.0),
                "band": GangedDevice(highest_level=0.7),
            },
            wraps=DualThresholdConfig(
                id="left",
                of="beta",
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

    def __init__(self, config: GangedConfig, inputs: PolicyInputs) -> None:
        self._within, first = wrapped_amplitude(config, inputs)
        self._first = first
        added = inputs.devices[1:]
        if wrong := [text for each in added for text in _wrong(config.others[each.id], each)]:
            raise ValueError("\n".join(wrong))
        self._programs = {
            each.id: program_of(config.others[each.id].program, each) for each in added
        }
        self._added = tuple(_clip(config.others[each.id], each) for each in added)
        self.clips = (first, *self._added)

    def reset(self) -> None:
        """Forget everything: what follows is as after construction."""
        self._within.reset()

    def note(self, event: DeviceEvent) -> None:
        """Pass an event of its own device on to the wrapped policy."""
        if event.device == self._first.device:
            self._within.note(event)

    def decide(self, observation: Observation) -> Sequence[Target] | MakeSafe:
        """Return the wrapped policy's targets, for each device."""
        wanted = self._within.decide(observation)
        if isinstance(wanted, MakeSafe):
            return wanted
        return [
            each
            for target in wanted
            for each in (target, *(self._shared(target, clip) for clip in self._added))
        ]

    def _shared(self, target: Target, clip: Clip) -> Target:
        """Return the target of another device: the same share of that device's range."""
        first = self._first
        distance = first.highest - first.lowest
        share = (target.amount - first.lowest) / distance if distance > 0.0 else 1.0
        amount = clip.lowest + share * (clip.highest - clip.lowest)
        return msgspec.structs.replace(
            target,
            device=clip.device,
            program=self._programs[clip.device],
            amount=min(max(amount, clip.lowest), clip.highest),
        )


def _wrong(table: GangedDevice, device: DeviceConfig) -> list[str]:
    amounts = {
        key: {unit: getattr(table, f"{key}_{unit}") for unit in ("ma", "level")}
        for key in ("highest", "lowest")
    }
    found = [
        *wrong_program(table.program, device, is_trigger=False),
        *wrong_amounts(amounts, device),
    ]
    if not found:
        clip = _clip(table, device)
        if clip.highest <= clip.lowest:
            found.append(
                f"highest_{device.unit}: expected more than lowest_{device.unit} "
                f"({clip.lowest:g}), found {clip.highest:g}"
            )
    return [f"others.{device.id}.{line}" for line in found]


def _clip(table: GangedDevice, device: DeviceConfig) -> Clip:
    lowest = getattr(table, f"lowest_{device.unit}")
    highest = getattr(table, f"highest_{device.unit}")
    return Clip(device.id, "amplitude", device.safe_amount if lowest is None else lowest, highest)
