"""Power in a band over a sliding window, equal to a Hann periodogram of that window."""

from typing import Annotated, ClassVar

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from detectors.block import Block, StreamLayout
from detectors.detector import DetectorConfig, Input, Reads
from detectors.estimates import Estimates, Seen
from detectors.kernels.band_power import LANES, N_STATE, PASS, SINCE_HOP, slide


class BandPowerConfig(
    DetectorConfig,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="band_power",
):
    """A `[[detectors]]` table of kind ``band_power``.

    Parameters
    ----------
    stream : str
        Name of the stream.
    channels : tuple of str
        Labels, the stream's own or of its montage; empty takes all of them.
    band_hz : tuple of float
        The frequencies ``low <= f < high`` that are summed.
    window_s : float
        Length of the window; the spectrum has a bin every ``1 / window_s`` hertz.
    hop_s : float
        From one estimate to the next; rounded to samples, at least one.
    """

    stream: str
    band_hz: tuple[float, float]
    channels: tuple[str, ...] = ()
    window_s: Annotated[float, Meta(gt=0.0, le=60.0)] = 1.0
    hop_s: Annotated[float, Meta(gt=0.0, le=60.0)] = 0.01

    def __post_init__(self) -> None:
        low_hz, high_hz = self.band_hz
        if not 0.0 <= low_hz < high_hz:
            raise ValueError(f"band_hz: expected 0 <= low < high, found [{low_hz:g}, {high_hz:g}]")

    @property
    def reads(self) -> tuple[Reads, ...]:
        """The stream."""
        return (Reads("stream", "stream", self.stream),)


