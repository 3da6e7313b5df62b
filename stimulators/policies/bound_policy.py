"""One policy with the device events it waits for, and a look at whatever it returns."""

from collections import deque
from collections.abc import Sequence

from stimulators.policies.policy import Clip, Policy
from stimulators.targets import DeviceEvent, Observation, Target

#: More targets than this at one hop mean that a policy does not know what it wants.
_N_TARGETS_MAX = 16
_TEXTS = ("detector", "channel", "program")
_NUMBERS = ("amount", "onset_s", "value", "threshold")
_N_TEXT_MAX = 256


class BoundPolicy:
    """Lets a policy hear of devices before the hop it is due at, and decide.

    Parameters
    ----------
    id_ : str
        The policy's id, which every target of it says.
    policy : Policy
        The policy.

    Attributes
    ----------
    next_sample : int
        The first sample that it has not decided on.
    clips : dict of str to Clip
        By device, what the policy declared once and for all.
    """

    def __init__(self, id_: str, policy: Policy) -> None:
        self.id = id_
        self.policy = policy
        self.next_sample = 0
        self.clips: dict[str, Clip] = {clip.device: clip for clip in policy.clips}
        self._waiting: deque[DeviceEvent] = deque()

    def bind(self, event: DeviceEvent) -> None:
        """Let the policy hear of it before the first hop at or after its sample.

        Of several amounts of a device at one sample it hears the last: devices may talk for long
        while no samples come.
        """
        last = self._waiting[-1] if self._waiting else None
        if (
            last is not None
            and event.change == last.change == "applied"
            and (event.device, event.sample) == (last.device, last.sample)
        ):
            self._waiting.pop()
        self._waiting.append(event)

    def decide(self, observation: Observation) -> Sequence[Target] | str:
        """Return what the next hop calls for, or in one line how the policy is at fault."""
        while self._waiting and self._waiting[0].sample <= observation.sample:
            event = self._waiting.popleft()
            if event.change == "safe":
                self.policy.reset()
            self.policy.note(event)
        targets = self.policy.decide(observation)
        self.next_sample = observation.sample + 1
        if not targets:
            return ()
        fault = self._fault(targets, observation)
        return targets if fault is None else f"policy {self.id}: {fault}"

    def _fault(self, targets: Sequence[Target], observation: Observation) -> str | None:
        if not isinstance(targets, list | tuple):
            return f"expected a list or tuple of targets, found {type(targets).__name__}"
        if len(targets) > _N_TARGETS_MAX:
            return f"expected at most {_N_TARGETS_MAX} targets at a hop, found {len(targets)}"
        faults = (self._fault_of(target, observation) for target in targets)
        return next((each for each in faults if each is not None), None)

    def _fault_of(self, target: object, observation: Observation) -> str | None:
        if type(target) is not Target:
            return f"expected a Target, found {type(target).__name__}"
        clip = self.clips.get(target.device) if isinstance(target.device, str) else None
        if clip is None:
            return f"expected a target of {', '.join(self.clips)}, found one of {target.device!r}"
        if (target.policy, target.kind) != (self.id, clip.kind):
            found = f"{target.kind!r} of {target.policy!r}"
            return f"expected {clip.kind!r} of {self.id!r} for {clip.device}, found {found}"
        if (target.sample, target.time_s) != (observation.sample, observation.time_s):
            found = f"sample {target.sample!r} at {target.time_s!r} s"
            return f"expected the hop of sample {observation.sample}, found {found}"
        return _wrong_form(target) or _outside(target, clip)


def _wrong_form(target: Target) -> str | None:
    """Return which field holds something of another type than the gate and the journal know."""
    for field in _TEXTS:
        text = getattr(target, field)
        if not isinstance(text, str) or len(text) > _N_TEXT_MAX:
            return f"expected a text of up to {_N_TEXT_MAX} as {field}, found {text!r:.60}"
    numbers = _NUMBERS if target.fire_at_s is None else (*_NUMBERS, "fire_at_s")
    for field in numbers:
        # A number of numpy would reach the wire, which knows none.
        if type(getattr(target, field)) not in {float, int}:
            return f"expected a number as {field}, found {getattr(target, field)!r}"
    if not isinstance(target.withheld, bool):
        return f"expected true or false as withheld, found {target.withheld!r}"
    if target.fire_at_s is not None and target.kind != "trigger":
        return f"expected a time to fire of triggers alone, found {target.fire_at_s!r}"
    return None


def _outside(target: Target, clip: Clip) -> str | None:
    if clip.lowest <= target.amount <= clip.highest:
        return None
    expected = f"from {clip.lowest:g} to {clip.highest:g}, its own clip"
    return f"wants {target.amount:g} of {target.device}, expected {expected}"


def wrong_clips(policy: Policy, drives: Sequence[str], highest: Sequence[float]) -> str | None:
    """Return how the clips of a policy do not fit the devices it drives, or None.

    Parameters
    ----------
    policy : Policy
        The policy.
    drives : sequence of str
        The devices of its table.
    highest : sequence of float
        Of each the highest amount that its limits allow.
    """
    found = [clip.device for clip in policy.clips]
    if sorted(found) != sorted(drives):
        return (
            f"expected a clip for each of {', '.join(drives)}, found {', '.join(found) or 'none'}"
        )
    limits = dict(zip(drives, highest, strict=True))
    for clip in policy.clips:
        if clip.kind not in {"amplitude", "trigger"}:
            return f"expected a clip of kind 'amplitude' or 'trigger', found {clip.kind!r}"
        if not 0.0 <= clip.lowest <= clip.highest <= limits[clip.device]:
            return (
                f"expected a clip of {clip.device} from 0 to {limits[clip.device]:g} at most, "
                f"found from {clip.lowest:g} to {clip.highest:g}"
            )
    return None


def lacks(policy: object) -> str | None:
    """Return which of the fields and methods of `Policy` an object does not have, or None."""
    for name in ("clips", "decide", "note", "reset"):
        if not hasattr(policy, name):
            return name
    return None
