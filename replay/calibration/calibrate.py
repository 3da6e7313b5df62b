"""Calibrates a rig on a recording: the channel, its peak, thresholds, onset, beside surrogates."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from detectors.block import WINDOW_TAINT, Block, StreamLayout
from replay.calibration.baseline import baseline
from replay.calibration.beside_surrogates import bands_off, bursts_beside, run_surrogates
from replay.calibration.calibrated import Calibration, Candidate
from replay.calibration.choosing import (
    CalibrationError,
    best_of,
    candidates_of,
    inspect_candidates,
)
from replay.calibration.doubts import doubts, kind_for, table_for
from replay.calibration.kept_channel import good_s, keep_channel
from replay.calibration.measure import (
    Measured,
    MeasureSettings,
    band_around,
    bursts_over,
    measured,
    power_config,
)
from replay.calibration.request import Progress, Request
from replay.calibration.rules import thresholds
from replay.calibration.switching import switching
from replay.inspection.inspected import ChannelInspection, StreamInspection
from replay.recording import Recording
from streamer.streams import StreamConfig

#: How far the band reaches to both sides of the peak.
HALF_WIDTH_HZ: Final = 3.0
#: Good samples that percentiles, bursts and surrogates ask for.
_GOOD_S_MIN: Final = 10.0


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
    formula ``1 - (1 - p) ** n``. The peak against 1/f: `replay.inspection.peaks`. Surrogates of
    the same spectrum show what a linear Gaussian process would do: how often the measure is over
    each threshold, how many bursts there are and how long they last, and how often two thresholds
    switch.
    """
    inspected = inspect_candidates(recording, configs, request, progress)
    candidates = candidates_of(inspected, request)
    chosen = best_of(candidates, recording, request)
    stream = next(each for each in inspected if each.name == chosen.stream)
    channel = next(each for each in stream.channels if each.channel == chosen.channel)
    number = [each.name for each in configs].index(stream.name)
    config = table_for(configs[number], (stream, channel))
    kept = keep_channel(recording, recording.streams[number], config, channel.channel)
    found = _Chosen(stream, channel, *kept)
    return _calibrated(str(recording.path), found, candidates, request, progress)


class _Chosen(NamedTuple):
    """The chosen channel, and its samples."""

    stream: StreamInspection
    channel: ChannelInspection
    block: Block
    layout: StreamLayout


def _calibrated(
    path: str,
    chosen: _Chosen,
    candidates: tuple[Candidate, ...],
    request: Request,
    progress: Progress,
) -> Calibration:
    stream, channel, block, layout = chosen
    montage = next((each for each in stream.montage if each.channel == channel.channel), None)
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
    assert channel.line is not None  # noqa: S101 a peak is over a line,
    assert channel.spectrum is not None  # noqa: S101 and both are of a spectrum
    base = baseline(measure, channel.line, band_hz)
    upper, lower = base.percentiles["75"], base.percentiles["25"]
    surrogates = run_surrogates(
        chosen[2:], table, upper, (request.n_surrogates, request.seed), progress
    )
    bursts = bursts_over(block, layout, table, upper)
    n_hops = max(1, round(request.averaging_s / request.hop_s))
    by_onset = switching(measure, surrogates, n_hops, request.hop_s, (upper, lower))
    return Calibration(
        path=path,
        stream=stream.name,
        channel=channel.channel,
        kind=kind_for(stream.kind, channel),
        montage=montage,
        candidates=candidates,
        peak=peak,
        p=candidates[0].p,
        line=channel.line,
        spectrum=channel.spectrum,
        band_hz=band_hz,
        window_s=request.window_s,
        hop_s=request.hop_s,
        unit=measure.unit,
        duration_s=stream.duration_s,
        good_s=found_good_s,
        baseline=base,
        thresholds=thresholds(measure, surrogates, base, request.limits, request.hop_s),
        bursts=bursts_beside(bursts, surrogates, float(measure.valid.sum()) * request.hop_s),
        averaging_s=n_hops * request.hop_s,
        onsets=by_onset.points,
        onset_s=by_onset.onset_s,
        onset_reason=by_onset.reason,
        bands_off=bands_off(block, layout, table, (measure, bursts), channel),
        n_surrogates=request.n_surrogates,
        seed=request.seed,
        warnings=tuple(doubts(stream, channel, band_hz, found_good_s)),
    )


def _require_spread(measure: Measured, channel: str) -> None:
    values = measure.valid_values
    if values.size < 10 or not values.max() > values.min() or not (values > 0.0).any():
        raise CalibrationError(
            f"{channel}: expected power that varies, found {values.size} valid estimates"
        )
