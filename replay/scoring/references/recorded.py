"""References that a recording brings along: its markers, and the log of a device."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from replay.recording import RecordedStream, Recording, RecordingError
from replay.scoring.episodes import Episodes
from replay.timeline.timelines import timelines
from streamer.lsl.marker_text import marker_text

#: How long an event lasts that has a beginning and no end.
EVENT_S: Final = 1.0


class MarkerRule(NamedTuple):
    """Which markers say that something begins, and that it ends.

    Parameters
    ----------
    begin, end : str
        How their texts begin. Without an end an event lasts `EVENT_S`.
    stream : str
        Name of the marker stream; of all of them where it is empty.
    """

    begin: str
    end: str = ""
    stream: str = ""


class DeviceLog(NamedTuple):
    """One channel of power that a device logged itself.

    Parameters
    ----------
    stream, channel, unit : str
        As the recording has them.
    time_s : ndarray of float64, shape (n_rows,)
        On the recorder's clock.
    values : ndarray of float64, shape (n_rows,)
        NaN where nothing was logged.
    step_s : float
        From one row to the next.
    """

    stream: str
    channel: str
    unit: str
    time_s: NDArray[np.float64]
    values: NDArray[np.float64]
    step_s: float

    def above(self, threshold: float) -> Episodes:
        """Return when the log is above a threshold; a row stands for half a step to both sides."""
        is_above = self.values > threshold
        half_s = 0.5 * self.step_s * 1.0001
        rows = self.time_s[is_above]
        return Episodes.of(zip((rows - half_s).tolist(), (rows + half_s).tolist(), strict=True))


def marked(recording: Recording, signal: RecordedStream, rule: MarkerRule) -> Episodes:
    """Return what the markers of a recording say.

    Parameters
    ----------
    recording : Recording
        The recording.
    signal : RecordedStream
        The signal whose clock counts.
    rule : MarkerRule
        Which markers.

    Raises
    ------
    RecordingError
        Where no marker begins so; the text lists what markers there are.
    """
    streams = [
        each
        for each in recording.streams
        if not each.is_signal and rule.stream in ("", each.info.lsl_name)
    ]
    found: list[tuple[float, str]] = []
    for each in streams:
        times_s = timelines((signal, each))[1].read(0, each.n_samples).times_s
        rows = each.read(0, each.n_samples).samples
        found += zip(times_s.tolist(), map(marker_text, rows), strict=True)
    found.sort()
    pairs: list[tuple[float, float]] = []
    begun_s: float | None = None
    for time_s, text in found:
        if text.startswith(rule.begin) and begun_s is None:
            begun_s = time_s
            if not rule.end:
                pairs.append((time_s, time_s + EVENT_S))
                begun_s = None
        elif rule.end and text.startswith(rule.end) and begun_s is not None:
            pairs.append((begun_s, time_s))
            begun_s = None
    if not pairs:
        listed = ", ".join(sorted({repr(text[:40]) for _, text in found})[:12]) or "none"
        wanted = f"markers that begin with {rule.begin!r}" + (
            f", each followed by one that begins with {rule.end!r}" if rule.end else ""
        )
        raise RecordingError(f"{recording.path}: expected {wanted}, found {listed}")
    return Episodes.of(pairs)


def logs_of(recording: Recording, signal: RecordedStream) -> tuple[DeviceLog, ...]:
    """Return the power that a device logged itself, channel by channel.

    Parameters
    ----------
    recording : Recording
        Streams of type ``Power`` are logs, as a Percept's report has them.
    signal : RecordedStream
        The signal whose clock counts.
    """
    made: list[DeviceLog] = []
    for each in recording.streams:
        if each.info.lsl_type != "Power" or not each.is_signal or not each.n_samples:
            continue
        times_s = timelines((signal, each))[1].read(0, each.n_samples).stamps_s
        rows = each.read(0, each.n_samples).samples.astype(np.float64)
        for column, label in enumerate(each.info.channels):
            unit = each.info.units[column] if each.info.units else ""
            made.append(
                DeviceLog(
                    each.info.lsl_name,
                    label,
                    unit,
                    times_s,
                    rows[:, column],
                    1.0 / each.info.rate_hz,
                )
            )
    return tuple(made)


def log_for(logs: Sequence[DeviceLog], channel: str) -> DeviceLog | None:
    """Return the log of a channel: of the same label, else None."""
    return next((each for each in logs if each.channel == channel), None)
