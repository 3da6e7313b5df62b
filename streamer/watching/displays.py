"""Publishes decimated estimates and all detections for displays, without slowing the loop."""

from collections.abc import Iterable

from detectors.detector import Detector
from stimulators.wire.display_messages import (
    DetectorInfo,
    EstimateColumn,
    EstimateMessage,
    EventMessage,
)
from stimulators.wire.received import LinkChanged
from stimulators.wire.transport import Transport
from streamer.closed_loop import Outcome
from streamer.events import Event, Tick

#: A display draws at most this often.
_PERIOD_S = 0.1


class Displays:
    """Publishes every detection, and the newest estimates ten times a second.

    What the values of each detector are is said once a connection, a detector a tick, so that the
    words of a rig with many of them never hold up a command.

    Parameters
    ----------
    transport : Transport
        Where it is published.
    session : str
        Name of the session.
    detectors : iterable of Detector
        All of the rig.
    """

    def __init__(self, transport: Transport, session: str, detectors: Iterable[Detector]) -> None:
        self._transport = transport
        self._infos = {each.id: _info(session, each) for each in detectors}
        self._untold: list[str] = []
        self._due_s: dict[str, float] = {}

    def watch(self, event: Event, _now_s: float, outcome: Outcome) -> None:
        """Publish the estimates and detections of one step."""
        if isinstance(event, LinkChanged):
            self._untold = list(self._infos) if event.is_up else []
        elif isinstance(event, Tick) and self._untold:
            detector = self._untold[0]
            if self._transport.show(detector, self._infos[detector]):
                del self._untold[0]
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


def _info(session: str, detector: Detector) -> DetectorInfo:
    return DetectorInfo(
        session=session,
        columns=tuple(
            EstimateColumn(
                channel=each.channel, measure=each.measure, unit=each.unit, null=each.null
            )
            for each in detector.outputs
        ),
    )
