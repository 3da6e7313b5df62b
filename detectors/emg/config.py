"""What the tables of all EMG detectors have in common: the band and the calibrated levels."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Annotated, Final, NamedTuple

import numpy as np
from msgspec import Meta, field
from numpy.typing import NDArray

from detectors.block import StreamLayout
from detectors.checks import require_band, require_within_half_rate
from detectors.stream_detector import StreamDetectorConfig

#: The band of surface EMG, and how much of a stream's rate it may take.
_BAND_HZ: Final = (20.0, 450.0)
_RATE_SHARE: Final = 0.45
#: Standard deviations over rest from which on a muscle counts as active.
ACTIVE_SD: Final = 3.0

_Level = Annotated[float, Meta(gt=0.0, le=1e6)]
_Spread = Annotated[float, Meta(ge=0.0, le=1e6)]


class EmgConfig(StreamDetectorConfig, frozen=True, kw_only=True):
    """The keys that every EMG detector has; its own struct adds its keys and tag.

    Parameters
    ----------
    stream : str
        Name of the stream.
    channels : tuple of str
        Labels, the stream's own or of its montage; empty takes all of them.
    band_hz : tuple of float, optional
        Edges of the band-pass; by default 20 to 450 Hz, or to 0.45 of a lower rate.
    rest_uv, rest_sd_uv : dict of str to float
        Mean and standard deviation of each channel's envelope at rest.
    reference_uv : dict of str to float
        Mean of each channel's envelope in its reference contraction. ``stimloop calibrate --emg``
        writes all three.
    """

    channels: tuple[str, ...] = ()
    band_hz: tuple[float, float] | None = None
    rest_uv: dict[str, _Level] = field(default_factory=dict)
    rest_sd_uv: dict[str, _Spread] = field(default_factory=dict)
    reference_uv: dict[str, _Level] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.band_hz is not None:
            require_band("band_hz", self.band_hz)
        for label, reference_uv in self.reference_uv.items():
            self._require_rest("reference_uv", label)
            least_uv = self.rest_uv[label] + ACTIVE_SD * self.rest_sd_uv[label]
            if reference_uv <= least_uv:
                raise ValueError(
                    f"reference_uv.{label}: expected more than rest and {ACTIVE_SD:g} of its "
                    f"standard deviations ({least_uv:g} µV), found {reference_uv:g}: the reference "
                    "contraction is not above rest; repeat it, and look whether channels are "
                    "swapped"
                )
        for key in ("rest_uv", "rest_sd_uv"):
            for label in getattr(self, key):
                self._require_rest(key, label)

    def _require_rest(self, key: str, label: str) -> None:
        """Expect both numbers of rest of a channel that has one of them, or a reference."""
        for other in ("rest_uv", "rest_sd_uv"):
            if label not in getattr(self, other):
                raise ValueError(f"{other}.{label}: expected one, as {key} has, found none")


class Levels(NamedTuple):
    """What was calibrated, channel by channel, NaN where nothing was, shapes (n_channels,)."""

    rest_uv: NDArray[np.float64]
    rest_sd_uv: NDArray[np.float64]
    reference_uv: NDArray[np.float64]


def levels_of(config: EmgConfig, layout: StreamLayout, channels: Sequence[str]) -> Levels:
    """Return the calibrated levels of channels.

    Raises
    ------
    ValueError
        Where one is of a channel that the stream does not have.
    """
    found = []
    for key in Levels._fields:
        named: Mapping[str, float] = getattr(config, key)
        for label in named:
            if label not in layout.channels:
                raise ValueError(
                    f"{key}: expected channels of {', '.join(layout.channels)}, "
                    f"{layout.found_text(label)}"
                )
        found.append(np.array([named.get(label, np.nan) for label in channels], dtype=np.float64))
    return Levels(*found)


def band_of(config: EmgConfig, rate_hz: float) -> tuple[float, float]:
    """Return the edges of the band-pass at a rate.

    Raises
    ------
    ValueError
        Where the band does not end below half the rate.
    """
    if config.band_hz is None:
        band_hz = (_BAND_HZ[0], min(_BAND_HZ[1], _RATE_SHARE * rate_hz))
        if not band_hz[0] < band_hz[1]:
            raise ValueError(
                f"stream: expected EMG of more than {_BAND_HZ[0] / _RATE_SHARE:.0f} Hz, found "
                f"{config.stream!r} with {rate_hz:g} Hz"
            )
        return band_hz
    require_within_half_rate("band_hz", config.band_hz, config.stream, rate_hz)
    if config.band_hz[1] >= rate_hz / 2.0:
        raise ValueError(
            f"band_hz: expected less than {rate_hz / 2.0:g} Hz, half the rate of "
            f"{config.stream!r}, found [{config.band_hz[0]:g}, {config.band_hz[1]:g}]"
        )
    return config.band_hz


def require_envelope(envelope_hz: float, stream: str, rate_hz: float) -> None:
    """Expect the low-pass of an envelope to lie below half the rate.

    Raises
    ------
    ValueError
        Where it does not.
    """
    if envelope_hz >= rate_hz / 2.0:
        raise ValueError(
            f"envelope_hz: expected less than {rate_hz / 2.0:g} Hz, half the rate of {stream!r}, "
            f"found {envelope_hz:g}"
        )


def pairs_of(
    pairs: Sequence[tuple[str, str]], channels: Sequence[str], layout: StreamLayout
) -> tuple[tuple[str, str], ...]:
    """Return the pairs of muscles: those that are named, or all of the channels.

    Raises
    ------
    ValueError
        Where a label is not among the channels, or a pair is none or stands twice.
    """
    for index, (a, b) in enumerate(pairs):
        for label in (a, b):
            if label not in channels:
                raise ValueError(
                    f"pairs[{index}]: expected one of {', '.join(channels)}, "
                    f"{layout.found_text(label)}"
                )
        if a == b:
            raise ValueError(f"pairs[{index}]: expected two muscles, found {a!r} with itself")
        if {a, b} in [set(other) for other in pairs[:index]]:
            raise ValueError(f"pairs[{index}]: expected unique pairs, found {a!r}, {b!r} twice")
    return tuple(pairs) or tuple(combinations(channels, 2))
