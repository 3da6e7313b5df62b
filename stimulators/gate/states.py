"""The states of a rig: what each change does, and what ends each by itself."""

import math
import sys
from collections.abc import Iterable, Sequence

from stimulators.decisions import Decision, SendStop, State, StateChanged
from stimulators.gate.drive import Drive
from stimulators.gate.freshness import Flaw, StreamWatch
from stimulators.limits import GateConfig

#: An arming without a valid estimate ends after this, calibration not counted.
_ARMED_S_MAX = 60.0


class RigState:
    """The state, the drives it rules, and the decisions of the call that is under way.

    Parameters
    ----------
    timing : GateConfig
        How old and how late anything may be.
    session : str
        Name of this session.
    drives : sequence of Drive
        The devices.
    streams : sequence of StreamWatch
        The watched streams.
    calibration_s : float
        The longest calibration of a detector.

    Attributes
    ----------
    state : str
        One of `State`.
    reason : str
        Why it is in that state.
    now_s : float
        The latest time there has been.
    safe_s : float
        When the rig last went safe, or was stopped again.
    is_linked : bool
        Whether there is a link to the broker.
    """

    def __init__(
        self,
        timing: GateConfig,
        session: str,
        drives: Sequence[Drive],
        streams: Sequence[StreamWatch],
        calibration_s: float,
    ) -> None:
        self.state: State = "idle"
        self.reason = "not armed"
        self.now_s = -sys.float_info.max
        self.safe_s = self.now_s
        self.is_linked = False
        self._timing = timing
        self._session = session
        self._drives = drives
        self._streams = streams
        self._calibration_s = calibration_s
        self._armed_s = 0.0
        self._sound_s = 0.0
        self._flawless_since_s: float | None = None
        self._n_stops = 0
        self._is_stopped = False
        self._out: list[Decision] = []

    def begin(self, now_s: float) -> float:
        """Begin a call; time that runs backwards stands still, or is a fault where it is far."""
        if self.now_s <= now_s < math.inf:
            self.now_s = now_s
            return now_s
        if not 0.0 <= self.now_s - now_s <= self._timing.clock_step_s_max:
            self.go_safe(f"the clock of the service went from {self.now_s:g} to {now_s:g}")
        return self.now_s

    def decide(self, *decisions: Decision) -> None:
        """Add to what the call under way decides."""
        self._out.extend(decisions)

    def end(self) -> tuple[Decision, ...]:
        """End the call and return what it decided, in order."""
        if not self._out:
            return ()
        decisions = tuple(self._out)
        self._out.clear()
        return decisions

    def arm(self, reason: str) -> None:
        """Go to armed: from now on the first valid estimate activates."""
        self._armed_s = self.now_s
        self._is_stopped = False
        self._change("armed", reason)

    def engage(self, drive: Drive) -> None:
        """Drive a device that has its first valid estimate: a lease, then what its policy wants."""
        if self.flaw(drive) is not None:
            return
        if self.state == "armed":
            self._change("active", "a valid estimate")
            self._sound_s = self.now_s
        drive.engage()
        self._lease(drive)

    def go_idle(self, reason: str) -> None:
        """Disarm: every driven device to its safe amount."""
        self._change("idle", reason)
        self._disengage(self._drives)

    def go_safe(self, reason: str, *, stopped: bool = False) -> None:
        """Latch safe; devices that a stop took elsewhere already are not told."""
        if self.state == "safe" and not stopped:
            return
        self.safe_s = self.now_s
        self._is_stopped = stopped
        if self.state == "safe":
            self.reason = reason
            return
        self._change("safe", reason)
        self._disengage(() if stopped else self._drives)
        self._disengage(self._drives, tell=False)

    def press_stop(self, reason: str) -> None:
        """Stop every device at once, because one does not keep to its limits.

        Pressed in safe too: the device was told to go there, and did not. Once is enough until
        the rig is armed again.
        """
        if not self._is_stopped:
            self._n_stops += 1
            self.decide(SendStop(request_id=f"{self._session}-stop-{self._n_stops}", reason=reason))
        self.go_safe(reason, stopped=True)

    def find_flaw(self, flaw: Flaw) -> None:
        """Hold, or hold on: something under the decisions is not as it should be."""
        if flaw.reason == "future" and self.state in {"armed", "active", "hold"}:
            self.go_safe(f"{flaw.found}, expected {flaw.expected}")
        elif self.state == "active":
            self._change("hold", f"{flaw.found}, expected {flaw.expected}")
        self._flawless_since_s = None

    def flaw(self, *more: Drive) -> Flaw | None:
        """Return what is wrong with the streams, the driven devices, or estimates of `more`."""
        now_s = self.now_s
        first = None
        for watch in self._streams:
            first = watch.flaw(now_s) or first
        for drive in self._drives:
            if first is None and drive.is_engaged:
                first = drive.flaw(now_s)
        for drive in more:
            first = first or drive.hops.flaw(now_s)
        return first

    def look(self) -> bool:
        """See whether all is well, from where a hold would count; where not, hold."""
        flaw = self.flaw()
        if flaw is None:
            if self.state == "active":
                self._sound_s = self.now_s
            return True
        self.find_flaw(flaw)
        return False

    def pass_time(self) -> None:
        """Do what is due in the present state: end it, move ramps, renew leases."""
        is_flawless = self.look()
        if self.state == "armed":
            self._wait_armed()
        elif self.state == "hold":
            self._wait_in_hold(is_flawless=is_flawless)
        if self.state == "active":
            for drive in self._drives:
                self.step(drive)
        if self.state in {"active", "hold"}:
            for drive in self._drives:
                self._lease(drive)

    def step(self, drive: Drive) -> None:
        """Let a device go the next step of its ramp."""
        if drive.may_move and (sent := drive.step(self.now_s)) is not None:
            self.decide(sent)

    def _wait_armed(self) -> None:
        is_calibrating = any(drive.hops.is_calibrating for drive in self._drives)
        armed_s_max = _ARMED_S_MAX + (self._calibration_s if is_calibrating else 0.0)
        if self.now_s - self._armed_s > armed_s_max:
            self.go_idle(f"no valid estimate within {armed_s_max:g} s")

    def _wait_in_hold(self, *, is_flawless: bool) -> None:
        if self.now_s - self._sound_s > self._timing.hold_s_max:
            self.go_safe(f"held for more than {self._timing.hold_s_max:g} s: {self.reason}")
        elif is_flawless:
            if self._flawless_since_s is None:
                self._flawless_since_s = self.now_s
            if self.now_s - self._flawless_since_s >= self._timing.resume_s:
                self._change("active", f"good data for {self._timing.resume_s:g} s")

    def _lease(self, drive: Drive) -> None:
        is_due = drive.may_move or (drive.is_engaged and self.state == "hold")
        if is_due and (sent := drive.lease(self._armed_s, self.now_s)) is not None:
            self.decide(sent)

    def _change(self, after: State, reason: str) -> None:
        self.decide(StateChanged(before=self.state, after=after, reason=reason))
        self.state = after
        self.reason = reason

    def _disengage(self, drives: Iterable[Drive], *, tell: bool = True) -> None:
        for drive in drives:
            sent = drive.disengage(self.now_s, tell=tell and drive.presence.is_there)
            if sent is not None:
                self.decide(sent)
