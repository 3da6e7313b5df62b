"""A trigger at a phase of a rhythm, at most once a cycle, where all clocks are exact enough."""

import math
from collections import deque
from collections.abc import Sequence
from typing import Annotated, ClassVar, Final

from msgspec import Meta

from stimulators.policies.amounts import program_of, wrong_amounts, wrong_program
from stimulators.policies.policy import (
    Clip,
    EventRead,
    MeasureRead,
    OneDeviceConfig,
    PolicyConfig,
    PolicyInputs,
)
from stimulators.targets import DetectedEvent, DeviceEvent, Observation, Target

#: The phase must have gone on by a cycle, less this part of one: no cycle is as long as the next.
_SPARE_CYCLES: Final = 0.3
#: How many phase events ahead are remembered.
_N_FORETOLD_MAX: Final = 64
_Amount = Annotated[float, Meta(ge=0.0, le=100.0)]


class PhaseLockConfig(
    OneDeviceConfig,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="phase_lock",
):
    """A `[[policies]]` table of kind ``phase_lock``.

    Parameters
    ----------
    on_ma, on_level : float
        The amount of a trigger, in the device's unit; no default.
    fire_uncertainty_s_max : float
        How far from its time a trigger may be given, as far as clocks are known: that of the
        stream, that of the device, and how late the device looks at it, together. 5 ms are 36
        degrees at 20 Hz.
    confidence_min : float
        The confidence of the phase, from 0 to 1, without which there is no trigger.
    confidence_cycles : int
        Number of phase events over which the confidence is averaged.
    every_cycles : int
        One trigger is given in this many cycles.

    Examples
    --------
    >>> config = PhaseLockConfig(id="peak", of="peaks", device="stn", on_ma=2.0)
    >>> [each.key for each in config.reads], config.fire_uncertainty_s_max
    (['of', 'of', 'of'], 0.005)
    """

    on_ma: _Amount | None = None
    on_level: _Amount | None = None
    fire_uncertainty_s_max: Annotated[float, Meta(gt=0.0, le=0.1)] = 0.005
    confidence_min: Annotated[float, Meta(ge=0.0, lt=1.0)] = 0.9
    confidence_cycles: Annotated[int, Meta(ge=2, le=1000)] = 20
    every_cycles: Annotated[int, Meta(ge=1, le=1000)] = 1

    @property
    def reads(self) -> tuple[EventRead | MeasureRead, ...]:
        """The phase events, the phase itself, and the amplitude above which they are given."""
        return (
            EventRead("of", self.of, self.channel, ("moment",)),
            MeasureRead("of", self.of, self.channel, "phase", unit="rad"),
            MeasureRead("of", self.of, self.channel, "threshold"),
        )


