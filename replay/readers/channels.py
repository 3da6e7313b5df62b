"""The channels of a file that states a label and a unit for each: what goes into which stream."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from detectors.conditioning.units import is_voltage_unit, microvolts_per
from streamer.source import StreamInfo

#: Words of labels, and types of channels as MNE and BIDS call them, by the type of their stream.
_TYPES: Final = {
    "LFP": ("LFP", "DBS", "STN", "GPI", "VIM"),
    "ECOG": ("ECOG",),
    "SEEG": ("SEEG",),
    "EEG": ("EEG",),
    "EMG": ("EMG",),
    "Other": (
        "ECG", "EKG", "EOG", "HEOG", "VEOG", "MISC", "STIM", "STI", "TRIG", "TRIGGER", "TRIGGERS",
        "STATUS", "DTRIG", "EVENT", "MARKER", "MARKERS", "RESP", "PPG", "TEMP", "ACC", "GYRO",
        "FORCE", "MOV", "AUX",
    ),
}  # fmt: skip
_TYPE_OF_WORD: Final = {word: kind for kind, words in _TYPES.items() for word in words}
#: Types that share a stream: they share montages and limits of plausibility.
_OF_THE_BRAIN: Final = ("LFP", "ECOG", "SEEG", "EEG")


class Channel(NamedTuple):
    """What a file says of a channel.

    Parameters
    ----------
    label : str
        As the file has it; may be empty, or that of another channel too.
    unit : str
        As the file has it; empty where it has none.
    rate_hz : float
        Its nominal rate.
    said : str
        Its type, where the format has one.
    """

    label: str
    unit: str
    rate_hz: float
    said: str = ""

    @property
    def to_microvolts(self) -> float:
        """Factor from the numbers in `unit` to microvolts; 1 where it is no unit of voltage."""
        return microvolts_per(self.unit) if is_voltage_unit(self.unit) else 1.0

    @property
    def type(self) -> str:
        """``LFP``, ``ECOG``, ``SEEG``, ``EEG`` or ``EMG``; ``Other`` where it is none of these.

        A voltage whose type and label say nothing is taken for an LFP, as is a channel without any
        unit: its numbers are not judged before somebody gives a unit.
        """
        if self.unit and not is_voltage_unit(self.unit):
            return "Other"
        for text in (self.said, self.label):
            for word in re.split(r"[^A-Z]+", text.upper()):
                if word in _TYPE_OF_WORD:
                    return _TYPE_OF_WORD[word]
        return "LFP"


class ChannelGroup(NamedTuple):
    """Channels that are one stream."""

    info: StreamInfo
    columns: tuple[int, ...]


def groups_of(channels: Sequence[Channel]) -> Iterator[ChannelGroup]:
    """Yield a stream for each rate, and in it for signals of the brain, for EMG and for the rest.

    A stream is named by its type, the most frequent one in it, and by its rate where several of
    that type differ in it: the names are the same for all recordings of a setup. Labels that
    repeat get a number, and channels without one are numbered.

    Examples
    --------
    >>> channels = [Channel("STN_L", "mV", 1000.0), Channel("EMG", "uV", 1000.0)]
    >>> [(group.info.name, group.info.units, group.columns) for group in groups_of(channels)]
    [('LFP', ('uV',), (0,)), ('EMG', ('uV',), (1,))]
    """
    grouped: dict[tuple[float, str], list[int]] = {}
    for column, channel in enumerate(channels):
        kind = "brain" if channel.type in _OF_THE_BRAIN else channel.type
        grouped.setdefault((channel.rate_hz, kind), []).append(column)
    types = [
        Counter(channels[column].type for column in columns).most_common(1)[0][0]
        for columns in grouped.values()
    ]
    for ((rate_hz, _), columns), kind in zip(grouped.items(), types, strict=True):
        name = kind if types.count(kind) == 1 else f"{kind} {rate_hz:.6g} Hz"
        chosen = [channels[column] for column in columns]
        labels, unlabelled = unique_labels(each.label for each in chosen)
        units = ("uV" if is_voltage_unit(each.unit) else each.unit for each in chosen)
        info = StreamInfo(
            name=name,
            rate_hz=rate_hz,
            channels=labels,
            units=tuple(units),
            dtype="float64",
            lsl_name=name,
            lsl_type=kind,
            unlabelled=unlabelled,
        )
        yield ChannelGroup(info, tuple(columns))


def unique_labels(labels: Iterable[str]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Return labels that differ from each other, and the columns that have none of their own.

    Examples
    --------
    >>> unique_labels(["F1", "F2", "F1", ""])
    (('F1', 'F2', 'F1_2', 'ch4'), (3,))
    """
    wanted = [each.strip() for each in labels]
    taken: set[str] = set()
    made = []
    for column, label in enumerate(wanted):
        base = label or f"ch{column + 1}"
        name, number = base, 1
        while name in taken or (name != base and name in wanted):
            number += 1
            name = f"{base}_{number}"
        taken.add(name)
        made.append(name)
    return tuple(made), tuple(column for column, label in enumerate(wanted) if not label)
