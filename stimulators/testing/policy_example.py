"""A policy as the laws test it: its configuration, with simulated devices, detectors and hops."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple

from stimulators.device_config import DeviceConfig
from stimulators.limits import LimitsConfig, ProgramConfig
from stimulators.policies.bound_policy import BoundPolicy, wrong_clips
from stimulators.policies.policy import (
    MeasureRead,
    Policy,
    PolicyConfig,
    PolicyInputs,
    ResolvedRead,
)
from stimulators.targets import (
    DetectedEvent,
    DeviceChange,
    DeviceEvent,
    MakeSafe,
    Observation,
    Target,
)

RATE_HZ: Final = 250.0
HOP_SAMPLES: Final = 5
_CHANNEL: Final = "left"
_START_S: Final = 1000.0
_SWITCHES: Final = frozenset({"is_on", "is_open"})
_BELOW: Final = 0.25
_ABOVE: Final = 3.0
_RATES: Final[dict[str, Any]] = {
    "refractory_s": 0.0,
    "triggers_per_min_max": 6000,
    "commands_per_s_max": 50.0,
    "on_time_s_max": 600.0,
    "off_time_s_min": 0.5,
    "rises_per_min_max": 600,
}
_CURRENT: Final = LimitsConfig(
    **_RATES,
    amplitude_ma_max=3.0,
    slew_ma_per_s_max=12.0,
    charge_density_uc_per_cm2_max=30.0,
    shannon_k_max=1.5,
    charge_uc_per_10_min_max=1e5,
)
_PROGRAM: Final = ProgramConfig(frequency_hz=130.0, pulse_width_us=60.0, contact_area_cm2=0.06)
DEVICES: Final = {
    name: DeviceConfig(
        id=name, limits=_CURRENT, simulated=True, safe_ma=0.5, programs={"adbs": _PROGRAM}
    )
    for name in ("stn", "stn_right")
} | {
    "band": DeviceConfig(
        id="band",
        limits=LimitsConfig(**_RATES, level_max=0.8, level_slew_per_s_max=4.0),
        simulated=True,
        safe_level=0.1,
    )
}


class Hop(NamedTuple):
    """One simulated hop: on or off, valid or not, and the events of devices before it.

    Examples
    --------
    >>> Hop(is_on=True, changes=(("engaged", 0.5),)).is_valid
    True
    """

    is_on: bool
    is_valid: bool = True
    changes: tuple[tuple[DeviceChange, float], ...] = ()


class PolicyExample(NamedTuple):
    """A policy's class with one of its configurations.

    Examples
    --------
    >>> from stimulators.policies.threshold import Threshold
    >>> example = PolicyExample(Threshold, Threshold.examples[0])
    >>> example.name
    'Threshold: step'
    >>> example.run([Hop(is_on=False)])[0].amount
    0.5
    """

    policy: type[Any]
    config: PolicyConfig

    @property
    def name(self) -> str:
        """Name of the class and id of the configuration, for the names of tests."""
        return f"{self.policy.__name__}: {self.config.id}"

    def inputs(self) -> PolicyInputs:
        """Return the second argument of the policy's class."""
        reads = tuple(
            ResolvedRead(each.detector, each.channel or _CHANNEL, getattr(each, "measure", ""))
            for each in self.config.reads
        )
        devices = tuple(DEVICES[name] for name in self.config.drives)
        return PolicyInputs(RATE_HZ, HOP_SAMPLES, reads, devices)

    def build(self) -> Policy:
        """Return a new policy."""
        inputs = self.inputs()
        policy: Policy = self.policy(self.config, inputs)
        wrong = wrong_clips(
            policy, self.config.drives, [device.amount_max for device in inputs.devices]
        )
        assert wrong is None, f"{self.name}: {wrong}"  # noqa: S101 what a law says
        return policy

    def bound(self, policy: Policy | None = None) -> BoundPolicy:
        """Return a new policy, or this one, wrapped as in the loop."""
        return BoundPolicy(self.config.id, policy or self.build())

    def observations(
        self, hops: Sequence[Hop], *, level: float = 1.0, invalid: float = 0.0
    ) -> list[Observation]:
        """Return the hops as observations of the policy.

        Parameters
        ----------
        hops : sequence of Hop
            In order.
        level : float
            All measures but switches and thresholds are multiplied by it.
        invalid : float
            The number in place of values that are not valid.
        """
        observations = []
        was_on = False
        for index, hop in enumerate(hops):
            sample = (index + 1) * HOP_SAMPLES - 1
            time_s = _START_S + sample / RATE_HZ
            values = [
                self._value(each.measure, hop, level) if hop.is_valid else invalid
                for each in self.config.reads
                if isinstance(each, MeasureRead)
            ]
            observations.append(
                Observation(
                    sample=sample,
                    time_s=time_s,
                    valid=hop.is_valid,
                    values=tuple(values),
                    values_valid=(hop.is_valid,) * len(values),
                    moments=tuple(self._detected(sample, time_s, hop.is_on, was_on)),
                )
            )
            was_on = hop.is_on
        return observations

    def events(self, hops: Sequence[Hop]) -> list[DeviceEvent]:
        """Return the events of the devices, each bound to the first sample of its hop."""
        return [
            DeviceEvent(
                policy=self.config.id,
                device=device,
                change=change,
                sample=index * HOP_SAMPLES,
                lowest=share * DEVICES[device].amount_max,
                highest=share * DEVICES[device].amount_max,
                certain=True,
            )
            for index, hop in enumerate(hops)
            for change, share in hop.changes
            for device in self.config.drives
        ]

    def run(
        self,
        hops: Sequence[Hop],
        *,
        policy: BoundPolicy | None = None,
        cuts: Sequence[int] = (),
        invalid: float = 0.0,
        level: float = 1.0,
    ) -> list[Target]:
        """Return the targets of a policy at these hops, up to where it makes the rig safe.

        Parameters
        ----------
        hops : sequence of Hop
            In order.
        policy : BoundPolicy, optional
            A policy that has run before; a new one without it.
        cuts : sequence of int
            Hops at which a chunk begins: the policy receives all events of a chunk, bound to its
            samples, as the chunk begins.
        invalid, level : float
            See `observations`.
        """
        bound = self.bound() if policy is None else policy
        events = self.events(hops)
        observations = self.observations(hops, invalid=invalid, level=level)
        targets: list[Target] = []
        for first, last in _chunks(len(hops), cuts):
            for event in events:
                if first * HOP_SAMPLES <= event.sample < last * HOP_SAMPLES:
                    bound.bind(event)
            for observation in observations[first:last]:
                wanted = bound.decide(observation)
                if isinstance(wanted, MakeSafe):
                    return targets
                assert not isinstance(wanted, str), wanted  # noqa: S101 what a law says
                targets.extend(wanted)
        return targets

    @staticmethod
    def _value(measure: str, hop: Hop, level: float) -> float:
        if measure in _SWITCHES:
            return float(hop.is_on)
        return 1.0 if measure == "threshold" else level * (_ABOVE if hop.is_on else _BELOW)

    def _detected(
        self, sample: int, time_s: float, is_on: bool, was_on: bool
    ) -> Iterator[DetectedEvent]:
        kinds = {"moment"} if is_on else set()
        if is_on is not was_on:
            kinds.add("onset" if is_on else "offset")
        for read in self.config.reads:
            for kind in () if isinstance(read, MeasureRead) else read.kinds:
                if kind in kinds:
                    ahead_s = 0.01 if kind == "moment" else -0.01
                    channel = read.channel or _CHANNEL
                    yield DetectedEvent(
                        read.detector, channel, kind, sample, time_s + ahead_s, _ABOVE
                    )


def examples_of(policy: type[Any]) -> tuple[PolicyExample, ...]:
    """Return an example for each configuration in a class's `examples`.

    Raises
    ------
    AssertionError
        Where it has none: the laws would test nothing.

    Examples
    --------
    >>> from stimulators.policies.threshold import Threshold
    >>> [example.config.id for example in examples_of(Threshold)][:2]
    ['step', 'ramp']
    """
    configs = getattr(policy, "examples", ())
    if not configs:
        raise AssertionError(f"{policy.__name__}: expected examples for the laws, found none")
    return tuple(PolicyExample(policy, config) for config in configs)


def _chunks(n_hops: int, cuts: Sequence[int]) -> Iterator[tuple[int, int]]:
    borders = sorted({0, n_hops, *(cut for cut in cuts if 0 < cut < n_hops)})
    yield from pairwise(borders)
