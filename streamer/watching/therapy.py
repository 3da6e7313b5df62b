"""What a session gave, in the words of implants' reports: above, between, below, mean, switches."""

from collections.abc import Iterable
from typing import Any, Final

from stimulators.device_config import DeviceConfig
from stimulators.policies.policy import Clip, PolicyConfig, Thresholds
from stimulators.targets import DeviceEvent, Target
from streamer.closed_loop import ClosedLoop

#: Changes of a device after which its policy's amounts are followed.
_DRIVEN: Final = frozenset({"engaged", "resumed"})
#: Decimals of the figures.
_N_DECIMALS: Final = 4
_HOUR_S: Final = 3600.0


class DeviceTherapy:
    """The therapy of one device, as a fold over targets and events of the device.

    Parameters
    ----------
    device : DeviceConfig
        The device.
    policy : PolicyConfig
        The table of the policy that drives it.
    clip : Clip
        What that may ask of it.

    Notes
    -----
    All of it is of the time in which the loop was closed: the device was driven, neither held nor
    paused. Between two words the device gives what the gate believes: the middle of lowest and
    highest.

    A hop counts where the policy wanted something, once. Compared is the value of its target, the
    mean that the policy decides on, with the thresholds of its table.

    A switch is an amount that begins to rise, or to fall, and did not go that way last. It is
    undone within one onset where the measure went to the other side, for good, no later than one
    onset after it: the next switch followed from a crossing so early.

    Examples
    --------
    See `stimloop.Session.therapy`.
    """

    def __init__(self, device: DeviceConfig, policy: PolicyConfig, clip: Clip) -> None:
        self._device = device
        self._policy = policy
        self._is_amplitude = clip.kind == "amplitude"
        self._thresholds, self._onset_s = _declared(policy)
        self._continuous = _continuous(device, clip)
        self._began_s: float | None = None
        self._now_s = 0.0
        self._is_driven = False
        self._amount = 0.0
        self._adaptive_s = self._amount_s = 0.0
        self._n_hops = self._n_above = self._n_below = 0
        self._wanted: float | None = None
        self._direction = 0
        self._switched_s: float | None = None
        self._n_switches = self._n_undone = 0

    def pass_time(self, now_s: float) -> None:
        """Let time pass; a step back counts nothing."""
        if self._began_s is None:
            self._began_s = self._now_s = now_s
        passed_s = max(0.0, now_s - self._now_s)
        self._now_s = max(self._now_s, now_s)
        if self._is_driven:
            self._adaptive_s += passed_s
            self._amount_s += passed_s * self._amount

    def take(self, target: Target) -> None:
        """Take in the target of a hop."""
        if not (self._is_driven and self._is_amplitude):
            return
        self._n_hops += 1
        thresholds = self._thresholds
        if thresholds is not None:
            upper, lower = _of(thresholds, target)
            self._n_above += target.value > upper
            self._n_below += target.value < lower or (upper == lower and target.value <= upper)
        self._count_switch(target)

    def note(self, event: DeviceEvent) -> None:
        """Take in an event of the device."""
        self._amount = 0.5 * (event.lowest + event.highest)
        if event.change == "applied":
            return
        self._is_driven = event.change in _DRIVEN
        if event.change == "engaged":
            self._direction = 0
        # Where the ramp begins anew is no switch.
        self._wanted = self._switched_s = None

    def as_dict(self) -> dict[str, Any]:
        """Return the figures as `summary.json` names them; None where one does not apply."""
        lasted_s = 0.0 if self._began_s is None else self._now_s - self._began_s
        mean = self._amount_s / self._adaptive_s if self._adaptive_s > 0.0 else 0.0
        per_h = _HOUR_S / self._adaptive_s if self._adaptive_s > 0.0 else 0.0
        percent = 100.0 / self._n_hops if self._n_hops else 0.0
        n_between = self._n_hops - self._n_above - self._n_below
        found = {
            "adaptive_percent": 100.0 * self._adaptive_s / lasted_s if lasted_s > 0.0 else 0.0,
            "above_percent": percent * self._n_above,
            "between_percent": percent * n_between,
            "below_percent": percent * self._n_below,
            "mean_amount": mean,
            "reduction_percent": 100.0 * (1.0 - mean / self._continuous)
            if self._continuous
            else 0.0,
            "switches": self._n_switches,
            "switches_per_h": per_h * self._n_switches,
            "undone_within_onset": self._n_undone,
        }
        why = self._not_applicable()
        return {
            "policy": self._policy.id,
            "kind": self._policy.__struct_config__.tag,
            "unit": "mA" if self._device.unit == "ma" else "",
            "lasted_s": round(lasted_s, _N_DECIMALS),
            "adaptive_s": round(self._adaptive_s, _N_DECIMALS),
            **{
                name: None if name in why else round(value, _N_DECIMALS)
                for name, value in found.items()
            },
            "continuous_amount": self._continuous,
            "onset_s": self._onset_s,
            "not_applicable": why,
        }

    def _count_switch(self, target: Target) -> None:
        before, self._wanted = self._wanted, target.amount
        if before is None or target.amount == before:
            return
        direction = 1 if target.amount > before else -1
        if direction == self._direction:
            return
        self._direction = direction
        self._n_switches += 1
        switched_s, self._switched_s = self._switched_s, target.time_s
        if switched_s is not None and target.onset_s - switched_s <= self._onset_s:
            self._n_undone += 1

    def _not_applicable(self) -> dict[str, str]:
        """Return why a figure does not apply, by its name."""
        of = f"policy {self._policy.id!r} ({self._policy.__struct_config__.tag})"
        of_measure = ("above_percent", "between_percent", "below_percent")
        of_amount = ("mean_amount", "reduction_percent")
        of_switches = ("switches", "switches_per_h", "undone_within_onset")
        why: dict[str, str] = {}
        if not self._is_amplitude:
            text = f"{of} gives triggers, and holds no amount"
            return dict.fromkeys((*of_measure, *of_amount, *of_switches), text)
        if self._thresholds is None:
            why |= dict.fromkeys(of_measure, f"{of} holds no single value against thresholds")
        elif self._thresholds.is_single:
            why["between_percent"] = f"{of} has one threshold"
        if self._onset_s == 0.0:
            why["undone_within_onset"] = f"{of} has no onset in seconds"
        if self._adaptive_s == 0.0:
            never = "the loop was never closed: the device was not driven"
            names = (*of_measure, *of_amount, *of_switches)
            why |= {name: never for name in names if name not in why}
        elif not self._n_hops:
            none = "the policy wanted nothing while the device was driven"
            why |= {name: none for name in of_measure if name not in why}
        return why


