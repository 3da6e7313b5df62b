"""The seam every detector fits, built in or from elsewhere."""

from typing import ClassVar, Protocol, TypeAlias

import msgspec

from detectors.block import Block
from detectors.estimates import Estimates, Seen

#: What a detector folds: a block of a stream, or the estimates of the detector it is `of`.
Input: TypeAlias = Block | Estimates


class DetectorConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every `[[detectors]]` table has; each detector's own struct adds its keys and tag."""

    id: str


class Detector(Protocol):
    """A pure, causal fold over samples: the same samples give the same bits in any chunks.

    Attributes
    ----------
    id : str
        Name from the configuration.
    outputs : tuple of str
        Name of each column of `Estimates.values`.
    hop_samples : int
        Samples from one estimate to the next.
    rate_hz : float
        Nominal rate of the samples it counts.
    delay_s : float
        Declared delay: group delay plus half the window.
    """

    #: The struct this detector is configured by; its tag is the `kind` in the file.
    config_type: ClassVar[type[DetectorConfig]]

    id: str
    outputs: tuple[str, ...]
    hop_samples: int
    rate_hz: float
    delay_s: float

    def update(self, given: Input) -> Seen:
        """Fold the next input in and return every hop it completed; never raises on data."""
        ...

    def reset(self) -> None:
        """Forget everything: what follows is as after construction."""
        ...
