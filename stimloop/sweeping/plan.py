"""A plan, checked as a whole before anything starts: a line for each mistake."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from detectors.conditioning.units import is_voltage_unit
from replay.recording_source import RecordingSource
from replay.scoring.references.offline_rhythm import ReferenceRule
from replay.scoring.references.recorded import MarkerRule
from replay.scoring.settings import ScoreSettings
from replay.sweeping.goal import Goal
from replay.sweeping.parts import Parting, parts_of
from replay.sweeping.points import Parameter, SearchOptions, Values
from replay.sweeping.result import SweptRecording
from replay.sweeping.sweep import SweepInputs
from replay.sweeping.task import Failure, Judged
from stimloop import config as configuration
from stimloop.checking.mistakes import Mistake, lines
from stimloop.checking.tables import Reading
from stimloop.checking.wording import listed, nearest, shown
from stimloop.config import Config
from stimloop.errors import ConfigError
from stimloop.key_path import with_path_first
from stimloop.recording_config import with_unit
from stimloop.sweeping.key_paths import KeyPathError, with_value
from stimloop.sweeping.plan_file import ParameterTable, PlanFile, ScoreTable
from stimloop.sweeping.recordings import Found, Recordings, recordings_of
from stimloop.toml_file import read_toml
from streamer.config import LoopConfig, RigSection
from streamer.errors import StreamError
from streamer.journal.provenance import versions

#: Called with the recordings read and those there are.
Progress = Callable[[int, int], None]
#: Sets of parameters that are tried for one that the configuration takes.
_N_TRIED_MAX: Final = 64


class Rig:
    """The rig's file of a plan, and its configuration with any set of parameters.

    Parameters
    ----------
    file : Path
        The file.
    unit : str, optional
        Unit of every LFP and EMG channel.

    Raises
    ------
    ConfigError
        A line for each mistake in it.
    """

    def __init__(self, file: Path, unit: str | None) -> None:
        self.file = file
        self._unit = unit
        self.tables = read_toml(file)
        self.config = self._checked(self.tables)

    def with_values(self, values: Values) -> Config:
        """Return the configuration with these parameters.

        Raises
        ------
        KeyPathError
            Where a path leads nowhere.
        ConfigError
            Where the configuration refuses them.
        """
        tables: Mapping[str, Any] = self.tables
        for path, value in values.items():
            tables = with_value(tables, path, value)
        return self._checked(tables)

    def config_json(self, values: Values) -> str:
        """Return what a run needs of it as JSON; raises ValueError where it is refused."""
        try:
            return config_json(self.with_values(values))
        except ConfigError as error:
            raise ValueError("; ".join(error.lines)) from error

    def _checked(self, tables: Mapping[str, Any]) -> Config:
        return with_unit(configuration.from_tables(self.file, tables), self._unit)


def config_json(config: Config) -> str:
    """Return the sections that decide what is detected, whatever the rig is called or drives."""
    detecting = LoopConfig(
        rig=RigSection(name="sweep"), streams=config.streams, detectors=config.detectors
    )
    return msgspec.json.encode(detecting).decode()


class Plan(NamedTuple):
    """A plan that can be run.

    Parameters
    ----------
    file : Path
        Where it is.
    rig : Rig
        Its rig.
    inputs : SweepInputs
        What the sweep is made of.
    failures : tuple of Failure
        Recordings of a folder or a pattern that cannot be opened.
    remarks : tuple of str
        What is doubtful, or left out.
    """

    file: Path
    rig: Rig
    inputs: SweepInputs
    failures: tuple[Failure, ...]
    remarks: tuple[str, ...]


def read_plan(file: Path, progress: Progress = lambda _done, _total: None) -> Plan:
    """Read a plan, and open every recording that it names.

    Parameters
    ----------
    file : Path
        The plan.
    progress : callable, optional
        Called with the recordings read and those there are.

    Raises
    ------
    ConfigError
        A line for each mistake: in the plan itself, in its rig, in paths and values of parameters,
        and of recordings that are not there, cannot be opened or do not fit the rig.
    """
    tables = read_toml(file)
    reading = Reading(PlanFile, tables)
    mistakes = list(reading.mistakes)
    unit = tables.get("unit")
    if isinstance(unit, str) and not is_voltage_unit(unit):
        text = f"expected a unit of voltage (V, mV, uV, nV), found {unit!r}"
        mistakes.append(Mistake("$.unit", text))
    of_rig, rig = _rig(file, tables)
    found = Recordings((), (), (), ())
    if _is_list_of_texts(tables.get("recordings")):
        found = recordings_of(tables["recordings"], file.parent, progress)
        mistakes += found.mistakes
    plan: PlanFile | None = reading.config
    if plan is not None and rig is not None:
        mistakes += _of_parameters(plan, rig)
        mistakes += _of_detector(plan.score, rig)
        if not mistakes:
            mistakes += _of_fit(plan, rig, found.found)
    if mistakes or of_rig or plan is None or rig is None:
        raise ConfigError(*lines(file, mistakes, tables), *of_rig)
    return Plan(file, rig, _inputs(plan, rig, found.found), found.failures, found.remarks)


def _rig(file: Path, tables: Mapping[str, Any]) -> tuple[tuple[str, ...], Rig | None]:
    """Return the rig of a plan, or the lines that say why there is none."""
    name, unit = tables.get("rig"), tables.get("unit")
    if not isinstance(name, str) or not name:
        return (), None
    is_unit = isinstance(unit, str) and is_voltage_unit(unit)
    path = file.parent / name
    if not path.is_file():
        return (f"{file}: $.rig: expected a rig's file, found none: {name}",), None
    try:
        return (), Rig(path, unit if is_unit else None)
    except ConfigError as error:
        return error.lines, None


def _is_list_of_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) and each for each in value)


def _parameter(table: ParameterTable) -> Parameter:
    if table.values is not None:
        return Parameter(path=table.path, values=table.values)
    ends = (table.low, table.high, table.step)
    return Parameter(
        path=table.path,
        low=table.low,
        high=table.high,
        step=table.step,
        log=table.log,
        whole=all(each is None or isinstance(each, int) for each in ends),
    )


def _of_parameters(plan: PlanFile, rig: Rig) -> Iterator[Mistake]:
    parameters = [_parameter(each) for each in plan.parameters]
    sound = True
    paths: list[str] = []
    for index, each in enumerate(parameters):
        at = f"$.parameters[{index}].path"
        try:
            with_value(rig.tables, each.path, None)
        except KeyPathError as error:
            sound = False
            yield Mistake(at, f"{rig.file.name}: {error}")
        if each.path in paths:
            sound = False
            yield Mistake(at, f"expected each path once, found {each.path!r} again")
        paths.append(each.path)
    if not sound:
        return
    for index, each in enumerate(parameters):
        refused = [_refused(rig, parameters, index, value) for value in each.tried]
        reasons = [reason for reason in refused if reason is not None]
        if len(reasons) == len(refused) and "expected one of the keys" in reasons[0]:
            yield Mistake(f"$.parameters[{index}].path", reasons[0])
            continue
        keys = ("low", "high") if not each.values else ()
        for number, (value, reason) in enumerate(zip(each.tried, refused, strict=True)):
            if reason is not None:
                key = keys[number] if keys else f"values[{number}]"
                text = f"expected a value that the rig takes, found {shown(value)}: {reason}"
                yield Mistake(f"$.parameters[{index}].{key}", text)


def _refused(
    rig: Rig,
    parameters: Sequence[Parameter],
    index: int,
    value: Any,  # noqa: ANN401 plain data
) -> str | None:
    """Return why no set of parameters with this value is taken; None where one is."""
    path = parameters[index].path
    others = [each for number, each in enumerate(parameters) if number != index]
    reason = _refusal(rig, {path: value})
    if reason is None:
        return None
    for rest in itertools.islice(
        itertools.product(*(each.tried for each in others)), _N_TRIED_MAX if others else 0
    ):
        beside = dict(zip((each.path for each in others), rest, strict=True))
        if _refusal(rig, {**beside, path: value}) is None:
            return None
    return reason


def _refusal(rig: Rig, values: Values) -> str | None:
    try:
        rig.with_values(values)
    except (ConfigError, KeyPathError) as error:
        # The plan's own line says where it is: the rig's name is enough beside it.
        told = [each.removeprefix(f"{rig.file}: ") for each in str(error).splitlines()]
        return f"{rig.file.name}: {'; '.join(told)}"
    return None


def _of_detector(score: ScoreTable, rig: Rig) -> Iterator[Mistake]:
    known = [each.id for each in rig.config.detectors]
    if score.detector not in known:
        yield Mistake(
            "$.score.detector",
            f"expected a detector of {rig.file.name} ({listed(known)}), found {score.detector!r}"
            f"{nearest(score.detector, known)}",
        )


def _of_fit(plan: PlanFile, rig: Rig, found: Sequence[Found]) -> Iterator[Mistake]:
    """Yield which recordings that are named themselves do not fit the rig, or are too short."""
    first = {each.path: each.tried[0] for each in map(_parameter, plan.parameters)}
    config = rig.config if _refusal(rig, first) is not None else rig.with_values(first)
    parting = Parting(plan.held_out, plan.gap_s)
    for each in found:
        if not each.named.is_alone:
            continue
        try:
            source = RecordingSource(each.recording, config.streams)
            source.open()
            configuration.build_loop(rig.file, config, list(source.infos), session="check")
            parts_of(each.recording, config.streams, parting)
        except (ConfigError, StreamError, ValueError) as error:
            text = with_path_first(" ".join(str(error).split()))
            where = "" if str(each.named.path) in text else f"{each.shown}: "
            yield Mistake(each.named.at, f"{where}{text}")


def _inputs(plan: PlanFile, rig: Rig, found: Sequence[Found]) -> SweepInputs:
    score = plan.score
    settings = ScoreSettings(
        reference=ReferenceRule(
            smoothing_s=score.smoothing_s,
            percentile=score.percentile,
            duration_s_min=score.duration_s_min,
        ),
        band_hz=score.band_hz,
        markers=None if score.begin is None else MarkerRule(score.begin, score.end, score.markers),
        log_threshold=score.log_threshold,
        n_surrogates=score.surrogates,
        seed=score.seed,
    )
    search = plan.search
    return SweepInputs(
        parameters=tuple(map(_parameter, plan.parameters)),
        search=None
        if search is None
        else SearchOptions(n_trials=search.n_trials, seed=search.seed, at_once=search.at_once),
        recordings=tuple(SweptRecording(path=each.shown, sha256=each.sha256) for each in found),
        files=tuple(str(each.named.path) for each in found),
        config_of=rig.config_json,
        judged=Judged(
            detector=score.detector,
            reference=score.reference,
            channels=score.channels,
            held_out=plan.held_out,
            gap_s=plan.gap_s,
            settings=settings,
        ),
        goal=Goal(
            maximise=score.maximise,
            false_positives_per_min_max=score.false_positives_per_min_max,
        ),
        versions=versions(),
    )