class BandPower:
    """Power of a band in a sliding Hann window, in µV² (the stream's unit, squared).

    Each estimate equals ``scipy.signal.periodogram(window, window="hann", detrend="constant",
    scaling="density")`` of the last window, summed over the bins ``low <= f < high`` and
    multiplied by their distance. The sine ``A cos`` inside the band gives ``A² / 2``.

    Parameters
    ----------
    config : BandPowerConfig
        Channels, band, window and hop.
    layout : StreamLayout
        The stream after units and montage.

    Raises
    ------
    ValueError
        Where band, window, hop or channels do not fit the stream.

    Notes
    -----
    Work per hop depends on the number of bins in the band and not on the length of the window
    (which, for a band of so many hertz, decides that number). The Fourier sums of the window slide
    with twiddles looked up by sample index ("modulated" sliding transform [1]_, [2]_), so nothing
    is ever rotated; a second set of sums starts empty every window and replaces the running one
    when it is full, at sample indices counted from the restart. That bounds drift to what two
    windows can gather, and forgets an artifact at the latest one window after it has left. The
    Hann window is applied to the sums, on three neighbouring bins.

    Delay: half the window. Start and gap: everything restarts; estimates are not valid before a
    window is full, and at least one hop after a restart is not. NaN policy: ``invalid``; a
    window that contains a tainted sample is not valid on that channel, an estimate whose newest
    sample carries a doubtful stamp neither. Values beyond 1e12 µV count as tainted and are not
    folded in.

    References
    ----------
    .. [1] E. Jacobsen and R. Lyons, "The sliding DFT", IEEE Signal Processing Magazine 20(2),
       2003, doi:10.1109/MSP.2003.1184347.
    .. [2] K. Duda, "Accurate, guaranteed stable, sliding discrete Fourier transform", IEEE Signal
       Processing Magazine 27(6), 2010, doi:10.1109/MSP.2010.938088.
    """

    config_type: ClassVar[type[DetectorConfig]] = BandPowerConfig

    def __init__(self, config: BandPowerConfig, layout: StreamLayout) -> None:
        self.id = config.id
        self.channels = config.channels or layout.channels
        self.outputs = self.channels
        self.rate_hz = layout.rate_hz
        self.hop_samples = max(1, round(config.hop_s * layout.rate_hz))
        self.window_samples = round(config.window_s * layout.rate_hz)
        self.span_samples = self.window_samples
        self.delay_s = self.window_samples / (2.0 * layout.rate_hz)
        layout.require(config.channels)
        _check_window(config, self.window_samples, self.hop_samples, self.rate_hz)
        bins = _bins(config, self.window_samples, self.rate_hz)
        self._columns = np.array(
            [layout.channels.index(label) for label in self.channels], dtype=np.int64
        )
        self._turns = _turns(self.window_samples)
        self._first_bin = int(bins[0]) - 1
        self._n_bins = bins.size + 2
        self._offsets = _offsets(self._first_bin + np.arange(self._n_bins), self.window_samples)
        self.reset()

    def reset(self) -> None:
        """Forget everything: what follows is as after construction."""
        n_channels = len(self.channels)
        n_groups = -(-n_channels // LANES)
        self._state = np.zeros(N_STATE, dtype=np.int64)
        self._clean = np.zeros(n_channels, dtype=np.int64)
        self._ring = np.zeros((self.window_samples + 1, n_channels))
        self._sums = np.zeros(n_groups * self._n_bins * 4 * LANES)
        self._work = np.zeros(n_groups * 2 * PASS * LANES)
        self._twiddles = np.zeros((self._n_bins, 2))
        self._power = np.zeros(n_groups * 2 * LANES)
        self._none = Seen(Estimates.room(self.id, 0, len(self.outputs)))

    def update(self, given: Input) -> Seen:
        """Fold a block in and return every hop it completed."""
        assert isinstance(given, Block)  # noqa: S101 the chain gives what `reads` names
        n_hops = (int(self._state[SINCE_HOP]) + given.time_s.size) // self.hop_samples
        made = (
            Estimates.room(self.id, n_hops, len(self.outputs)) if n_hops else self._none.estimates
        )
        n_made = slide(
            given.samples_uv,
            given.time_s,
            given.taint,
            given.first_sample,
            self._columns,
            self._turns,
            self._offsets,
            self._first_bin,
            self.hop_samples,
            self._state,
            self._clean,
            self._ring,
            self._sums,
            self._work,
            self._twiddles,
            self._power,
            made.sample,
            made.time_s,
            made.values,
            made.valid,
        )
        return Seen(made.first(n_made)) if n_made else self._none


def _check_window(
    config: BandPowerConfig, window_samples: int, hop_samples: int, rate_hz: float
) -> None:
    low_hz, high_hz = config.band_hz
    if high_hz > rate_hz / 2.0:
        raise ValueError(
            f"band_hz: expected at most {rate_hz / 2.0:g} Hz, half the rate of "
            f"{config.stream!r}, found [{low_hz:g}, {high_hz:g}]"
        )
    if window_samples <= hop_samples:
        raise ValueError(
            f"window_s: expected more than one hop ({hop_samples / rate_hz:g} s), "
            f"found {config.window_s:g}"
        )
    if low_hz * window_samples < rate_hz and low_hz > 0.0:
        raise ValueError(
            f"window_s: expected at least one cycle of {low_hz:g} Hz ({1.0 / low_hz:g} s), "
            f"found {config.window_s:g}"
        )


def _bins(config: BandPowerConfig, window_samples: int, rate_hz: float) -> NDArray[np.int64]:
    """Return the bins that the reference would sum."""
    low_hz, high_hz = config.band_hz
    frequency_hz = np.fft.rfftfreq(window_samples, 1.0 / rate_hz)
    bins = np.flatnonzero((low_hz <= frequency_hz) & (frequency_hz < high_hz))
    if bins.size == 0:
        raise ValueError(
            f"band_hz: expected a band that holds a bin of {rate_hz / window_samples:g} Hz "
            f"(window_s = {config.window_s:g}), found [{low_hz:g}, {high_hz:g}]"
        )
    return bins.astype(np.int64)


def _turns(window_samples: int) -> NDArray[np.float64]:
    angle = np.pi * np.arange(2 * window_samples) / window_samples
    return np.stack((np.cos(angle), -np.sin(angle)))


def _offsets(bins: NDArray[np.int64], window_samples: int) -> NDArray[np.float64]:
    """Return cosines and sines from the middle of a pass, the outermost samples first."""
    distance = (PASS - 1) / 2.0 - np.arange(PASS // 2)
    angle = 2.0 * np.pi * np.outer(bins, distance) / window_samples
    return np.hstack((np.cos(angle), np.sin(angle)))
