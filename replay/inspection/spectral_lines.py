"""Narrow lines of a spectrum, with their frequencies: mains, stimulation, and others."""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainccinv

from replay.inspection.one_over_f import worth_of
from replay.inspection.welch_sums import Spectrum

#: What a line is taken for.
LineKind: TypeAlias = Literal["mains", "stimulation", "unknown"]
#: The least height of a line over what is beside it: at a harmonic of mains or stimulation, and
#: elsewhere, where a rhythm of short bursts may look like one.
HEIGHT_DB_MIN: Final = 6.0
UNKNOWN_DB_MIN: Final = 12.0
#: Bins of a line's own main lobe, to either side, and those beside it that it is compared with.
_N_LOBE: Final = 3
_N_BESIDE: Final = 15
#: Chance of a false line in a whole spectrum.
_P: Final = 1e-4
#: Lines below are not looked for: movement and the steep end of 1/f are there.
_LOWEST_HZ: Final = 3.0
_MAINS_HZ: Final = (50.0, 60.0)
#: How far mains may be from its nominal frequency, and how much of that a harmonic multiplies.
_MAINS_RANGE_HZ: Final = 0.5
_MAINS_RANGE_EACH_HZ: Final = 0.12
#: Rates that stimulators give, and the least height of a line that is taken for one.
_STIMULATION_HZ: Final = (55.0, 250.0)
_STIMULATION_DB_MIN: Final = 20.0
_N_HARMONICS: Final = 10


class SpectralLine(msgspec.Struct, frozen=True, kw_only=True):
    """A narrow line.

    Parameters
    ----------
    frequency_hz : float
        Where it is, between two bins by the shape of a Hann window.
    height_db : float
        Over what is beside it.
    kind : {"mains", "stimulation", "unknown"}
        What it is taken for, by its frequency and its harmonics.
    note : str
        Which harmonic of what it is; empty where nothing is known.
    """

    frequency_hz: float
    height_db: float
    kind: LineKind
    note: str


class _Found(NamedTuple):
    frequency_hz: float
    height_db: float


def lines_of(spectrum: Spectrum, channel: int, rate_hz: float) -> tuple[SpectralLine, ...]:
    """Return the narrow lines of a channel, by frequency.

    Parameters
    ----------
    spectrum : Spectrum
        Of long segments: lines further apart than three bins are told apart.
    channel : int
        Its column.
    rate_hz : float
        Of the stream, for where harmonics are folded to.

    Notes
    -----
    A line is a bin that no neighbour of three exceeds, 6 dB over the median of the bins up to
    fifteen away, its main lobe apart, and higher over it than noise is anywhere in one of ten
    thousand spectra (a gamma variable whose shape is the number of independent segments); where
    it is no harmonic of mains or of a stimulation, 12 dB. Its frequency is that
    of the sine whose two highest bins under a Hann window have this ratio: ``(2 r - 1) / (r + 1)``
    bins from the higher one, r being the ratio of their amplitudes [1]_.

    References
    ----------
    .. [1] T. Grandke, "Interpolation algorithms for discrete Fourier transforms of weighted
       signals", IEEE Transactions on Instrumentation and Measurement 32(2), 1983,
       doi:10.1109/TIM.1983.4315077.
    """
    n_segments = int(spectrum.n_segments[channel])
    power = spectrum.density[:, channel]
    if n_segments == 0 or not (power[1:-1] > 0.0).all():
        return ()
    found = _found(power, spectrum, n_segments)
    return tuple(_named(found, rate_hz, resolution_hz=1.0 / spectrum.segment_s))


def _found(power: NDArray[np.float64], spectrum: Spectrum, n_segments: int) -> list[_Found]:
    worth = worth_of(n_segments)
    n_bins = power.size
    least = max(10.0 ** (HEIGHT_DB_MIN / 10.0), float(gammainccinv(worth, _P / n_bins)) / worth)
    offsets = np.array([k for k in range(-_N_BESIDE, _N_BESIDE + 1) if abs(k) > _N_LOBE])
    found: list[_Found] = []
    first = max(_N_LOBE + 1, int(np.ceil(_LOWEST_HZ * spectrum.segment_s)))
    for k in range(first, n_bins - 1):
        near = power[max(0, k - _N_LOBE) : k + _N_LOBE + 1]
        if power[k] < near.max():
            continue
        beside = k + offsets
        level = float(np.median(power[beside[(beside >= 1) & (beside < n_bins)]]))
        if power[k] > least * level:
            height_db = 10.0 * float(np.log10(power[k] / level))
            found.append(_Found(_between(power, k) / spectrum.segment_s, height_db))
    return found


def _between(power: NDArray[np.float64], k: int) -> float:
    """Return where a sine is whose highest bin is k, in bins."""
    side = 1 if power[k + 1] >= power[k - 1] else -1
    ratio = float(np.sqrt(power[k + side] / power[k]))
    return k + side * max(0.0, (2.0 * ratio - 1.0) / (ratio + 1.0))


def _named(found: Sequence[_Found], rate_hz: float, resolution_hz: float) -> list[SpectralLine]:
    mains = {each: note for each in found if (note := _mains_note(each.frequency_hz))}
    others = [each for each in found if each not in mains]
    base = _stimulation_of(others)
    named: list[SpectralLine] = []
    for each in found:
        kind: LineKind = "mains" if each in mains else "unknown"
        note = mains.get(each, "")
        if kind == "unknown" and base is not None:
            number = _harmonic_of(each, base, rate_hz, resolution_hz)
            if number:
                kind = "stimulation"
                note = "" if number == 1 else f"harmonic {number} of {base.frequency_hz:.2f} Hz"
        if kind == "unknown" and each.height_db < UNKNOWN_DB_MIN:
            continue
        named.append(
            SpectralLine(
                frequency_hz=each.frequency_hz, height_db=each.height_db, kind=kind, note=note
            )
        )
    return named


def _mains_note(frequency_hz: float) -> str:
    for base_hz in _MAINS_HZ:
        number = round(frequency_hz / base_hz)
        range_hz = max(_MAINS_RANGE_HZ, number * _MAINS_RANGE_EACH_HZ)
        if number and abs(frequency_hz - number * base_hz) <= range_hz:
            return f"{base_hz:g} Hz" if number == 1 else f"harmonic {number} of {base_hz:g} Hz"
    return ""


def _stimulation_of(found: Sequence[_Found]) -> _Found | None:
    """Return the line that most looks like the rate of a stimulation."""
    low_hz, high_hz = _STIMULATION_HZ
    likely = [
        each
        for each in found
        if low_hz <= each.frequency_hz <= high_hz and each.height_db >= _STIMULATION_DB_MIN
    ]
    return max(likely, key=lambda each: each.height_db, default=None)


def _harmonic_of(line: _Found, base: _Found, rate_hz: float, resolution_hz: float) -> int:
    """Return which harmonic of another line a line is, folded at half the rate; 0 for none."""
    for number in range(1, _N_HARMONICS + 1):
        whole_hz = number * base.frequency_hz
        folded_hz = abs(whole_hz - round(whole_hz / rate_hz) * rate_hz)
        # An error of the base counts as often as the harmonic.
        if abs(line.frequency_hz - folded_hz) <= resolution_hz * max(1.0, 0.2 * number):
            return number
    return 0
