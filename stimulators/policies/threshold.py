"""On while the detector says so: the plainest policy, single threshold with dwell times."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal, TypeAlias

from msgspec import Meta

from stimulators.device_config import DeviceConfig
from stimulators.policies.policy import PolicyConfig
from stimulators.targets import Observation, Target

_Amount = Annotated[float, Meta(ge=0.0, le=100.0)]


class ThresholdConfig(
    PolicyConfig,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="threshold",
):
    """A `[[policies]]` table of kind ``threshold``.

    Parameters
    ----------
    onset_s : float
        The detector must be on for so long, without a break, before the policy is.
    termination_s : float
        And off for so long before it is off again.
    output : {"amplitude", "trigger"}
        An amount that is held, or one trigger at each onset.
    on_ma, on_level : float
        The amount while on, or of a trigger, in the device's unit; no default.
    off_ma, off_level : float
        The amount while off; the device's safe amount unless given.
    """

    onset_s: Annotated[float, Meta(ge=0.0, le=3600.0)] = 0.1
    termination_s: Annotated[float, Meta(ge=0.0, le=3600.0)] = 0.1
    output: Literal["amplitude", "trigger"] = "amplitude"
    on_ma: _Amount | None = None
    off_ma: _Amount | None = None
    on_level: _Amount | None = None
    off_level: _Amount | None = None


#: A `[[policies]]` table; its `kind` says which.
AnyPolicyConfig: TypeAlias = ThresholdConfig


class Threshold:
    """On after the detector has been on for long enough, off after it has been off [1]_.

    Parameters
    ----------
    config : ThresholdConfig
        Durations and amounts.
    rate_hz : float
        Rate of the samples that observations count.
    device : DeviceConfig
        The device it drives.
    channel : str
        The channel it follows.

    Raises
    ------
    ValueError
        Where amounts are not in the device's unit or above its limit, the program is not one of
        its own, or triggers are of a program that cannot be in effect; the text begins with the
        key.

    Notes
    -----
    A pure fold over hops, counted in samples: the same hops give the same targets in any chunks.
    With ``amplitude`` every valid hop gives a target. With ``trigger`` an onset gives one, and
    only an onset that was seen: what is on at the first hop, or at a reset, gives none before it
    has been off.

    A hop that is not valid gives no target and breaks the run that is being counted; whether the
    policy is on stays as it was.

    References
    ----------
    .. [1] S. Little et al., "Adaptive deep brain stimulation in advanced Parkinson disease", Ann.
       Neurol. 74(3), 2013, doi:10.1002/ana.23951.
    """

    config_type: ClassVar[type[PolicyConfig]] = ThresholdConfig

    def __init__(
        self, config: ThresholdConfig, *, rate_hz: float, device: DeviceConfig, channel: str
    ) -> None:
        self.id = config.id
        self.device = device.id
        self.wants = config.output
        self._detector = config.of
        self._channel = channel
        wrong = [*_wrong_program(config, device), *_wrong_amounts(config, device)]
        if wrong:
            raise ValueError("\n".join(wrong))
        self._program = config.program or next(iter(device.programs), "")
        self._on_amount, self._off_amount = _amounts(config, device)
        self._onset_samples = round(config.onset_s * rate_hz)
        self._termination_samples = round(config.termination_s * rate_hz)
        self.reset()

    def reset(self) -> None:
        """Forget everything: what follows is as after construction."""
        self._is_on = False
        self._has_been_off = False
        self._run_is_on: bool | None = None
        self._run_sample = 0
        self._run_s = 0.0
        self._onset_s: float | None = None

    def decide(self, seen: Observation) -> Target | None:
        """Fold the next hop in and return what it calls for, if anything."""
        if not seen.valid:
            self._run_is_on = None
            return None
        if seen.is_on is not self._run_is_on:
            self._run_is_on = seen.is_on
            self._run_sample = seen.sample
            self._run_s = seen.time_s
        turned_on = self._turn(seen)
        if self.wants == "trigger" and not turned_on:
            return None
        return Target(
            self.id,
            self.device,
            self._detector,
            self._channel,
            self._program,
            self.wants,
            self._on_amount if self._is_on else self._off_amount,
            seen.sample,
            seen.time_s,
            seen.time_s if self._onset_s is None else self._onset_s,
            seen.value,
            seen.threshold,
        )

    def _turn(self, seen: Observation) -> bool:
        """Turn on or off where the run has lasted; return whether an onset was seen."""
        if not seen.is_on:
            self._has_been_off = True
        needed = self._onset_samples if seen.is_on else self._termination_samples
        if seen.is_on is self._is_on or seen.sample - self._run_sample < needed:
            if self._onset_s is None:
                self._onset_s = seen.time_s
            return False
        self._is_on = seen.is_on
        self._onset_s = self._run_s
        turned_on = seen.is_on and self._has_been_off
        self._has_been_off = not seen.is_on
        return turned_on


def _wrong_program(config: ThresholdConfig, device: DeviceConfig) -> Iterator[str]:
    names = tuple(device.programs)
    program = config.program or (names[0] if len(names) == 1 else "")
    if program not in (names or ("",)):
        expected = f"one of {', '.join(names)}" if names else "none"
        found = repr(config.program) if config.program else "none"
        yield f"program: expected {expected}, found {found}"
    elif config.output == "trigger":
        yield from _wrong_for_triggers(program, device)


def _wrong_for_triggers(program: str, device: DeviceConfig) -> Iterator[str]:
    """Refuse triggers of a program to which the device could not change from its safe amount."""
    safe_program, contacts = device.safe_program, ""
    if program in device.programs:
        contacts = device.programs[program].contacts
    is_same = program == safe_program or (
        contacts != "" and contacts == device.programs[safe_program].contacts
    )
    if device.safe_amount > 0.0 and not is_same:
        yield (
            f"program: expected {safe_program} (safe_program of device {device.id!r}) or one of "
            f"the same contacts with triggers, as the device gives {device.safe_amount:g} in it "
            f"and a program changes at 0 only, found {program}"
        )


def _wrong_amounts(config: ThresholdConfig, device: DeviceConfig) -> Iterator[str]:
    unit, other = ("ma", "level") if device.unit == "ma" else ("level", "ma")
    given: dict[str, float | None] = {
        key: getattr(config, f"{key}_{unit}") for key in ("on", "off")
    }
    for key in given:
        foreign = getattr(config, f"{key}_{other}")
        if foreign is not None:
            yield (
                f"{key}_{other}: expected {key}_{unit} for device {device.id!r}, which speaks "
                f"{'milliampere' if unit == 'ma' else 'level'}, found {key}_{other} = {foreign:g}"
            )
    if given["on"] is None and getattr(config, f"on_{other}") is None:
        yield f"on_{unit}: expected an amount (it has no default), found none"
    if given["off"] is not None and config.output == "trigger":
        yield f"off_{unit}: expected none with triggers, found {given['off']:g}"
    for key, amount in given.items():
        if amount is not None and not 0.0 <= amount <= device.amount_max:
            yield (
                f"{key}_{unit}: expected from 0 to {device.amount_max:g} (the limit of device "
                f"{device.id!r}), found {amount:g}"
            )


def _amounts(config: ThresholdConfig, device: DeviceConfig) -> tuple[float, float]:
    """Return what on and off mean, in the device's unit."""
    on_amount = getattr(config, f"on_{device.unit}")
    off_amount = getattr(config, f"off_{device.unit}")
    return on_amount, device.safe_amount if off_amount is None else off_amount
