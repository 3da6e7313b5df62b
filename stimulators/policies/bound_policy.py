"""A policy in the loop: it gets its device events in time, and what it returns is checked."""

from collections import deque
from collections.abc import Sequence

from stimulators.policies.policy import Clip, Policy
from stimulators.targets import DeviceEvent, MakeSafe, Observation, Target

#: A policy with more targets than this at one hop is at fault.
_N_TARGETS_MAX = 16
_TEXTS = ("policy", "device", "kind", "detector", "channel", "program")
_NUMBERS = ("amount", "onset_s", "value", "threshold")
_TIMES = ("fire_at_s", "fire_uncertainty_s_max")
_N_TEXT_MAX = 256
#: Up to this, every whole number has a float of its own.
_INT_MAX = 2**53


class BoundPolicy:
    """Gives a policy its device events before the hop at which they are due, and lets it decide.

    Parameters
    ----------
    id_ : str
        The policy's id, which every target of it says.
    policy : Policy
        The policy.

    Attributes
    ----------
    next_sample : int
        The first sample that it has not decided on in a step that was completed.
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
        """Keep a device event until the first hop at or after its sample.

        Of several amounts of a device at one sample it hears the last: devices may talk for long
        while no samples come.
        """
        waiting = self._waiting
        if event.change == "applied":
            for index in range(len(waiting) - 1, -1, -1):
                last = waiting[index]
                if last.change != "applied" or last.sample != event.sample:
                    break
                if last.device == event.device:
                    del waiting[index]
                    break
        waiting.append(event)

    def decide(self, observation: Observation) -> Sequence[Target] | MakeSafe | str:
        """Return the targets of the next hop, or one line that says what is wrong with them."""
        while self._waiting and self._waiting[0].sample <= observation.sample:
            event = self._waiting.popleft()
            if event.change == "safe":
                self.policy.reset()
            self.policy.note(event)
        targets = self.policy.decide(observation)
        if not targets:
            return ()
        if type(targets) is MakeSafe and _is_text(targets.reason):
            return MakeSafe(f"policy {self.id}: {targets.reason}"[:_N_TEXT_MAX])
        fault = self._fault(targets, observation)
        return targets if fault is None else f"policy {self.id}: {fault}"[:_N_TEXT_MAX]

    def go_on(self, sample: int) -> None:
        """Note that the step in which the policy decided on this sample is complete."""
        self.next_sample = sample + 1

    def _fault(self, targets: object, observation: Observation) -> str | None:
        if not isinstance(targets, list | tuple):
            return f"expected a list or tuple of targets, found {type(targets).__name__}"
        if len(targets) > _N_TARGETS_MAX:
            return f"expected at most {_N_TARGETS_MAX} targets at a hop, found {len(targets)}"
        for target in targets:
            if self._is_plain(target, observation):
                continue
            if (fault := self._fault_of(target, observation)) is not None:
                return fault
        return None

    def _is_plain(self, target: Target, observation: Observation) -> bool:
        """Return whether a target is of the usual kind and valid: a quick check of most targets."""
        if type(target) is not Target or type(target.device) is not str:
            return False
        clip = self.clips.get(target.device)
        return (
            clip is not None
            and type(target.amount) is float
            and clip.lowest <= target.amount <= clip.highest
            and target.policy == self.id
            and target.kind == clip.kind
            and type(target.policy) is type(target.kind) is str
            and target.sample == observation.sample
            and target.time_s == observation.time_s
            and type(target.sample) is int
            and type(target.time_s) is float
            and type(target.onset_s) is type(target.value) is type(target.threshold) is float
            and target.fire_at_s is target.fire_uncertainty_s_max is None
            and type(target.withheld) is bool
            and type(target.detector) is type(target.channel) is type(target.program) is str
            and len(text := target.detector + target.channel + target.program) <= _N_TEXT_MAX
            and text.isascii()
        )

    def _fault_of(self, target: object, observation: Observation) -> str | None:
        if type(target) is not Target:
            return f"expected a Target, found {type(target).__name__}"
        clip = self.clips.get(target.device) if isinstance(target.device, str) else None
        if clip is None:
            devices = ", ".join(self.clips)
            return f"expected a target of {devices}, found one of {target.device!r:.60}"
        if (target.policy, target.kind) != (self.id, clip.kind):
            found = f"{target.kind!r} of {target.policy!r}"
            return f"expected {clip.kind!r} of {self.id!r} for {clip.device}, found {found}"
        hop = (observation.sample, observation.time_s)
        is_plain = (type(target.sample), type(target.time_s)) == (int, float)
        if not is_plain or (target.sample, target.time_s) != hop:
            found = f"sample {target.sample!r} at {target.time_s!r} s"
            return f"expected the hop of sample {observation.sample}, found {found}"
        return _wrong_form(target) or _outside(target, clip)


def _wrong_form(target: Target) -> str | None:
    """Return which field has a type that the gate and the journal cannot take, or None."""
    for field in _TEXTS:
        text = getattr(target, field)
        if not _is_text(text):
            return f"expected a text of up to {_N_TEXT_MAX} as {field}, found {text!r:.60}"
    times = (each for each in _TIMES if getattr(target, each) is not None)
    for field in (*_NUMBERS, *times):
        if not _is_number(getattr(target, field)):
            return f"expected a number as {field}, found {getattr(target, field)!r:.60}"
    if not isinstance(target.withheld, bool):
        return f"expected true or false as withheld, found {target.withheld!r}"
    if target.fire_at_s is not None and target.kind != "trigger":
        return f"expected a time to fire of triggers alone, found {target.fire_at_s!r}"
    if target.fire_uncertainty_s_max is not None and target.fire_at_s is None:
        found = f"{target.fire_uncertainty_s_max!r}"
        return f"expected fire_uncertainty_s_max only with a time to fire, found {found}"
    return None


def _is_text(text: object) -> bool:
    """Return whether it is a text that can be encoded: a lone surrogate cannot."""
    if type(text) is not str or len(text) > _N_TEXT_MAX:
        return False
    return text.isascii() or text.encode(errors="ignore").decode() == text


def _is_number(number: object) -> bool:
    """Return whether it is a number that can be sent: no number of numpy, none beyond 2**53."""
    if type(number) is int:
        return abs(number) <= _INT_MAX
    return type(number) is float


def _outside(target: Target, clip: Clip) -> str | None:
    if clip.lowest <= target.amount <= clip.highest:
        return None
    expected = f"from {clip.lowest:g} to {clip.highest:g}, its own clip"
    return f"wants {target.amount:g} of {target.device}, expected {expected}"


def wrong_clips(policy: Policy, drives: Sequence[str], highest: Sequence[float]) -> str | None:
    """Return how the clips of a policy differ from the devices it drives, or None.

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
    """Return the first field or method of `Policy` that an object lacks, or None."""
    for name in ("clips", "decide", "note", "reset"):
        if not hasattr(policy, name):
            return name
    return None
