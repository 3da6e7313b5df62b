"""What every artifact step is: its table, what it takes and what it returns."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from detectors.block import MARKER, BoundEvent, StreamLayout, Taint
from detectors.conditioning.findings import Finding


class Stepped(NamedTuple):
    """What a step made of samples: in memory of its own, with what it found."""

    samples_uv: NDArray[np.float64]
    taint: NDArray[np.uint16]
    findings: list[Finding]


class ArtifactStep(Protocol):
    """A pure, causal function of a stream's samples: the same bits in any chunks.

    A step is constructed as ``cls(config, layout, counts)``; it raises ValueError, the text
    beginning with the key, where its table does not fit the stream. Everything begins anew at a
    sample with ``RESTART``. Samples that carry taint which spoils windows are not learned from.

    Attributes
    ----------
    delay_s : float
        How much later samples, or marks, come than what they are of.
    """

    #: The struct this step is configured by; its tag is the `kind` in the file.
    configured_by: ClassVar[type[Any]]
    #: Whether events change what it makes of samples: then no sample can be taken before they come.
    reads_events: ClassVar[bool]

    delay_s: float

    def __init__(self, config: Any, layout: StreamLayout, counts: Counter[str]) -> None: ...  # noqa: ANN401 its own

    def update(
        self,
        samples_uv: NDArray[np.float64],
        taint: NDArray[np.uint16],
        events: Sequence[BoundEvent],
        first_sample: int,
    ) -> Stepped:
        """Take the next samples; never raises on data, never changes the arrays it is handed."""
        ...

    def reset(self) -> None:
        """Forget everything but the counts: what follows is as after construction."""
        ...


def rows_of(
    events: Sequence[BoundEvent],
    kind: str,
    markers: Sequence[str],
    first_sample: int,
    n_samples: int,
) -> list[int]:
    """Return the rows of a chunk that events of a kind, or one of the markers, are bound to."""
    rows = {
        event.sample - first_sample
        for event in events
        if event.kind == kind or (event.kind == MARKER and event.text in markers)
    }
    return sorted(row for row in rows if 0 <= row < n_samples)


def restarts_of(taint: NDArray[np.uint16]) -> list[int]:
    """Return the rows at which the stream restarts."""
    return [int(row) for row in np.flatnonzero(taint[:, 0] & np.uint16(Taint.RESTART))]


def episodes(
    is_on: NDArray[np.bool_],
    was_on: NDArray[np.bool_],
    *,
    kind: str,
    channels: Sequence[str],
    texts: tuple[str, str],
    first_sample: int,
) -> Iterator[Finding]:
    """Yield where a mark begins and ends on a channel.

    Parameters
    ----------
    is_on : ndarray of bool, shape (n_samples, n_channels)
        Whether each sample carries the mark.
    was_on : ndarray of bool, shape (n_channels,)
        Whether the sample before did.
    kind, channels, texts, first_sample
        Of the findings: the texts are of the beginning and of the end.
    """
    if not (is_on.any() or was_on.any()):
        return
    before = np.vstack((was_on, is_on[:-1]))
    for row, channel in np.argwhere(is_on != before).tolist():
        label = channels[channel]
        begins = bool(is_on[row, channel])
        yield Finding(
            first_sample + row,
            kind,
            label if begins else f"{label} over",
            f"{label} {texts[0] if begins else texts[1]}",
            begins,
        )
