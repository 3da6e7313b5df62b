"""The runs of a session report: samples, and when each was taken."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from replay.readers.implants.percept.log_texts import snapshot_text
from replay.readers.implants.percept.report import (
    LocatedRun,
    PowerRun,
    SessionReport,
    TimeDomainRun,
    numbers_of,
    runs_of,
)
from replay.readers.implants.percept.ticks import TickClock, moment_of, packet_stamps_s, steady_s
from streamer.source import StreamInfo

_SIDES = ("Left", "Right")
_SNAPSHOT = StreamInfo(
    name="TherapySnapshot",
    lsl_name="TherapySnapshot",
    lsl_type="Markers",
    rate_hz=0.0,
    channels=("settings",),
    units=("",),
    dtype="string",
)


class Run(NamedTuple):
    """Samples that were streamed in one go.

    Parameters
    ----------
    info : StreamInfo
        The stream that it is a run of.
    samples : ndarray, shape (n_samples, n_channels)
        In the unit of the stream, float64, NaN where there was none; of markers their texts.
    stamps_s : ndarray of float64, shape (n_samples,)
        On the clock of the report.
    """

    info: StreamInfo
    samples: NDArray[Any]
    stamps_s: NDArray[np.float64]


def time_domain_runs(report: SessionReport, clock: TickClock, warnings: list[str]) -> Iterator[Run]:
    """Yield the runs of time-domain samples; channels that were streamed together are one run."""
    for section in ("BrainSenseTimeDomain", "IndefiniteStreaming"):
        end_s = 0.0
        for together in _together(runs_of(report, section, warnings)):
            path, first = together[0]
            stamps_s = _stamps_of(path, first, clock, end_s, warnings)
            end_s = float(stamps_s[-1])
            samples = [np.array(each.run.TimeDomainData, np.float64) for each in together]
            channels = [each.run.Channel for each in together]
            info = _info(section, "LFP", channels, "uV", first.SampleRateInHz)
            yield Run(info, np.stack(samples, axis=1), stamps_s)


def power_runs(report: SessionReport, clock: TickClock, warnings: list[str]) -> Iterator[Run]:
    """Yield the runs of the log: power of each side that sensed, settings, and amplitude."""
    end_s = 0.0
    for path, run in runs_of(report, "BrainSenseLfp", warnings):
        if not run.LfpData:
            continue
        stamps_s = _stamps_of_log(path, run, clock, end_s, warnings)
        end_s = float(stamps_s[-1])
        sensed = _sensed(run)
        if sensed:
            power = [[getattr(each, side).LFP for each in run.LfpData] for side in sensed.values()]
            info = _info("BrainSenseLfp power", "Power", [*sensed], "lsb", run.SampleRateInHz)
            yield Run(info, np.array(power, np.float64).T, stamps_s)
        amplitude = [[getattr(each, side).amplitude_ma for each in run.LfpData] for side in _SIDES]
        sides = [side.upper() for side in _SIDES]
        info = _info("BrainSenseLfp amplitude", "Amplitude", sides, "mA", run.SampleRateInHz)
        yield Run(info, np.array(amplitude, np.float64).T, stamps_s)
        if isinstance(run.TherapySnapshot, dict):
            text = np.array([[snapshot_text(run.TherapySnapshot)]], object)
            yield Run(_SNAPSHOT, text, stamps_s[:1])


def _together(runs: Iterator[LocatedRun]) -> list[list[LocatedRun]]:
    """Return runs grouped by when they were streamed, the channels of one time together."""
    found: dict[object, list[LocatedRun]] = {}
    for placed in runs:
        run = placed.run
        if not run.TimeDomainData:
            continue
        packets = repr((run.TicksInMses, run.GlobalPacketSizes))
        same = (run.FirstPacketDateTime, run.SampleRateInHz, len(run.TimeDomainData), packets)
        n_before = 0
        while any(run.Channel == each.run.Channel for each in found.get((same, n_before), ())):
            n_before += 1
        found.setdefault((same, n_before), []).append(placed)
    return list(found.values())


def _sensed(run: PowerRun) -> dict[str, str]:
    """Return the side of each channel that was sensed."""
    labels = run.Channel.replace(",", " ").split()
    return {
        label: side for label in labels for side in _SIDES if label.upper().endswith(side.upper())
    }


def _stamps_of(
    path: str, run: TimeDomainRun, clock: TickClock, after_s: float, warnings: list[str]
) -> NDArray[np.float64]:
    """Return the stamp of each sample of a run of time domain."""
    n_samples, rate_hz = len(run.TimeDomainData), run.SampleRateInHz
    moment = _moment(path, run.FirstPacketDateTime, warnings)
    try:
        ticks_ms, sizes = numbers_of(run.TicksInMses), numbers_of(run.GlobalPacketSizes)
    except ValueError as error:
        ticks_ms, sizes, wrong = [], [], f"TicksInMses and GlobalPacketSizes: {error}"
    else:
        wrong = _wrong_packets(ticks_ms, sizes, n_samples)
    if not wrong:
        ticks_s = steady_s(ticks_ms)
        if ticks_s is not None:
            first_s = clock.start_s(ticks_s[0], moment, after_s)
            counts = np.array(sizes, dtype=np.int64)
            return packet_stamps_s(ticks_s - ticks_s[0] + first_s, counts, rate_hz)
        wrong = "TicksInMses: expected ticks that rise steadily, found others"
    warnings.append(f"{path}.{wrong}: samples are counted at {rate_hz:g} Hz")
    first_s = clock.start_s(ticks_ms[0] / 1000.0 if ticks_ms else None, moment, after_s)
    return first_s + np.arange(n_samples) / rate_hz


def _wrong_packets(ticks_ms: Sequence[float], sizes: Sequence[float], n_samples: int) -> str:
    """Return, beginning with the key, how packets and samples contradict; empty where they agree.

    Examples
    --------
    >>> _wrong_packets([500.0], [125.0], 126)
    'GlobalPacketSizes: expected 1 sizes that add up to 126, found 1 that add up to 125'
    """
    if not ticks_ms:
        return "TicksInMses: expected the tick of each packet, found none"
    are_whole = all(size > 0 and size == int(size) for size in sizes)
    if len(sizes) == len(ticks_ms) and are_whole and sum(sizes) == n_samples:
        return ""
    return (
        f"GlobalPacketSizes: expected {len(ticks_ms)} sizes that add up to {n_samples}, found "
        f"{len(sizes)} that add up to {sum(sizes):g}"
    )


def _stamps_of_log(
    path: str, run: PowerRun, clock: TickClock, after_s: float, warnings: list[str]
) -> NDArray[np.float64]:
    """Return the stamp of each row of a run of the log."""
    moment = _moment(path, run.FirstPacketDateTime, warnings)
    ticks_s = steady_s([each.TicksInMs for each in run.LfpData])
    first_s = clock.start_s(run.LfpData[0].TicksInMs / 1000.0, moment, after_s)
    if ticks_s is not None:
        return np.asarray(ticks_s - ticks_s[0] + first_s, np.float64)
    warnings.append(
        f"{path}.LfpData: expected TicksInMs that rise steadily, found others: rows are counted "
        f"at {run.SampleRateInHz:g} Hz"
    )
    return first_s + np.arange(len(run.LfpData)) / run.SampleRateInHz


def _moment(path: str, text: str | None, warnings: list[str]) -> datetime | None:
    moment = moment_of(text)
    if moment is None:
        found = "none" if text is None else repr(text)
        warnings.append(
            f"{path}.FirstPacketDateTime: expected a date, found {found}: its start follows from "
            "its ticks alone"
        )
    return moment


def _info(
    name: str, content: str, channels: Sequence[str], unit: str, rate_hz: float
) -> StreamInfo:
    full = " ".join((name, *channels))
    return StreamInfo(
        name=full,
        lsl_name=full,
        lsl_type=content,
        rate_hz=rate_hz,
        channels=tuple(channels),
        units=(unit,) * len(channels),
        dtype="float64",
    )
