"""Everything the loop can be fed. One queue puts these in order; the journal keeps them all."""

from typing import Literal, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from stimulators.gate.usage.past import DevicePast
from stimulators.wire.received import Received

#: What a source may notice about its stream.
Change: TypeAlias = Literal["silent", "heard", "lost", "resumed", "changed"]


class Chunk(msgspec.Struct, frozen=True, tag=True, gc=False):
    """What a source gave in one piece; read-only and in memory of its own.

    Parameters
    ----------
    stream : str
        The stream's name in the configuration.
    first_sample : int
        Index of the first row, counted from the stream's first sample of the session.
    samples : ndarray, shape (n_samples, n_channels)
        The stream's own data type and unit.
    timestamps_s : ndarray of float64, shape (n_samples,)
        Raw stamps in the sender's clock, neither corrected nor smoothed.
    """

    stream: str
    first_sample: int
    samples: NDArray[np.generic]
    timestamps_s: NDArray[np.float64]


class Marker(msgspec.Struct, frozen=True, tag=True, gc=False):
    """One event of a marker stream; `time_s` is its raw stamp."""

    stream: str
    time_s: float
    text: str


class ClockCorrection(msgspec.Struct, frozen=True, tag=True, gc=False):
    """What to add to a stream's stamps to reach the service's clock, from its next sample on."""

    stream: str
    correction_s: float
    uncertainty_s: float


class StreamChanged(msgspec.Struct, frozen=True, tag=True, gc=False):
    """A source noticed something about its stream that the samples cannot say.

    ``silent`` and ``lost`` end the flow of samples. ``heard`` comes before the first sample that
    ends a silence, and ``resumed`` begins a lost stream again (its next sample restarts every
    window). ``changed``: what answers in place of a lost stream is another kind of stream, and
    no sample of it is taken.

    Parameters
    ----------
    stream : str
        The stream's name in the configuration.
    what : str
        What was noticed.
    detail : str
        The same for people, with what was found.
    uid : str
        The LSL outlet that answers, where ``what`` is ``resumed`` or ``changed``; each outlet
        that a sender opens has a new one.
    is_same_sender : bool
        Whether that is the very outlet that was lost. Another one may be another machine, or the
        same amplifier at another patient: nobody but the operator knows.
    """

    stream: str
    what: Change
    detail: str = ""
    uid: str = ""
    is_same_sender: bool = True


class Tick(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Time has passed: ramps, leases and time-outs are due."""


class Slept(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The machine slept for `lasted_s` seconds, while the service's clock stood still."""

    lasted_s: float


class PastKnown(msgspec.Struct, frozen=True, tag=True, gc=False):
    """What earlier services of the rig gave, as their ledger says; the first event of a run.

    `read_s` is when its ages were so, by the service's clock; None for the moment of the event.
    """

    past: tuple[DevicePast, ...]
    read_s: float | None = None


class NullLate(msgspec.Struct, frozen=True, tag=True, gc=False):
    """What chance gives, for one channel of a detector, is not computed at the samples it is due.

    From here on it is not valid until it is there. A computation in time is no event: it follows
    from the samples.

    Parameters
    ----------
    detector, channel : str
        Whose it is.
    reason : str
        Why it will not be there at all, where computing it failed.
    """

    detector: str
    channel: str
    reason: str = ""


class NullArrived(msgspec.Struct, frozen=True, tag=True, gc=False):
    """What was late is computed: it takes effect at the next sample of the detector's stream."""

    detector: str
    channel: str


class RecorderChanged(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Whether the session's recording is being written, where one is wanted; told at each change.

    Parameters
    ----------
    is_recording : bool
        Whether it is.
    detail : str
        What it is written to, or why it is not written.
    remedy : str
        What to do about that.
    """

    is_recording: bool
    detail: str
    remedy: str = ""


class Fault(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Something in the service itself failed: everything to safe."""

    reason: str


#: Every event but samples.
Happening: TypeAlias = (
    Marker
    | ClockCorrection
    | StreamChanged
    | Tick
    | Slept
    | PastKnown
    | NullLate
    | NullArrived
    | RecorderChanged
    | Fault
    | Received
)
Event: TypeAlias = Chunk | Happening
