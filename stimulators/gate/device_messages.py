"""How the gate acts on a device's messages: answers, descriptions and reports."""

from stimulators.decisions import Notice, Refusal
from stimulators.gate.driving.descent import Descent
from stimulators.gate.driving.drive import Drive
from stimulators.gate.states.rig_state import RigState
from stimulators.gate.usage.stamp import earliest_said_s
from stimulators.gate.word import Word, word_of
from stimulators.refusals import RefusalReason
from stimulators.wire.messages import Ack, DeviceInfo, DeviceStatus
from stimulators.wire.received import AckHeard, ClockAsked, DeviceStatusHeard, InfoHeard

#: Texts from the network are cut to this many characters.
TEXT_MAX = 300


class DeviceMessages:
    """Updates belief, account and presence by a device's messages, and decides what follows.

    Parameters
    ----------
    rig : RigState
        The state, and where decisions go.
    session : str
        Name of this session.
    """

    def __init__(self, rig: RigState, session: str) -> None:
        self._rig = rig
        self._session = session

    def take(
        self, drive: Drive, heard: AckHeard | InfoHeard | DeviceStatusHeard | ClockAsked
    ) -> None:
        """Take in a message of a device, of any kind."""
        if isinstance(heard, AckHeard):
            self.take_answer(drive, heard.message)
        elif isinstance(heard, InfoHeard):
            self.take_info(drive, heard.message, retained=heard.retained)
        elif isinstance(heard, DeviceStatusHeard):
            self.take_status(drive, heard.message)
        else:
            drive.presence.hear(self._rig.now_s)

    def take_answer(self, drive: Drive, ack: Ack) -> None:
        """Take in an answer; its amount is used even where the command was another session's."""
        word = self._take(drive, ack) if self._note_instance(drive, ack.instance) else None
        if ack.seq is None or ack.session != self._session:
            return
        name = drive.config.id
        answer, opened = drive.commands.take_answer(ack)
        if answer == "unknown":
            self._take_unknown(drive, ack.seq)
        if opened is None:
            return
        refused = ack.refused
        if drive.take_answer(opened, word, self._rig.now_s, is_refused=refused is not None):
            text = f"{name} gives {word.amount if word else 0.0:g} where more was asked for"
            self._rig.decide(Notice("clipped", text, name))
        if refused is not None:
            self._rig.decide(
                Refusal(
                    RefusalReason.REFUSED,
                    device=name,
                    policy=opened.command.reason.policy,
                    sample=opened.sample,
                    found=refused[:TEXT_MAX],
                    expected=f"command {opened.command.seq} applied",
                )
            )

    def take_info(self, drive: Drive, info: DeviceInfo, *, retained: bool) -> None:
        """Take in a device's description; one that the broker had kept tells nothing of now."""
        name, rig = drive.config.id, self._rig
        if info.state == "offline":
            if drive.presence.go_offline(info) and not retained:
                drive.belief.note_offline()
                if rig.is_staying:
                    rig.go_safe(f"device {name} is offline")
            return
        if retained:
            drive.presence.describe(info, retained=True)
            return
        if not self._note_instance(drive, info.instance):
            return
        drive.presence.describe(info, retained=False)
        drive.learn(info)
        self._take(drive, info)
        if rig.is_staying:
            broken = next(drive.presence.objections(self._session, rig.now_s), None)
            if broken is not None:
                text = f"device {name}: {broken.reason}: found {broken.found}"
                rig.go_safe(f"{text}, expected {broken.expected}"[:TEXT_MAX])

    def take_status(self, drive: Drive, status: DeviceStatus) -> None:
        """Take in a device's report of its amount and of its counts."""
        if not self._note_instance(drive, status.instance):
            return
        word = word_of(status, self._session, drive.config.unit)
        is_news = word is not None and drive.belief.is_news(word)
        # The time up to now is counted with the belief from before this word.
        drive.account.count(drive.belief, self._rig.now_s)
        self._take(drive, status)
        if is_news:
            drive.known_time.take(status, self._session)
            info = drive.presence.info
            drive.account.settle(
                status,
                drive.belief,
                self._rig.now_s,
                said_s=earliest_said_s(
                    status,
                    self._session,
                    done_s=drive.belief.done_s,
                    now_s=self._rig.now_s,
                ),
                reaches_power_on=info is not None and info.off_when_unpowered,
                is_driven=drive.is_engaged or drive.descent is not None,
            )

    def _take(self, drive: Drive, message: Ack | DeviceInfo | DeviceStatus) -> Word | None:
        """Take in the word of a message; return it where it is newer than the last one."""
        rig = self._rig
        word = word_of(message, self._session, drive.config.unit)
        if word is None or not drive.belief.is_news(word):
            return None
        if word.last_seq > drive.commands.newest_seq:
            self._take_unknown(drive, word.last_seq)
        is_watched = rig.state != "idle" or drive.descent is not None
        is_allowed = drive.belief.allows(word.amount)
        drive.account.count(drive.belief, rig.now_s)
        if word.state == "safe" and drive.belief.state == "live":
            drive.account.note_lapse(drive.belief, rig.now_s)
        drive.belief.take(word, rig.now_s)
        text = f"{drive.config.id} gives {word.amount:g}, more than was asked for"
        if is_watched and not is_allowed:
            rig.press_stop(text)
        elif not is_allowed:
            rig.decide(Notice("unasked", text, drive.config.id))
        elif drive.descent is not None:
            self._check_descent(drive, drive.descent, word)
        self._take_state(drive, message)
        return word

    def _take_state(self, drive: Drive, message: Ack | DeviceInfo | DeviceStatus) -> None:
        rig, name = self._rig, drive.config.id
        if not drive.is_engaged or isinstance(message, Ack):
            return
        is_held = drive.belief.state == "live" and message.session == self._session
        if is_held:
            drive.go_live()
            rig.start_driving(drive)
        elif drive.is_live and message.state == "stopped":
            # By a stop that reached this device alone: the others are brought to safe.
            rig.go_safe(f"device {name} was stopped")
        elif drive.is_live:
            drive.lapse()
            rig.lapse(f"device {name} let its lease end")
            if rig.state == "armed":
                drive.engage()

    def _check_descent(self, drive: Drive, descent: Descent, word: Word) -> None:
        """Stop a device that gives more than its safe amount after its way down must be over."""
        if self._rig.now_s > descent.deadline_s and word.amount > drive.belief.safe_level:
            self._rig.press_stop(
                f"{drive.config.id} gives {word.amount:g} after the way to its safe amount"
            )

    def _note_instance(self, drive: Drive, instance: str) -> bool:
        """Note the boot that sent a message; go safe where it is not the one of the arming."""
        rig, name = self._rig, drive.config.id
        before = drive.presence.instance
        is_newest = drive.presence.note_instance(instance, rig.now_s)
        if is_newest and instance != before:
            drive.known_time.forget()
        if rig.is_staying and instance != before:
            what = "was started anew" if is_newest else "is there twice"
            rig.go_safe(f"device {name} {what}")
        return is_newest

    def _take_unknown(self, drive: Drive, seq: int) -> None:
        """Stop a device that answers commands of our session that were never sent."""
        text = f"{drive.config.id} answers command {seq}, which was never sent"
        if self._rig.state == "idle":
            self._rig.decide(Notice("ack_unknown", text, drive.config.id))
        else:
            self._rig.press_stop(text)
