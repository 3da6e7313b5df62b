"""Scores what a rig detects in a recording: against references, and against chance."""

import functools
import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
from msgspec.structs import replace

from detectors.compiling.listening import Compiling, compiling
from replay.offline import LONG_CHUNKS
from replay.recording import RecordedStream, Recording
from replay.recording_source import RecordingSource
from replay.scoring.chance.chance_runs import ChanceRun, chance_run
from replay.scoring.chance.healthy import healthy_stream
from replay.scoring.chance.surrogates import surrogate, with_streams
from replay.scoring.episodes import Episodes
from replay.scoring.judging import ScoreInputs, episode_scores
from replay.scoring.online import Online, WatchedLoop, run_online
from replay.scoring.phase_judging import phase_score
from replay.scoring.references.kept_signal import KeptSignal
from replay.scoring.references.recorded import logs_of, marked
from replay.scoring.result import DetectorScore, Score
from replay.scoring.settings import ScoreSettings
from replay.scoring.subjects import Subjects, columns_of, subjects_of
from replay.session import replay_session
from streamer.config import LoopConfig
from streamer.journal.provenance import versions

#: Called with what is done now, and with how much of it is done and how much there is.
Progress = Callable[[str, int, int], None]


class ScoreError(ValueError):
    """A recording and a rig cannot be scored; the text says why and what to do."""


class _Scored(NamedTuple):
    """A recording, its rig, and what of it can be scored."""

    recording: Recording
    config: LoopConfig
    source: RecordingSource
    loop: WatchedLoop
    subjects: Subjects


def score(
    recording: Recording,
    config: LoopConfig,
    *,
    config_toml: bytes,
    settings: ScoreSettings = ScoreSettings(),  # noqa: B008 frozen
    with_therapy: bool = True,
    progress: Progress = lambda _what, _done, _total: None,
    compiles: Compiling = lambda _n_compiled, _name: None,
) -> Score:
    """Score every detector of a rig on a recording.

    Parameters
    ----------
    recording : Recording
        The recording.
    config : LoopConfig
        The rig. What its detectors find is, bit for bit, what `stimloop replay` finds with a rig
        that drives nothing: stimulation of the rig's own is not in the recording.
    config_toml : bytes
        The resolved configuration file.
    settings : ScoreSettings
        What detections are held against.
    with_therapy : bool
        Whether the recording also runs through policies and virtual devices, where the rig has
        any, for what they would have given.
    progress : callable, optional
        Called with what is done now, the samples done and the samples in all.
    compiles : callable, optional
        Called with the number of kernels compiled so far and the name of the next.

    Returns
    -------
    Score
        A score for each detector, channel and reference.

    Raises
    ------
    ScoreError
        Where nothing can be scored.
    StreamError
        Where the recording has not the streams of the configuration, or cannot be read.
    ValueError
        Where configuration and streams do not fit each other; begins with the key path.

    Notes
    -----
    Detectors begin and calibrate at the first sample, whatever part is judged. Signals are kept in
    files without a name in the folder for temporary files, 6 bytes a sample of each channel that
    is scored, and filtered in pieces: memory does not grow with the length of the signal. Columns
    of estimates that are needed stay in memory, 9 bytes a hop each.
    """
    with compiling(compiles):
        scored = _scored(recording, config, settings)
    online = _run(scored, progress)
    began_s, ended_s = scored.source.span_s
    start_s = began_s + (settings.start_s or 0.0)
    stop_s = began_s + settings.stop_s if settings.stop_s is not None else np.inf
    within = Episodes.of([(start_s, stop_s)])
    if start_s >= ended_s:
        raise ScoreError(
            f"{recording.path}: expected a part that begins within its {ended_s - began_s:.1f} s, "
            f"found one from {settings.start_s:g} s on"
        )
    left_out = list(scored.subjects.left_out)
    signal = scored.source.streams[_first_signal(scored.source)]
    surrogates, healthy = _chance(scored, online, settings, left_out, progress)
    inputs = ScoreInputs(
        online=online,
        settings=settings,
        within=within,
        began_s=began_s,
        surrogates=surrogates,
        healthy=healthy,
        marked=None if settings.markers is None else marked(recording, signal, settings.markers),
        logs=logs_of(recording, signal),
    )
    scores = tuple(_scores(scored, inputs, left_out))
    if not scores:
        raise ScoreError(
            f"{recording.path}: there is nothing to score: {'; '.join(left_out) or 'no detector'}"
        )
    return Score(
        file=recording.path.name,
        rig=config.rig.name,
        config_sha256=hashlib.sha256(config_toml).hexdigest(),
        recording_sha256=_digest(scored.source.streams),
        versions=versions(),
        settings=settings.as_dict(),
        length_s=ended_s - began_s,
        scores=scores,
        therapy=_therapy(scored, config_toml, progress) if with_therapy else {},
        left_out=tuple(dict.fromkeys(left_out)),
    )


