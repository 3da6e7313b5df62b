"""Which channel of a recording to use: the one with the highest peak that is none of noise."""

from collections.abc import Sequence

from replay.calibration.calibrated import Candidate
from replay.calibration.request import Progress, Request
from replay.inspection.inspect import inspect_stream
from replay.inspection.inspected import ChannelInspection, StreamInspection
from replay.inspection.peaks import P_MAX
from replay.recording import Recording
from streamer.publishing.own_streams import is_own
from streamer.streams import StreamConfig


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


def inspect_candidates(
    recording: Recording,
    configs: Sequence[StreamConfig],
    request: Request,
    progress: Progress,
) -> list[StreamInspection]:
    """Inspect the streams that a channel is chosen from: those like LFP, or the one asked for."""
    names = [each.name for each in configs]
    if request.stream is not None and request.stream not in names:
        raise CalibrationError(
            f"stream: expected one of {', '.join(names)}, found {request.stream!r}"
        )
    pairs = [
        (stream, config)
        for stream, config in zip(recording.streams, configs, strict=True)
        if stream.is_signal
        and (config.name == request.stream if request.stream else not is_own(stream.info))
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


def candidates_of(inspected: Sequence[StreamInspection], request: Request) -> tuple[Candidate, ...]:
    """Return every channel with its highest peak, the best first."""
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


def _candidate(stream: StreamInspection, channel: ChannelInspection, n_judged: int) -> Candidate:
    peak = channel.peaks[0] if channel.peaks else None
    return Candidate(
        stream=stream.name,
        channel=channel.channel,
        is_derived=channel.is_derived,
        problem=channel.problem if channel.line is None else "",
        peak=peak,
        p=1.0 if peak is None else 1.0 - (1.0 - peak.p) ** n_judged,
    )


def best_of(candidates: tuple[Candidate, ...], recording: Recording, request: Request) -> Candidate:
    """Return the first of the candidates.

    Raises
    ------
    CalibrationError
        Where none has a spectrum.
    NoPeakError
        Where none has a peak.
    """
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
