"""Sends what each step of the loop gave to LSL outlets of its own."""

from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from streamer.closed_loop import ClosedLoop
from streamer.events import Event
from streamer.journal.provenance import versions
from streamer.lsl.outlet import open_outlet
from streamer.publishing.own_samples import DeviceSample, EventSamples, estimate_rows
from streamer.publishing.own_streams import own_infos, source_id
from streamer.watching.watchers import Delivered

if TYPE_CHECKING:
    import pylsl

MANUFACTURER: Final = "stimloop"


class Publisher:
    """Opens an outlet for each own stream, and watches the loop.

    Nothing that a receiver does reaches the loop: liblsl hands samples on by threads of its own,
    and drops the oldest for a receiver that does not take them.

    Parameters
    ----------
    rig, session : str
        Their names; the streams say which session they are of.
    loop : ClosedLoop
        Whose steps are sent.

    Attributes
    ----------
    n_bytes : int
        How much was sent: the least that a recorder needs for it.
    """

    def __init__(self, rig: str, session: str, loop: ClosedLoop) -> None:
        self.n_bytes = 0
        self._rig = rig
        self._about = {
            "manufacturer": MANUFACTURER,
            "version": versions()["stimloop"],
            "rig": rig,
            "session": session,
        }
        self._loop = loop
        rates_hz = {name: each.layout.rate_hz for name, each in loop.conditioners.items()}
        self._samples = EventSamples(rates_hz)
        self._outlets: dict[str, pylsl.StreamOutlet] = {}

    @property
    def uids(self) -> tuple[str, ...]:
        """What each open outlet, and no other, is called on the network."""
        return tuple(each.get_info().uid() for each in self._outlets.values())

    def __enter__(self) -> Self:
        loop = self._loop
        infos = own_infos(self._rig, loop.chain.detectors.values(), loop.gate.devices.values())
        self._outlets = {each.source_id: open_outlet(each, self._about) for each in infos}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._outlets = {}

    def watch(self, event: Event, now_s: float, outcome: Delivered) -> None:
        """Send what a step gave."""
        for seen in outcome.seen:
            estimates = seen.estimates
            if estimates.sample.size:
                rows = estimate_rows(estimates)
                self.n_bytes += rows.nbytes
                outlet = self._outlets[source_id(self._rig, f"detector/{estimates.detector}")]
                outlet.push_chunk(rows, estimates.time_s.tolist())
        detections = [each for seen in outcome.seen for each in seen.detections]
        events = self._samples.of_step(
            event, now_s, notes=outcome.notes, detections=detections, decisions=outcome.decisions
        )
        for each in events:
            self.n_bytes += len(each.text)
            self._outlets[source_id(self._rig, "events")].push_sample([each.text], each.time_s)
            if each.of_device is not None:
                self._send_of_device(each.of_device, each.time_s)

    def _send_of_device(self, sample: DeviceSample, time_s: float) -> None:
        # Anybody on the broker may speak as a device that the rig does not have.
        outlet = self._outlets.get(source_id(self._rig, f"device/{sample.device}"))
        if outlet is not None:
            outlet.push_sample(sample.values, time_s)
