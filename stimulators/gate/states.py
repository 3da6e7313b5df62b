"""The states of a rig: what each change does, and what ends each by itself."""

import math
import sys
from collections.abc import Sequence

from stimulators.decisions import Decision, State, StateChanged
from stimulators.gate.driving.drive import Drive
from stimulators.gate.freshness import Flaw, StreamWatch
from stimulators.gate.lapses import Lapses
from stimulators.gate.stopping import Stopping
from stimulators.gate_config import GateConfig

#: An arming without a valid estimate ends after this, calibration not counted.
_ARMED_S_MAX = 60.0

#: In these states the conditions of staying hold, or the rig is safe.
STAYING: frozenset[State] = frozenset({"armed", "active", "hold", "paused"})


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
    armed_text : str
        What an armed rig waits for, and how long at most.
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
        self.now_s = self.safe_s = -sys.float_info.max
        self.is_linked = False
        self.armed_text = ""
        self._timing = timing
        self._drives = drives
        self._streams = streams
        self._calibration_s = calibration_s
        self._armed_s = self._sound_s = self._rest_by_s = self.now_s
        self._flawless_since_s: float | None = None
        self._lapses = Lapses(timing)
        self._stopping = Stopping(session, drives, ack_s_max=timing.ack_s_max)
        self._out: list[Decision] = []

    # The frame of a call.

    def begin(self, now_s: float) -> float:
        """Begin a call; time that runs backwards stands still, or is a fault where it is far.

        The service's own stall is looked at before anything else: whatever is decided after it
        rests on what was known before.
        """
        if -self._timing.clock_step_s_max <= now_s - self.now_s < math.inf:
            self.now_s = max(self.now_s, now_s)
        else:
            self.break_off(f"the clock of the service went from {self.now_s:g} to {now_s:g}")
        if (stalled_s := self._lapses.take_stall(self.now_s)) is not None:
            self.lapse(f"the service stood still for {stalled_s:.2f} s", stalled_s)
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

    # What it is in.

    @property
    def is_staying(self) -> bool:
        """Whether conditions of staying hold, or the rig is safe."""
        return self.state in STAYING

    def check(self, *more: Drive) -> Flaw | None:
        """Look at streams, driven devices and estimates of `more`; return what is wrong first."""
        now_s = self.now_s
        first = None
        for watch in self._streams:
            first = watch.check(now_s) or first
        for drive in self._drives:
            if first is None and drive.is_engaged:
                first = drive.flaw(now_s)
        for drive in more:
            first = first or drive.hops.flaw(now_s)
        return first

    # Changes.

    def arm(self, reason: str) -> None:
        """Go to armed: from now on the first valid estimate engages."""
        self._armed_s = self.now_s
        self._stopping.end()
        self._change("armed", reason)

    def engage(self, drive: Drive) -> None:
        """Give leases to a device that has its first valid estimate, on good data."""
        if self.check(drive) is not None:
            return
        drive.engage()
        self._lease(drive)

    def welcome(self, drive: Drive) -> None:
        """Drive a device that has said that it holds our session, at its safe amount."""
        if self.state == "armed" and drive.is_live and drive.belief.is_at_safe:
            self._change("active", "a valid estimate, and a device that is live")
            self._sound_s = self.now_s

    def pause(self, reason: str) -> None:
        """Open the loop: every driven device to its safe amount, its lease kept alive."""
        for drive in self._drives:
            drive.wishes.drop()
            drive.cancel_triggers(self.now_s)
        self._change("paused", reason)
        self._rest_by_s = self.now_s + self._timing.hold_s_max
        self._rest_by_s += max(drive.way_down_s for drive in self._drives)
        self._move_all()

    def resume(self, reason: str) -> None:
        """Close the loop again."""
        self._sound_s = self.now_s
        self._change("active", reason)

    def go_idle(self, reason: str) -> None:
        """Disarm: every driven device to its safe amount."""
        self._change("idle", reason)
        self._disengage_all()

    def go_safe(self, reason: str, *, stopped: bool = False) -> None:
        """Latch safe; devices go to their safe amount, or to where the stop takes them."""
        if self.state == "safe" and not stopped:
            return
        self.safe_s = self.now_s
        if stopped:
            self._stopping.begin(self.now_s)
        if self.state == "safe":
            self.reason = reason
            return
        self._change("safe", reason)
        self._disengage_all()

    def break_off(self, reason: str) -> None:
        """Go safe because a condition of staying is broken; in idle nothing latches."""
        if self.is_staying:
            self.go_safe(reason)

    def press_stop(self, reason: str) -> None:
        """Stop every device, because one gives what it must not."""
        if (sent := self._stopping.press(reason, self.now_s)) is not None:
            self.decide(sent)
        self.go_safe(reason, stopped=True)

    def lapse(self, reason: str, lasted_s: float = 0.0) -> None:
        """Take in a lapse: hold, and rise only after good data; too long or too often is safe."""
        if self.state not in {"active", "hold", "paused"}:
            return
        self._flawless_since_s = None
        self._sound_s = self.now_s
        for drive in self._drives:
            drive.wishes.drop()
        too_much = self._lapses.count(reason, lasted_s, self.now_s)
        if too_much is not None:
            self.go_safe(too_much)
        elif self.state == "active":
            self._hold(reason)

    def take_flaw(self, flaw: Flaw) -> None:
        """Hold, or hold on: something under the decisions is not as it should be."""
        if flaw.reason == "future" and self.is_staying:
            self.go_safe(f"{flaw.found}, expected {flaw.expected}")
        elif self.state == "active":
            self._hold(f"{flaw.found}, expected {flaw.expected}")
        self._flawless_since_s = None

    def look(self) -> bool:
        """See whether all is well, from where a hold would count; where not, hold."""
        flaw = self.check()
        if flaw is None:
            if self.state == "active":
                self._sound_s = self.now_s
            return True
        self.take_flaw(flaw)
        return False

    # Time.

    def pass_time(self) -> None:
        """Do what is due in the present state: end it, move devices, renew leases."""
        self._lapses.note_tick(self.now_s)
        is_flawless = self.look()
        if is_flawless and self._flawless_since_s is None:
            self._flawless_since_s = self.now_s
        if self.state == "armed":
            self._wait_armed()
        elif self.state == "hold":
            self._wait_in_hold(is_flawless=is_flawless)
        elif self.state == "paused":
            self._wait_in_pause()
        self._move_all()
        for drive in self._drives:
            self._lease(drive)
        if self.state == "safe" and (sent := self._stopping.press_again(self.now_s)) is not None:
            self.decide(sent)

    def step(self, drive: Drive) -> None:
        """Let a device go the next step of its way."""
        if not self.is_linked:
            return
        if (sent := drive.send_next(self.state, self.now_s)) is not None:
            self.decide(sent)

    @property
    def flawless_s(self) -> float:
        """How long nothing has been wrong."""
        since_s = self._flawless_since_s
        return 0.0 if since_s is None else self.now_s - since_s

    def _wait_armed(self) -> None:
        is_calibrating = any(drive.hops.is_calibrating for drive in self._drives)
        armed_s_max = _ARMED_S_MAX + (self._calibration_s if is_calibrating else 0.0)
        silent = [drive.config.id for drive in self._drives if drive.is_engaged]
        left_s = armed_s_max - (self.now_s - self._armed_s)
        if left_s >= 0.0:
            what = "a valid estimate"
            if is_calibrating:
                done_s = max(drive.hops.calibrates_for_s for drive in self._drives)
                to_go_s = self._calibration_s - done_s
                more = f"{to_go_s:.0f} s to go" if to_go_s > 0.0 else "until enough of it is valid"
                what = f"{what} (it calibrates, {more})"
            if silent:
                what = f"{', '.join(silent)} to reach the safe amount and take a lease"
            self.armed_text = f"waits for {what}, at most {left_s:.0f} s"
            return
        what = f"{', '.join(silent)} did not take a lease" if silent else "no valid estimate"
        self.go_idle(f"{what} within {armed_s_max:g} s")

    def _wait_in_hold(self, *, is_flawless: bool) -> None:
        if self.now_s - self._sound_s > self._timing.hold_s_max:
            self.go_safe(f"held for more than {self._timing.hold_s_max:g} s: {self.reason}")
        elif is_flawless and self.flawless_s >= self._timing.resume_s:
            self._change("active", f"good data for {self._timing.resume_s:g} s")

    def _wait_in_pause(self) -> None:
        """Give no more leases to a device that does not come to its safe amount."""
        driven = [
            drive for drive in self._drives if drive.is_engaged and not drive.belief.is_resting
        ]
        if driven and self.now_s > self._rest_by_s:
            names = ", ".join(drive.config.id for drive in driven)
            self.go_safe(f"paused, and {names} did not come to its safe amount in time")

    def _hold(self, reason: str) -> None:
        self._change("hold", reason)
        for drive in self._drives:
            drive.cancel_triggers(self.now_s)

    def _lease(self, drive: Drive) -> None:
        """Renew a lease: on good data, in hold within its time, in a pause whatever the data."""
        if not drive.is_engaged:
            return
        if self.state in {"armed", "active"}:
            is_due = drive.hops.is_valid and self.check() is None
        else:
            is_due = self.state in {"hold", "paused"}
        if is_due and (sent := drive.renew_lease(self._armed_s, self.now_s)) is not None:
            self.decide(sent)

    def _move_all(self) -> None:
        for drive in self._drives:
            self.step(drive)

    def _change(self, after: State, reason: str) -> None:
        self.decide(StateChanged(before=self.state, after=after, reason=reason))
        self.state = after
        self.reason = reason
        self.armed_text = ""

    def _disengage_all(self) -> None:
        for drive in self._drives:
            drive.disengage(self.now_s)
            # A stop takes devices elsewhere: those that show it are sent nothing more.
            if not (self._stopping.is_stopped and drive.belief.is_stopped):
                self.step(drive)
