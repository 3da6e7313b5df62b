"""All devices of a rig together, with the streams that their decisions rest on."""

from collections.abc import Iterator, Sequence

from stimulators.decisions import NothingSent, Send, State
from stimulators.gate.driving.drive import Drive
from stimulators.gate.freshness import Flaw, StreamWatch


class DriveGroup:
    """What the rig asks of all its devices at once.

    Parameters
    ----------
    drives : sequence of Drive
        The devices.
    streams : sequence of StreamWatch
        The watched streams.
    """

    def __init__(self, drives: Sequence[Drive], streams: Sequence[StreamWatch]) -> None:
        self._drives = drives
        self._streams = streams

    def __iter__(self) -> Iterator[Drive]:
        return iter(self._drives)

    def first_flaw(self, now_s: float, *more: Drive) -> Flaw | None:
        """Check streams, driven devices and the estimates of `more`; return the first flaw."""
        first = None
        for watch in self._streams:
            # Each stream is checked even after a flaw: a check keeps its count of good data.
            first = watch.check(now_s) or first
        for drive in self._drives:
            if first is None and drive.is_engaged:
                first = drive.flaw(now_s)
        for drive in more:
            first = first or drive.hops.flaw(now_s)
        return first

    def drop_wishes(self) -> None:
        """Forget what policies last wanted: what follows waits for new targets."""
        for drive in self._drives:
            drive.wishes.drop()

    def cancel_triggers(self, now_s: float) -> list[Drive]:
        """Cancel triggers that wait in devices or last; return the devices that may have any."""
        return [drive for drive in self._drives if drive.cancel_triggers(now_s)]

    def end_rises(self) -> None:
        """Forget every offer and every yes: what is wanted then is asked anew."""
        for drive in self._drives:
            drive.rises.end()

    def next_decisions(self, state: State, now_s: float) -> Iterator[Send | NothingSent]:
        """Yield the command of each device that is due in this state, or why none is, once."""
        for drive in self._drives:
            if (decided := drive.next_decision(state, now_s)) is not None:
                yield decided

    @property
    def stream_uncertainty_s(self) -> float:
        """How far off the clocks of the streams may be: the worst counts."""
        return max((watch.uncertainty_s for watch in self._streams), default=0.0)

    @property
    def way_down_s(self) -> float:
        """The longest time that any of the devices may take to its safe amount."""
        return max(drive.way_down_s for drive in self._drives)

    @property
    def engaged_ids(self) -> list[str]:
        """Ids of the devices that are given leases."""
        return [drive.config.id for drive in self._drives if drive.is_engaged]

    @property
    def above_safe_ids(self) -> list[str]:
        """Ids of the devices with leases that may give more than their safe amount."""
        return [
            drive.config.id
            for drive in self._drives
            if drive.is_engaged and not drive.belief.is_resting
        ]

    @property
    def is_calibrating(self) -> bool:
        """Whether a device waits for a detector that is still calibrating."""
        return any(drive.hops.is_calibrating for drive in self._drives)

    @property
    def calibrated_s(self) -> float:
        """How long the calibration that began first has lasted, in the time of its samples."""
        return max(drive.hops.calibrates_for_s for drive in self._drives)
