"""Runs recordings times parameters, and says which parameters hold."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from replay.sweeping.figures import figures_of
from replay.sweeping.goal import Goal
from replay.sweeping.kept_runs import KeptRuns
from replay.sweeping.points import (
    Parameter,
    Search,
    SearchOptions,
    Values,
    grid,
    n_of_grid,
)
from replay.sweeping.recommend import recommend
from replay.sweeping.result import (
    Point,
    PointRun,
    Recommendation,
    RecordingScores,
    SweptRecording,
)
from replay.sweeping.task import Failure, Judged, Run, Task, task_of
from replay.sweeping.workers import Workers

#: Called with the runs done and the runs in all.
Progress = Callable[[int, int], None]


class SweepInputs(NamedTuple):
    """What a sweep is made of.

    Parameters
    ----------
    parameters : sequence of Parameter
        What is tried.
    search : SearchOptions or None
        How it is searched; None tries the whole grid.
    recordings : sequence of SweptRecording
        Of what.
    files : sequence of str
        The path of each recording, as workers find it.
    config_of : callable
        Given a set of parameters, returns the sections of the loop as JSON; raises ValueError where
        the configuration refuses them.
    judged : Judged
        How runs are scored.
    goal : Goal
        What is maximised.
    versions : mapping of str to str
        Of all software that results may depend on.
    """

    parameters: Sequence[Parameter]
    search: SearchOptions | None
    recordings: Sequence[SweptRecording]
    files: Sequence[str]
    config_of: Callable[[Values], str]
    judged: Judged
    goal: Goal
    versions: Mapping[str, str]

    @property
    def n_runs(self) -> int:
        """How many runs there are, at most."""
        n_points = n_of_grid(self.parameters) if self.search is None else self.search.n_trials
        return n_points * len(self.recordings)


class Swept(NamedTuple):
    """What came of it.

    Parameters
    ----------
    recordings : tuple of SweptRecording
        Those that failed with every set of parameters say why.
    points : tuple of Point
        What each set of parameters reaches.
    runs : tuple of PointRun
        All that finished, in the order of points and recordings.
    failures : tuple of Failure
        All that failed, in the same order.
    recommendation : Recommendation
        The best that holds, without its configuration.
    """

    recordings: tuple[SweptRecording, ...]
    points: tuple[Point, ...]
    runs: tuple[PointRun, ...]
    failures: tuple[Failure, ...]
    recommendation: Recommendation


def sweep(
    inputs: SweepInputs,
    workers: Workers,
    kept: KeptRuns,
    *,
    again: bool = False,
    progress: Progress = lambda _done, _total: None,
) -> Swept:
    """Run a sweep; what is kept of an earlier one is not run again.

    Parameters
    ----------
    inputs : SweepInputs
        What it is made of.
    workers : callable
        Who does the runs: see `replay.sweeping.workers`.
    kept : KeptRuns
        Where runs are kept as soon as they are known.
    again : bool
        Whether runs that failed are done again, even where the same input gave the reason.
    progress : callable, optional
        Called with the runs done and the runs in all.

    Notes
    -----
    The result is a function of the inputs alone: which worker did a run, and when, changes
    nothing of it.
    """
    running = _Running(inputs, workers, kept, again=again, progress=progress)
    if inputs.search is None:
        running.add(list(grid(inputs.parameters)))
        return running.concluded()
    search = Search(inputs.parameters, inputs.search)
    while batch := search.ask():
        running.add(batch)
        search.tell([running.worth(each) for each in batch])
    return running.concluded()


class _Running:
    """The points that were tried so far, and what came of their runs."""

    def __init__(
        self,
        inputs: SweepInputs,
        workers: Workers,
        kept: KeptRuns,
        *,
        again: bool,
        progress: Progress,
    ) -> None:
        self._inputs = inputs
        self._workers = workers
        self._kept = kept
        self._again = again
        self._progress = progress
        self._n_done = 0
        #: By the JSON of its values, each point's tasks; or why it was refused.
        self._points: dict[bytes, tuple[Values, list[Task] | Failure]] = {}
        self._outcomes: dict[str, Run | Failure] = {}

    def add(self, batch: Iterable[Values]) -> None:
        """Run all recordings with some sets of parameters."""
        missing: dict[str, Task] = {}
        for values in batch:
            tasks = self._tasks(values)
            for task in tasks:
                digest = task.digest
                if digest not in self._outcomes and (found := self._known(digest)) is not None:
                    self._outcomes[digest] = found
                if digest not in self._outcomes:
                    missing[digest] = task
            n_here = len(self._inputs.recordings) - sum(each.digest in missing for each in tasks)
            self._n_done += n_here
        self._progress(self._n_done, self._inputs.n_runs)
        if not missing:
            return
        for outcome in self._workers(list(missing.values())):
            self._outcomes[outcome.digest] = outcome
            self._kept.keep(outcome)
            self._n_done += 1
            self._progress(self._n_done, self._inputs.n_runs)

    def worth(self, values: Values) -> float | None:
        """Return what a set of parameters is worth on the part that is searched on."""
        point = self._point(0, values, self._left_out())
        return self._inputs.goal.worth(point.training) if point.training else None

    def concluded(self) -> Swept:
        """Return what came of all of it."""
        left_out = self._left_out()
        points = tuple(
            self._point(number, values, left_out)
            for number, (values, _) in enumerate(self._points.values())
        )
        runs: list[PointRun] = []
        failures: list[Failure] = []
        for number, (values, tasks) in enumerate(self._points.values()):
            if isinstance(tasks, Failure):
                failures.append(tasks)
                continue
            for task, recording in zip(tasks, self._inputs.recordings, strict=True):
                found = self._outcomes[task.digest]
                if isinstance(found, Run):
                    runs.append(PointRun(point=number, recording=recording.path, run=found))
                else:
                    told = msgspec.structs.replace(found, recording=recording.path, values=values)
                    failures.append(told)
        chosen = recommend(points, self._inputs.goal)
        scores = tuple(
            RecordingScores(recording=each.recording, scores=each.run.held_out)
            for each in runs
            if each.point == chosen.number
        )
        return Swept(
            tuple(
                msgspec.structs.replace(each, left_out=left_out.get(index, ""))
                for index, each in enumerate(self._inputs.recordings)
            ),
            points,
            tuple(runs),
            tuple(failures),
            msgspec.structs.replace(chosen, scores=scores),
        )

    def _tasks(self, values: Values) -> list[Task]:
        """Return the runs of a set of parameters; none where the configuration refuses it."""
        key = msgspec.json.encode(values)
        if key not in self._points:
            self._points[key] = (values, self._made(values))
        tasks = self._points[key][1]
        return [] if isinstance(tasks, Failure) else tasks

    def _made(self, values: Values) -> list[Task] | Failure:
        try:
            config_json = self._inputs.config_of(values)
        except ValueError as error:
            digest = hashlib.sha256(msgspec.json.encode(values)).hexdigest()
            return Failure(
                digest=digest, reason=" ".join(str(error).split()), may_pass=False, values=values
            )
        return [
            task_of(
                recording=file,
                recording_sha256=recording.sha256,
                config_json=config_json,
                judged=self._inputs.judged,
                versions=dict(self._inputs.versions),
            )
            for file, recording in zip(self._inputs.files, self._inputs.recordings, strict=True)
        ]

    def _known(self, digest: str) -> Run | Failure | None:
        found = self._kept.finished(digest)
        return found or (None if self._again else self._kept.failed(digest))

    def _found(self, tasks: list[Task]) -> list[Run | Failure]:
        return [self._outcomes[each.digest] for each in tasks]

    def _left_out(self) -> dict[int, str]:
        """Return which recordings failed with every set of parameters so far, and why."""
        tried = [
            self._found(tasks)
            for _, tasks in self._points.values()
            if not isinstance(tasks, Failure)
        ]
        return {
            index: first.reason
            for index in range(len(self._inputs.recordings))
            if tried
            and isinstance(first := tried[0][index], Failure)
            and all(isinstance(each[index], Failure) for each in tried)
        }

    def _point(self, number: int, values: Values, left_out: Mapping[int, str]) -> Point:
        tasks = self._points[msgspec.json.encode(values)][1]
        if isinstance(tasks, Failure):
            return Point(number=number, values=values, n_failed=len(self._inputs.recordings))
        found = [each for n, each in enumerate(self._found(tasks)) if n not in left_out]
        finished = [each for each in found if isinstance(each, Run)]
        if not finished or len(finished) < len(found):
            return Point(number=number, values=values, n_failed=len(found) - len(finished))
        return Point(
            number=number,
            values=values,
            training=figures_of([each.training for each in finished]),
            held_out=figures_of([each.held_out for each in finished]),
        )
