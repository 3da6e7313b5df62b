"""When markers say that a muscle is at rest, and when it is in its reference contraction."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from replay.calibration.choosing import CalibrationError
from replay.recording import RecordedStream, Recording
from replay.timeline.timelines import timelines
from streamer.lsl.marker_text import marker_text

_Span = tuple[float, float]


class MarkerWords(NamedTuple):
    """How the texts of the markers begin that a calibration goes by.

    Parameters
    ----------
    rest, reference : str
        Of rest, and of a reference contraction. Behind `reference` the label of a channel may
        stand, ``reference FLEXOR``: then it is of this channel alone.
    skip_s : float
        Left out after a marker: until a person has done what it says.
    longest_s : float
        What a marker stands for at most; it ends with the next marker of any text.
    """

    rest: str = "rest"
    reference: str = "reference"
    skip_s: float = 1.0
    longest_s: float = 30.0


class Intervals(NamedTuple):
    """From when to when, in the clock of the signal.

    Parameters
    ----------
    rest : tuple of (float, float)
        Of all channels.
    reference : dict of str to tuple of (float, float)
        Of each channel that has any.
    named : frozenset of str
        Channels that a marker names.
    """

    rest: tuple[_Span, ...]
    reference: dict[str, tuple[_Span, ...]]
    named: frozenset[str]


def intervals_of(
    recording: Recording, signal: RecordedStream, channels: Sequence[str], words: MarkerWords
) -> Intervals:
    """Return what the markers of a recording say.

    Markers of the same text add up, in whatever order they come. Of two at one moment the last
    counts.

    Raises
    ------
    CalibrationError
        Where no marker says that there is rest, or one names a channel that is none.
    """
    found = sorted(_markers(recording, signal))
    rest: list[_Span] = []
    reference: dict[str, list[_Span]] = {}
    named: set[str] = set()
    ends = [time_s for time_s, _ in found[1:]] + [float("inf")]
    for (time_s, text), end_s in zip(found, ends, strict=True):
        span = (time_s + words.skip_s, min(end_s, time_s + words.longest_s))
        if span[0] >= span[1]:
            continue
        if text.startswith(words.rest):
            rest.append(span)
        elif text.startswith(words.reference):
            label = text.removeprefix(words.reference).strip(" :_-")
            if label and label not in channels:
                raise CalibrationError(
                    f"marker {text!r}: expected one of {', '.join(channels)} behind "
                    f"{words.reference!r}, or nothing, found {label!r}"
                )
            named |= {label} if label else set()
            for each in [label] if label else channels:
                reference.setdefault(each, []).append(span)
    if not rest:
        listed = ", ".join(sorted({repr(text[:40]) for _, text in found})[:12]) or "none"
        raise CalibrationError(
            f"markers: expected one that begins with {words.rest!r}, and "
            f"{words.skip_s:g} s behind it before the next, found {listed}"
        )
    return Intervals(
        tuple(rest),
        {label: tuple(spans) for label, spans in reference.items()},
        frozenset(named),
    )


def _markers(recording: Recording, signal: RecordedStream) -> Iterator[tuple[float, str]]:
    for each in recording.streams:
        if each.is_signal or not each.n_samples:
            continue
        times_s = timelines((signal, each))[1].read(0, each.n_samples).times_s
        rows = each.read(0, each.n_samples).samples
        yield from zip(times_s.tolist(), map(marker_text, rows), strict=True)
