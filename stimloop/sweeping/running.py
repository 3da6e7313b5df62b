"""A plan is run: from workers to the files of a sweep."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec

from replay.sweeping.kept_runs import KeptRuns
from replay.sweeping.result import PointRun, Sweep
from replay.sweeping.sweep import sweep
from replay.sweeping.workers import LostClusterError, WorkerOptions, WorkersError, workers
from stimloop.errors import ConfigError, FaultError
from stimloop.short_toml import short_toml
from stimloop.sweeping.files import recommended_toml
from stimloop.sweeping.plan import Plan
from stimloop.validating.sweep_text import recommendation_lines

#: Called with the runs done and the runs in all.
Progress = Callable[[int, int], None]


class Ran(NamedTuple):
    """A sweep that was run, and each of its runs."""

    sweep: Sweep
    runs: tuple[PointRun, ...]


def run_plan(
    plan: Plan,
    folder: Path,
    options: WorkerOptions,
    *,
    again: bool = False,
    progress: Progress = lambda _done, _total: None,
) -> Ran:
    """Run a plan; runs that are kept in the folder are not run again.

    Parameters
    ----------
    plan : Plan
        The plan.
    folder : Path
        Where each run is kept as soon as it is known.
    options : WorkerOptions
        Who does the runs.
    again : bool
        Whether runs that failed are done again, whatever their reason.
    progress : callable, optional
        Called with the runs done and the runs in all.

    Raises
    ------
    ConfigError
        Where there are no workers.
    FaultError
        Where the cluster is gone in the middle.
    """
    kept = KeptRuns(folder)
    try:
        with workers(options) as done_by:
            found = sweep(plan.inputs, done_by, kept, again=again, progress=progress)
    except LostClusterError as error:
        raise FaultError(str(error)) from error
    except WorkersError as error:
        raise ConfigError(str(error)) from error
    inputs = plan.inputs
    result = Sweep(
        plan=plan.file.name,
        plan_toml=plan.file.read_text("utf-8-sig"),
        parameters=tuple(inputs.parameters),
        search=inputs.search,
        goal=inputs.goal,
        judged=inputs.judged,
        recordings=found.recordings,
        points=found.points,
        recommendation=found.recommendation,
        failures=(*plan.failures, *found.failures),
        versions=dict(inputs.versions),
    )
    return Ran(_with_config(plan, result), found.runs)


def _with_config(plan: Plan, result: Sweep) -> Sweep:
    """Return a sweep with the configuration that it recommends."""
    point = result.recommended
    if point is None:
        return result
    config = short_toml(plan.rig.with_values(point.values))
    lines = [
        f"Recommended by the sweep of {result.plan}: set {point.number}.",
        *recommendation_lines(result),
    ]
    text = recommended_toml(lines, config)
    return msgspec.structs.replace(
        result, recommendation=msgspec.structs.replace(result.recommendation, config_toml=text)
    )
