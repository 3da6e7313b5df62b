"""The state of a rig: what each change of it does, and what ends each state by itself."""

import math
import sys
from collections.abc import Sequence

from stimulators.decisions import Decision, State, StateChanged
from stimulators.gate.driving.drive import Drive
from stimulators.gate.freshness import Flaw, StreamWatch
from stimulators.gate.states.armed_wait import ArmedWait
from stimulators.gate.states.drive_group import DriveGroup
from stimulators.gate.states.lapses import Lapses
from stimulators.gate.states.lease_wait import LeaseWait
from stimulators.gate.states.stop_sender import StopSender
from stimulators.gate_config import GateConfig

#: In these states a condition of staying that is broken makes the rig safe.
STAYING: frozenset[State] = frozenset({"armed", "active", "hold", "paused"})


class RigState:
    """The state of the rig, and the decisions of the call that is under way.

    Parameters
    ----------
    timing : GateConfig
        The longest hold, pause, stall and clock step.
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
        The time of the newest call: it never runs backwards.
    safe_s : float
        When the rig last went safe, or was stopped again.
    is_linked : bool
        Whether there is a link to the broker.
    waits_text : str
        What an armed rig waits for, and how long at most; of a driven one, which devices take no
        lease.
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
        self.waits_text = ""
        self._timing = timing
        self._drives = DriveGroup(drives, streams)
        self._armed_wait = ArmedWait(self._drives, calibration_s)
        self._lease_wait = LeaseWait(self._drives)
        self._armed_s = self._sound_s = self._rest_by_s = self.now_s
        self._flawless_since_s: float | None = None
        self._lapses = Lapses(timing)
        self._stopping = StopSender(session, drives, ack_s_max=timing.ack_s_max)
        self._out: list[Decision] = []

    # A call of the gate, from its beginning to its decisions.

    def begin(self, now_s: float) -> float:
        """Begin a call: a small step back of the clock is ignored, a large one is a fault.

        A stall of the service itself is checked before anything else: whatever is decided after
        it would rest on what was known before it.
        """
        if -self._timing.clock_step_s_max <= now_s - self.now_s < math.inf:
            self.now_s = max(self.now_s, now_s)
        else:
            self.break_off(f"the clock of the service went from {self.now_s:g} to {now_s:g}")
        if (stalled_s := self._lapses.take_stall(self.now_s)) is not None:
            self.lapse(f"the service stood still for {stalled_s:.2f} s", stalled_s)
        return self.now_s

    def decide(self, *decisions: Decision) -> None:
        """Add to the decisions of the call that is under way."""
        self._out.extend(decisions)

    def end(self) -> tuple[Decision, ...]:
        """End the call and return its decisions, in order."""
        if not self._out:
            return ()
        decisions = tuple(self._out)
        self._out.clear()
        return decisions

    # What holds now.

    @property
    def is_staying(self) -> bool:
        """Whether a broken condition of staying makes the rig safe: not in idle, nor in safe."""
        return self.state in STAYING

    @property
    def stream_uncertainty_s(self) -> float:
        """How far off the clocks of the streams may be that decisions rest on."""
        return self._drives.stream_uncertainty_s

    def check(self, *more: Drive) -> Flaw | None:
        """Check streams, driven devices and the estimates of `more`; return the first flaw."""
        return self._drives.first_flaw(self.now_s, *more)

    # Changes of state.

    def arm(self, reason: str) -> None:
        """Go to armed: the first valid estimate of each device now brings it its first lease."""
        self._armed_s = self.now_s
        self._stopping.end()
        self._change("armed", reason)

    def engage(self, drive: Drive) -> None:
        """Give the first lease to a device with a valid estimate, where all data are good."""
        if self.check(drive) is not None:
            return
        drive.engage()
        self._lease(drive)

    def start_driving(self, drive: Drive) -> None:
        """Go from armed to active once a device is live in our session, at its safe amount."""
        if self.state == "armed" and drive.is_live and drive.belief.is_at_safe:
            self._change("active", "a valid estimate, and a device that is live")
            self._sound_s = self.now_s

    def pause(self, reason: str) -> None:
        """Open the loop: every driven device goes to its safe amount, its lease is renewed."""
        self._drives.drop_wishes()
        self._drives.cancel_triggers(self.now_s)
        self._change("paused", reason)
        self._rest_by_s = self.now_s + self._timing.hold_s_max
        self._rest_by_s += self._drives.way_down_s
        self._move_all()

    def resume(self, reason: str) -> None:
        """Close the loop again: from paused to active."""
        self._sound_s = self.now_s
        self._change("active", reason)

    def go_idle(self, reason: str) -> None:
        """Go to idle: every driven device goes to its safe amount."""
        self._change("idle", reason)
        self._disengage_all()

    def go_safe(self, reason: str, *, stopped: bool = False) -> None:
        """Go to safe until a new arming: devices go to their safe amount, or to a stop's amount."""
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
        """Go safe because a condition of staying is broken; in idle and safe nothing changes."""
        if self.is_staying:
            self.go_safe(reason)

    def press_stop(self, reason: str) -> None:
        """Send a stop to every device, because one gives what it must not."""
        if (sent := self._stopping.press(reason, self.now_s)) is not None:
            self.decide(sent)
        self.go_safe(reason, stopped=True)

    def lapse(self, reason: str, lasted_s: float = 0.0) -> None:
        """Hold after a lapse until data have been good; go safe after one too long or too many."""
        if self.state not in {"active", "hold", "paused"}:
            return
        self._flawless_since_s = None
        self._sound_s = self.now_s
        self._drives.drop_wishes()
        too_much = self._lapses.count(reason, lasted_s, self.now_s)
        if too_much is not None:
            self.go_safe(too_much)
        elif self.state == "active":
            self._hold(reason)

    def take_flaw(self, flaw: Flaw) -> None:
        """Hold because of a flaw; a flaw that means data from the future makes the rig safe."""
        if flaw.reason == "future" and self.is_staying:
            self.go_safe(f"{flaw.found}, expected {flaw.expected}")
        elif self.state == "active":
            self._hold(f"{flaw.found}, expected {flaw.expected}")
        self._flawless_since_s = None

    def look(self) -> bool:
        """Return whether nothing is flawed, and hold where something is."""
        flaw = self.check()
        if flaw is None:
            if self.state == "active":
                self._sound_s = self.now_s
            return True
        self.take_flaw(flaw)
        return False

    # What is due as time passes.

    def pass_time(self) -> None:
        """Do what is due in this state: end it, send commands, renew leases, repeat a stop."""
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
        self._wait_for_leases()
        self._move_all()
        for drive in self._drives:
            self._lease(drive)
        if self.state == "safe" and (sent := self._stopping.press_again(self.now_s)) is not None:
            self.decide(sent)

    def step(self, drive: Drive) -> None:
        """Send a device the command that is due now, where there is a link."""
        if not self.is_linked:
            return
        if (sent := drive.send_next(self.state, self.now_s)) is not None:
            self.decide(sent)

    @property
    def flawless_s(self) -> float:
        """How long there has been no flaw and no lapse."""
        since_s = self._flawless_since_s
        return 0.0 if since_s is None else self.now_s - since_s

    def _wait_armed(self) -> None:
        longest_s = self._armed_wait.longest_s
        left_s = longest_s - (self.now_s - self._armed_s)
        if left_s >= 0.0:
            self.waits_text = self._armed_wait.text(left_s)
        else:
            self.go_idle(f"{self._armed_wait.missing_text} within {longest_s:g} s")

    def _wait_in_hold(self, *, is_flawless: bool) -> None:
        if self.now_s - self._sound_s > self._timing.hold_s_max:
            self.go_safe(f"held for more than {self._timing.hold_s_max:g} s: {self.reason}")
        elif is_flawless and self.flawless_s >= self._timing.resume_s:
            self._change("active", f"good data for {self._timing.resume_s:g} s")

    def _wait_in_pause(self) -> None:
        """Go safe where a device does not come to its safe amount in time."""
        above_safe = self._drives.above_safe_ids
        if above_safe and self.now_s > self._rest_by_s:
            names = ", ".join(above_safe)
            self.go_safe(f"paused, and {names} did not come to its safe amount in time")

    def _wait_for_leases(self) -> None:
        is_driven = self.state in {"active", "hold", "paused"}
        self.decide(*self._lease_wait.pass_time(self.now_s, is_driven=is_driven))
        if is_driven:
            self.waits_text = self._lease_wait.text

    def _hold(self, reason: str) -> None:
        self._change("hold", reason)
        # At once, and not with the next tick: until then they may be given.
        for drive in self._drives.cancel_triggers(self.now_s):
            self.step(drive)

    def _lease(self, drive: Drive) -> None:
        """Renew a lease where it is due: on good data, and in hold and in a pause on any."""
        if not drive.is_engaged:
            return
        if self.state in {"armed", "active"}:
            is_due = drive.hops.is_valid and self.check() is None
        else:
            is_due = self.state in {"hold", "paused"}
        if is_due and (sent := drive.renew_lease(self._armed_s, self.now_s)) is not None:
            self.decide(sent)

    def _move_all(self) -> None:
        if self.is_linked:
            self.decide(*self._drives.next_commands(self.state, self.now_s))

    def _change(self, after: State, reason: str) -> None:
        self.decide(StateChanged(before=self.state, after=after, reason=reason))
        self.state = after
        self.reason = reason
        self.waits_text = ""

    def _disengage_all(self) -> None:
        for drive in self._drives:
            drive.disengage(self.now_s)
            # A device that shows that it is stopped is sent nothing: a stop may take it lower.
            if not (self._stopping.is_stopped and drive.belief.is_stopped):
                self.step(drive)
