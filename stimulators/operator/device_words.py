"""What one device has said in a conversation: by boot, the highest word of each counts."""

from collections import deque

import msgspec

from stimulators.operator.known_rig import KnownDevice, Unit
from stimulators.wire.messages import Ack, DeviceInfo, DeviceState, DeviceStatus

#: Two are one too many; more are not told apart.
_N_INSTANCES_MAX = 8
#: Answers to stops that are remembered of each.
_N_ANSWERS_MAX = 16


class DeviceWord(msgspec.Struct, frozen=True, kw_only=True):
    """What a device said once, in whichever message.

    Parameters
    ----------
    word : int
        Its number of this boot.
    order : int
        Place among all that was heard in this conversation.
    heard_s : float
        When, in the operator's clock.
    is_retained : bool
        Whether the broker had kept it: then it may be old.
    state : str or None
        The device's state; None in an ack, which does not say.
    amount, unit
        What it gives; None where it does not say.
    program, session
        What it says of these.
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
    """An answer to a stop, and the newest word with a state before it."""

    ack: Ack
    before: DeviceWord | None


class InstanceWords:
    """What one boot of a device said.

    Attributes
    ----------
    newest : DeviceWord or None
        The word with the highest number.
    stated : DeviceWord or None
        The same of those that name a state.
    answers : deque of StopAnswer
        What it said to stops.
    is_offline : bool
        Whether it is said to be gone, and has not spoken since.
    has_spoken : bool
        Whether it said anything since we listen.
    """

    def __init__(self) -> None:
        self.newest: DeviceWord | None = None
        self.stated: DeviceWord | None = None
        self.answers: deque[StopAnswer] = deque(maxlen=_N_ANSWERS_MAX)
        self.is_offline = False
        self.has_spoken = False

    def take(self, word: DeviceWord) -> None:
        """Take a word; one with a lower number than what was heard already is only a sound."""
        if not word.is_retained:
            self.has_spoken = True
            self.is_offline = False
        if self.newest is None or word.word > self.newest.word:
            self.newest = word
        if word.state is not None and (self.stated is None or word.word > self.stated.word):
            self.stated = word

    def answer(self, request_id: str) -> StopAnswer | None:
        """Return the first answer to a stop."""
        return next((each for each in self.answers if each.ack.request_id == request_id), None)


class DeviceWords:
    """All that was heard of one device.

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
        """Take what it says of itself, or the Last Will of one of its boots."""
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
        """Take what it gives."""
        instance = self._instance(said.instance)
        if instance is not None:
            word = _word(said, said.state, retained=False, order=order, heard_s=heard_s)
            instance.take(word)

    def hear_ack(self, said: Ack, *, order: int, heard_s: float) -> None:
        """Take an answer to a command or to a stop."""
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
        """The boots that spoke since we listen and are not said to be gone; one is right."""
        return {
            name: each
            for name, each in self.instances.items()
            if each.has_spoken and not each.is_offline
        }

    @property
    def current(self) -> InstanceWords | None:
        """The boot that counts: the one that speaks, else the last that the broker knows of."""
        speaking = list(self.speaking.values())
        if speaking:
            return speaking[-1]
        return list(self.instances.values())[-1] if self.instances else None

    @property
    def is_present(self) -> bool:
        """Whether it is not known to be gone."""
        current = self.current
        return current is not None and not current.is_offline

    def known(self, configured: KnownDevice, *, is_configured: bool) -> KnownDevice:
        """Return what is known of it: the configuration's word, else the device's own."""
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
        """How far it says what it gives may be from what it says."""
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
