"""The conditions under which a rig may be armed or a paused one resumed."""

from collections.abc import Iterator, Sequence

from stimulators.decisions import Refusal
from stimulators.gate import remedies
from stimulators.gate.driving.drive import Drive
from stimulators.gate.freshness import GOOD_S_MIN, StreamWatch
from stimulators.gate_config import GateConfig
from stimulators.refusals import RefusalReason


class Conditions:
    """Checks the link, the devices and the streams, and yields a refusal for each that fails.

    Parameters
    ----------
    timing : GateConfig
        The limits of the age and uncertainty of data.
    session : str
        Name of this session.
    drives : sequence of Drive
        The devices.
    streams : sequence of StreamWatch
        The watched streams.

    Attributes
    ----------
    recording : tuple of str
        Why the session's recording is not being written, and what to do about it; twice nothing
        where it is, or none is wanted.
    """

    def __init__(
        self,
        timing: GateConfig,
        session: str,
        drives: Sequence[Drive],
        streams: Sequence[StreamWatch],
    ) -> None:
        self.resume_s = timing.resume_s
        self._timing = timing
        self._session = session
        self._drives = drives
        self._streams = streams
        self.recording = ("", "")

    def objections(self, now_s: float, *, is_linked: bool) -> Iterator[Refusal]:
        """Yield a refusal for every condition of arming that does not hold."""
        if not is_linked:
            yield Refusal(RefusalReason.LINK, found="no broker", expected="a link to the broker")
        if not self._drives:
            yield Refusal(RefusalReason.DEVICE, found="no device", expected="at least one device")
        for drive in self._drives:
            yield from drive.presence.objections(self._session, now_s)
            yield from self._rest_objections(drive, now_s)
        for watch in self._streams:
            yield from self._stream_objections(watch, now_s)
        problem, remedy = self.recording
        if problem:
            yield Refusal(
                RefusalReason.RECORDING,
                found=problem,
                expected=f"a recording that is being written: {remedy}",
            )

    def resume_objections(self, now_s: float) -> Iterator[Refusal]:
        """Yield a refusal for every condition that keeps a paused rig from resuming."""
        for drive in self._drives:
            yield from drive.presence.objections(self._session, now_s)
            if drive.is_engaged and not drive.is_live:
                yield _refusal(
                    drive, RefusalReason.DEVICE, drive.belief.state, "a device that is live"
                )

    def _rest_objections(self, drive: Drive, now_s: float) -> Iterator[Refusal]:
        """Yield a refusal for a device that did not report to be at rest, or has no budget left."""
        belief, config = drive.belief, drive.config
        if drive.presence.is_there and not drive.belief.is_down:
            if not belief.is_known:
                found = "no report of its amount"
            elif not belief.is_answered:
                found = "no report since the last command"
            else:
                found = f"{belief.state}, {belief.highest:g}"
            expected = f"its report that it is safe at {config.safe_amount:g}, or stopped"
            yield _refusal(drive, RefusalReason.REST, found, expected)
        yield from drive.limits.waits(now_s)

    def _stream_objections(self, watch: StreamWatch, now_s: float) -> Iterator[Refusal]:
        flaw = watch.check(now_s)
        budget_s = self._timing.data_age_s_max
        if watch.interval_s > budget_s:
            yield Refusal(
                RefusalReason.INTERVAL,
                found=f"stream {watch.name}: blocks every {watch.interval_s:.3f} s",
                expected=f"at most data_age_s_max, {budget_s:g} s: "
                f"{remedies.of_interval(watch.interval_s)}",
            )
        good_s = watch.good_s(now_s)
        shown = flaw or watch.broken_by
        if shown is not None:
            since = "" if watch.broken_by is None else f", good for {good_s:.1f} s since"
            yield Refusal(
                RefusalReason.CLOCK if shown.reason == "clock" else RefusalReason.DATA,
                found=f"stream {watch.name}: {shown.found}{since}",
                expected=f"{shown.expected}: {watch.remedy(shown, now_s)}",
            )
        elif good_s < GOOD_S_MIN:
            yield Refusal(
                RefusalReason.DATA,
                found=f"stream {watch.name}: good for {good_s:.2f} s, "
                f"{GOOD_S_MIN - good_s:.2f} s to wait",
                expected=f"at least {GOOD_S_MIN:g} s",
            )


def _refusal(drive: Drive, reason: RefusalReason, found: str, expected: str) -> Refusal:
    return Refusal(reason, device=drive.config.id, found=found, expected=expected)
