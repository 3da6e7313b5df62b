"""The input of every detector: conditioned samples with their times and taint."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.spelling import case_hint


class Taint(enum.IntFlag):
    """Why a sample cannot be trusted, one bit a reason, per sample and channel.

    Examples
    --------
    >>> taint = Taint.RESTART | Taint.SATURATED
    >>> Taint.SATURATED in taint, Taint.FROZEN in taint
    (True, False)
    """

    NONE = 0
    #: The stream (re)starts at this sample: its first one, the first after a reconnection, or the
    #: one that confirms a gap or a clock reset. Every window, filter and hop grid starts anew
    #: here; of the samples before it, only those without ``SUSPECT_STAMP`` belong to its past.
    RESTART = 1
    #: The stamp does not fit yet (a gap that is not confirmed, or only a late chunk). Estimates
    #: whose newest sample carries it are invalid; the sample itself may be good.
    SUSPECT_STAMP = 2
    #: The sample was not finite; the last good value stands in its place.
    NOT_FINITE = 4
    #: The channel has repeated one value for too long.
    FROZEN = 8
    #: The channel sits at its rail.
    SATURATED = 16
    #: The amplitude cannot be what the unit says.
    IMPLAUSIBLE = 32
    #: The sample was held, or had the stimulation's artifact taken off: usable, but not raw.
    STIMULATION = 64
    #: Slow activity far beyond the channel's own level: it moves.
    MOVEMENT = 128
    #: An artifact is, or may be, in the sample and could not be taken off.
    UNCLEANED = 256
    #: On a grid of several streams: nothing came for this moment; the last value stands in.
    MISSING = 512


#: Taint that spoils each window that contains the sample.
WINDOW_TAINT = (
    Taint.NOT_FINITE
    | Taint.FROZEN
    | Taint.SATURATED
    | Taint.IMPLAUSIBLE
    | Taint.MOVEMENT
    | Taint.UNCLEANED
    | Taint.MISSING
)
#: Taint that spoils only the estimate whose newest sample carries it.
NEWEST_TAINT = Taint.SUSPECT_STAMP
#: Taint that spoils nothing: an estimate from such samples is valid, and says so.
SOFT_TAINT = Taint.STIMULATION

#: Kinds of `BoundEvent`: of a marker stream, a single pulse, and another amplitude than before.
MARKER = "marker"
STIMULATION_PULSE = "stimulation_pulse"
STIMULATION_CHANGE = "stimulation_change"


@dataclass(frozen=True, slots=True)
class StreamLayout:
    """One stream as detectors know it: after units and montage.

    Parameters
    ----------
    name : str
        The stream's name in the configuration.
    rate_hz : float
        Nominal sampling rate; every grid and window is counted in samples of it.
    channels : tuple of str
        Unique labels, the stream's own first, then the derived ones.
    left_out : tuple of str
        Labels of the stream's own channels that nothing can use, as they have no unit of voltage.

    Examples
    --------
    >>> layout = StreamLayout("LFP", rate_hz=1000.0, channels=("STN_L", "M1"))
    >>> layout.require(("STN",))
    Traceback (most recent call last):
        ...
    ValueError: channels[0]: expected one of STN_L, M1, found 'STN'
    """

    name: str
    rate_hz: float
    channels: tuple[str, ...]
    left_out: tuple[str, ...] = ()

    def require(self, channels: Sequence[str]) -> None:
        """Expect each of a detector's `channels` to be here, and none to stand twice.

        Raises
        ------
        ValueError
            With the index in the detector's table.
        """
        for index, label in enumerate(channels):
            if label not in self.channels:
                raise ValueError(
                    f"channels[{index}]: expected one of {', '.join(self.channels)}, "
                    f"{self.found_text(label)}"
                )
            if label in channels[:index]:
                raise ValueError(
                    f"channels[{index}]: expected unique labels, found {label!r} twice"
                )

    def found_text(self, label: str) -> str:
        """Return the end of a message about a label that is not among the channels."""
        if label in self.left_out:
            return (
                f"found {label!r}, which has no unit of voltage: where its numbers are microvolts, "
                f'write unit = "uV" in the table of stream {self.name}'
            )
        return f"found {label!r}{case_hint(label, self.channels)}"


@dataclass(frozen=True, slots=True)
class BoundEvent:
    """Something that happened to the stream, bound to the sample it applies from.

    Parameters
    ----------
    sample : int
        Index of that sample.
    kind : str
        `MARKER`, `STIMULATION_PULSE` or `STIMULATION_CHANGE`.
    text : str
        What a marker says; of a stimulation the device and what it gives.
    time_s : float, optional
        When a marker was stamped, in the service's LSL clock: by the correction of its own stream
        that was known when it came. None where no correction was known, and of a stimulation.

    Examples
    --------
    >>> BoundEvent(sample=1500, kind=MARKER, text="task begins").text
    'task begins'
    """

    sample: int
    kind: str
    text: str = ""
    time_s: float | None = None


@dataclass(frozen=True, slots=True)
class Break:
    """A moment that separates the samples of every stream: a silence, or a step of a clock.

    Samples of one stream before it are not combined with samples of another one after it.

    Parameters
    ----------
    n_breaks : mapping of str to int
        For each stream how many breaks it has caused so far.
    silent : frozenset of str
        Streams that give nothing from here on, until a break says otherwise.
    next_sample : mapping of str to int
        For each stream the index of its first sample after the break.

    Examples
    --------
    >>> silence = Break({"LFP": 1}, silent=frozenset({"LFP"}), next_sample={"LFP": 4000})
    >>> "LFP" in silence.silent
    True
    """

    n_breaks: Mapping[str, int]
    silent: frozenset[str]
    next_sample: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive samples of one stream after montage, quality and stamp smoothing.

    Parameters
    ----------
    stream : str
        Name of the stream.
    first_sample : int
        Index of the first row, counted from the stream's first sample of the session.
    samples_uv : ndarray of float64, shape (n_samples, n_channels)
        Microvolts, C-contiguous, always finite.
    time_s : ndarray of float64, shape (n_samples,)
        Smoothed time in the service's LSL clock, non-decreasing between restarts.
    taint : ndarray of uint16, shape (n_samples, n_channels)
        Bits of `Taint`.
    events : tuple of BoundEvent
        What was bound to these samples, in order.
    after : Break, optional
        The newest break between the sample before the first row and that row.

    Examples
    --------
    One second of a channel at 1 kHz, which begins the stream:

    >>> import numpy as np
    >>> time_s = np.arange(1000) / 1000.0
    >>> samples_uv = 10.0 * np.sin(2.0 * np.pi * 20.0 * time_s)[:, None]
    >>> taint = np.zeros(samples_uv.shape, dtype=np.uint16)
    >>> taint[0] = Taint.RESTART
    >>> Block("LFP", 0, samples_uv, time_s, taint).samples_uv.shape
    (1000, 1)
    """

    stream: str
    first_sample: int
    samples_uv: NDArray[np.float64]
    time_s: NDArray[np.float64]
    taint: NDArray[np.uint16]
    events: tuple[BoundEvent, ...] = ()
    after: Break | None = None
