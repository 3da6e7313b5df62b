"""One detector on one channel, held against each reference that there is."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from detectors.detector import Detector
from replay.scoring.chance.chance_runs import ChanceRun, chance_durations, chance_metric
from replay.scoring.episodes import Episodes
from replay.scoring.metrics.event_metrics import event_metrics
from replay.scoring.metrics.judged_time import JudgedTime
from replay.scoring.metrics.log_metrics import log_metrics
from replay.scoring.metrics.pairs import Judged, delays_of
from replay.scoring.metrics.switches import switch_metrics
from replay.scoring.online import Detected, Online, paired
from replay.scoring.picture_data import course_of, spectrum_of
from replay.scoring.references.offline_rhythm import ReferenceBursts, reference_bursts
from replay.scoring.references.recorded import DeviceLog, log_for
from replay.scoring.result import DetectorScore, Metric, Series
from replay.scoring.settings import ScoreSettings
from replay.scoring.subjects import Band, EpisodeSubject

#: Bursts of which durations and delays are kept for pictures.
_N_KEPT: Final = 2000


class ScoreInputs(NamedTuple):
    """What all scores of one recording are made of: detections, chance and references.

    Parameters
    ----------
    online : Online
        What was detected, and the samples.
    settings : ScoreSettings
        What was asked for.
    within : Episodes
        The part of the recording that is judged.
    began_s : float
        When the recording began.
    surrogates, healthy : sequence of ChanceRun
        What was detected where there is nothing.
    marked : Episodes or None
        What markers say.
    logs : sequence of DeviceLog
        What a device logged.
    """

    online: Online
    settings: ScoreSettings
    within: Episodes
    began_s: float
    surrogates: Sequence[ChanceRun]
    healthy: Sequence[ChanceRun]
    marked: Episodes | None
    logs: Sequence[DeviceLog]


class _Against(NamedTuple):
    """A reference, how it was made, and the time in which it says anything."""

    name: str
    text: str
    episodes: Episodes
    judged: Episodes


def episode_scores(
    subject: EpisodeSubject, detector: Detector, inputs: ScoreInputs, left_out: list[str]
) -> Iterator[DetectorScore]:
    """Yield the score of a detector against each reference; a line for each that it lacks."""
    online = inputs.online
    detected = paired(
        online.detections[subject.id],
        subject.channel,
        rate_hz=detector.rate_hz,
        end_s=online.end_s,
    )
    valid = online.columns[subject.valid].valid_time.within(inputs.within)
    for against in _references(subject, inputs, valid, left_out):
        judged_time = JudgedTime(against.judged.within(valid))
        if not judged_time.total_s:
            left_out.append(
                f"detector {subject.id} on {subject.channel} against {against.name}: there is no "
                "time in which both say anything: the recording is too short for the calibration"
            )
            continue
        judged = Judged(
            detected.episodes,
            against.episodes,
            judged_time,
            detector.delay_s,
            detected.known_s,
            inputs.settings.seed,
        )
        yield DetectorScore(
            detector=subject.id,
            kind=subject.kind,
            stream=subject.stream,
            channel=subject.channel,
            reference=against.name,
            reference_text=against.text,
            delay_s=detector.delay_s,
            judged_s=judged_time.total_s,
            metrics=(
                *event_metrics(judged),
                *_chance_metrics(subject, detector, inputs),
                *_switches(subject, detector, detected, inputs, judged_time),
                *_log(subject, detector, against, inputs, judged_time),
            ),
            band_hz=subject.band_hz,
            series=_series(subject, inputs, judged, against),
        )


def _references(
    subject: EpisodeSubject, inputs: ScoreInputs, valid: Episodes, left_out: list[str]
) -> Iterator[_Against]:
    named = f"detector {subject.id} on {subject.channel}"
    settings = inputs.settings
    kept = inputs.online.signals.get(subject.stream)
    if subject.band_hz is None:
        left_out.append(
            f"{named}: no offline reference, as it looks at no single band: give one with --band"
        )
    elif kept is None or subject.channel not in kept.channels:
        left_out.append(f"{named}: no offline reference, as it is no single channel")
    else:
        found = reference_bursts(
            kept, subject.channel, subject.band_hz, settings.reference, inputs.within
        )
        yield _Against(
            "offline", _text(found, subject.band_hz, settings), found.bursts, found.judged
        )
    if inputs.marked is not None:
        yield _Against("markers", "markers of the recording", inputs.marked, valid)
    log = log_for(inputs.logs, subject.channel)
    if log is not None:
        yield _logged(log, inputs)
    elif inputs.logs:
        labels = ", ".join(dict.fromkeys(each.channel for each in inputs.logs))
        left_out.append(f"{named}: no log of this channel, the device logged {labels}")


def _text(found: ReferenceBursts, band_hz: Band, settings: ScoreSettings) -> str:
    rule = settings.reference
    return (
        f"offline and without delay: amplitude from {band_hz[0]:g} to {band_hz[1]:g} Hz "
        f"(zero-phase Butterworth band pass, Hilbert), mean over {rule.smoothing_s:g} s, above its "
        f"{rule.percentile:g}th percentile ({found.threshold_uv:.3g} µV) for at least "
        f"{rule.duration_s_min:g} s"
    )


def _logged(log: DeviceLog, inputs: ScoreInputs) -> _Against:
    """Return when the log of a device is high, of the part of the recording that it covers."""
    settings = inputs.settings
    half_s = 0.5 * log.step_s * 1.0001
    rows_s = log.time_s[np.isfinite(log.values)]
    covered = Episodes.of(zip((rows_s - half_s).tolist(), (rows_s + half_s).tolist(), strict=True))
    covered = covered.within(inputs.within)
    inside = JudgedTime(covered).holds(log.time_s) & np.isfinite(log.values)
    threshold = settings.log_threshold
    how = "as given"
    if threshold is None:
        threshold = _percentile(log.values[inside], settings.reference.percentile)
        how = f"its {settings.reference.percentile:g}th percentile"
    return _Against(
        "log",
        f"the device's own log: {log.channel} of stream {log.stream} above {threshold:g} "
        f"{log.unit} ({how}), a row every {log.step_s:g} s",
        log.above(threshold),
        covered,
    )


def _percentile(values: NDArray[np.float64], percentile: float) -> float:
    return float(np.percentile(values, percentile)) if values.size else float("inf")


def _chance_metrics(
    subject: EpisodeSubject, detector: Detector, inputs: ScoreInputs
) -> Iterator[Metric]:
    n_surrogates = len(inputs.surrogates)
    of_surrogates = f"{n_surrogates} phase-randomised surrogates of the recording: its spectrum, "
    kinds = (
        ("surrogate", f"{of_surrogates}without its bursts", inputs.surrogates),
        (
            "healthy",
            "a healthy simulated patient: 1/f noise as strong beside the band as the recording",
            inputs.healthy,
        ),
    )
    for name, what, runs in kinds:
        for threshold, suffix in (("of_recording", ""), ("recalibrated", "_recalibrated")):
            found = chance_metric(
                runs,
                subject,
                "of_recording" if threshold == "of_recording" else "recalibrated",
                name=f"false_positives_per_min_{name}{suffix}",
                what=what,
                delay_s=detector.delay_s,
            )
            if found is not None:
                yield found


def _switches(
    subject: EpisodeSubject,
    detector: Detector,
    detected: Detected,
    inputs: ScoreInputs,
    judged_time: JudgedTime,
) -> tuple[Metric, ...]:
    null_s, null_judged_s = chance_durations(inputs.surrogates, subject)
    return switch_metrics(
        detected.episodes,
        judged_time,
        (np.array(null_s), null_judged_s),
        undone_s=inputs.settings.undone_s,
        delay_s=detector.delay_s,
        seed=inputs.settings.seed,
    )


def _log(
    subject: EpisodeSubject,
    detector: Detector,
    against: _Against,
    inputs: ScoreInputs,
    judged_time: JudgedTime,
) -> tuple[Metric, ...]:
    log = log_for(inputs.logs, subject.channel)
    if against.name != "log" or log is None or subject.measure is None:
        return ()
    return log_metrics(
        log,
        inputs.online.columns[subject.measure],
        judged_time,
        delay_s=detector.delay_s,
        seed=inputs.settings.seed,
    )


def _series(
    subject: EpisodeSubject, inputs: ScoreInputs, judged: Judged, against: _Against
) -> Series:
    delays = delays_of(judged)
    judged_time = judged.judged_time
    null_s, _ = chance_durations(inputs.surrogates, subject)
    inside = judged.online.pick(judged_time.holds(judged.online.start_s))
    bursts = judged.reference.pick(judged.reference.inside(judged_time.episodes))
    made = Series(
        online_s=_first(inside.durations_s),
        reference_s=_first(bursts.durations_s),
        null_s=null_s[:_N_KEPT],
        onset_delay_s=_first(delays.onset_s),
        offset_delay_s=_first(delays.offset_s),
    )
    kept = inputs.online.signals.get(subject.stream)
    if kept is None or subject.channel not in kept.channels or subject.band_hz is None:
        return made
    hz, density = spectrum_of(kept, subject.channel)
    course = course_of(
        kept,
        subject.channel,
        subject.band_hz,
        online=judged.online,
        reference=against.episodes,
        judged=judged_time.episodes,
        began_s=inputs.began_s,
    )
    return replace(made, spectrum_hz=hz, spectrum_uv2_per_hz=density, course=course)


def _first(values: NDArray[np.float64]) -> list[float]:
    kept: list[float] = np.round(values[:_N_KEPT], 6).tolist()
    return kept
