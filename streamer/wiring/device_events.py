"""Changes of a device in a step, as events for the policy that drives it."""

from collections.abc import Sequence

from stimulators.gate.gate import SafetyGate
from stimulators.targets import Applied, DeviceChange, DeviceEvent
from streamer.wiring.wiring import Wiring

#: The phase of every device when a rig starts.
_FIRST = "released"


class DeviceEvents:
    """Compares the gate's knowledge of each device with what its policy heard last.

    Parameters
    ----------
    wirings : sequence of Wiring
        The policies.
    gate : SafetyGate
        The gate.
    """

    def __init__(self, wirings: Sequence[Wiring], gate: SafetyGate) -> None:
        self._wirings = wirings
        self._gate = gate
        self._before: dict[str, Applied | None] = {}

    def take(self) -> tuple[DeviceEvent, ...]:
        """Return an event for each device that changed since the last call.

        Each is bound to the first sample that its policy has not decided on.
        """
        events: list[DeviceEvent] = []
        for wiring in self._wirings:
            for device in wiring.devices:
                now, before = self._gate.applied(device), self._before.get(device)
                if now == before:
                    continue
                self._before[device] = now
                events.append(
                    DeviceEvent(
                        policy=wiring.policy.id,
                        device=device,
                        change=_change(_FIRST if before is None else before.phase, now),
                        sample=wiring.policy.next_sample,
                        lowest=now.lowest,
                        highest=now.highest,
                        certain=now.is_certain,
                    )
                )
        return tuple(events)


def _change(before: str, now: Applied) -> DeviceChange:
    if now.phase == before:
        return "applied"
    if now.phase == "driven":
        return "resumed" if before in {"held", "paused"} else "engaged"
    return now.phase
