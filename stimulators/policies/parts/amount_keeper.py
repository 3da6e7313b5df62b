"""The base of every policy that sets an amount: its ramp, steps, targets and sign watch."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from stimulators.policies.amounts import program_of
from stimulators.policies.parts.amplitude_config import OwnAmounts, n_hops_of
from stimulators.policies.parts.sign_watch import SignWatch
from stimulators.policies.parts.steps import Steps
from stimulators.policies.policy import Clip, PolicyInputs
from stimulators.policies.ramp import Ramp
from stimulators.targets import DeviceEvent, MakeSafe, Observation, Target

_FUZZ = 1e-9


class KeptTable(Protocol):
    """The part of a policy's table that setting an amount needs."""

    @property
    def id(self) -> str:
        """Name of the policy."""
        ...

    @property
    def program(self) -> str:
        """The device's program; empty where it has only one."""
        ...

    @property
    def sign_watch_s(self) -> float:
        """How long the highest amount must be given before the sign is judged."""
        ...


class RampRates(NamedTuple):
    """Changes of an amount for each sample, upwards and downwards."""

    up_per_sample: float
    down_per_sample: float


class Basis(NamedTuple):
    """The grounds of a target; each field is explained in `Target`."""

    detector: str
    channel: str
    onset_s: float
    value: float
    threshold: float


class AmountKeeper:
    """Moves the amount by a ramp to the goal that `take` sets, while the device is driven.

    Parameters
    ----------
    table : KeptTable
        The policy's table.
    inputs : PolicyInputs
        Rate and hop, and the one device.
    own : OwnAmounts
        Its clip and step.
    rates : RampRates
        Of its ramp.
    sign : {1, -1, 0}
        1 where a high measure calls for more, -1 where it calls for less; with 0 nothing is
        expected of the measure, and the sign is not watched.

    Attributes
    ----------
    clips : tuple of Clip
        Its own clip.
    sign : {1, -1, 0}
        As given.
    lowest, highest, amount : float
        Its own clip, and where its ramp is.
    goal : float or None
        Where the ramp goes; None while it stays where it is.
    is_driven : bool
        Whether the device takes commands.
    given : tuple of float, float and bool
        The range of amounts that the device may give, and whether that is certain.
    tolerance : float
        How far what it gives may be from what is wanted of it: a step and its own error.

    Notes
    -----
    A pure fold over hops, counted in samples. A valid hop gives a target, another none: then the
    ramp stays where it is. The ramp goes only while the device is driven; when it is engaged, or
    the rig resumes, it begins at what the device gives.
    """

    def __init__(
        self, table: KeptTable, inputs: PolicyInputs, own: OwnAmounts, rates: RampRates, sign: int
    ) -> None:
        (device,) = inputs.devices
        self._id, self._device = table.id, device.id
        self._program = program_of(table.program, device)
        self._unit = " mA" if device.unit == "ma" else ""
        self._hop_samples = inputs.hop_samples
        self.lowest, self.highest = own.lowest, own.highest
        self.clips = (Clip(device.id, "amplitude", own.lowest, own.highest),)
        self.sign = sign
        self._start = min(max(device.safe_amount, own.lowest), own.highest)
        self._ramp = Ramp(
            self._start,
            lowest=own.lowest,
            highest=own.highest,
            up_per_sample=rates.up_per_sample,
            down_per_sample=rates.down_per_sample,
        )
        self._steps = Steps(own.step, lowest=own.lowest, highest=own.highest)
        step_and_error = own.step + (device.amount_tolerance or 0.0)
        self.tolerance = min(step_and_error + _FUZZ, 0.25 * (own.highest - own.lowest))
        self._watch = SignWatch(sign, n_hops_of(table.sign_watch_s, inputs))

    def take(self, observation: Observation) -> None:
        """Take in the next hop, valid or not, and set `goal` to the amount wanted from now on."""
        raise NotImplementedError

    def begin(self, event: DeviceEvent | None) -> None:
        """Forget all that was derived from hops, or go on with it.

        Parameters
        ----------
        event : DeviceEvent or None
            The device is driven anew (``engaged``), or again (``resumed``); None at a reset.
        """
        raise NotImplementedError

    def watched(self, observation: Observation) -> float:
        """Return the value that the sign watch reads, at a valid hop."""
        raise NotImplementedError

    def watched_name(self) -> str:
        """Return the name of the value that the sign watch reads."""
        raise NotImplementedError

    def basis(self, observation: Observation) -> Basis:
        """Return the grounds of a target of this hop."""
        raise NotImplementedError

    @property
    def amount(self) -> float:
        """The amount at which the ramp is."""
        return self._ramp.amount

    @property
    def where(self) -> float:
        """The amount to which the ramp goes; the one at which it is, once it is there or stays."""
        if self.goal is None:
            return self.amount
        return min(max(self.goal, self.lowest), self.highest)

    def reset(self) -> None:
        """Forget everything: what follows is as after construction."""
        self.is_driven = False
        self.given = (0.0, 0.0, False)
        self._ramp.amount = self._start
        self._watch.restart()
        self._go_on(None)

    def note(self, event: DeviceEvent) -> None:
        """Start from the amount that the device gives, once it is driven; stop the ramp in HOLD."""
        self.given = (event.lowest, event.highest, event.certain)
        if event.change == "applied":
            return
        self.is_driven = event.change in {"engaged", "resumed"}
        if self.is_driven:
            self._ramp.start_from(event.lowest, event.highest)
            self._go_on(event)

    def decide(self, observation: Observation) -> Sequence[Target] | MakeSafe:
        """Take in the next hop, and return its targets."""
        self.take(observation)
        if not observation.valid:
            return ()
        if self.is_driven and self.goal is not None:
            self._ramp.move(self.where, self._hop_samples)
        amount = self._steps.follow(self._ramp.amount)
        if self.sign and self._is_wrong(self.watched(observation)):
            return MakeSafe(self._found_wrong())
        return (self._target(amount, observation),)

    def _go_on(self, event: DeviceEvent | None) -> None:
        self._steps.start_from(self._ramp.amount)
        self.goal: float | None = None
        self.begin(event)

    def _is_wrong(self, value: float) -> bool:
        """Return whether the measure changes in the wrong direction with the amount.

        Low is the lower half of the own clip. Where a gate or a ceiling lets the device give less
        than is wanted, the highest amount is not given.
        """
        lowest, highest, is_certain = self.given
        return is_certain and self._watch.is_wrong(
            value,
            is_at_highest=lowest >= self.highest - self.tolerance,
            is_low=2.0 * highest <= self.lowest + self.highest,
        )

    def _found_wrong(self) -> str:
        expected, found = ("fall", "higher") if self.sign > 0 else ("rise", "lower")
        watch = self._watch
        return (
            f"expected_sign: expected {self.watched_name()} to {expected} as the amount rises, "
            f"found it {found} at {self.highest:g}{self._unit} ({watch.highest:g}) than at low "
            f"amounts ({watch.low:g}): feedback may be positive"
        )

    def _target(self, amount: float, observation: Observation) -> Target:
        detector, channel, onset_s, value, threshold = self.basis(observation)
        return Target(
            policy=self._id,
            device=self._device,
            detector=detector,
            channel=channel,
            program=self._program,
            kind="amplitude",
            amount=amount,
            sample=observation.sample,
            time_s=observation.time_s,
            onset_s=onset_s,
            value=value,
            threshold=threshold,
        )
