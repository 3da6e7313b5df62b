"""A bipolar montage suggested by the labels of contacts."""

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from detectors.conditioning.montage import MontageConfig

#: A stem, the number of a contact, and the letter of a segment: LFP_RIGHT_2, STN-L3, GPi_2a.
_CONTACT: Final = re.compile(r"(?P<stem>.*[^\d])?(?P<number>\d{1,2})(?P<segment>[a-cA-C])?")
#: Two contacts: ONE_THREE_LEFT, 0-2, STN_L_13.
_WORDS: Final = frozenset({"ZERO", "ONE", "TWO", "THREE"})
_PAIRED: Final = re.compile(r"\d\s*[-/]\s*[A-Za-z_]*\d")


class _Contact(NamedTuple):
    stem: str
    number: int
    label: str


def suggest(channels: Sequence[str]) -> tuple[MontageConfig, ...]:
    """Return a pair of each two neighbouring contacts of an electrode.

    Contacts belong together where their labels differ by a number alone (``LFP_RIGHT_0``,
    ``LFP_RIGHT_1``); segments of a ring (``2A``, ``2B``, ``2C``) count as their mean. Labels that
    name two contacts already (``ONE_THREE_LEFT``, ``0-2``), and numbered channels without a name
    (``ch1``), give none: whether those are neighbours is not known.

    Notes
    -----
    The difference of two contacts takes off what reaches both alike: the reference, muscles, the
    heart, and the volume conduction of distant sources.

    Examples
    --------
    >>> [each.channel for each in suggest(["STN_L_0", "STN_L_1", "STN_L_2", "EMG"])]
    ['STN_L_0-STN_L_1', 'STN_L_1-STN_L_2']
    """
    rings: dict[str, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for label in channels:
        contact = _contact(label)
        if contact is not None:
            rings[contact.stem][contact.number].append(contact.label)
    made: list[MontageConfig] = []
    for stem, by_number in rings.items():
        for number, following in pairwise(sorted(by_number)):
            if following == number + 1:
                first, second = by_number[number], by_number[following]
                name = f"{_name(stem, number, first)}-{_name(stem, following, second)}"
                if name not in channels:
                    made.append(MontageConfig(channel=name, terms=_terms(first, second)))
    return tuple(made)


def _contact(label: str) -> _Contact | None:
    words = set(re.split(r"[^A-Za-z]+", label.upper()))
    found = _CONTACT.fullmatch(label.strip())
    if found is None or _PAIRED.search(label) or words & _WORDS:
        return None
    stem = (found["stem"] or "").rstrip()
    if not stem.strip("_- :") or stem.lower().strip("_- :") in {"ch", "channel", "aux", "chan"}:
        return None
    return _Contact(stem, int(found["number"]), label)


def _name(stem: str, number: int, labels: Sequence[str]) -> str:
    return labels[0] if len(labels) == 1 else f"{stem}{number}"


def _terms(first: Sequence[str], second: Sequence[str]) -> dict[str, float]:
    return {label: 1.0 / len(first) for label in first} | {
        label: -1.0 / len(second) for label in second
    }
