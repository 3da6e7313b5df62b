"""A trigger for every detection: at a phase event that may lie ahead, or at once."""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from stimulators.policies.amounts import program_of, wrong_amounts, wrong_program
from stimulators.policies.policy import Clip, EventRead, OneDeviceConfig, PolicyConfig, PolicyInputs
from stimulators.targets import DetectedEvent, DeviceEvent, Observation, Target

_Amount = Annotated[float, Meta(ge=0.0, le=100.0)]


class OnEventConfig(
    OneDeviceConfig,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="on_event",
):
    """A `[[policies]]` table of kind ``on_event``.

    Parameters
    ----------
    event : {"moment", "onset", "offset"}
        Which detections give a trigger. At a ``moment``, a phase event of `target_phase`, the
        trigger is sent ahead with its time to fire; at an onset or an offset it is fired at once.
    on_ma, on_level : float
        The amount of a trigger, in the device's unit; no default.

    Examples
    --------
    >>> config = OnEventConfig(id="peak", of="peaks", device="stn", on_ma=2.0)
    >>> config.reads[0].kinds
    ('moment',)
    """

    event: Literal["moment", "onset", "offset"] = "moment"
    on_ma: _Amount | None = None
    on_level: _Amount | None = None

    @property
    def reads(self) -> tuple[EventRead, ...]:
        """The detections of the table's detector and channel."""
        return (EventRead("of", self.of, self.channel, (self.event,)),)


class OnEvent:
    """A trigger for every detection of a detector on a channel, while the device is driven.

    With `target_phase`, which gives a phase event at most once a cycle, this stimulates at a phase
    [1]_: the device waits for the time to fire by its own, synchronised clock.

    Parameters
    ----------
    config : OnEventConfig
        Which detections, and the amount.
    inputs : PolicyInputs
        The channel, and the device.

    Raises
    ------
    ValueError
        Where the amount is not in the device's unit or above its limit, or the program is none
        of its own; the text begins with the key.

    Notes
    -----
    Targets depend on the hops alone. A phase event that lies ahead by more than a command is valid,
    or than the device's lease lasts, or that is past, is refused by the gate and never fired at
    another phase: choose `lead_s` of the detector longer than a command takes to the device, and
    shorter than ``gate.command_valid_s``. There is no target in HOLD or while paused, when the gate
    takes back triggers that wait at the device; nor at a hop that is not valid.

    References
    ----------
    .. [1] A. B. Holt et al., "Phase-dependent suppression of beta oscillations in Parkinson's
       disease patients", Journal of Neuroscience 39(6), 2019,
       doi:10.1523/JNEUROSCI.1913-18.2018.

    Examples
    --------
    >>> from stimulators.testing.policy_example import Hop, PolicyExample
    >>> config = OnEventConfig(id="peak", of="peaks", device="stn", on_ma=2.0)
    >>> driven = Hop(is_on=True, changes=(("engaged", 0.0),))
    >>> (trigger,) = PolicyExample(OnEvent, config).run([driven])
    >>> trigger.kind, trigger.amount, round(trigger.fire_at_s - trigger.time_s, 3)
    ('trigger', 2.0, 0.01)
    """

    config_type: ClassVar[type[PolicyConfig]] = OnEventConfig
    #: The configurations on which the laws are tested.
    examples: ClassVar[tuple[PolicyConfig, ...]] = (
        OnEventConfig(id="phase", of="rhythm", device="stn", on_ma=1.5),
        OnEventConfig(id="touch", of="rhythm", device="band", event="onset", on_level=0.5),
    )

    def __init__(self, config: OnEventConfig, inputs: PolicyInputs) -> None:
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
        self.reset()

    def reset(self) -> None:
        """Forget everything: what follows is as after construction."""
        self._is_driven = False

    def note(self, event: DeviceEvent) -> None:
        """Note whether the device takes commands: without that there are no targets."""
        if event.change != "applied":
            self._is_driven = event.change in {"engaged", "resumed"}

    def decide(self, observation: Observation) -> Sequence[Target]:
        """Return a trigger for each detection of the hop."""
        if not (self._is_driven and observation.valid and observation.moments):
            return ()
        return [self._trigger(each, observation) for each in observation.moments]

    def _trigger(self, event: DetectedEvent, observation: Observation) -> Target:
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
            threshold=0.0,
            fire_at_s=event.time_s if event.kind == "moment" else None,
        )
