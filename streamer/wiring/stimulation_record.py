"""What our own devices gave, by their own messages: the events that artifact removal needs."""

from collections import OrderedDict
from collections.abc import Collection, Sequence
from typing import NamedTuple

from detectors.block import STIMULATION_CHANGE, STIMULATION_PULSE
from stimulators.wire.messages import Ack, DeviceInfo, DeviceStatus
from stimulators.wire.received import AckHeard, DeviceStatusHeard, InfoHeard
from streamer.events import Happening

#: Answers that are remembered to recognise repetitions, which come within seconds.
_N_ANSWERS_MAX = 4096


class Stimulation(NamedTuple):
    """What a device did: the kind of a `BoundEvent`, and its text."""

    kind: str
    text: str


class StimulationRecord:
    """Finds in devices' answers which of them was a pulse, and which a change of amplitude.

    Parameters
    ----------
    devices : sequence of str
        Ids of our own; what others say is not heard.
    pulsed : collection of str
        Those that are asked for single pulses.
    session : str
        Answers to commands of any other are not ours.

    Notes
    -----
    A pure function of the events alone, not of what was decided on them: the same session with
    its samples in other chunks decides at other moments, and must bind the same.

    An answer that is neither refused nor a repetition is a pulse where the device is asked for
    triggers, else a change. So is a stop, and word of an amount other than the last
    that it told or answered: a device whose lease ended goes to its safe amount by itself.
    """

    def __init__(self, devices: Sequence[str], pulsed: Collection[str], session: str) -> None:
        self._devices = frozenset(devices)
        self._pulsed = frozenset(pulsed)
        self._session = session
        self._answers: OrderedDict[tuple[str, int | str], None] = OrderedDict()
        self._amounts: dict[str, float] = {}
        self._words: dict[str, tuple[str, int]] = {}

    def hear(self, event: Happening) -> Stimulation | None:
        """Return what a device did according to this event; None where it did nothing."""
        if not isinstance(event, AckHeard | InfoHeard | DeviceStatusHeard):
            return None
        if event.device not in self._devices:
            return None
        if isinstance(event, AckHeard):
            return self._answered(event.device, event.message)
        if isinstance(event, InfoHeard) and (event.retained or event.message.state == "offline"):
            return None
        return self._described(event.device, event.message)

    def _answered(self, device: str, ack: Ack) -> Stimulation | None:
        answer = ack.request_id if ack.seq is None else ack.seq
        if answer is None or ack.refused is not None or (device, answer) in self._answers:
            return None
        if ack.seq is not None and ack.session != self._session:
            return None
        self._answers[device, answer] = None
        if len(self._answers) > _N_ANSWERS_MAX:
            self._answers.popitem(last=False)
        amount = _amount(ack)
        if amount is not None and self._take_word(device, ack):
            self._amounts[device] = amount
        text = f"{device} {answer} {_amount_text(ack)}"
        if ack.seq is not None and device in self._pulsed:
            return Stimulation(STIMULATION_PULSE, text)
        return Stimulation(STIMULATION_CHANGE, text)

    def _described(self, device: str, said: DeviceInfo | DeviceStatus) -> Stimulation | None:
        amount = _amount(said)
        if amount is None or not self._take_word(device, said):
            return None
        before = self._amounts.get(device, amount)
        self._amounts[device] = amount
        if amount == before:
            return None
        return Stimulation(STIMULATION_CHANGE, f"{device} info {_amount_text(said)}")

    def _take_word(self, device: str, said: Ack | DeviceInfo | DeviceStatus) -> bool:
        """Remember the number of a message; return whether it is the device's newest so far."""
        instance, word = self._words.get(device, ("", -1))
        if said.instance == instance and said.word <= word:
            return False
        self._words[device] = (said.instance, said.word)
        return True


def _amount(said: Ack | DeviceInfo | DeviceStatus) -> float | None:
    return said.applied_level if said.applied_ma is None else said.applied_ma


def _amount_text(said: Ack | DeviceInfo | DeviceStatus) -> str:
    if said.applied_ma is not None:
        return f"{said.applied_ma:g} mA"
    return "unknown" if said.applied_level is None else f"level {said.applied_level:g}"
