"""What an inspection finds: of a recording, of each stream, of each channel."""

from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.conditioning.montage import MontageConfig
from detectors.conditioning.quality_config import Kind
from detectors.conditioning.tally import Tallied
from replay.inspection.peaks import LineFit, Peak
from replay.inspection.spectral_lines import SpectralLine

_N_DIGITS: Final = 6


class GapFound(msgspec.Struct, frozen=True, kw_only=True):
    """Time that is missing.

    Parameters
    ----------
    sample : int
        Index of the sample that confirms it: detectors start anew there.
    time_s : float
        From the first sample to that one.
    lost_s : float
        How much is missing.
    """

    sample: int
    time_s: float
    lost_s: float


class Excursions(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds in which a channel goes much further than it mostly does.

    Parameters
    ----------
    n, of : int
        Seconds whose range is over five times the median range, and all that were looked at.
    first_s : float
        When the first of them begins.
    highest_ratio : float
        The largest range over the median one.
    """

    n: int
    of: int
    first_s: float
    highest_ratio: float


class ChannelSpectrum(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The Welch spectrum of a channel.

    Parameters
    ----------
    frequency_hz, density : ndarray of float64, shape (n_bins,)
        Without 0 Hz; the one-sided density in µV²/Hz, or in the square of what the channel has.
    n_segments : int
        Good segments of 2 s, each half a segment after the one before.
    """

    frequency_hz: NDArray[np.float64]
    density: NDArray[np.float64]
    n_segments: int


class ChannelInspection(msgspec.Struct, frozen=True, kw_only=True):
    """One channel, the stream's own or a suggested pair.

    Parameters
    ----------
    channel, unit : str
        Label, and the unit that the file states.
    is_derived : bool
        Whether it is a pair of the suggested montage.
    sd : float or None
        Standard deviation of its good samples, in µV where the unit is one of voltage.
    share_good : float
        Share of its samples without a flaw.
    problem : str
        Why there is no spectrum, or what is doubtful about it; empty where nothing is.
    excursions : Excursions or None
        Seconds of unusual range; None where there is none.
    line : LineFit or None
        The 1/f line.
    peaks : tuple of Peak
        The highest first.
    lines : tuple of SpectralLine
        Mains, stimulation and other narrow lines, by frequency.
    spectrum : ChannelSpectrum or None
        What both are of.
    """

    channel: str
    unit: str
    is_derived: bool
    sd: float | None
    share_good: float
    problem: str
    excursions: Excursions | None
    line: LineFit | None
    peaks: tuple[Peak, ...]
    lines: tuple[SpectralLine, ...]
    spectrum: ChannelSpectrum | None


class StreamInspection(msgspec.Struct, frozen=True, kw_only=True):
    """One stream of a recording.

    Parameters
    ----------
    name, type, source_id : str
        As the stream says, the name as a file of a rig would have it.
    kind : {"lfp", "emg", "markers", "other"}
        What it is judged as.
    rate_hz : float
        As the stream says; 0 for markers.
    measured_hz : float or None
        Over the stamps; None where they do not give a rate.
    n_samples : int
        Samples, or markers.
    duration_s : float
        Samples over the rate; of markers from the first to the last stamp.
    problem : str
        Why the stream cannot be judged; empty where it can.
    gaps : tuple of GapFound
        In order.
    flaws : tuple of Tallied
        Flaws of samples and stamps, by kind and channel.
    search_hz : tuple of float
        Where peaks were searched for.
    montage : tuple of MontageConfig
        The suggested bipolar montage; empty where the labels give none.
    channels : tuple of ChannelInspection
        The stream's own channels, then the pairs.
    tainted : ndarray of float32, shape (n_seconds, n_channels)
        Share of the samples of each second that have a flaw, in the order of `channels`.
    """

    name: str
    type: str
    source_id: str
    kind: Kind
    rate_hz: float
    measured_hz: float | None
    n_samples: int
    duration_s: float
    problem: str = ""
    gaps: tuple[GapFound, ...] = ()
    flaws: tuple[Tallied, ...] = ()
    search_hz: tuple[float, float] = (0.0, 0.0)
    montage: tuple[MontageConfig, ...] = ()
    channels: tuple[ChannelInspection, ...] = ()
    tainted: NDArray[np.float32] = msgspec.field(
        default_factory=lambda: np.empty((0, 0), np.float32)
    )

    @property
    def has_spectrum(self) -> bool:
        """Whether any channel could be judged."""
        return any(each.spectrum is not None for each in self.channels)


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """A recording.

    Parameters
    ----------
    path : str
        The file.
    warnings : tuple of str
        What is missing or damaged in the file, and how much of it can be read.
    streams : tuple of StreamInspection
        In the order of the file.
    """

    path: str
    warnings: tuple[str, ...]
    streams: tuple[StreamInspection, ...]

    @property
    def name(self) -> str:
        """The file's name."""
        return Path(self.path).name

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain data; what is no number is None."""
        return as_plain(self)


def as_plain(found: msgspec.Struct) -> dict[str, Any]:
    """Return a result as plain data: numbers of arrays to six digits, what is none as None."""
    made: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(found, enc_hook=_plain))
    return made


def _plain(value: object) -> Any:  # noqa: ANN401 any plain data
    if isinstance(value, np.ndarray):
        return [_plain(each) for each in value] if value.ndim > 1 else _rounded(value)
    if isinstance(value, np.floating):
        return float(value)
    raise NotImplementedError(f"{type(value).__name__} has no plain form")


def _rounded(values: NDArray[np.floating[Any]]) -> list[float]:
    return [float(f"{each:.{_N_DIGITS}g}") for each in values.tolist()]
