"""What of a rig can be scored: detectors with onsets and offsets, and those with a phase."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from detectors.bursts.burst import Burst
from detectors.detector import Detector
from detectors.outputs import column_of
from detectors.power.config import BandPowerConfig
from detectors.rhythm.oscillation import Oscillation, OscillationConfig
from detectors.rhythm.target_phase import TargetPhase
from streamer.closed_loop import ClosedLoop
from streamer.config import LoopConfig

#: Low and high edge.
Band: TypeAlias = tuple[float, float]


class EpisodeSubject(NamedTuple):
    """A detector of onsets and offsets on one channel.

    Parameters
    ----------
    id, kind, stream, channel : str
        Which.
    band_hz : (float, float) or None
        The band that it looks at, where it looks at one.
    valid : (str, int)
        The column that says when it can detect anything.
    threshold : (str, int) or None
        The column of its threshold, where it is a burst detector.
    measure : (str, int) or None
        The column of what is compared with it.
    """

    id: str
    kind: str
    stream: str
    channel: str
    band_hz: Band | None
    valid: tuple[str, int]
    threshold: tuple[str, int] | None = None
    measure: tuple[str, int] | None = None


class PhaseSubject(NamedTuple):
    """A detector of a phase on one channel.

    Parameters
    ----------
    id, kind, stream, channel : str
        Which.
    band_hz : (float, float)
        The band of its rhythm.
    phase : (str, int)
        The column of its phase.
    lead_s : float
        How far ahead of its newest sample that is.
    target_rad : float or None
        The phase of its events, where it gives events.
    """

    id: str
    kind: str
    stream: str
    channel: str
    band_hz: Band
    phase: tuple[str, int]
    lead_s: float
    target_rad: float | None = None


class Subjects(NamedTuple):
    """What can be scored, and a line for each detector that cannot."""

    episodes: tuple[EpisodeSubject, ...]
    phases: tuple[PhaseSubject, ...]
    left_out: tuple[str, ...]


def subjects_of(config: LoopConfig, loop: ClosedLoop, band_hz: Band | None) -> Subjects:
    """Return what of a rig can be scored.

    Parameters
    ----------
    config : LoopConfig
        The rig.
    loop : ClosedLoop
        Its loop.
    band_hz : (float, float), optional
        The band of the reference, whatever the detectors look at.
    """
    tables = {each.id: each for each in config.detectors}
    episodes: list[EpisodeSubject] = []
    phases: list[PhaseSubject] = []
    left_out: list[str] = []
    read = {name for table in tables.values() for name in _below(table, tables)}
    for id_, detector in loop.chain.detectors.items():
        table = tables[id_]
        band = band_hz or band_of(table, tables)
        stream = loop.chain.streams[id_]
        kind = str(table.__struct_config__.tag)
        if "onset" in getattr(detector, "detects", ()):
            episodes += _episodes(detector, kind, stream, band)
        elif isinstance(detector, Oscillation | TargetPhase):
            found = list(_phases(detector, tables, kind, stream))
            phases += found
            if not found and id_ not in read:
                left_out.append(f"detector {id_}: it gives no phase, and nothing reads it")
        elif id_ not in read:
            left_out.append(
                f"detector {id_} ({kind}): it detects nothing, and no burst detector reads it: put "
                f'one of kind "burst" with of = "{id_}" after it'
            )
    return Subjects(tuple(episodes), tuple(phases), tuple(left_out))


def band_of(table: Any, tables: Mapping[str, Any]) -> Band | None:  # noqa: ANN401 any detector's
    """Return the one band that a detector looks at, itself or through what it reads."""
    for each in (table, *(tables[name] for name in _below(table, tables))):
        if isinstance(each, BandPowerConfig) and len(each.bands) == 1:
            return each.bands[0].band_hz
        if isinstance(each, OscillationConfig):
            return each.centre_hz - each.half_width_hz, each.centre_hz + each.half_width_hz
    return None


def _below(table: Any, tables: Mapping[str, Any]) -> list[str]:  # noqa: ANN401 any detector's
    """Return the ids of the detectors that a detector reads, and those below them."""
    found: list[str] = []
    for each in table.reads:
        if each.kind != "stream" and each.name in tables:
            found += [each.name, *_below(tables[each.name], tables)]
    return list(dict.fromkeys(found))


def _episodes(
    detector: Detector, kind: str, stream: str, band: Band | None
) -> Iterator[EpisodeSubject]:
    for channel in dict.fromkeys(each.channel for each in detector.outputs):
        columns = [k for k, each in enumerate(detector.outputs) if each.channel == channel]
        made = EpisodeSubject(
            detector.id, kind, stream, channel, band, valid=(detector.id, columns[0])
        )
        if isinstance(detector, Burst):
            own = detector.columns(channel)
            made = made._replace(
                valid=(detector.id, own.is_on),
                threshold=(detector.id, own.threshold),
                measure=(detector.id, own.value),
            )
        yield made


def _phases(
    detector: Oscillation | TargetPhase, tables: Mapping[str, Any], kind: str, stream: str
) -> Iterator[PhaseSubject]:
    band = band_of(tables[detector.id], tables)
    if band is None or not any(each.measure == "phase" for each in detector.outputs):
        return
    target_rad = lead_s = None
    if isinstance(detector, TargetPhase):
        target_rad = float(tables[detector.id].phase_rad)
    else:
        lead_s = detector.lead_s
    for channel in detector.channels:
        column = column_of(detector.outputs, channel, "phase")
        yield PhaseSubject(
            detector.id,
            kind,
            stream,
            channel,
            band,
            (detector.id, column),
            lead_s or 0.0,
            target_rad,
        )


def columns_of(subjects: Subjects) -> Sequence[tuple[str, int]]:
    """Return every column of estimates that a score needs."""
    found: list[tuple[str, int] | None] = []
    for each in subjects.episodes:
        found += [each.valid, each.threshold, each.measure]
    found += [each.phase for each in subjects.phases]
    return list(dict.fromkeys(each for each in found if each is not None))