class Therapy:
    """The therapy of every device that a policy drives, for the summary of a session.

    Parameters
    ----------
    loop : ClosedLoop
        Whose devices and policies they are.
    """

    def __init__(self, loop: ClosedLoop) -> None:
        tables = {each.id: each for each in loop.policies}
        self._devices = {
            clip.device: DeviceTherapy(
                loop.gate.devices[clip.device], tables[wiring.policy.id], clip
            )
            for wiring in loop.wirings
            for clip in wiring.policy.clips.values()
        }

    def take(self, now_s: float, targets: Iterable[Target], events: Iterable[DeviceEvent]) -> None:
        """Take in one step: when it was, what was wanted at it, and what became of devices."""
        for each in self._devices.values():
            each.pass_time(now_s)
        for target in targets:
            if (wanted := self._devices.get(target.device)) is not None:
                wanted.take(target)
        for event in events:
            if (changed := self._devices.get(event.device)) is not None:
                changed.note(event)

    def as_dict(self) -> dict[str, dict[str, Any]]:
        """Return the figures of each device, by its id."""
        return {name: each.as_dict() for name, each in self._devices.items()}


def _declared(policy: PolicyConfig) -> tuple[Thresholds | None, float]:
    """Return the thresholds and onset of a table; an error in them must not end a session."""
    try:
        thresholds, onset_s = policy.compares_with, policy.onset_longest_s
    except Exception:  # noqa: BLE001 a table may be of a package of its own
        return None, 0.0
    numbers = (onset_s, *(thresholds or ()))
    is_right = isinstance(thresholds, Thresholds | None) and all(
        each is None or isinstance(each, int | float) for each in numbers
    )
    return (thresholds, float(onset_s)) if is_right else (None, 0.0)


def _continuous(device: DeviceConfig, clip: Clip) -> float:
    """Return the amount of continuous therapy, as far as the configuration says it."""
    # Only limits that are relative to it name the clinical amplitude.
    clinical: float | None = getattr(device.limits, "clinical_ma", None)
    if clinical:
        return clinical
    return device.safe_amount if device.safe_amount > 0.0 else clip.highest


def _of(thresholds: Thresholds, target: Target) -> tuple[float, float]:
    upper, lower = thresholds.upper, thresholds.lower
    return (
        target.threshold if upper is None else upper,
        target.threshold if lower is None else lower,
    )
