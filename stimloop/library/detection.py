"""Detectors run on an array or a recording: conditioned and computed as live, bit for bit."""

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from warnings import warn

import msgspec
from numpy.typing import ArrayLike

from detectors.detector import DetectorConfig
from replay import offline
from replay.recording import Recording
from replay.recording_source import RecordingSource
from stimloop.library.array_stream import ArrayDescription
from stimloop.library.input_errors import InputError
from stimloop.library.library_loop import checked, config_of, loop_of, on_streams
from stimloop.library.recording import FileStream, RecordingFile
from stimloop.library.results.detected import Detected
from stimloop.library.signals import Signal, Signals, by_name, of_recording
from stimloop.library.stream import Stream
from stimloop.terminal.found_text import found_lines, warnings
from streamer.errors import StreamFormatError
from streamer.session import remarks_of
from streamer.streams import Match


def detect(
    signals: Signals,
    /,
    *detectors: DetectorConfig,
    rate_hz: float | None = None,
    channels: str | Sequence[str] | None = None,
    units: str | Sequence[str] | None = None,
    time_s: ArrayLike | None = None,
    stream: Stream | None = None,
) -> Detected:
    """Run detectors on an array or a recording, with the same result as on a rig.

    Samples are conditioned first as on a rig: units, montage, smoothed stamps, gaps, quality,
    artifacts. The same samples through `stimloop replay`, or live, give the same bits.

    Parameters
    ----------
    signals : array_like, FileStream, RecordingFile, Signal or mapping of str to Signal
        Shape (n_samples, n_channels), or (n_samples,) of one channel, of any numeric data type;
        nothing is transposed. Or a recorded stream; or a whole recording, whose streams
        detectors read by name; or several signals by the names that detectors use.
    *detectors : DetectorConfig
        Made by `BandPower`, `Burst` and the other kinds. A detector stands after the one it reads.
    rate_hz : float
        Samples a second of an array.
    channels : str or sequence of str, optional
        Label of each column of an array; ``ch1``, ``ch2``, ... by default.
    units : str or sequence of str, optional
        Unit of an array, or of each of its columns; microvolts by default.
    time_s : array_like, shape (n_samples,), optional
        When each sample of an array was taken; gaps are found in it. By default samples are
        counted from 0 at the rate.
    stream : Stream, optional
        Kind, montage and artifacts; an array is an LFP by default.

    Returns
    -------
    Detected
        By the id of each detector its estimates and what it detected.

    Raises
    ------
    InputError
        A line for each mistake.
    RecordingError
        Where a recording can no longer be read.

    Notes
    -----
    NaN and other samples that cannot be right do not stop anything: the estimates that rest on them
    are NaN, and `Detected.warnings` gives the reason. Gaps likewise. Where less than half of a
    detector's estimates are valid, a `UserWarning` says why.

    Examples
    --------
    >>> import numpy as np
    >>> import stimloop as sl
    >>> time_s = np.arange(30_000) / 1000
    >>> rhythm = np.sin(2 * np.pi * 20 * time_s) * (np.sin(2 * np.pi * 0.5 * time_s) > 0.6)
    >>> x_uv = 20 * rhythm + np.random.default_rng(1).normal(0, 10, 30_000)
    >>> beta = sl.BandPower("beta", band_hz=(13, 30), window_s=0.4)
    >>> burst = sl.Burst("burst", of="beta", threshold=sl.Percentile(75, calibrate_s=10))
    >>> found = sl.detect(x_uv, beta, burst, rate_hz=1000, channels="STN_L")
    >>> found["beta"].values.shape, len(found["burst"].events())
    ((3000, 1), 10)
    """
    configs = checked(detectors)
    description = ArrayDescription(rate_hz, channels, units, time_s)
    by_stream = _signals(signals, description, stream, configs)
    tables = [each.config(name or None) for name, each in by_stream.items()]
    configs = on_streams(configs, [each.name for each in tables])
    recorded = tuple(each.recorded for each in by_stream.values())
    for table, each in zip(tables, recorded, strict=True):
        if not each.n_samples:
            raise InputError(f"stream {table.name}: expected samples, found none: it is empty")
    config = config_of(tables, configs)
    # Streams are found by position, as names of streams in a file may repeat.
    picked = [
        msgspec.structs.replace(table, match=Match(index=position))
        for position, table in enumerate(tables)
    ]
    source = RecordingSource(Recording(Path(), recorded), picked, offline.LONG_CHUNKS)
    try:
        source.open()
    except StreamFormatError as error:
        raise InputError(str(error)) from error
    loop = loop_of(config, source.infos)
    result = offline.detect(source, loop)
    unusable = tuple(warnings(result.summary))
    for text in unusable:
        warn(text, stacklevel=2)
    remarks = [*source.remarks, *remarks_of(config.loop, source.infos)]
    return Detected(
        config=config,
        source=source,
        results=result.detectors,
        lines=tuple(found_lines(result.summary)),
        warnings=(*remarks, *unusable),
    )


def _signals(
    given: Signals,
    description: ArrayDescription,
    stream: Stream | None,
    detectors: Sequence[DetectorConfig],
) -> dict[str, Signal]:
    """Return the signals by name; a single signal under '', as it has a name of its own."""
    if isinstance(given, str | PurePath):
        raise InputError(
            f"signals: expected an array or a recording, found the path {str(given)!r}: open it "
            "with sl.read(...)"
        )
    if isinstance(given, RecordingFile | Signal | Mapping) and description.first_key is not None:
        raise InputError(f"{description.first_key}: expected none but with an array, found one")
    if isinstance(given, Mapping | Signal) and stream is not None:
        raise InputError("stream: expected none here, but in sl.Signal(..., stream=...), found one")
    if isinstance(given, RecordingFile):
        return of_recording(given, detectors, stream)
    if isinstance(given, Mapping):
        return by_name(given)
    if isinstance(given, Signal):
        return {"": given}
    samples: ArrayLike | FileStream = given
    return {"": Signal(samples, **description._asdict(), stream=stream)}
