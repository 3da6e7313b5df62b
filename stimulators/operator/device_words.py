"""The words of one device since an operator listens, by boot: the highest number is newest."""

from collections import deque

import msgspec

from stimulators.operator.known_rig import KnownDevice, Unit
from stimulators.wire.messages import Ack, DeviceInfo, DeviceState, DeviceStatus

#: Boots of one device that are remembered; two that send at once are one too many already.
_N_INSTANCES_MAX = 8
#: Answers to stops that are remembered of each boot.
_N_ANSWERS_MAX = 16


class DeviceWord(msgspec.Struct, frozen=True, kw_only=True):
    """One word of a device, of whichever message.

    Parameters
    ----------
    word : int
        Its number, counted up by this boot.
    order : int
        Its number among all messages that the operator received.
    heard_s : float
        When it was received, by the operator's clock.
    is_retained : bool
        Whether the broker had kept it: then it may be old.
    state : str or None
        The device's state; None in an ack, which has none.
    amount, unit
        The amount that it gives; None where it reports none.
    program, session
        The program in effect, and the session that holds the device.
    """

    word: int
    order: int
    heard_s: float
    is_retained: bool
    state: DeviceState | None
    amount: float | None
    unit: Unit | None
    program: str
    session: str | None


class StopAnswer(msgspec.Struct, frozen=True):
    """An answer to a stop, and the newest word before it that has a state."""

    ack: Ack
    before: DeviceWord | None


class InstanceWords:
    """The words of one boot of a device.

    Attributes
    ----------
    newest : DeviceWord or None
        The word with the highest number.
    stated : DeviceWord or None
        The word with the highest number among those with a state.
    answers : deque of StopAnswer
        Its answers to stops.
    is_offline : bool
        Whether it was reported offline, and has sent nothing since.
    has_spoken : bool
        Whether it sent anything since the operator listens.
    """

    def __init__(self) -> None:
        self.newest: DeviceWord | None = None
        self.stated: DeviceWord | None = None
        self.answers: deque[StopAnswer] = deque(maxlen=_N_ANSWERS_MAX)
        self.is_offline = False
        self.has_spoken = False

    def take(self, word: DeviceWord) -> None:
        """Take in a word; one with a lower number shows only that the boot is there."""
        if not word.is_retained:
            self.has_spoken = True
            self.is_offline = False
        if self.newest is None or word.word > self.newest.word:
            self.newest = word
        if word.state is not None and (self.stated is None or word.word > self.stated.word):
            self.stated = word

    def answer(self, request_id: str) -> StopAnswer | None:
        """Return the first answer to a stop; None without one."""
        return next((each for each in self.answers if each.ack.request_id == request_id), None)


class DeviceWords:
    """All words of one device, by its boots.

    Attributes
    ----------
    info : DeviceInfo or None
        The newest description of itself.
    instances : dict of str to InstanceWords
        Its boots, in the order in which they were first heard.
    """

    def __init__(self) -> None:
        self.info: DeviceInfo | None = None
        self.instances: dict[str, InstanceWords] = {}

    def hear_info(self, said: DeviceInfo, *, retained: bool, order: int, heard_s: float) -> None:
        """Take in a description, or the Last Will of one of the device's boots."""
        instance = self._instance(said.instance)
        if instance is None:
            return
        newest = instance.newest
        if self.info is None or newest is None or said.word > newest.word:
            self.info = said
        if said.state == "offline":
            instance.is_offline = True
            return
        instance.take(_word(said, said.state, retained=retained, order=order, heard_s=heard_s))

    def hear_status(self, said: DeviceStatus, *, order: int, heard_s: float) -> None:
        """Take in a report of its amount."""
        instance = self._instance(said.instance)
        if instance is not None:
            word = _word(said, said.state, retained=False, order=order, heard_s=heard_s)
            instance.take(word)

    def hear_ack(self, said: Ack, *, order: int, heard_s: float) -> None:
        """Take in an answer to a command or to a stop."""
        instance = self._instance(said.instance)
        if instance is None:
            return
        if said.request_id is not None and instance.answer(said.request_id) is None:
            before = instance.stated
            is_before = before is not None and before.word < said.word
            instance.answers.append(StopAnswer(said, before if is_before else None))
        instance.take(_word(said, None, retained=False, order=order, heard_s=heard_s))

    @property
    def speaking(self) -> dict[str, InstanceWords]:
        """The boots that sent something since the operator listens, and are not offline."""
        return {
            name: each
            for name, each in self.instances.items()
            if each.has_spoken and not each.is_offline
        }

    @property
    def current(self) -> InstanceWords | None:
        """The boot in use: the one that sends, else the last one that the broker knows of."""
        speaking = list(self.speaking.values())
        if speaking:
            return speaking[-1]
        return list(self.instances.values())[-1] if self.instances else None

    @property
    def is_present(self) -> bool:
        """Whether it is not known to be offline."""
        current = self.current
        return current is not None and not current.is_offline

    def known(self, configured: KnownDevice, *, is_configured: bool) -> KnownDevice:
        """Return the device by the configuration, else by its own description."""
        info = self.info
        if is_configured or info is None:
            return configured
        is_level = info.safe_level is not None
        safe, stop = (
            (info.safe_level, info.stop_level) if is_level else (info.safe_ma, info.stop_ma)
        )
        return KnownDevice(
            id=configured.id,
            unit="level" if is_level else "mA",
            safe_amount=safe or 0.0,
            stop_amount=stop or 0.0,
            amount_max=info.limits.level_max if is_level else info.limits.amplitude_ma_max,
        )

    @property
    def amount_tolerance(self) -> float | None:
        """How far its amount may be from the one that it reports; None where it states nothing."""
        return None if self.info is None else self.info.amount_tolerance

    def _instance(self, name: str) -> InstanceWords | None:
        if name not in self.instances and len(self.instances) >= _N_INSTANCES_MAX:
            return None
        return self.instances.setdefault(name, InstanceWords())


def _word(
    said: Ack | DeviceInfo | DeviceStatus,
    state: DeviceState | None,
    *,
    retained: bool,
    order: int,
    heard_s: float,
) -> DeviceWord:
    is_level = said.applied_ma is None and said.applied_level is not None
    return DeviceWord(
        word=said.word,
        order=order,
        heard_s=heard_s,
        is_retained=retained,
        state=state,
        amount=said.applied_level if is_level else said.applied_ma,
        unit=None
        if said.applied_ma is None and said.applied_level is None
        else ("level" if is_level else "mA"),
        program=said.program,
        session=said.session,
    )