class PhaseLock:
    """A trigger at each phase event that lies ahead, where the phase is known well [1]_, [2]_.

    The events are those of `target_phase`: which phase, how far ahead, and above which amplitude
    is for its table. The trigger is sent with its time to fire, and the device waits for that by
    its own, synchronised clock.

    Parameters
    ----------
    config : PhaseLockConfig
        Amount, uncertainty, confidence, and in which cycles.
    inputs : PolicyInputs
        The channel, and the device.

    Raises
    ------
    ValueError
        Where the amount is not in the device's unit or above its limit, or the program is none of
        its own; the text begins with the key.

    Notes
    -----
    A pure fold over hops.

    At most one trigger a cycle: the phase itself, hop by hop, has gone on by `every_cycles` less
    0.3 of a cycle since the last one, also where a hop between was not valid, after which it is
    counted anew; that comes on top of the detector's own refractory part of a cycle.

    Confidence: at the time that was foretold the phase is looked at, on the straight line between
    two hops. The length of the mean of ``exp(i phase)`` over the newest `confidence_cycles` events
    is the confidence: 1 where each event came at one and the same phase, whichever, and near 0
    where what is foretold says nothing. It is known after that many events, and counts anew after
    a hop that is not valid. It goes on while the device is not driven.

    Exactness: `fire_uncertainty_s_max` goes with each trigger. The gate refuses one (``clock``)
    where the uncertainties of the stream's clock and of the device's, as the device says them,
    are more together; what the stream leaves of it goes on to the device, which refuses what it
    could give only later (``expired``) or knows the time too badly for (``clock``).

    A trigger is scheduled no further ahead than the detector's `lead_s` and a hop, a command is
    valid and the lease lasts; what is not is refused (``fire_at``). In HOLD, while paused, and
    once the device is driven no more there are none, and the gate takes back what waits.

    Limits: a trigger each cycle of 20 Hz is 20 commands a second and 1200 triggers a minute. One
    beyond a limit is refused and not kept; with `every_cycles` they are spread instead.

    Delay: that of the detector; the phase of a steady rhythm has none. Chance: noise has a phase
    as well: see `target_phase`, and the guide for the confidence of noise.

    References
    ----------
    .. [1] H. Cagnan et al., "Stimulating at the right time: phase-specific deep brain
       stimulation", Brain 140(1), 2017, doi:10.1093/brain/aww286.
    .. [2] A. B. Holt et al., "Phase-dependent suppression of beta oscillations in Parkinson's
       disease patients", Journal of Neuroscience 39(6), 2019,
       doi:10.1523/JNEUROSCI.1913-18.2018.

    Examples
    --------
    >>> from stimulators.testing.policy_example import Hop, PolicyExample
    >>> hops = [Hop(is_on=True, changes=(("engaged", 0.0),)), *[Hop(is_on=True)] * 25]
    >>> (trigger,) = PolicyExample(PhaseLock, PhaseLock.examples[0]).run(hops)
    >>> trigger.kind, trigger.amount, round(trigger.fire_at_s - trigger.time_s, 3)
    ('trigger', 1.5, 0.01)
    """

    config_type: ClassVar[type[PolicyConfig]] = PhaseLockConfig
    #: The configurations on which the laws are tested.
    examples: ClassVar[tuple[PolicyConfig, ...]] = (
        PhaseLockConfig(id="phase", of="rhythm", device="stn", on_ma=1.5),
        PhaseLockConfig(
            id="touch",
            of="rhythm",
            device="band",
            on_level=0.5,
            confidence_min=0.0,
            confidence_cycles=2,
            every_cycles=2,
        ),
    )

    def __init__(self, config: PhaseLockConfig, inputs: PolicyInputs) -> None:
        (device,) = inputs.devices
        amounts = {"on": {"ma": config.on_ma, "level": config.on_level}}
        wrong = [
            *wrong_program(config.program, device, is_trigger=True),
            *wrong_amounts(amounts, device),
        ]
        if wrong:
            raise ValueError("\n".join(wrong))
        self._config = config
        self._program = program_of(config.program, device)
        self._amount: float = getattr(config, f"on_{device.unit}")
        self.clips = (Clip(device.id, "trigger", self._amount, self._amount),)
        self._apart_rad = math.tau * (config.every_cycles - _SPARE_CYCLES)
        self.reset()

    def reset(self) -> None:
        """Forget everything: what follows is as after construction."""
        self._is_driven = False
        self._gone_rad = math.inf
        self._begin_anew()

    def _begin_anew(self) -> None:
        """Forget the phase, since a hop was not valid."""
        self._before: tuple[float, float] | None = None
        self._foretold_s: deque[float] = deque(maxlen=_N_FORETOLD_MAX)
        self._found_rad: deque[float] = deque(maxlen=self._config.confidence_cycles)
        if self._gone_rad < math.inf:
            self._gone_rad = 0.0

    @property
    def confidence(self) -> float | None:
        """How alike the phases of the last events are; None before `confidence_cycles` of them."""
        found_rad = self._found_rad
        if len(found_rad) < self._config.confidence_cycles:
            return None
        cosine, sine = sum(map(math.cos, found_rad)), sum(map(math.sin, found_rad))
        return math.hypot(cosine, sine) / len(found_rad)

    def note(self, event: DeviceEvent) -> None:
        """Note whether the device takes commands: without that there are no targets."""
        if event.change != "applied":
            self._is_driven = event.change in {"engaged", "resumed"}

    def decide(self, observation: Observation) -> Sequence[Target]:
        """Take in the next hop, and return a trigger for each event that meets the conditions."""
        if not observation.valid:
            self._begin_anew()
            return ()
        phase_rad, threshold = observation.values
        self._follow(phase_rad, observation.time_s)
        triggers = []
        for event in observation.moments:
            if self._is_driven and self._is_sure and self._gone_rad >= self._apart_rad:
                triggers.append(self._trigger(event, observation, threshold))
                self._gone_rad = 0.0
            self._foretold_s.append(event.time_s)
        return triggers

    @property
    def _is_sure(self) -> bool:
        confidence = self.confidence
        return confidence is not None and confidence >= self._config.confidence_min

    def _follow(self, phase_rad: float, time_s: float) -> None:
        """Follow the phase, and read it at each event that was predicted since the last hop."""
        before_rad, before_s = self._before or (phase_rad, time_s)
        step_rad = math.remainder(phase_rad - before_rad, math.tau)
        self._gone_rad += step_rad
        self._before = phase_rad, time_s
        while self._foretold_s and self._foretold_s[0] <= time_s:
            ago_s = time_s - self._foretold_s.popleft()
            share = ago_s / (time_s - before_s) if time_s > before_s else 0.0
            self._found_rad.append(phase_rad - min(share, 1.0) * step_rad)

    def _trigger(self, event: DetectedEvent, observation: Observation, threshold: float) -> Target:
        return Target(
            policy=self._config.id,
            device=self._config.device,
            detector=event.detector,
            channel=event.channel,
            program=self._program,
            kind="trigger",
            amount=self._amount,
            sample=observation.sample,
            time_s=observation.time_s,
            onset_s=event.time_s,
            value=event.strength,
            threshold=threshold,
            fire_at_s=event.time_s,
            fire_uncertainty_s_max=self._config.fire_uncertainty_s_max,
        )
