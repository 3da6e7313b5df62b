"""The safety gate: the only part of the program that lets commands and leases out."""

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Literal

from stimulators.decisions import Decision, Notice, State
from stimulators.device_config import DeviceConfig
from stimulators.gate.admission import Admission, refusal_of
from stimulators.gate.arming import Arming
from stimulators.gate.conditions import Conditions
from stimulators.gate.confirming import Confirming
from stimulators.gate.device_messages import TEXT_MAX, DeviceMessages
from stimulators.gate.driving.drive import Drive
from stimulators.gate.driving.rises import Rises
from stimulators.gate.driving.shown import shown_decision
from stimulators.gate.freshness import StreamReport, StreamWatch
from stimulators.gate.message_router import MessageRouter
from stimulators.gate.others import OtherServices
from stimulators.gate.states.rig_state import RigState
from stimulators.gate.usage.past import DevicePast
from stimulators.gate_config import GateConfig, Stage
from stimulators.refusals import RefusalReason
from stimulators.targets import Applied, DevicePhase, Observation, Target
from stimulators.wire.display_messages import DecisionMessage
from stimulators.wire.messages import DeviceBelief, RiseOffer
from stimulators.wire.received import Received

__all__ = ["SafetyGate", "StreamReport"]

#: States of the rig that hold for all its devices alike.
_PHASE_OF: Mapping[State, DevicePhase] = {"hold": "held", "paused": "paused", "safe": "safe"}