def _scored(recording: Recording, config: LoopConfig, settings: ScoreSettings) -> _Scored:
    source = RecordingSource(recording, config.streams, LONG_CHUNKS)
    source.open()
    loop = WatchedLoop(_only_detecting(config), source.infos, "score")
    subjects = subjects_of(config, loop, settings.band_hz)
    if not (subjects.episodes or subjects.phases):
        why = "; ".join(subjects.left_out) or "the rig has no detector"
        raise ScoreError(
            "$.detectors: expected one that detects bursts, or a phase, found none: " + why
        )
    return _Scored(recording, config, source, loop, subjects)


def _only_detecting(config: LoopConfig) -> LoopConfig:
    return replace(config, policies=(), devices=())


def _run(scored: _Scored, progress: Progress) -> Online:
    """Run the loop over the recording, and keep the channels that a reference needs."""
    signals: dict[str, KeptSignal] = {}
    names = [info.name for info in scored.source.infos]
    for name, conditioner in scored.loop.conditioners.items():
        labels = conditioner.layout.channels
        of_bursts = [each for each in scored.subjects.episodes if each.band_hz is not None]
        wanted = {each.channel for each in of_bursts if each.stream == name}
        wanted |= {each.channel for each in scored.subjects.phases if each.stream == name}
        columns = {label: column for column, label in enumerate(labels) if label in wanted}
        if columns:
            n_samples = scored.source.streams[names.index(name)].n_samples
            signals[name] = KeptSignal(n_samples, columns, conditioner.layout.rate_hz)
    return run_online(
        scored.source,
        scored.loop,
        columns=columns_of(scored.subjects),
        signals=signals,
        progress=functools.partial(progress, "detecting"),
    )


def _scores(scored: _Scored, inputs: ScoreInputs, left_out: list[str]) -> Iterator[DetectorScore]:
    detectors = scored.loop.chain.detectors
    for each in scored.subjects.episodes:
        yield from episode_scores(each, detectors[each.id], inputs, left_out)
    for phase in scored.subjects.phases:
        found = phase_score(phase, detectors[phase.id], inputs, left_out)
        if found is not None:
            yield found


def _chance(
    scored: _Scored,
    online: Online,
    settings: ScoreSettings,
    left_out: list[str],
    progress: Progress,
) -> tuple[list[ChanceRun], list[ChanceRun]]:
    """Return what is found in surrogates, and in a healthy simulated patient."""
    subjects = scored.subjects.episodes
    if not subjects or not settings.n_surrogates:
        return [], []
    thresholds = {
        each: values[-1]
        for each in subjects
        if each.threshold is not None and (values := _valid(online, each.threshold)).size
    }
    config = _only_detecting(scored.config)
    streams = dict.fromkeys(each.stream for each in subjects)
    numbers = {info.name: number for number, info in enumerate(scored.source.infos)}
    recorded = {name: scored.source.streams[numbers[name]] for name in streams}

    def run(what: str, made: dict[str, RecordedStream]) -> ChanceRun:
        positions = [id(each) for each in scored.recording.streams]
        instead = {positions.index(id(recorded[name])): each for name, each in made.items()}
        other = with_streams(scored.recording, instead, settings.surrogate_s)
        advance = functools.partial(progress, what)
        return chance_run(other, config, subjects, thresholds, advance)

    surrogates = [
        run(
            f"surrogate {number + 1} of {settings.n_surrogates}",
            {
                name: surrogate(
                    each,
                    settings.surrogate_s,
                    np.random.default_rng((settings.seed, number, numbers[name])),
                )
                for name, each in recorded.items()
            },
        )
        for number in range(settings.n_surrogates)
    ]
    bands = {each.stream: each.band_hz for each in subjects if each.band_hz is not None}
    made = {
        name: found
        for name, band_hz in bands.items()
        if (found := healthy_stream(recorded[name], band_hz, settings.surrogate_s, settings.seed))
    }
    if len(made) < len(streams):
        left_out.append(
            "healthy simulated patient: it needs a band to be found in, and a rate from 100 to "
            "50000 Hz"
        )
        return surrogates, []
    return surrogates, [run("healthy patient", made)]


def _valid(online: Online, key: tuple[str, int]) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    column = online.columns[key]
    return column.values[column.valid]


def _therapy(scored: _Scored, config_toml: bytes, progress: Progress) -> dict[str, dict[str, Any]]:
    """Return what policies and virtual devices make of the recording, by device."""
    if not scored.config.devices or not scored.config.policies:
        return {}
    with TemporaryDirectory(prefix="stimloop-") as folder:
        summary = replay_session(
            scored.recording,
            scored.config,
            config_toml=config_toml,
            out=Path(folder) / "session",
            progress=functools.partial(progress, "policies and virtual devices"),
        )
    therapy: dict[str, dict[str, Any]] = summary["therapy"]
    return therapy


def _first_signal(source: RecordingSource) -> int:
    return next(number for number, each in enumerate(source.streams) if each.is_signal)


def _digest(streams: Sequence[RecordedStream]) -> str:
    digest = hashlib.sha256()
    for stream in streams:
        for stretch in stream.stretches():
            digest.update(stretch.timestamps_s.tobytes())
            digest.update(stretch.content)
    return digest.hexdigest()
