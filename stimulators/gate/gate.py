"""The safety gate: the only one who may let a command or a lease out."""

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Literal

from stimulators.decisions import Decision, Notice, State
from stimulators.gate.admission import Admission, refusal_of
from stimulators.gate.arming import Arming
from stimulators.gate.conditions import Conditions
from stimulators.gate.device_words import TEXT_MAX, take_answer, take_info
from stimulators.gate.drive import Drive
from stimulators.gate.freshness import StreamReport, StreamWatch
from stimulators.gate.states import RigState
from stimulators.limits import DeviceConfig, GateConfig
from stimulators.policies.policy import Observation, Target
from stimulators.wire.received import (
    AckHeard,
    ControlHeard,
    InfoHeard,
    LinkChanged,
    Received,
    StopHeard,
    Unreadable,
)

__all__ = ["SafetyGate", "StreamReport"]

#: Topics with unreadable payloads that are told of once each; of more, none is.
_N_TOPICS_MAX = 64


class SafetyGate:
    """Decides what may be sent: a pure function of its calls, in their order.

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

    Raises
    ------
    ValueError
        Where two devices share an id, or leases would end between two ticks.

    Notes
    -----
    Every method takes the time of the service and returns decisions in order; none raises on
    data. Time never runs backwards in here: a `now_s` before the last is a step of the clock.

    States and what leads from one to another:

    ========  =====================================================  =======================
    from      event                                                  to
    ========  =====================================================  =======================
    idle      arm, and every condition holds (`Conditions`)          armed
    armed     first valid estimate on good data                      active
    armed     60 s without one (and the calibration, where one is    idle
              under way), or disarm
    active    data suspect, late or silent; an answer missing        hold
    hold      no flaw for ``resume_s``                               active
    hold      no such end within ``hold_s_max``                      safe
    active,   disarm                                                 idle, devices to safe
    hold
    any       stop, limit violation, failure, broker or device       safe, devices to safe
              lost, step of a clock, data from the future
    safe      arm by an operator, and every condition holds          armed
    ========  =====================================================  =======================

    In hold the amount stays, budgets and leases run on. The way to the safe amount is one
    command: the device goes there by its own slew, as it does when its lease ends.

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
    ) -> None:
        if not tick_s <= timing.lease_s / 3.0:
            raise ValueError(
                f"rig.tick_s: expected at most a third of gate.lease_s "
                f"({timing.lease_s / 3.0:.3g}), found {tick_s:g}"
            )
        self.devices: Mapping[str, DeviceConfig] = _by_id(devices)
        seqs, lease_seqs = count(1), count(1)
        self._drives = {
            name: Drive(
                device,
                timing,
                session=session,
                tick_s=tick_s,
                seqs=seqs,
                lease_seqs=lease_seqs,
            )
            for name, device in self.devices.items()
        }
        self._streams = {name: StreamWatch(name, timing) for name in streams}
        drives, watches = tuple(self._drives.values()), tuple(self._streams.values())
        self._rig = RigState(timing, session, drives, watches, calibration_s)
        conditions = Conditions(timing, session, tuple(drive.presence for drive in drives), watches)
        is_automatic = arm == "auto" and all(device.simulated for device in devices)
        self._arming = Arming(self._rig, conditions, session, is_automatic=is_automatic)
        self._admission = Admission(self._rig, timing)
        self._timing = timing
        self._session = session
        self._unreadable: set[str] = set()

    @property
    def state(self) -> State:
        """The state of the rig."""
        return self._rig.state

    @property
    def reason(self) -> str:
        """Why it is in that state or, idle, what it waits for to arm itself."""
        return (self._rig.state == "idle" and self._arming.waits_for) or self._rig.reason

    @property
    def awaits_ack(self) -> bool:
        """Whether a device has still to answer the command that brings it to safe."""
        return any(drive.awaits_safe for drive in self._drives.values())

    def report(self, newest: StreamReport, now_s: float) -> tuple[Decision, ...]:
        """Take in what the newest samples of a stream are like."""
        now_s = self._rig.begin(now_s)
        watch = self._streams.get(newest.stream)
        if watch is not None and (flaw := watch.report(newest, now_s)) is not None:
            self._rig.find_flaw(flaw)
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
        """Grant or refuse what policies want; of several targets for a device, the newest."""
        rig = self._rig
        rig.begin(now_s)
        newest = {target.device: target for target in targets}
        allowed = [target for target in targets if self._is_allowed(target)]
        for target in allowed:
            if newest[target.device] is target:
                self._admission.admit(self._drives[target.device], target)
            elif target.kind == "trigger" or target.amount != newest[target.device].amount:
                rig.decide(refusal_of(target, "superseded", "an older target", "the newest"))
        return rig.end()

    def tick(self, now_s: float) -> tuple[Decision, ...]:
        """Let time pass: budgets, time-outs, ramps and leases."""
        rig = self._rig
        now_s = rig.begin(now_s)
        for name, drive in self._drives.items():
            self._look_after(name, drive, now_s)
        rig.pass_time()
        self._arming.pass_time()
        return rig.end()

    def receive(self, heard: Received, now_s: float) -> tuple[Decision, ...]:
        """Take in what came over the network."""
        now_s = self._rig.begin(now_s)
        if isinstance(heard, ControlHeard):
            self._arming.control(heard.message, retained=heard.retained)
        elif isinstance(heard, StopHeard):
            told = f"stop by {heard.message.operator}: {heard.message.reason}"
            self._rig.go_safe(told[:TEXT_MAX], stopped=True)
        elif isinstance(heard, LinkChanged):
            self._change_link(heard)
        elif isinstance(heard, Unreadable):
            self._note_unreadable(heard)
        elif (drive := self._drives.get(heard.device)) is not None:
            if isinstance(heard, AckHeard):
                drive.presence.hear(now_s)
                take_answer(self._rig, drive, heard.message, self._session)
            elif isinstance(heard, InfoHeard):
                take_info(self._rig, drive, heard.message, self._session, retained=heard.retained)
            else:
                drive.presence.hear(now_s)
        return self._rig.end()

    def fail(self, reason: str, now_s: float) -> tuple[Decision, ...]:
        """Go safe because something in the service failed."""
        self._rig.begin(now_s)
        self._rig.go_safe(reason)
        return self._rig.end()

    def clock_moved(self, stream: str, step_s: float, now_s: float) -> tuple[Decision, ...]:
        """Take in that the correction of a stream's clock changed by `step_s`."""
        self._rig.begin(now_s)
        watch = self._streams.get(stream)
        if watch is not None and not abs(step_s) <= self._timing.clock_step_s_max:
            watch.restart()
            self._rig.go_safe(f"the clock of stream {stream} stepped by {step_s:g} s")
        return self._rig.end()

    def _is_allowed(self, target: Target) -> bool:
        """Say whether there is such a device, and it may be asked for so much."""
        drive = self._drives.get(target.device)
        if drive is not None:
            return self._admission.is_within_limits(drive, target)
        names = ", ".join(self._drives)
        self._rig.decide(refusal_of(target, "device", target.device, names))
        return False

    def _look_after(self, name: str, drive: Drive, now_s: float) -> None:
        missing = drive.overdue(now_s)
        if missing is not None:
            text = f"{name} did not answer command {missing.command.seq} in time"
            self._rig.decide(Notice("ack_missing", text, name))
        if drive.presence.is_lost(now_s):
            self._rig.go_safe(f"device {name} says nothing")
        reached = drive.count(now_s)
        if reached is not None:
            self._rig.go_safe(f"device {name} reached {reached}")

    def _change_link(self, heard: LinkChanged) -> None:
        self._rig.is_linked = heard.is_up
        if heard.is_up:
            return
        for drive in self._drives.values():
            drive.presence.forget()
        self._rig.go_safe(f"no broker: {heard.reason}"[:TEXT_MAX])

    def _note_unreadable(self, heard: Unreadable) -> None:
        if heard.topic not in self._unreadable and len(self._unreadable) < _N_TOPICS_MAX:
            self._unreadable.add(heard.topic)
            text = f"{heard.topic}: {heard.problem}"[:TEXT_MAX]
            self._rig.decide(Notice("unreadable", text))


def _by_id(devices: Sequence[DeviceConfig]) -> dict[str, DeviceConfig]:
    found: dict[str, DeviceConfig] = {}
    for place, device in enumerate(devices):
        if device.id in found:
            raise ValueError(f"devices[{place}].id: expected unique ids, found {device.id!r} twice")
        found[device.id] = device
    return found