class SafetyGate:
    """Decides what may be sent, as a pure function of the sequence of its calls.

    Parameters
    ----------
    timing : GateConfig
        How old, how late and how uncertain anything may be.
    arm : {"operator", "auto"}
        ``auto`` arms by itself, once, where configuration and devices all say simulated.
    devices : sequence of DeviceConfig
        The devices and their limits.
    streams : sequence of str
        Names of the streams that decisions rest on.
    tick_s : float
        Time from one `tick` to the next.
    session : str
        Name of this session.
    calibration_s : float
        The longest calibration of a detector: an arming outlasts it.
    stage : {"closed", "confirm", "shadow"}
        ``confirm`` lets amounts fall, and rise after an operator's yes; ``shadow`` withholds all.
    confirm_s : float
        How long a yes is good for.

    Raises
    ------
    ValueError
        Where two devices share an id, or leases would end between two ticks.

    Notes
    -----
    Every method takes the time of the service and returns decisions in order; none raises on
    data. Time never runs backwards in here: a `now_s` before the last is a step of the clock.

    The states, and what leads from one to another, are in the text of this package.

    What a device gives is known by its own words alone (`Belief`): an amount is said again until
    a word shows it. In hold the amount stays, budgets and leases run on; paused, the device is
    brought to its safe amount under leases. The way to safe is one command, repeated until the
    device says that it is there: it goes there by its own slew, as it does when its lease ends.

    A target that asks for what is under way costs nothing. One that is refused is told once for
    each stretch of equal refusals, and forgotten: nothing is kept for later.
    """

    def __init__(
        self,
        *,
        timing: GateConfig,
        arm: Literal["operator", "auto"],
        devices: Sequence[DeviceConfig],
        streams: Sequence[str],
        tick_s: float,
        session: str,
        calibration_s: float,
        stage: Stage = "closed",
        confirm_s: float = 30.0,
    ) -> None:
        if not tick_s <= timing.lease_s / 3.0:
            raise ValueError(
                f"rig.tick_s: expected at most a third of gate.lease_s "
                f"({timing.lease_s / 3.0:.3g}), found {tick_s:g}"
            )
        self.stage: Stage = stage
        self._session = session
        self.devices: Mapping[str, DeviceConfig] = _by_id(devices)
        seqs, lease_seqs, offers = count(1), count(1), count(1)
        self._drives = {
            name: Drive(
                device,
                timing,
                session=session,
                tick_s=tick_s,
                seqs=seqs,
                lease_seqs=lease_seqs,
                rises=Rises(
                    confirm_s if stage == "confirm" else None,
                    command_valid_s=timing.command_valid_s,
                    numbers=offers,
                ),
            )
            for name, device in self.devices.items()
        }
        self._streams = {name: StreamWatch(name, timing) for name in streams}
        drives, watches = tuple(self._drives.values()), tuple(self._streams.values())
        self._rig = RigState(timing, session, drives, watches, calibration_s)
        self._others = OtherServices(self._rig, drives, session)
        self._conditions = Conditions(timing, session, drives, watches)
        is_automatic = arm == "auto" and all(device.simulated for device in devices)
        self._arming = Arming(
            self._rig, self._conditions, self._others, session, is_automatic=is_automatic
        )
        self._confirming = Confirming(
            self._rig, self._drives, self._arming.requests, stage=stage, confirm_s=confirm_s
        )
        self._hearing = MessageRouter(
            self._rig,
            self._drives,
            DeviceMessages(self._rig, session),
            self._arming,
            others=self._others,
            confirming=self._confirming,
        )
        self._admission = Admission(self._rig, timing, is_shadow=stage == "shadow")
        self._timing = timing

    @property
    def state(self) -> State:
        """The state of the rig."""
        return self._rig.state

    @property
    def reason(self) -> str:
        """The reason of the state."""
        return self._rig.reason

    @property
    def status_text(self) -> str:
        """The reason of the state and, as of the last tick, what the rig waits for; for people."""
        waits_for = self._rig.waits_text or self._arming.text or self._confirming.text
        return f"{self._rig.reason}; {waits_for}" if waits_for else self._rig.reason

    @property
    def driven(self) -> tuple[str, ...]:
        """The devices that get leases, or are still on the way to their safe amounts."""
        return self._others.driven

    @property
    def way_down_s(self) -> float:
        """The longest time a device that is being brought to safety may need for it."""
        ways = [drive.way_down_s for drive in self._drives.values() if drive.descent is not None]
        return max(ways, default=0.0)

    def beliefs(self, now_s: float) -> dict[str, DeviceBelief]:
        """Return the range of amounts that each device may be giving, by its id."""
        return {name: drive.belief.report(now_s) for name, drive in self._drives.items()}

    def applied(self, device: str) -> Applied:
        """Return how a device is driven, and the range of amounts it may give."""
        drive, state = self._drives[device], self._rig.state
        is_driven = state == "active" and drive.is_live
        belief = drive.belief
        return Applied(
            _PHASE_OF.get(state, "driven" if is_driven else "released"),
            *belief.interval,
            belief.is_certain,
        )

    def offers(self) -> tuple[RiseOffer, ...]:
        """Return the rises that wait for an operator's yes."""
        return tuple(self._confirming.offers())

    def decision(self, device: str, now_s: float) -> DecisionMessage:
        """Return what is wanted of a device, what it was sent, and why."""
        return shown_decision(
            self._drives[device],
            session=self._session,
            state=self._rig.state,
            stage=self.stage,
            now_s=now_s,
        )

    def counted(self, device: str, now_s: float) -> tuple[float, float]:
        """Return the charge of the last ten minutes in µC and the time above safe."""
        account = self._drives[device].account
        return account.charge_uc(now_s), account.on_s

    def past(self, now_s: float) -> tuple[DevicePast, ...]:
        """Return the usage of all real devices, to be kept for the next service."""
        return tuple(
            drive.account.past(now_s)
            for drive in self._drives.values()
            if not drive.config.simulated
        )

    def drive_of(self, device: str) -> Drive:
        """Return a device as it is driven, to be looked at and never to be changed."""
        return self._drives[device]

    def learn_past(self, past: Sequence[DevicePast], now_s: float) -> tuple[Decision, ...]:
        """Take the usage of devices under earlier services; a device left out counts as unknown."""
        known = {each.device: each for each in past}
        for name, drive in self._drives.items():
            if not drive.config.simulated:
                drive.account.learn(known.get(name), now_s)
        return self._rig.end()

    def report(self, newest: StreamReport, now_s: float) -> tuple[Decision, ...]:
        """Take the quality of the newest samples of a stream."""
        now_s = self._rig.begin(now_s)
        watch = self._streams.get(newest.stream)
        if watch is not None and (flaw := watch.report(newest, now_s)) is not None:
            self._rig.take_flaw(flaw)
        return self._rig.end()

    def observe(self, device: str, newest: Observation, now_s: float) -> tuple[Decision, ...]:
        """Take in the newest hop of the detector that a device's policy follows."""
        rig = self._rig
        rig.begin(now_s)
        drive = self._drives.get(device)
        if drive is None:
            return rig.end()
        drive.hops.observe(newest)
        if drive.is_engaged:
            rig.look()
        elif newest.valid and rig.state in {"armed", "active"}:
            rig.engage(drive)
        return rig.end()

    def admit(self, targets: Sequence[Target], now_s: float) -> tuple[Decision, ...]:
        """Grant or refuse the targets of policies; of several for a device only the newest counts.

        A trigger that has a time of its own is not outdated by a later one.
        """
        rig = self._rig
        rig.begin(now_s)
        newest: dict[str, Target] = {}
        allowed: list[Target] = []
        for target in targets:
            newest[target.device] = target
            if self._let_pass(target):
                allowed.append(target)
        for target in allowed:
            if newest[target.device] is target or target.fire_at_s is not None:
                self._admission.admit(self._drives[target.device], target)
            elif target.kind == "trigger" or target.amount != newest[target.device].amount:
                rig.decide(
                    refusal_of(target, RefusalReason.SUPERSEDED, "an older target", "the newest")
                )
        return rig.end()

    def tick(self, now_s: float) -> tuple[Decision, ...]:
        """Let time pass: budgets, time-outs, ramps and leases."""
        rig = self._rig
        now_s = rig.begin(now_s)
        for name, drive in self._drives.items():
            self._look_after(name, drive, now_s)
        rig.pass_time()
        self._confirming.pass_time()
        self._arming.pass_time()
        return rig.end()

    def receive(self, heard: Received, now_s: float) -> tuple[Decision, ...]:
        """Take a message from the network."""
        self._rig.begin(now_s)
        self._hearing.take(heard)
        return self._rig.end()

    def note_recording(self, problem: str, remedy: str, now_s: float) -> tuple[Decision, ...]:
        """Note why the session's recording is not being written, or with no problem that it is.

        A condition of arming alone: it ends no state, and keeps no paused rig from resuming.
        """
        self._rig.begin(now_s)
        self._conditions.recording = (problem[:TEXT_MAX], remedy[:TEXT_MAX])
        return self._rig.end()

    def fail(self, reason: str, now_s: float) -> tuple[Decision, ...]:
        """Go safe because something in the service failed."""
        self._rig.begin(now_s)
        self._rig.go_safe(reason)
        return self._rig.end()

    def sleep(self, lasted_s: float, now_s: float) -> tuple[Decision, ...]:
        """Note that the machine slept while the service's clock stood still."""
        self._rig.begin(now_s)
        for drive in self._drives.values():
            drive.account.sleep(lasted_s, drive.belief, now_s)
            drive.limits.sleep(lasted_s)
        self._rig.lapse(f"the machine slept for {lasted_s:.1f} s", lasted_s)
        return self._rig.end()

    def clock_moved(self, stream: str, step_s: float, now_s: float) -> tuple[Decision, ...]:
        """Note that the clock correction of a stream changed by `step_s`."""
        self._rig.begin(now_s)
        watch = self._streams.get(stream)
        if watch is not None and not abs(step_s) <= self._timing.clock_step_s_max:
            watch.restart()
            self._rig.break_off(f"the clock of stream {stream} stepped by {step_s:g} s")
        return self._rig.end()

    def sender_changed(self, stream: str, text: str, now_s: float) -> tuple[Decision, ...]:
        """Note that a stream on which decisions depend now comes from another sender."""
        self._rig.begin(now_s)
        watch = self._streams.get(stream)
        if watch is not None:
            watch.forget()
        self._rig.break_off(text[:TEXT_MAX])
        return self._rig.end()

    def _let_pass(self, target: Target) -> bool:
        """Refuse what the device can never do; return whether the target is allowed."""
        drive = self._drives.get(target.device)
        if drive is not None:
            return self._admission.hold_to_limits(drive, target)
        names = ", ".join(self._drives)
        self._rig.decide(refusal_of(target, RefusalReason.DEVICE, target.device, names))
        return False

    def _look_after(self, name: str, drive: Drive, now_s: float) -> None:
        missing = drive.commands.give_up_overdue(now_s)
        if missing is not None:
            text = f"{name} did not answer command {missing.command.seq} in time"
            self._rig.decide(Notice("ack_missing", text, name))
        if drive.presence.lose_if_silent(now_s):
            self._lose(name, f"device {name} says nothing")
        drive.account.count(drive.belief, now_s)
        if drive.is_engaged and (reached := drive.limits.reached(now_s)):
            self._rig.go_safe(f"device {name} reached {reached}")

    def _lose(self, name: str, text: str) -> None:
        """Report that a device has fallen silent, and go safe where the rig is armed or driven."""
        self._rig.decide(Notice("device_silent", text, name))
        self._rig.break_off(text)


def _by_id(devices: Sequence[DeviceConfig]) -> dict[str, DeviceConfig]:
    found: dict[str, DeviceConfig] = {}
    for place, device in enumerate(devices):
        if device.id in found:
            raise ValueError(f"devices[{place}].id: expected unique ids, found {device.id!r} twice")
        found[device.id] = device
    return found
