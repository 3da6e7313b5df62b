"""The rig on recordings without bursts: how often it detects one all the same."""

from collections.abc import Callable, Sequence
from typing import Final, Literal, NamedTuple

import numpy as np
from msgspec.structs import replace

from detectors.bursts.burst import Burst, BurstConfig
from detectors.bursts.config import BurstThreshold
from detectors.detector import Detector
from detectors.estimates import Estimates
from replay.offline import LONG_CHUNKS
from replay.recording import Recording
from replay.recording_source import RecordingSource
from replay.scoring.episodes import Episodes
from replay.scoring.metrics import intervals
from replay.scoring.online import Column, Online, WatchedLoop, paired, run_online
from replay.scoring.result import Metric
from replay.scoring.subjects import EpisodeSubject
from streamer.config import LoopConfig

#: Which threshold: the recording's own, or what the rig calibrates on what it is given.
Threshold = Literal["of_recording", "recalibrated"]
_WHICH: Final[dict[Threshold, str]] = {
    "of_recording": "at the threshold that the recording itself calibrated",
    "recalibrated": "at a threshold that it calibrates there anew, as a percentile does",
}


class Found(NamedTuple):
    """What was detected where there is nothing to detect."""

    episodes: Episodes
    judged_s: float
    n_false: int


class ChanceRun(NamedTuple):
    """All results of one run, by subject and threshold; a kind that does not apply is missing."""

    found: dict[tuple[EpisodeSubject, Threshold], Found]


def chance_run(
    recording: Recording,
    config: LoopConfig,
    subjects: Sequence[EpisodeSubject],
    thresholds: dict[EpisodeSubject, float],
    progress: Callable[[int, int], None],
) -> ChanceRun:
    """Run a rig on a recording without bursts.

    Parameters
    ----------
    recording : Recording
        What it is given.
    config : LoopConfig
        The rig.
    subjects : sequence of EpisodeSubject
        Whose detections are counted.
    thresholds : dict of EpisodeSubject to float
        What the recording itself calibrated.
    progress : callable
        Called with the samples done and the samples in all.
    """
    source = RecordingSource(recording, config.streams, LONG_CHUNKS)
    source.open()
    loop = WatchedLoop(config, source.infos, "chance")
    detectors = loop.chain.detectors
    of = {each.id: table.of for each in subjects if (table := _burst_table(config, each))}
    columns = [each.valid for each in subjects]
    columns += [(id_, k) for id_ in of.values() for k in range(len(detectors[id_].outputs))]
    online = run_online(source, loop, columns=dict.fromkeys(columns), signals={}, progress=progress)
    found: dict[tuple[EpisodeSubject, Threshold], Found] = {}
    for each in subjects:
        own = paired(
            online.detections[each.id],
            each.channel,
            rate_hz=detectors[each.id].rate_hz,
            end_s=online.end_s,
        )
        found[each, "recalibrated"] = _counted(own.episodes, online.columns[each.valid])
        table = _burst_table(config, each)
        if table is not None and each in thresholds and _may_be_fixed(table, thresholds[each]):
            source_of = detectors[table.of]
            found[each, "of_recording"] = _at_threshold(
                each, table, source_of, thresholds[each], online
            )
    return ChanceRun(found)


def chance_metric(
    runs: Sequence[ChanceRun],
    subject: EpisodeSubject,
    threshold: Threshold,
    *,
    name: str,
    what: str,
    delay_s: float,
) -> Metric | None:
    """Return how many detections a minute several runs have together; None where none applies."""
    found = [each for run in runs if (each := run.found.get((subject, threshold))) is not None]
    if not found:
        return None
    n_false = sum(each.n_false for each in found)
    minutes = sum(each.judged_s for each in found) / 60.0
    low, high = intervals.poisson(n_false, minutes)
    return Metric(
        name=name,
        meaning=f"detections in a minute of {what}, {_WHICH[threshold]}",
        unit="1/min",
        value=n_false / minutes if minutes else None,
        low=low,
        high=high,
        interval=intervals.POISSON,
        null_of="none: this is itself what chance gives",
        n=n_false,
        delay_s=delay_s,
        note="" if minutes else "it is too short for the calibration",
    )


def chance_durations(
    runs: Sequence[ChanceRun], subject: EpisodeSubject
) -> tuple[list[float], float]:
    """Return how long each detection in surrogates lasted, and the time that was judged."""
    kinds: tuple[Threshold, ...] = ("recalibrated", "of_recording")
    for threshold in kinds:
        found = [each for run in runs if (each := run.found.get((subject, threshold))) is not None]
        judged_s = sum(each.judged_s for each in found)
        if judged_s:
            return [s for each in found for s in each.episodes.durations_s.tolist()], judged_s
    return [], 0.0


def _burst_table(config: LoopConfig, subject: EpisodeSubject) -> BurstConfig | None:
    tables = (each for each in config.detectors if each.id == subject.id)
    return next((each for each in tables if isinstance(each, BurstConfig)), None)


def _may_be_fixed(table: BurstConfig, threshold: float) -> bool:
    return np.isfinite(threshold) and (threshold > 0.0 or table.hysteresis_level is not None)


def _at_threshold(
    subject: EpisodeSubject,
    table: BurstConfig,
    source: Detector,
    threshold: float,
    online: Online,
) -> Found:
    """Return what the same rule detects at a fixed threshold: the detector itself applies it."""
    columns = [online.columns[source.id, k] for k in range(len(source.outputs))]
    first = columns[0]
    estimates = Estimates(
        source.id,
        first.sample,
        first.time_s,
        np.column_stack([each.values for each in columns]),
        np.column_stack([each.valid for each in columns]),
        np.zeros(first.sample.size, np.uint16),
    )
    burst = Burst(replace(table, threshold=BurstThreshold(level=threshold)), source)
    seen = burst.update(estimates)
    found = paired(seen.detections, subject.channel, rate_hz=burst.rate_hz, end_s=online.end_s)
    is_on = burst.columns(subject.channel).is_on
    valid = first._replace(valid=seen.estimates.valid[:, is_on])
    return _counted(found.episodes, valid)


def _counted(episodes: Episodes, valid: Column) -> Found:
    return Found(episodes, valid.valid_time.total_s, episodes.n_episodes)
