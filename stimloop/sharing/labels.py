"""What a session is called in a BIDS dataset: subject, session, task, run, and the rules for it."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from stimloop.errors import ConfigError

#: Letters, digits and plus signs, as the schema of BIDS has it.
_LABEL: Final = re.compile(r"[0-9A-Za-z+]+")
_INDEX: Final = re.compile(r"[0-9]+")
_NO_LETTER: Final = re.compile(r"[^0-9A-Za-z]")
#: Each entity, how BIDS abbreviates it, in the order of a file's name.
_ENTITIES: Final = (
    ("subject", "sub"),
    ("session", "ses"),
    ("task", "task"),
    ("acquisition", "acq"),
    ("run", "run"),
)


class Labels(msgspec.Struct, frozen=True, kw_only=True):
    """The entities of every file of one session.

    Parameters
    ----------
    subject, task : str
        Always there.
    session, acquisition, run : str
        Empty where there is none.

    Raises
    ------
    ConfigError
        Where one has a character that BIDS does not allow: a line for each.

    Examples
    --------
    >>> labels = Labels(subject="07", session="pre", task="rest", run="1")
    >>> labels.stem("ieeg"), labels.folder
    ('sub-07_ses-pre_task-rest_run-1_ieeg', 'sub-07/ses-pre')
    """

    subject: str
    task: str
    session: str = ""
    acquisition: str = ""
    run: str = ""

    def __post_init__(self) -> None:
        wrong = list(self._mistakes())
        if wrong:
            raise ConfigError(*wrong)

    @property
    def folder(self) -> str:
        """The folder of the session below the dataset's."""
        return "/".join(self._parts(("subject", "session")))

    def stem(self, suffix: str, *, only: tuple[str, ...] = (), recording: str = "") -> str:
        """Return the name of a file without its extension; `only` some entities, all without."""
        parts = self._parts(only or tuple(name for name, _ in _ENTITIES))
        if recording:
            parts.append(f"recording-{recording}")
        return "_".join([*parts, suffix])

    def of_stream(self, label: str) -> "Labels":
        """Return the labels of one of several streams of a datatype, told apart by `acq`."""
        return msgspec.structs.replace(self, acquisition=f"{self.acquisition}{label}")

    def _parts(self, names: tuple[str, ...]) -> list[str]:
        return [
            f"{short}-{getattr(self, name)}"
            for name, short in _ENTITIES
            if name in names and getattr(self, name)
        ]

    def _mistakes(self) -> Iterator[str]:
        for name, _ in _ENTITIES:
            label = getattr(self, name)
            pattern, allowed = _LABEL, "letters and digits only, as BIDS has it"
            if name == "run":
                pattern, allowed = _INDEX, "a whole number, as BIDS has it"
            if name in {"subject", "task"} and not label:
                yield f"--{name}: expected {allowed}, found nothing"
            elif label and not pattern.fullmatch(label):
                yield f"--{name}: expected {allowed}, found {label!r}"


def stream_labels(names: Iterable[str]) -> dict[str, str]:
    """Return a label for each stream, each another, by the stream's name.

    Examples
    --------
    >>> stream_labels(["LFP left", "LFP_left", "-"])
    {'LFP left': 'LFPleft', 'LFP_left': 'LFPleft2', '-': 'stream'}
    """
    found: dict[str, str] = {}
    for name in names:
        label = first = cleaned(name) or "stream"
        number = 1
        while label in found.values():
            number += 1
            label = f"{first}{number}"
        found[name] = label
    return found


def cleaned(text: str) -> str:
    """Return what BIDS allows in a label of any text.

    Examples
    --------
    >>> cleaned("STN left_1")
    'STNleft1'
    """
    return _NO_LETTER.sub("", text)
