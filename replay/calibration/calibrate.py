"""Calibrates a rig on a recording: the channel, its peak, thresholds, onset, beside surrogates."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np
from msgspec.structs import replace

from detectors.bands.aliasing import aliased_harmonics
from detectors.block import WINDOW_TAINT
from replay.calibration.beside_surrogates import (
    SurrogateRuns,
    bands_off,
    bursts_beside,
    run_surrogates,
)
from replay.calibration.calibrated import Baseline, Calibration, Candidate, OnsetPoint
from replay.calibration.kept_channel import good_s, keep_channel
from replay.calibration.measure import (
    Measured,
    MeasureSettings,
    band_around,
    bursts_over,
    measured,
    power_config,
)
from replay.calibration.onset_curve import block_means, knee, onsets_of, switches
from replay.calibration.rules import Limits, thresholds
from replay.inspection.inspect import SEARCH_HZ, inspect_stream
from replay.inspection.inspected import ChannelInspection, StreamInspection
from replay.inspection.peaks import P_MAX
from replay.recording import Recording
from streamer.streams import StreamConfig

#: How far the band reaches to both sides of the peak.
HALF_WIDTH_HZ: Final = 3.0
PERCENTILES: Final = (5, 10, 25, 50, 75, 90, 95)
#: Good samples that percentiles, bursts and surrogates ask for.
_GOOD_S_MIN: Final = 10.0
#: Bursts, or thresholds, of less are rough.
_ENOUGH_S: Final = 60.0


class CalibrationError(ValueError):
    """A recording cannot be calibrated on; the text says what was expected and found."""


class NoPeakError(ValueError):
    """No channel has a peak that noise of its 1/f spectrum would not have, too.

    Parameters
    ----------
    text : str
        One line.
    candidates : tuple of Candidate
        What was looked at.
    """

    def __init__(self, text: str, candidates: tuple[Candidate, ...]) -> None:
        super().__init__(text)
        self.candidates = candidates


class Request(NamedTuple):
    """What is asked for beside the recording.

    Parameters
    ----------
    stream, channel : str or None
        Only this one; by default all are looked at.
    search_hz : tuple of float
        Where a peak is searched for.
    window_s, hop_s : float
        Of the measure.
    averaging_s : float
        Of the means that are compared with thresholds, in the curve of onsets.
    limits : Limits or None
        When the amplitude was at its limits, for the rule ``capture``.
    n_surrogates, seed : int
        How many, and where their phases come from.
    """

    stream: str | None = None
    channel: str | None = None
    search_hz: tuple[float, float] = SEARCH_HZ
    window_s: float = 0.5
    hop_s: float = 0.01
    averaging_s: float = 0.1
    limits: Limits | None = None
    n_surrogates: int = 39
    seed: int = 1


#: Called with the name of what is done now, how much of it is done, and how much there is.
Progress = Callable[[str, float, float], None]


def calibrate(
    recording: Recording,
    configs: Sequence[StreamConfig],
    request: Request = Request(),  # noqa: B008 nothing in it changes
    progress: Progress = lambda _name, _done, _total: None,
) -> Calibration:
    """Find the channel and the peak of a recording, and what follows for a rig.

    Parameters
    ----------
    recording : Recording
        What to calibrate on.
    configs : sequence of StreamConfig
        A table for each of its streams, in their order.
    request : Request
        What is asked for.
    progress : callable
        See `Progress`.

    Raises
    ------
    CalibrationError
        Where nothing can be calibrated: no such channel, too short, constant, no numbers.
    NoPeakError
        Where there is no peak.

    Notes
    -----
    The channel is the one whose highest peak over its 1/f line is highest, among those whose peak
    noise would not have in 19 of 20 recordings, corrected for the number of channels by Šidák's
    formula ``1 - (1 - p) ** n``. The peak against 1/f: `replay.inspection.peaks`. Against surrogates
    with the same spectrum, which show what a linear Gaussian process would do: how often the
    measure is over each threshold, how many bursts there are and how long they last, and how often
    two thresholds switch.
    """
    inspected = _inspect(recording, configs, request, progress)
    candidates = _candidates(inspected, request)
    chosen = _chosen(candidates, recording, request)
    stream = next(each for each in inspected if each.name == chosen.stream)
    channel = next(each for each in stream.channels if each.channel == chosen.channel)
    return _calibrated(recording, configs, request, progress, (stream, channel), candidates)


def _inspect(
    recording: Recording,
    configs: Sequence[StreamConfig],
    request: Request,
    progress: Progress,
) -> list[StreamInspection]:
    names = [each.name for each in configs]
    if request.stream is not None and request.stream not in names:
        raise CalibrationError(
            f"stream: expected one of {', '.join(names)}, found {request.stream!r}"
        )
    pairs = [
        (stream, config)
        for stream, config in zip(recording.streams, configs, strict=True)
        if stream.is_signal and request.stream in {None, config.name}
    ]
    wanted = [each for each in pairs if each[1].kind == "lfp"] or [
        each for each in pairs if each[1].kind == "other"
    ]
    wanted = wanted if request.stream is None else pairs
    if not wanted:
        found = f"stream {request.stream}" if request.stream else "markers and EMG alone"
        raise CalibrationError(f"expected a signal of a kind like LFP, found {found}")
    return [
        inspect_stream(
            stream,
            config,
            request.search_hz,
            lambda done, stream=stream, config=config: progress(  # type: ignore[misc]
                f"spectra of {config.name}", done, stream.n_samples
            ),
        )
        for stream, config in wanted
    ]


def _candidates(
    inspected: Sequence[StreamInspection], request: Request
) -> tuple[Candidate, ...]:
    pairs = [
        (stream, channel)
        for stream in inspected
        for channel in stream.channels
        if request.channel in {None, channel.channel}
    ]
    n_judged = sum(channel.line is not None for _, channel in pairs)
    made = [_candidate(stream, channel, n_judged) for stream, channel in pairs]
    made.sort(key=lambda each: (each.p > P_MAX, -each.peak.height_db if each.peak else 0.0))
    return tuple(made)


def _candidate(
    stream: StreamInspection, channel: ChannelInspection, n_judged: int
) -> Candidate:
    peak = channel.peaks[0] if channel.peaks else None
    return Candidate(
        stream=stream.name,
        channel=channel.channel,
        is_derived=channel.is_derived,
        problem=channel.problem if channel.line is None else "",
        peak=peak,
        p=1.0 if peak is None else 1.0 - (1.0 - peak.p) ** n_judged,
    )


def _chosen(
    candidates: tuple[Candidate, ...], recording: Recording, request: Request
) -> Candidate:
    if not candidates:
        if request.channel is not None:
            raise CalibrationError(
                f"channel: expected a channel of {recording.path.name} or a neighbouring pair of "
                f"its contacts, found {request.channel!r}"
            )
        raise CalibrationError("expected a signal with samples, found none: it is empty")
    problems = list(dict.fromkeys(each.problem for each in candidates if each.problem))
    if all(each.problem for each in candidates):
        raise CalibrationError(f"expected a channel with a spectrum, found {problems[0]}")
    best = candidates[0]
    if best.p <= P_MAX:
        return best
    low_hz, high_hz = request.search_hz
    n_judged = sum(not each.problem for each in candidates)
    of = "its one channel has none" if n_judged == 1 else f"none of {n_judged} channels has one"
    raise NoPeakError(
        f"there is no peak from {low_hz:g} to {high_hz:g} Hz: {of} that noise of its 1/f spectrum "
        "would not have in one recording of twenty",
        candidates,
    )


def _calibrated(
    recording: Recording,
    configs: Sequence[StreamConfig],
    request: Request,
    progress: Progress,
    chosen: tuple[StreamInspection, ChannelInspection],
    candidates: tuple[Candidate, ...],
) -> Calibration:
    stream, channel = chosen
    number = [each.name for each in configs].index(stream.name)
    montage = next((each for each in stream.montage if each.channel == channel.channel), None)
    config = table_for(configs[number], chosen)
    block, layout = keep_channel(
        recording, recording.streams[number], config, channel.channel
    )
    rate_hz, peak = layout.rate_hz, channel.peaks[0]
    found_good_s = good_s(block, rate_hz, WINDOW_TAINT)
    if found_good_s < _GOOD_S_MIN:
        raise CalibrationError(
            f"{channel.channel}: expected {_GOOD_S_MIN:g} s of good samples, found "
            f"{found_good_s:.3g} s"
        )
    settings = MeasureSettings(request.window_s, request.hop_s)
    band_hz = band_around(peak.frequency_hz, request.window_s, rate_hz, HALF_WIDTH_HZ)
    table = power_config(stream.name, channel.channel, band_hz, settings)
    measure = measured(block, layout, table)
    _require_spread(measure, channel.channel)
    baseline = _baseline(measure, channel, band_hz)
    levels = {"upper": baseline.percentiles["75"], "lower": baseline.percentiles["25"]}
    surrogates = run_surrogates(
        block, layout, table, levels["upper"], request.n_surrogates, request.seed, progress
    )
    bursts = bursts_over(block, layout, table, levels["upper"])
    n_hops = max(1, round(request.averaging_s / request.hop_s))
    onsets, onset_s, reason = _onsets(measure, surrogates, n_hops, request.hop_s, levels)
    assert channel.line is not None  # noqa: S101 a peak is over a line
    return Calibration(
        path=str(recording.path),
        stream=stream.name,
        channel=channel.channel,
        montage=montage,
        candidates=candidates,
        peak=peak,
        p=candidates[0].p,
        line=channel.line,
        band_hz=band_hz,
        window_s=request.window_s,
        hop_s=request.hop_s,
        unit=measure.unit,
        duration_s=stream.duration_s,
        good_s=found_good_s,
        baseline=baseline,
        thresholds=thresholds(measure, surrogates, baseline, request.limits, request.hop_s),
        bursts=bursts_beside(bursts, surrogates, float(measure.valid.sum()) * request.hop_s),
        averaging_s=n_hops * request.hop_s,
        onsets=onsets,
        onset_s=onset_s,
        onset_reason=reason,
        bands_off=bands_off(block, layout, table, (measure, bursts), channel),
        n_surrogates=request.n_surrogates,
        seed=request.seed,
        warnings=tuple(_warnings(stream, channel, band_hz, found_good_s)),
    )


def table_for(
    config: StreamConfig, chosen: tuple[StreamInspection, ChannelInspection]
) -> StreamConfig:
    """Return the table of the chosen stream, with the chosen pair alone as its montage.

    A stream of an amplitude that its unit cannot have becomes one of kind ``other``, whose numbers
    are taken as they are: as LFP no sample of it would be used.
    """
    stream, channel = chosen
    montage = tuple(each for each in stream.montage if each.channel == channel.channel)
    kind = "other" if _is_implausible(channel) else config.kind
    return replace(config, montage=montage, kind=kind)


def _is_implausible(channel: ChannelInspection) -> bool:
    return channel.problem.startswith("implausible")


def _require_spread(measure: Measured, channel: str) -> None:
    values = measure.valid_values
    if values.size < 10 or not values.max() > values.min() or not (values > 0.0).any():
        raise CalibrationError(
            f"{channel}: expected power that varies, found {values.size} valid estimates"
        )


def _baseline(
    measure: Measured, channel: ChannelInspection, band_hz: tuple[float, float]
) -> Baseline:
    values = measure.valid_values
    logs = np.log10(values[values > 0.0])
    line = channel.line
    assert line is not None  # noqa: S101 a peak is over a line
    grid_hz = np.linspace(*band_hz, 200)
    density = 10.0**line.offset * grid_hz**-line.exponent
    percentiles = np.percentile(values, PERCENTILES).tolist()
    return Baseline(
        mean=float(values.mean()),
        median=float(np.median(values)),
        log10_mean=float(logs.mean()),
        log10_sd=float(logs.std()),
        one_over_f=float(np.trapezoid(density, grid_hz)),
        percentiles=dict(zip(map(str, PERCENTILES), percentiles, strict=True)),
    )


def _onsets(
    measure: Measured,
    surrogates: SurrogateRuns,
    n_hops: int,
    hop_s: float,
    levels: dict[str, float],
) -> tuple[tuple[OnsetPoint, ...], float | None, str]:
    means = block_means(measure.values, measure.valid, n_hops)
    others = [block_means(each.values, each.valid, n_hops) for each in surrogates.measures]
    mean_s = n_hops * hop_s
    hours = np.isfinite(means).sum() * mean_s / 3600.0
    if hours == 0.0:
        return (), None, "no mean of the measure is valid"
    points: list[OnsetPoint] = []
    for onset in onsets_of(means.size):
        found = switches(means, levels["upper"], levels["lower"], onset)
        of_others = [switches(each, levels["upper"], levels["lower"], onset).n for each in others]
        points.append(
            OnsetPoint(
                onset_s=onset * mean_s,
                per_hour=found.n / hours,
                undone_per_hour=found.n_undone / hours,
                surrogates_per_hour=float(np.mean(of_others)) / hours if others else 0.0,
                n=found.n,
            )
        )
        if found.n == 0:
            break
    at = knee([each.onset_s for each in points], [each.n for each in points])
    if at is None:
        reason = (
            "no onset stands out: the recording has too few switches for a curve, or the curve "
            "has no bend; record for longer"
        )
        return tuple(points), None, reason
    return tuple(points), points[at].onset_s, ""


def _warnings(
    stream: StreamInspection,
    channel: ChannelInspection,
    band_hz: tuple[float, float],
    found_good_s: float,
) -> list[str]:
    found: list[str] = []
    if channel.problem:
        found.append(
            f"{channel.channel}: {channel.problem}; its numbers are taken as they are (kind "
            "other): thresholds hold for a stream with the same numbers alone"
        )
    if found_good_s < _ENOUGH_S:
        found.append(
            f"{found_good_s:.3g} s of good samples: thresholds and onset of less than "
            f"{_ENOUGH_S:g} s are rough"
        )
    if stream.measured_hz and abs(stream.measured_hz / stream.rate_hz - 1.0) > 0.005:
        found.append(
            f"the rate is {stream.measured_hz:.5g} Hz over the stamps and {stream.rate_hz:g} Hz "
            "as the stream says: frequencies are those of the stated rate"
        )
    for line in channel.lines:
        if line.kind == "stimulation" and not line.note:
            folded = aliased_harmonics(line.frequency_hz, stream.rate_hz, band_hz)
            where = f", of which harmonic {folded[0].harmonic} falls into the band" if folded else ""
            found.append(
                f"{channel.channel}: a line at {line.frequency_hz:.2f} Hz looks like a "
                f"stimulation{where}: see stimulation_period under [[streams.artifacts]]"
            )
    return found
