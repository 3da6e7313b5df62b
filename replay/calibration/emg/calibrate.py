"""Levels of muscles from a recording with markers: rest, reference contraction, bandwidth."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import sosfilt, welch

from detectors.block import Block
from detectors.emg.config import ACTIVE_SD
from detectors.emg.filters import EmgFilters, filters_of
from detectors.kernels.trust import RESTART, SPOILS_WINDOW
from replay.calibration.choosing import CalibrationError
from replay.calibration.emg.intervals import Intervals, MarkerWords, intervals_of
from replay.calibration.kept_channel import keep_channel
from replay.recording import RecordedStream, Recording
from streamer.streams import StreamConfig

#: Envelopes whose levels are measured: of posture, and of bursts.
ENVELOPES_HZ: Final = (6.0, 20.0)
#: Seconds of good samples that a level asks for.
_GOOD_S_MIN: Final = 2.0
#: How many times as far another muscle rises, in levels of rest, where labels look swapped.
_SWAPPED: Final = 2.0


class Rest(NamedTuple):
    """A channel's envelope at rest.

    Parameters
    ----------
    mean_uv, sd_uv : float
        Mean and standard deviation.
    """

    mean_uv: float
    sd_uv: float


class MuscleLevels(NamedTuple):
    """What was found of one channel.

    Parameters
    ----------
    rest : dict of float to Rest
        By the edge of the low-pass, in hertz.
    reference_uv : float or None
        Mean envelope in the reference contraction; None without one.
    bandwidth_hz : float or None
        Width of the spectrum in it, ``(Σ P)² / Σ P²`` times the distance of the bins.
    rest_s, reference_s : float
        Good seconds of each.
    """

    rest: Mapping[float, Rest]
    reference_uv: float | None
    bandwidth_hz: float | None
    rest_s: float
    reference_s: float


class MuscleCalibration(NamedTuple):
    """What a recording says of the levels of its muscles.

    Parameters
    ----------
    path, stream : str
        The recording, and the stream as a rig names it.
    muscles : dict of str to MuscleLevels
        By channel.
    warnings : tuple of str
        What is doubtful, a line each.
    """

    path: str
    stream: str
    muscles: Mapping[str, MuscleLevels]
    warnings: tuple[str, ...]

    @property
    def bandwidth_hz(self) -> float | None:
        """Median of the widths of all channels; None without a reference contraction."""
        widths = [each.bandwidth_hz for each in self.muscles.values() if each.bandwidth_hz]
        return float(np.median(widths)) if widths else None

    def as_dict(self) -> dict[str, Any]:
        """Return all of it as plain data."""
        muscles = {
            label: each._asdict()
            | {"rest": {f"{edge_hz:g}": rest._asdict() for edge_hz, rest in each.rest.items()}}
            for label, each in self.muscles.items()
        }
        return {**self._asdict(), "muscles": muscles, "bandwidth_hz": self.bandwidth_hz}


def calibrate_muscles(
    recording: Recording,
    stream: RecordedStream,
    config: StreamConfig,
    channels: Sequence[str],
    words: MarkerWords = MarkerWords(),  # noqa: B008 nothing in it changes
) -> MuscleCalibration:
    """Measure rest and reference contraction of muscles.

    Parameters
    ----------
    recording, stream : Recording, RecordedStream
        The file, and the stream of the EMG.
    config : StreamConfig
        Its table.
    channels : sequence of str
        Labels; at least one.
    words : MarkerWords
        Which markers.

    Raises
    ------
    CalibrationError
        Where markers are missing, there is too little good signal, a channel is flat, or a
        reference contraction is not above rest.

    Notes
    -----
    The filters are those of the detectors, so the levels mean the same to them. A reference
    contraction counts as above rest where its mean envelope is more than three standard deviations
    of the envelope at rest above it.
    """
    intervals = intervals_of(recording, stream, channels, words)
    kept = {label: keep_channel(recording, stream, config, label) for label in channels}
    muscles = {
        label: _levels(label, block, layout.rate_hz, intervals)
        for label, (block, layout) in kept.items()
    }
    problems = [_below_rest(label, each) for label, each in muscles.items()]
    if any(problems):
        raise CalibrationError("; ".join(filter(None, problems)))
    warnings = [
        f"{label}: no marker of a reference contraction: level_index and activation are not known"
        for label, each in muscles.items()
        if each.reference_uv is None
    ]
    warnings += _swapped(muscles, kept, intervals)
    return MuscleCalibration(str(recording.path), config.name, muscles, tuple(warnings))


def _levels(label: str, block: Block, rate_hz: float, intervals: Intervals) -> MuscleLevels:
    found: dict[float, Rest] = {}
    reference_uv = bandwidth_hz = None
    spans = intervals.reference.get(label, ())
    rest_s = reference_s = 0.0
    for edge_hz in ENVELOPES_HZ:
        filters = emg_filters(edge_hz, rate_hz)
        filtered_uv, envelope_uv, is_good = _envelope(block, filters)
        at_rest = is_good & _is_in(block.time_s, intervals.rest)
        rest_s = _require_good(label, "rest", at_rest, rate_hz)
        found[edge_hz] = Rest(float(envelope_uv[at_rest].mean()), float(envelope_uv[at_rest].std()))
        if found[edge_hz].mean_uv <= 1e-6:
            raise CalibrationError(f"{label}: expected a signal at rest, found a flat channel")
        if spans and reference_uv is None:
            in_reference = is_good & _is_in(block.time_s, spans)
            reference_s = _require_good(label, "the reference contraction", in_reference, rate_hz)
            reference_uv = float(envelope_uv[in_reference].mean())
            bandwidth_hz = _bandwidth_hz(filtered_uv[in_reference], rate_hz)
    return MuscleLevels(found, reference_uv, bandwidth_hz, rest_s, reference_s)


def emg_filters(envelope_hz: float, rate_hz: float) -> EmgFilters:
    """Return the filters of a detector whose table has no band of its own.

    Raises
    ------
    CalibrationError
        Where the rate is too low for EMG.
    """
    high_hz = min(450.0, 0.45 * rate_hz)
    if high_hz <= 20.0:
        raise CalibrationError(f"expected EMG of more than 44 Hz, found {rate_hz:g} Hz")
    return filters_of((20.0, high_hz), envelope_hz, rate_hz)


def _envelope(
    block: Block, filters: EmgFilters
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Return EMG behind the band-pass, its envelope, and where both have settled."""
    samples_uv = block.samples_uv[:, 0]
    filtered_uv, envelope_uv = np.zeros(samples_uv.shape), np.zeros(samples_uv.shape)
    is_good = (block.taint[:, 0] & np.uint16(SPOILS_WINDOW)) == 0
    is_first = (block.taint[:, 0] & np.uint16(RESTART)) != 0
    is_first[1:] |= is_good[1:] != is_good[:-1]
    edges = np.flatnonzero(is_first).tolist()
    has_settled = np.zeros(samples_uv.shape, dtype=np.bool_)
    band, low_pass = (np.insert(each, 3, 1.0, axis=-1) for each in filters[:2])
    for start, stop in zip([0, *edges], [*edges, samples_uv.size], strict=True):
        if stop > start and is_good[start]:
            piece = sosfilt(band, samples_uv[start:stop] - samples_uv[start])
            filtered_uv[start:stop] = piece
            envelope_uv[start:stop] = sosfilt(low_pass[None], np.abs(piece))
            has_settled[start + filters.settle_samples : stop] = True
    return filtered_uv, envelope_uv, has_settled


