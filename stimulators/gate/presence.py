"""Whether a device is there and is the configured one: its boots, description and last sign."""

from collections import deque
from collections.abc import Iterator

from stimulators.decisions import Refusal
from stimulators.device_config import DeviceConfig
from stimulators.gate.limits.registry import narrower_limits
from stimulators.refusals import RefusalReason
from stimulators.wire.messages import DeviceInfo
from stimulators.wire.session_id import session_date_text

#: Boots of a device that are remembered, to recognise a message of an earlier one.
_N_INSTANCES = 16
#: A second boot that sent nothing for this long has ended.
_TWO_INSTANCES_S = 5.0
#: A device with a larger tolerance than this share of its maximum is not believed.
_TOLERANCE_SHARE_MAX = 0.1
#: The refusal of a device that was driven by a newer session, which this one can never drive,
#: begins like this.
NEWER_REMEMBERED = "the device remembers a session of"


class Presence:
    """What the gate knows of one device's identity and configuration.

    Parameters
    ----------
    config : DeviceConfig
        What the rig's configuration expects of it.
    silence_s_max : float
        Time without any message after which it counts as lost.

    Attributes
    ----------
    info : DeviceInfo or None
        Its last description of itself, whether sent just now or kept by the broker.
    instance : str
        Its newest boot that sent a message; empty before any.
    """

    def __init__(self, config: DeviceConfig, silence_s_max: float) -> None:
        self.info: DeviceInfo | None = None
        self.instance = ""
        self._config = config
        self._silence_s_max = silence_s_max
        self._heard_s: float | None = None
        self._sent_s: float | None = None
        self._described: dict[str, DeviceInfo] = {}
        self._earlier: deque[str] = deque(maxlen=_N_INSTANCES)
        self._both_heard_s: float | None = None
        self._is_fresh = False

    def hear(self, now_s: float) -> None:
        """Note that the device sent something."""
        self._heard_s = now_s

    def note_instance(self, instance: str, now_s: float) -> bool:
        """Note which boot sent a message; return whether it is the newest.

        An earlier boot that goes on alone, after the newer one has ended or fallen silent, is the
        device again: the newer one was a second device, or an old message that was sent again.
        """
        self._heard_s = now_s
        if instance in self._earlier:
            if self._sent_s is not None and now_s - self._sent_s <= _TWO_INSTANCES_S:
                self._both_heard_s = now_s
                return False
            self._earlier.remove(instance)
        self._sent_s = now_s
        if self.instance not in {"", instance}:
            self._earlier.append(self.instance)
            self._is_fresh = False
        self.instance = instance
        info = self.info
        if info is None or info.instance != instance or info.state == "offline":
            # A boot that sends is there: its Last Will came late, or was another's.
            self.info = self._described.get(instance, info)
        return True

    def describe(self, info: DeviceInfo, *, retained: bool) -> None:
        """Take in a description of the device; one that the broker kept replaces no newer one."""
        if retained and self._is_fresh:
            return
        self.info = info
        self._is_fresh = not retained
        self._described[info.instance] = info
        if len(self._described) > _N_INSTANCES:
            del self._described[next(iter(self._described))]

    def go_offline(self, info: DeviceInfo) -> bool:
        """Note that a boot of the device has ended; return whether it was the newest."""
        if self.instance not in {"", info.instance}:
            return False
        self.info = info
        self._heard_s = self._sent_s = None
        return True

    def forget(self) -> None:
        """Forget the description, as the link was lost: the device has to send anew."""
        self.info = None
        self._described.clear()
        self._is_fresh = False
        self._heard_s = self._sent_s = None

    def lose_if_silent(self, now_s: float) -> bool:
        """Take a silent device as lost; return whether it was there until now."""
        if self._heard_s is None or now_s - self._heard_s <= self._silence_s_max:
            return False
        self._heard_s = None
        return True

    def has_two_instances(self, now_s: float) -> bool:
        """Return whether two boots of the device are sending at the same time."""
        return self._both_heard_s is not None and now_s - self._both_heard_s <= _TWO_INSTANCES_S

    @property
    def is_there(self) -> bool:
        """Whether it has sent something within the longest silence."""
        return self._heard_s is not None

    def objections(self, session: str, now_s: float) -> Iterator[Refusal]:
        """Yield a refusal for each reason why `session` cannot drive the device."""
        info = self.info
        if info is None or info.state == "offline" or not self.is_there:
            found = "nothing"
            if info is not None:
                found = "offline" if info.state == "offline" else "silence"
            yield self._refusal(RefusalReason.DEVICE, found, "a device that answers")
            return
        if self.has_two_instances(now_s):
            yield self._refusal(RefusalReason.INSTANCES, "two devices of this id", "one")
        if info.session is not None and info.session > session:
            yield self._refusal(
                RefusalReason.SESSION, _newer_session_text(info.session), session_date_text(session)
            )
        elif info.state == "live" and info.session != session:
            yield self._refusal(RefusalReason.SESSION, f"held by session {info.session}", session)
        if info.simulated != self._config.simulated:
            kinds = {True: "simulated", False: "real"}
            yield self._refusal(
                RefusalReason.SIMULATED, kinds[info.simulated], kinds[self._config.simulated]
            )
        for found, expected in narrower_limits(self._config, info.limits):
            yield self._refusal(RefusalReason.LIMITS, found, expected)
        yield from self._other_amounts(info)

    def _other_amounts(self, info: DeviceInfo) -> Iterator[Refusal]:
        config = self._config
        missing = [name for name in config.programs if name not in info.programs]
        if missing and info.programs:
            yield self._refusal(RefusalReason.PROGRAM, ", ".join(info.programs), ", ".join(missing))
        safe = info.safe_ma if config.unit == "ma" else info.safe_level
        if safe is not None and safe != config.safe_amount:
            yield self._refusal(RefusalReason.SAFE, f"{safe:g}", f"{config.safe_amount:g}")
        if info.safe_program not in {"", config.safe_program}:
            yield self._refusal(RefusalReason.SAFE, info.safe_program, config.safe_program)
        stop = info.stop_ma if config.unit == "ma" else info.stop_level
        if stop is not None and stop != config.stop_amount:
            yield self._refusal(RefusalReason.STOP, f"{stop:g}", f"{config.stop_amount:g}")
        tolerance_max = _TOLERANCE_SHARE_MAX * config.amount_max
        if info.amount_tolerance is not None and not 0.0 <= info.amount_tolerance <= tolerance_max:
            yield self._refusal(
                RefusalReason.TOLERANCE,
                f"{info.amount_tolerance:g}",
                f"from 0 to {tolerance_max:g}",
            )

    def _refusal(self, reason: RefusalReason, found: str, expected: str) -> Refusal:
        return Refusal(reason, device=self._config.id, found=found, expected=expected)


def _newer_session_text(session: str) -> str:
    return (
        f"{NEWER_REMEMBERED} {session_date_text(session)}, a newer one: start the service again, "
        "or, where that date is yet to come, a clock was wrong: run `stimloop device "
        "--forget-session` at the device"
    )
