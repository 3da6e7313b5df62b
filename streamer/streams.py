"""The `[[streams]]` table: which stream is meant, and what it must be."""

from typing import Annotated

import msgspec
from msgspec import Meta

from detectors.conditioning.conditioner import ConditioningConfig

_Text = Annotated[str, Meta(min_length=1)]


#: Keys that a stream must equal.
_EQUAL = ("name", "type", "source_id", "hostname", "uid")


class Match(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The properties that a stream must have, and which stream is meant where several have them.

    Parameters
    ----------
    name, type : str, optional
        The stream's LSL name and content type.
    source_id : str, optional
        The device's own identifier; it survives a restart of the sender.
    hostname : str, optional
        The machine that sends.
    uid : str, optional
        The outlet's own identifier; it is another after each start of the sender.
    has_samples : bool
        Leave out streams that give no sample: in a recording the empty ones, on the network
        those that give none within ``[lsl] resolve_s``.
    index : int, optional
        Which of those that still answer, the first being 0: in the order of the recording; on
        the network in the order in which they were created.

    Raises
    ------
    ValueError
        Where no key is given: any stream at all would answer.
    """

    name: _Text | None = None
    type: _Text | None = None
    source_id: _Text | None = None
    hostname: _Text | None = None
    uid: _Text | None = None
    has_samples: bool = False
    index: Annotated[int, Meta(ge=0, le=999)] | None = None

    def __post_init__(self) -> None:
        if not self.asked and not self.is_choosing:
            raise ValueError(
                "match: expected at least one of name, type, source_id, hostname, uid, index and "
                "has_samples, found none"
            )

    @property
    def asked(self) -> dict[str, str]:
        """The texts that a stream must equal, in the order of the fields."""
        return {key: value for key in _EQUAL if (value := getattr(self, key))}

    @property
    def is_choosing(self) -> bool:
        """Whether it chooses one among streams of equal properties."""
        return self.has_samples or self.index is not None


class StreamConfig(ConditioningConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[streams]]` table.

    Parameters
    ----------
    match : Match
        Which stream on the network, or in a recording, is meant.
    channels : tuple of str
        The labels the stream must have, in this order; channels without a label get theirs from
        here. Empty takes them as they come.
    silence_s : float
        A regular stream that gives no sample for this many seconds is reported silent. Amplifiers
        deliver blocks of up to 0.25 s; the default is three times that.
    reconnect : bool
        Whether a stream that was lost is looked for again.
    buffer_s : int
        Seconds of samples that may wait, unread, before the oldest are dropped (and found
        missing by their stamps).
    """

    match: Match
    channels: tuple[_Text, ...] = ()
    silence_s: Annotated[float, Meta(gt=0.0, le=60.0)] = 0.75
    reconnect: bool = True
    buffer_s: Annotated[int, Meta(ge=1, le=360)] = 10