def _is_in(time_s: NDArray[np.float64], spans: Sequence[tuple[float, float]]) -> NDArray[np.bool_]:
    found = np.zeros(time_s.shape, dtype=np.bool_)
    for start_s, stop_s in spans:
        found |= (time_s >= start_s) & (time_s < stop_s)
    return found


def _require_good(label: str, what: str, is_in: NDArray[np.bool_], rate_hz: float) -> float:
    good_s = float(is_in.sum() / rate_hz)
    if good_s < _GOOD_S_MIN:
        raise CalibrationError(
            f"{label}: expected at least {_GOOD_S_MIN:g} s of good samples of {what}, "
            f"found {good_s:.1f} s: is the electrode off, or are the markers too close?"
        )
    return good_s


def _bandwidth_hz(filtered_uv: NDArray[np.float64], rate_hz: float) -> float:
    _, power = welch(filtered_uv, rate_hz, nperseg=min(round(rate_hz / 4.0), filtered_uv.size))
    width = power.sum() ** 2 / np.square(power).sum()
    return float(width * rate_hz / (2.0 * (power.size - 1)))


def _below_rest(label: str, levels: MuscleLevels) -> str | None:
    highest = max(each.mean_uv + ACTIVE_SD * each.sd_uv for each in levels.rest.values())
    if levels.reference_uv is None or levels.reference_uv > highest:
        return None
    return (
        f"{label}: expected a reference contraction above rest and {ACTIVE_SD:g} of its standard "
        f"deviations ({highest:.3g} µV), found {levels.reference_uv:.3g} µV: repeat it, and look "
        "whether channels are swapped"
    )


def _swapped(
    muscles: Mapping[str, MuscleLevels],
    kept: Mapping[str, tuple[Block, Any]],
    intervals: Intervals,
) -> list[str]:
    """Return a line for each muscle in whose own contraction another one rose more."""
    found = []
    for label in sorted(intervals.named):
        rises = {}
        for other, (block, layout) in kept.items():
            _, envelope_uv, is_good = _envelope(block, emg_filters(ENVELOPES_HZ[0], layout.rate_hz))
            is_in = is_good & _is_in(block.time_s, intervals.reference[label])
            rest_uv = muscles[other].rest[ENVELOPES_HZ[0]].mean_uv
            rises[other] = float(envelope_uv[is_in].mean()) / rest_uv if is_in.any() else 0.0
        highest = max(rises, key=lambda each: rises[each])
        if rises[highest] > _SWAPPED * rises[label]:
            found.append(
                f"{label}: in its reference contraction it rose to {rises[label]:.1f} times rest, "
                f"{highest} to {rises[highest]:.1f} times: are these two swapped?"
            )
    return found
