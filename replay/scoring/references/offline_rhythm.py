"""Amplitude and phase of a band as only a finished recording gives them: without any delay."""

from collections.abc import Iterator
from typing import Annotated, Final, NamedTuple

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray
from scipy.fft import next_fast_len
from scipy.ndimage import uniform_filter1d
from scipy.signal import butter, hilbert, sosfiltfilt

from replay.scoring.episodes import Episodes, of_flags
from replay.scoring.references.kept_signal import KeptSignal

#: Pole pairs of the filter, which is run forwards and backwards.
_ORDER: Final = 2
#: Where the good samples begin and end, what lies nearer than this over the width is not judged.
_MARGIN: Final = 3.0


class ReferenceRule(msgspec.Struct, frozen=True, kw_only=True):
    """What counts as a burst once the whole recording is there.

    Parameters
    ----------
    smoothing_s : float
        Length of the mean, centred on each sample, of the amplitude.
    percentile : float
        Of all judged samples of the channel: above it is a burst.
    duration_s_min : float
        A shorter one does not count.

    Examples
    --------
    >>> ReferenceRule().percentile
    75.0
    """

    smoothing_s: Annotated[float, Meta(ge=0.0, le=10.0)] = 0.2
    percentile: Annotated[float, Meta(gt=0.0, lt=100.0)] = 75.0
    duration_s_min: Annotated[float, Meta(ge=0.0, le=10.0)] = 0.1


class Rhythm(NamedTuple):
    """Some good samples of a band; `analytic_uv` is amplitude and phase as one complex number."""

    time_s: NDArray[np.float64]
    analytic_uv: NDArray[np.complex64]


class ReferenceBursts(NamedTuple):
    """Bursts of the reference, and the time in which it can say where they are."""

    bursts: Episodes
    judged: Episodes
    threshold_uv: float


def rhythms(kept: KeptSignal, channel: str, band_hz: tuple[float, float]) -> Iterator[Rhythm]:
    """Yield the band of a channel, piece by piece, without the margins where a filter settles.

    Parameters
    ----------
    kept : KeptSignal
        The samples.
    channel : str
        Which of them.
    band_hz : (float, float)
        Low and high edge.

    Notes
    -----
    A Butterworth band pass of second order runs forwards and backwards
    (`scipy.signal.sosfiltfilt`), so its delay is 0 at every frequency and its edges are at -6 dB;
    amplitude and phase are those of the analytic signal (`scipy.signal.hilbert`), the phase that of
    a cosine: 0 at the peak.
    Neither is possible while a recording goes on: they use what comes after each sample.
    Beside gaps, bad samples and the ends, three over the band's width are left out.
    """
    low_hz, high_hz = band_hz
    sections = butter(_ORDER, band_hz, "bandpass", fs=kept.rate_hz, output="sos")
    margin = round(_MARGIN / (high_hz - low_hz) * kept.rate_hz)
    # Between pieces of one stretch no seam is to be seen: there the margins are longer.
    for piece in kept.pieces(channel, 4 * margin):
        n_samples = piece.samples_uv.size
        first = piece.own.start + margin * piece.is_first
        stop = piece.own.stop - margin * piece.is_last
        padded = 3 * (2 * len(sections) + 1)
        if stop <= first or n_samples <= padded:
            continue
        # The file keeps them in single precision; what is filtered is centred first.
        filtered = sosfiltfilt(sections, piece.samples_uv - piece.samples_uv.mean())
        analytic = hilbert(filtered, next_fast_len(n_samples))[first:stop]
        yield Rhythm(piece.time_s[first:stop], analytic.astype(np.complex64))


def reference_bursts(
    kept: KeptSignal,
    channel: str,
    band_hz: tuple[float, float],
    rule: ReferenceRule,
    within: Episodes,
) -> ReferenceBursts:
    """Return the bursts of a channel as the literature counts them, offline.

    Parameters
    ----------
    kept : KeptSignal
        The samples.
    channel : str
        Which of them.
    band_hz : (float, float)
        Low and high edge.
    rule : ReferenceRule
        What counts as a burst.
    within : Episodes
        The part of the recording that the percentile is of.

    References
    ----------
    G. Tinkhauser et al., "The modulatory effect of adaptive deep brain stimulation on beta bursts
    in Parkinson's disease", Brain 140(4), 2017, doi:10.1093/brain/awx010: amplitude of the band,
    smoothed over 0.2 s, above its 75th percentile for at least 0.1 s.
    """
    step_s = 1.0 / kept.rate_hz
    n_mean = max(1, round(rule.smoothing_s * kept.rate_hz))
    found = [
        (each.time_s, _smoothed(np.abs(each.analytic_uv), n_mean))
        for each in rhythms(kept, channel, band_hz)
    ]
    time_s = np.concatenate([np.empty(0), *(each for each, _ in found)])
    amplitude_uv = np.concatenate([np.empty(0, np.float32), *(each for _, each in found)])
    everywhere = np.ones(time_s.size, np.bool_)
    judged = _parted(time_s, everywhere, step_s).within(within)
    if not judged.n_episodes:
        return ReferenceBursts(Episodes.of([]), judged, np.nan)
    index = np.searchsorted(judged.start_s, time_s, side="right") - 1
    is_judged = (index >= 0) & (time_s < judged.end_s[np.maximum(index, 0)])
    threshold_uv = float(np.percentile(amplitude_uv[is_judged], rule.percentile))
    above = _parted(time_s, (amplitude_uv > threshold_uv) & is_judged, step_s)
    long = above.durations_s >= rule.duration_s_min - 0.5 * step_s
    return ReferenceBursts(above.pick(long), judged, threshold_uv)


def _smoothed(amplitude_uv: NDArray[np.float32], n_mean: int) -> NDArray[np.float32]:
    if n_mean == 1:
        return amplitude_uv
    mean_uv = uniform_filter1d(amplitude_uv.astype(np.float64), n_mean, mode="nearest")
    return np.asarray(mean_uv, np.float32)


def _parted(time_s: NDArray[np.float64], flags: NDArray[np.bool_], step_s: float) -> Episodes:
    """Return the stretches of true flags, which end at a hole in the time, too."""
    holes = np.flatnonzero(np.diff(time_s) > 1.5 * step_s) + 1
    parts = zip([0, *holes.tolist()], [*holes.tolist(), time_s.size], strict=True)
    found = [of_flags(time_s[start:stop], flags[start:stop], step_s) for start, stop in parts]
    return Episodes(
        np.concatenate([np.empty(0), *(each.start_s for each in found)]),
        np.concatenate([np.empty(0), *(each.end_s for each in found)]),
    )
