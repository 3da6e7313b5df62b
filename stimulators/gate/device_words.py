"""What follows from what a device says: an answer to a command, or word of itself."""

from stimulators.decisions import Notice, Refusal
from stimulators.gate.drive import Drive
from stimulators.gate.states import RigState
from stimulators.wire.messages import Ack, DeviceInfo

#: Texts that came over the network are cut to this.
TEXT_MAX = 300


def take_answer(rig: RigState, drive: Drive, ack: Ack, session: str) -> None:
    """Take in an answer; one of another session, or to a stop, is no matter of the gate."""
    if ack.seq is None or ack.session != session:
        return
    name = drive.config.id
    answer, opened = drive.commands.answer(ack)
    if answer == "unknown" and not drive.was_told_unknown:
        drive.was_told_unknown = True
        rig.decide(Notice("ack_unknown", f"{name} answers command {ack.seq}", name))
    amount = ack.applied_ma if drive.config.unit == "ma" else ack.applied_level
    if amount is not None and drive.is_off_limits(amount):
        rig.press_stop(f"{name} applies {amount:g}")
    if answer == "refused" and opened is not None:
        drive.take_refusal()
        rig.decide(
            Refusal(
                "refused",
                device=name,
                policy=opened.command.reason.policy,
                sample=opened.sample,
                found=str(ack.refused)[:TEXT_MAX],
                expected=f"command {opened.command.seq} applied",
            )
        )


def take_info(
    rig: RigState, drive: Drive, info: DeviceInfo, session: str, *, retained: bool
) -> None:
    """Take in what a device says of itself; what a broker remembers is no news."""
    name = drive.config.id
    was_there = drive.presence.is_there
    drive.presence.describe(info, rig.now_s, retained=retained)
    if was_there and info.state == "offline":
        rig.go_safe(f"device {name} is offline")
    if retained or rig.state not in {"armed", "active", "hold"}:
        return
    amount = info.applied_ma if drive.config.unit == "ma" else info.applied_level
    if drive.is_engaged and amount is not None and drive.is_off_limits(amount):
        rig.press_stop(f"{name} applies {amount:g}")
    elif info.state == "live" and info.session != session:
        # Before it is driven too: it would be ours once the other lets go.
        rig.go_safe(f"device {name} is held by session {info.session}"[:TEXT_MAX])
    elif drive.is_engaged and info.state == "stopped":
        # By whatever reached it alone: it needs no telling, the others do.
        drive.disengage(rig.now_s, tell=False)
        rig.go_safe(f"device {name} was stopped")
    elif drive.is_engaged and info.state == "safe":
        drive.take_lapse()
