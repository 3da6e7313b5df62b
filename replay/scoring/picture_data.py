"""What pictures of a score are made of: some seconds of a channel, and its spectrum."""

from typing import Final

import numpy as np
from scipy.signal import butter, hilbert, sosfiltfilt, welch

from replay.scoring.episodes import Episodes
from replay.scoring.references.kept_signal import KeptSignal
from replay.scoring.result import Course

#: Seconds that are shown.
_COURSE_S: Final = 10.0
#: Samples that a picture of them can show.
_N_SHOWN: Final = 4000
_SPECTRUM_S: Final = 2.0
_SPECTRUM_HZ_MAX: Final = 120.0


def course_of(
    kept: KeptSignal,
    channel: str,
    band_hz: tuple[float, float],
    *,
    online: Episodes,
    reference: Episodes,
    judged: Episodes,
    began_s: float,
) -> Course | None:
    """Return the seconds round the middle burst of the reference; None where there is none."""
    shown = reference.pick(reference.inside(judged))
    shown = shown if shown.n_episodes else reference
    if not shown.n_episodes:
        return None
    middle_s = float(shown.start_s[shown.n_episodes // 2])
    first = kept.index_at(middle_s - _COURSE_S / 2.0)
    stop = min(kept.index_at(middle_s + _COURSE_S / 2.0), kept.n_samples)
    piece = kept.samples(channel, first, stop)
    if piece.samples_uv.size < round(kept.rate_hz):
        return None
    sections = butter(2, band_hz, "bandpass", fs=kept.rate_hz, output="sos")
    band_uv = sosfiltfilt(sections, piece.samples_uv - piece.samples_uv.mean())
    amplitude_uv = np.abs(hilbert(band_uv))
    step = max(1, -(-piece.time_s.size // _N_SHOWN))
    window = Episodes.of([(float(piece.time_s[0]), float(piece.time_s[-1]))])

    def rounded(values: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> list[float]:
        found: list[float] = np.round(values[::step], 4).tolist()
        return found

    def edges(episodes: Episodes) -> list[tuple[float, float]]:
        inside = episodes.within(window)
        starts, ends = inside.start_s - began_s, inside.end_s - began_s
        return list(zip(starts.tolist(), ends.tolist(), strict=True))

    return Course(
        since_s=rounded(piece.time_s - began_s),
        raw_uv=rounded(piece.samples_uv),
        band_uv=rounded(band_uv),
        amplitude_uv=rounded(amplitude_uv),
        online=edges(online),
        reference=edges(reference),
    )


def spectrum_of(kept: KeptSignal, channel: str) -> tuple[list[float], list[float]]:
    """Return frequencies and the one-sided density of a channel (Welch, Hann, 2 s, half overlap).

    Stretches shorter than two seconds are left out.
    """
    n_window = round(_SPECTRUM_S * kept.rate_hz)
    total = np.zeros(n_window // 2 + 1)
    hz, n_total = np.zeros_like(total), 0
    for piece in kept.pieces(channel, 0):
        if piece.samples_uv.size >= n_window:
            hz, density = welch(piece.samples_uv, kept.rate_hz, nperseg=n_window)
            total += density * piece.samples_uv.size
            n_total += piece.samples_uv.size
    if not n_total:
        return [], []
    shown = (hz > 0.0) & (hz <= _SPECTRUM_HZ_MAX)
    return hz[shown].tolist(), (total[shown] / n_total).tolist()
