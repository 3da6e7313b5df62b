"""Inspects a recording: one pass over each stream, and a spectrum of each channel."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from msgspec.structs import replace

from detectors.conditioning.montage import MontageConfig
from detectors.conditioning.units import is_voltage_unit
from replay.inspection import bipolar
from replay.inspection.inspected import (
    ChannelInspection,
    ChannelSpectrum,
    Inspection,
    StreamInspection,
)
from replay.inspection.one_over_f import grid_of
from replay.inspection.one_pass import SEGMENT_S, Pass, implausible, pass_over
from replay.inspection.peaks import decompose
from replay.inspection.spectral_lines import SpectralLine, lines_of
from replay.recording import RecordedStream, Recording, RecordingError
from replay.timeline.timelines import timelines
from streamer.errors import StreamError
from streamer.publishing.own_streams import is_own
from streamer.streams import StreamConfig

#: Where peaks are searched for: theta, alpha and beta.
SEARCH_HZ: Final = (6.0, 35.0)
#: Segments that a spectrum must have.
N_SEGMENTS_MIN: Final = 4
#: Lines that are no rhythm: around them nothing is fitted.
_LINE_HALF_WIDTH_HZ: Final = 1.0
#: A standard deviation below this (µV) is that of a constant channel.
_CONSTANT: Final = 1e-9

#: Called after each piece of a stream with the samples that are done, and all.
Progress = Callable[[int, int], None]


def inspect_recording(
    recording: Recording,
    configs: Sequence[StreamConfig],
    search_hz: tuple[float, float] = SEARCH_HZ,
    progress: Progress = lambda _done, _total: None,
) -> Inspection:
    """Inspect every stream of a recording.

    Parameters
    ----------
    recording : Recording
        What to look at.
    configs : sequence of StreamConfig
        A table for each stream, in their order: name, kind and unit.
    search_hz : tuple of float
        Where peaks are searched for.
    progress : callable
        See `Progress`.
    """
    total = sum(each.n_samples for each in recording.streams if each.is_signal)
    done = 0
    found: list[StreamInspection] = []
    for stream, config in zip(recording.streams, configs, strict=True):
        before = done
        found.append(
            inspect_stream(
                stream,
                config,
                search_hz,
                lambda n, before=before: progress(before + n, total),  # type: ignore[misc]
            )
        )
        done += stream.n_samples if stream.is_signal else 0
    return Inspection(path=str(recording.path), warnings=recording.warnings, streams=tuple(found))


def inspect_stream(
    stream: RecordedStream,
    config: StreamConfig,
    search_hz: tuple[float, float] = SEARCH_HZ,
    progress: Callable[[int], None] = lambda _done: None,
) -> StreamInspection:
    """Inspect one stream.

    Parameters
    ----------
    stream : RecordedStream
        What to look at.
    config : StreamConfig
        Its table; where it has no montage, one is suggested.
    search_hz : tuple of float
        Where peaks are searched for.
    progress : callable
        Called with the samples that are done.

    Returns
    -------
    StreamInspection
        With a `problem` in place of spectra where it cannot be conditioned.

    Notes
    -----
    Samples are conditioned as on a rig: units, montage, smoothed stamps, gaps, quality. Where more
    than a fifth of a channel is of an amplitude that its unit cannot have, its spectrum is of the
    numbers all the same, and its `problem` says so.
    """
    if is_own(stream.info):
        text = "computed by stimloop as it ran: no signal that was recorded"
        return replace(_without_spectra(stream, config), problem=text)
    montage = config.montage or _suggested(stream, config)
    config = replace(config, montage=montage)
    if not stream.is_signal or not stream.n_samples:
        return _without_spectra(stream, config)
    try:
        found = pass_over(stream, config, progress)
        if any(implausible(found, column) for column in range(found.n_channels)):
            as_other = pass_over(stream, replace(config, kind="other"), progress)
            # Of another kind channels without a unit count, too, which shifts columns.
            if as_other.conditioner.layout.channels == found.conditioner.layout.channels:
                found = found._replace(as_other=(as_other.spectrum, as_other.long_spectrum))
    except (StreamError, ValueError) as error:
        return replace(_without_spectra(stream, config), problem=str(error))
    return _inspected(stream, config, found, search_hz)


def _suggested(stream: RecordedStream, config: StreamConfig) -> tuple[MontageConfig, ...]:
    if config.kind != "lfp" or not stream.is_signal:
        return ()
    units = [config.unit or unit for unit in stream.info.units]
    pairs = zip(stream.info.channels, units, strict=True)
    usable = [label for label, unit in pairs if is_voltage_unit(unit)]
    return bipolar.suggest(usable) if len(set(usable)) == len(usable) else ()


def _inspected(
    stream: RecordedStream,
    config: StreamConfig,
    found: Pass,
    search_hz: tuple[float, float],
) -> StreamInspection:
    labels = found.conditioner.layout.channels
    n_own = len(labels) - found.conditioner.n_derived
    units = dict(zip(stream.info.channels, stream.info.units, strict=False))
    channels = tuple(
        _channel(found, column, search_hz, is_derived=column >= n_own, unit=units.get(label, ""))
        for column, label in enumerate(labels)
    )
    measured_hz = found.counts.by_name[config.name]["rate_measured_hz"]
    return replace(
        _without_spectra(stream, config),
        measured_hz=measured_hz,
        problem="",
        gaps=found.gaps,
        flaws=found.counts.found,
        search_hz=search_hz,
        montage=config.montage,
        channels=channels,
        tainted=found.seconds.tainted,
    )


def _channel(
    found: Pass, column: int, search_hz: tuple[float, float], *, is_derived: bool, unit: str
) -> ChannelInspection:
    rate_hz = found.conditioner.layout.rate_hz
    (spectrum, long_spectrum), seconds = found.spectra_of(column), found.seconds
    n_segments = int(spectrum.n_segments[column])
    lines = lines_of(long_spectrum, column, rate_hz)
    grid = grid_of(spectrum.frequency_hz, spectrum.segment_s, search_hz, rate_hz, _masked_hz(lines))
    density = spectrum.density[:, column]
    problem = _problem(found, column, n_segments)
    bare = ChannelInspection(
        channel=found.conditioner.layout.channels[column],
        unit=unit,
        is_derived=is_derived,
        sd=seconds.sd(column),
        share_good=seconds.share_good(column),
        problem=problem,
        excursions=seconds.excursions(column),
        line=None,
        peaks=(),
        lines=(),
        spectrum=None,
    )
    if n_segments < N_SEGMENTS_MIN or not (density[1:] > _CONSTANT**2).all():
        return bare
    shown = ChannelSpectrum(
        frequency_hz=spectrum.frequency_hz[1:], density=density[1:], n_segments=n_segments
    )
    if grid is None:
        low_rate = f"no 1/f line from {search_hz[0] / 2.0:g} Hz at {rate_hz:g} Hz"
        return replace(bare, problem=problem or low_rate, lines=lines, spectrum=shown)
    bins = np.searchsorted(spectrum.frequency_hz, grid.frequency_hz)
    counts = spectrum.block_counts[:, column]
    parts = decompose(spectrum.block_sums[:, bins, column], counts, grid)
    return replace(bare, line=parts.line, peaks=parts.peaks, lines=lines, spectrum=shown)


def _masked_hz(lines: Sequence[SpectralLine]) -> tuple[tuple[float, float], ...]:
    return tuple(
        (each.frequency_hz - _LINE_HALF_WIDTH_HZ, each.frequency_hz + _LINE_HALF_WIDTH_HZ)
        for each in lines
        if each.kind != "unknown"
    )


def _problem(found: Pass, column: int, n_segments: int) -> str:
    """Return why a channel has no spectrum, or what is doubtful about it."""
    seconds = found.seconds
    labels = found.own_labels(column)
    flaws = {each.kind for each in found.counts.found if each.channel in labels}
    if text := implausible(found, column):
        return f"implausible amplitude: {text}"
    if n_segments >= N_SEGMENTS_MIN:
        sd = seconds.sd(column)
        return "constant" if sd is not None and sd <= _CONSTANT else ""
    if "frozen" in flaws:
        return "constant: it repeats one value"
    if "not_finite" in flaws:
        return "not finite: too few samples are numbers"
    needed_s = SEGMENT_S * (N_SEGMENTS_MIN + 1) / 2.0
    return (
        f"too short: expected {needed_s:g} s of good samples without a gap, or more pieces of "
        f"{SEGMENT_S:g} s, found {n_segments} good segments of {SEGMENT_S:g} s"
    )


def _without_spectra(stream: RecordedStream, config: StreamConfig) -> StreamInspection:
    info = stream.info
    duration_s = stream.n_samples / info.rate_hz if info.rate_hz else 0.0
    if not info.rate_hz and stream.n_samples > 1:
        duration_s = _span_s(stream)
    return StreamInspection(
        name=config.name,
        type=info.lsl_type,
        source_id=info.source_id,
        kind=config.kind if stream.is_signal else "markers",
        rate_hz=info.rate_hz,
        measured_hz=None,
        n_samples=stream.n_samples,
        duration_s=duration_s,
        problem="" if stream.n_samples else "empty: it has no sample",
    )


def _span_s(stream: RecordedStream) -> float:
    """Return the recorder's time from the first sample of a stream to its last one."""
    try:
        (timeline,) = timelines((stream,))
    except RecordingError:
        return 0.0
    return 0.0 if timeline.span_s is None else timeline.span_s[1] - timeline.span_s[0]
