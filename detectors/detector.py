"""The interface of every detector, built in or of another package: table, inputs, outputs."""

from typing import Annotated, ClassVar, Literal, NamedTuple, Protocol, TypeAlias

import msgspec
from msgspec import Meta

from detectors.block import Block, StreamLayout
from detectors.estimates import Estimates, Seen
from detectors.outputs import Output

#: What a detector is handed: a block of a stream, or the estimates of the detector it is `of`.
Input: TypeAlias = Block | Estimates


class Reads(NamedTuple):
    """One input of a detector, as its table names it.

    Parameters
    ----------
    key : str
        The key of the table that names it; errors begin with it.
    kind : {"stream", "detector", "noise", "samples"}
        A stream; a detector that stands earlier in the file; the `NullSimulation` of such a
        detector, which is only passed to the constructor, for detectors that compute a null; or
        the samples of the streams that such a detector depends on.
    name : str
        Name of the stream or id of the detector.

    Examples
    --------
    >>> Reads(key="of", kind="detector", name="beta").name
    'beta'
    """

    key: str
    kind: Literal["stream", "detector", "noise", "samples"]
    name: str


class DetectorConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every `[[detectors]]` table has; each detector's own struct adds its keys and tag.

    Parameters
    ----------
    id : str
        The detector's name: a level of MQTT topics, so letters, digits, ``-`` and ``_`` only.

    Examples
    --------
    >>> import msgspec
    >>> from detectors.power.band_power import BandPowerConfig
    >>> table = {"kind": "band_power", "id": "beta", "stream": "LFP", "band_hz": [13, 30]}
    >>> msgspec.convert(table, BandPowerConfig).reads
    (Reads(key='stream', kind='stream', name='LFP'),)
    """

    id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]+$", max_length=64)]

    @property
    def reads(self) -> tuple[Reads, ...]:
        """What the detector reads, in the order in which its constructor takes it."""
        raise NotImplementedError


class Detector(Protocol):
    """A pure, causal function of samples: the same samples give the same bits in any chunks.

    A detector is constructed as ``cls(config, *sources)``, with one source for each of
    ``config.reads``: a `StreamLayout`, a `Detector`, a `NullSimulation` or a tuple of layouts. It
    raises ValueError, the text beginning with the key, where they do not fit. A detector with
    several sources gets them in separate calls, as they come; it returns a hop once all sources
    have passed it, and counts samples of the slowest stream (`detectors.alignment.aligner`).

    After every restart of a stream at least one hop is not valid on any channel, so that readers
    of the estimates notice it.

    Attributes
    ----------
    id : str
        Name from the configuration.
    channels : tuple of str
        Labels of the channels that it reads.
    outputs : tuple of Output
        What each column of `Estimates.values` is, channel by channel: measure, unit, name of its
        null, and whether it may be negative.
    hop_samples : int
        Samples from one estimate to the next.
    rate_hz : float
        Nominal rate of the samples it counts.
    delay_s : float
        Declared delay: group delay plus half the window.
    span_samples : int
        Newest samples that an estimate depends on; of a recursive filter those after which 5 % of
        what came before is left.
    detects : tuple of str
        The kinds of its detections; may be left out where it detects nothing.
    reads_events : bool
        Whether it reads the events of blocks, as markers; may be left out where it does not.
    deferrals : list of Deferral
        Computations whose results it needs at later samples, and which its caller may run before;
        may be left out where there are none. Once a result has taken effect it is listed in
        ``bound``, which the caller empties.

    Examples
    --------
    >>> from detectors.power.band_power import BandPower, BandPowerConfig
    >>> config = BandPowerConfig(id="beta", stream="LFP", band_hz=(13.0, 30.0), window_s=0.4)
    >>> beta: Detector = BandPower(config, StreamLayout("LFP", 1000.0, ("STN_L",)))
    >>> beta.hop_samples, beta.delay_s, beta.outputs[0].unit
    (10, 0.2, 'µV²')
    """

    #: The struct this detector is configured by; its tag is the `kind` in the file.
    config_type: ClassVar[type[DetectorConfig]]

    id: str
    channels: tuple[str, ...]
    outputs: tuple[Output, ...]
    hop_samples: int
    rate_hz: float
    delay_s: float
    span_samples: int

    def update(self, given: Input) -> Seen:
        """Take the next input, and return every hop that it completes; never raises on data."""
        ...

    def reset(self) -> None:
        """Forget everything: what follows is as after construction."""
        ...


#: What a detector may be built on.
Upstream: TypeAlias = StreamLayout | Detector | tuple[StreamLayout, ...]
