"""A phase that was estimated online, held against that of a zero-phase filter."""

import functools
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.detector import Detector
from replay.scoring.judging import ScoreInputs
from replay.scoring.metrics.judged_time import JudgedTime
from replay.scoring.metrics.phase_metrics import (
    PhaseErrors,
    chance_of_events,
    chance_of_hops,
    counted,
    phase_metrics,
)
from replay.scoring.picture_data import spectrum_of
from replay.scoring.references.offline_rhythm import Rhythm, reference_bursts, rhythms
from replay.scoring.result import DetectorScore, Metric, Series
from replay.scoring.subjects import PhaseSubject

#: Below it an amplitude has no phase.
_LEAST: Final = 1e-12


class _Online(NamedTuple):
    """Moments, and the phase that was said of each, as numbers of length 1."""

    time_s: NDArray[np.float64]
    phase: NDArray[np.complex128]


def phase_score(
    subject: PhaseSubject, detector: Detector, inputs: ScoreInputs, left_out: list[str]
) -> DetectorScore | None:
    """Return the score of a phase; None, and a line, where there is nothing to hold it against.

    Parameters
    ----------
    subject : PhaseSubject
        An oscillation, whose phase is compared at every valid hop, or a target phase, whose events
        are.
    detector : Detector
        It.
    inputs : ScoreInputs
        What was found online.
    left_out : list of str
        Gets the line.
    """
    kept = inputs.online.signals.get(subject.stream)
    if kept is None or subject.channel not in kept.channels:
        left_out.append(f"detector {subject.id} on {subject.channel}: it is no single channel")
        return None
    rule = inputs.settings.reference
    bursts = reference_bursts(kept, subject.channel, subject.band_hz, rule, inputs.within)
    valid = inputs.online.columns[subject.phase].valid_time.within(bursts.judged)
    judged_time = JudgedTime(valid)
    if not judged_time.total_s:
        left_out.append(
            f"detector {subject.id} on {subject.channel}: its phase is known at no moment that "
            "the reference can judge"
        )
        return None
    online = _said(subject, inputs)
    # Once for all, as the chance of events looks at them again.
    pieces = list(rhythms(kept, subject.channel, subject.band_hz))
    found = _compared(online, pieces, judged_time)
    in_bursts = found.pick(JudgedTime(bursts.bursts).holds(found.time_s))
    seed = inputs.settings.seed

    def chance(errors: PhaseErrors) -> float | None:
        if subject.target_rad is None:
            return chance_of_hops(errors, judged_time, seed)
        return chance_of_events(
            functools.partial(_phases, pieces), errors.time_s, judged_time, seed
        )

    where = "at each hop" if subject.target_rad is None else "at each event"
    everywhere = phase_metrics(
        found, judged_time, null=chance(found), delay_s=detector.delay_s, seed=seed, where=where
    )
    inside = phase_metrics(
        in_bursts,
        judged_time,
        null=chance(in_bursts),
        delay_s=detector.delay_s,
        seed=seed,
        where=f"{where} in a burst",
    )
    hz, density = spectrum_of(kept, subject.channel)
    low_hz, high_hz = subject.band_hz
    return DetectorScore(
        detector=subject.id,
        kind=subject.kind,
        stream=subject.stream,
        channel=subject.channel,
        reference="phase",
        reference_text=(
            f"phase of the Hilbert transform of a zero-phase Butterworth band pass from "
            f"{low_hz:g} to {high_hz:g} Hz; in a burst: its amplitude, mean over "
            f"{rule.smoothing_s:g} s, is above its {rule.percentile:g}th percentile"
        ),
        delay_s=detector.delay_s,
        judged_s=judged_time.total_s,
        metrics=(*everywhere, *map(_of_bursts, inside)),
        band_hz=subject.band_hz,
        series=Series(
            phase_error_counts=counted((in_bursts if in_bursts.time_s.size else found).errors),
            spectrum_hz=hz,
            spectrum_uv2_per_hz=density,
        ),
    )


def _of_bursts(metric: Metric) -> Metric:
    named = {
        "phase_error_rad": "phase_error_in_bursts_rad",
        "phase_resultant": "phase_resultant_in_bursts",
    }
    return msgspec.structs.replace(metric, name=named[metric.name])


def _said(subject: PhaseSubject, inputs: ScoreInputs) -> _Online:
    """Return when the detector said something of the phase, and what."""
    if subject.target_rad is not None:
        times_s = np.array(
            [
                each.onset_s
                for each in inputs.online.detections[subject.id]
                if each.channel == subject.channel and each.kind == "moment"
            ]
        )
        return _Online(times_s, np.full(times_s.size, np.exp(1j * subject.target_rad)))
    column = inputs.online.columns[subject.phase]
    return _Online(
        column.time_s[column.valid] + subject.lead_s, np.exp(1j * column.values[column.valid])
    )


def _compared(online: _Online, pieces: Sequence[Rhythm], judged_time: JudgedTime) -> PhaseErrors:
    """Return what was said in the judged time, beside the phase of the reference."""
    judged = judged_time.holds(online.time_s)
    time_s = online.time_s[judged]
    order = np.argsort(time_s, kind="stable")
    true = _phases(pieces, time_s[order])
    known = np.isfinite(true)
    return PhaseErrors(time_s[order][known], online.phase[judged][order][known], true[known])


def _phases(pieces: Sequence[Rhythm], time_s: NDArray[np.float64]) -> NDArray[np.complex128]:
    """Return the phase of the reference at moments in order; NaN where it is not known."""
    found = np.full(time_s.size, np.nan, np.complex128)
    for piece in pieces:
        first = np.searchsorted(time_s, piece.time_s[0], side="left")
        stop = np.searchsorted(time_s, piece.time_s[-1], side="right")
        unit = _phase_at(piece, time_s[first:stop])
        length = np.abs(unit)
        found[first:stop] = np.where(length > _LEAST, unit / np.maximum(length, _LEAST), np.nan)
    return found


def _phase_at(piece: Rhythm, time_s: NDArray[np.float64]) -> NDArray[np.complex128]:
    """Return the reference between its samples: turned back by the steady part, then a line."""
    index = np.clip(np.searchsorted(piece.time_s, time_s) - 1, 0, max(piece.time_s.size - 2, 0))
    if piece.time_s.size < 2:
        return np.full(time_s.size, piece.analytic_uv[0], np.complex128)
    before = piece.analytic_uv[index].astype(np.complex128)
    after = piece.analytic_uv[index + 1].astype(np.complex128)
    step_s = piece.time_s[index + 1] - piece.time_s[index]
    share = np.clip((time_s - piece.time_s[index]) / np.where(step_s > 0.0, step_s, 1.0), 0.0, 1.0)
    turn = np.angle(after * before.conj())
    length = (1.0 - share) * np.abs(before) + share * np.abs(after)
    return np.asarray(length * np.exp(1j * (np.angle(before) + share * turn)), np.complex128)
