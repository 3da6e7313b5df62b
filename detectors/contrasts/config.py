"""How an event contrast is configured."""

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from detectors.detector import DetectorConfig, Reads

_Text: TypeAlias = Annotated[str, Meta(min_length=1, max_length=256)]
_Texts: TypeAlias = Annotated[tuple[_Text, ...], Meta(min_length=1, max_length=64)]
_Moment: TypeAlias = Annotated[float, Meta(ge=-600.0, le=600.0)]

#: What is said of two conditions: first less second, first over second, or (first less second)
#: over (first plus second).
Form: TypeAlias = Literal["difference", "ratio", "index"]
#: How the epochs of a condition are averaged.
Mean: TypeAlias = Literal["arithmetic", "geometric"]


class ConditionConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of the two conditions: which markers, and which time around each.

    Parameters
    ----------
    markers : tuple of str
        Texts of the markers that begin an epoch of it.
    window_s : tuple of float
        Begin and end of the epoch in seconds from the marker; the end is no part of it.

    Raises
    ------
    ValueError
        Where it ends before it begins.

    Examples
    --------
    >>> ConditionConfig(markers=("trick",), window_s=(-3.0, 0.0)).markers
    ('trick',)
    """

    markers: _Texts
    window_s: tuple[_Moment, _Moment]

    def __post_init__(self) -> None:
        start_s, stop_s = self.window_s
        if not start_s < stop_s:
            raise ValueError(f"window_s: expected begin < end, found [{start_s:g}, {stop_s:g}]")


class RestConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which trials of raw EMG are taken: the muscle has to be at rest before the marker.

    Parameters
    ----------
    rms_uv_max : float
        Highest RMS about the mean before the marker; 20 to 50 µV are usual.
    window_s : tuple of float
        Where the muscle has to be at rest, in seconds from the marker. It has to end before the
        artifact of the first pulse: before the conditioning pulse of a pair.

    Raises
    ------
    ValueError
        Where the window ends before it begins.

    Examples
    --------
    >>> RestConfig(rms_uv_max=20.0).window_s
    (-0.11, -0.01)
    """

    rms_uv_max: Annotated[float, Meta(gt=0.0, le=1e6)] = 30.0
    window_s: tuple[_Moment, _Moment] = (-0.11, -0.01)

    def __post_init__(self) -> None:
        start_s, stop_s = self.window_s
        if not start_s < stop_s:
            raise ValueError(f"window_s: expected begin < end, found [{start_s:g}, {stop_s:g}]")


class EventContrastConfig(
    DetectorConfig, frozen=True, kw_only=True, tag_field="kind", tag="event_contrast"
):
    """A `[[detectors]]` table of kind ``event_contrast``.

    Parameters
    ----------
    of : str, optional
        Id of the detector whose measure is averaged over each epoch.
    measure : str
        Which of its measures; empty where it has one only.
    stream : str, optional
        In place of `of`: the stream whose samples' peak-to-peak amplitude within each epoch is
        taken, as of motor evoked potentials.
    rest : RestConfig
        Which trials of `stream` are taken.
    channels : tuple of str
        Labels; empty takes all of them.
    first, second : ConditionConfig
        The two conditions.
    paired : bool
        Whether one epoch of each condition belong together: those of one marker where both
        conditions have the same markers, else two that follow one another.
    pairs_begin_with : {"first", "second", "either"}, optional
        Whose epoch begins a pair of two markers; required there. With "either" a marker that is
        missing shifts the pairs after it.
    mean : {"arithmetic", "geometric"}
        How epochs are averaged; "geometric" for amplitudes that scatter by a factor, as MEPs.
    form : {"difference", "ratio", "index"}
        First less second; first over second; first less second over their sum. A ratio is one of
        means, never a mean of the ratios of single trials: that is too high by exp(σ²).
    confidence : float
        Of the interval, and of the level of chance.
    n_min : int
        Epochs of each condition below which there is no contrast.
    n_max : int
        Newest epochs of each condition (pairs, where paired) that are kept.
    n_permutations : int
        Relabellings that the p is from; all of them where there are no more.
    seed : int
        Of the relabellings.
    apart_s : float
        Markers of one condition nearer than this are one that was doubled.
    wait_s : float
        How long after an epoch its marker may still come.
    lost_share_max : float
        Highest share of epochs that may be lost.
    hop_s : float
        From one estimate to the next.

    Raises
    ------
    ValueError
        Where not one of `of` and `stream` is written, or keys contradict each other.

    Examples
    --------
    >>> rest, task = ({"markers": [text], "window_s": [0, 5]} for text in ("rest", "write"))
    >>> config = msgspec.convert(
    ...     {"kind": "event_contrast", "id": "task", "of": "low", "first": task, "second": rest},
    ...     EventContrastConfig,
    ... )
    >>> [read.kind for read in config.reads]
    ['samples', 'detector']
    """

    of: str | None = None
    measure: str = ""
    stream: str | None = None
    rest: RestConfig = RestConfig()
    channels: tuple[str, ...] = ()
    first: ConditionConfig
    second: ConditionConfig
    paired: bool = False
    pairs_begin_with: Literal["first", "second", "either"] | None = None
    mean: Mean = "arithmetic"
    form: Form = "difference"
    confidence: Annotated[float, Meta(ge=0.5, le=0.999)] = 0.95
    n_min: Annotated[int, Meta(ge=2, le=1000)] = 5
    n_max: Annotated[int, Meta(ge=2, le=1000)] = 500
    n_permutations: Annotated[int, Meta(ge=99, le=9999)] = 999
    seed: Annotated[int, Meta(ge=0, le=2**53)] = 0
    apart_s: Annotated[float, Meta(ge=0.0, le=60.0)] = 0.05
    wait_s: Annotated[float, Meta(ge=0.0, le=60.0)] = 0.5
    lost_share_max: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.5
    hop_s: Annotated[float, Meta(gt=0.0, le=60.0)] = 0.1

    def __post_init__(self) -> None:
        if (self.of is None) == (self.stream is None):
            found = "neither" if self.of is None else "both"
            raise ValueError(f"of: expected either a detector or a stream, found {found}")
        if self.stream is not None and self.measure:
            raise ValueError(
                f"measure: expected none of a stream's samples, found {self.measure!r}"
            )
        if self.form == "difference" and self.mean == "geometric":
            raise ValueError(
                "form: expected 'ratio' or 'index' of geometric means, found 'difference'"
            )
        if self.is_of_two_markers != (self.pairs_begin_with is not None):
            wanted = "'first', 'second' or 'either'" if self.is_of_two_markers else "none"
            raise ValueError(
                f"pairs_begin_with: expected {wanted} where epochs are "
                f"{'pairs of two markers' if self.is_of_two_markers else 'no pairs of two markers'}"
                f", found {self.pairs_begin_with or 'none'!r}"
            )
        if self.n_max < self.n_min:
            raise ValueError(f"n_max: expected n_min ({self.n_min}) or more, found {self.n_max}")
        if self.first == self.second:
            raise ValueError("second: expected another condition than first, found the same")

    @property
    def is_of_two_markers(self) -> bool:
        """Whether epochs are pairs that a marker each begins."""
        return self.paired and set(self.first.markers) != set(self.second.markers)

    @property
    def reads(self) -> tuple[Reads, ...]:
        """The stream, or the detector and the samples that it depends on."""
        if self.stream is not None:
            return (Reads("stream", "stream", self.stream),)
        of = str(self.of)
        return (Reads("of", "samples", of), Reads("of", "detector", of))
