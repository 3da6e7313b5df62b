"""Decimated estimates and detections for displays: a courtesy that never slows the loop."""

from stimulators.wire.messages import EstimateMessage, EventMessage
from stimulators.wire.transport import Transport
from streamer.closed_loop import Outcome
from streamer.events import Event

#: A display draws at most this often.
_PERIOD_S = 0.1


class Displays:
    """Publishes what was seen: every detection, and of estimates the newest ten a second."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._due_s: dict[str, float] = {}

    def watch(self, _event: Event, _now_s: float, outcome: Outcome) -> None:
        """Publish what one step saw."""
        for seen in outcome.seen:
            estimates = seen.estimates
            for each in seen.detections:
                self._transport.show(
                    each.detector,
                    EventMessage(
                        kind=each.kind,
                        channel=each.channel,
                        sample=each.sample,
                        onset_us=round(each.onset_s * 1e6),
                        strength=each.strength,
                    ),
                )
            if not estimates.sample.size:
                continue
            time_s = float(estimates.time_s[-1])
            if abs(time_s - self._due_s.get(estimates.detector, -1e9)) < _PERIOD_S:
                continue
            self._due_s[estimates.detector] = time_s
            self._transport.show(
                estimates.detector,
                EstimateMessage(
                    sample=int(estimates.sample[-1]),
                    time_us=round(time_s * 1e6),
                    values=tuple(estimates.values[-1].tolist()),
                    valid=tuple(estimates.valid[-1].tolist()),
                ),
            )
