"""Sweeps are a function of their inputs, go on where they were, and survive runs that fail."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from replay.sweeping.kept_runs import KeptRuns
from replay.sweeping.perform import perform
from replay.sweeping.points import Parameter, Search, SearchOptions
from replay.sweeping.sweep import Swept, sweep
from replay.sweeping.task import Failure, Run, Task
from replay.sweeping.workers import here
from tests.replay.sweeping import sweeping_lab as lab


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("recordings")
    return [lab.write(folder / f"{seed}.xdf", lab.bursts_uv(seed)) for seed in (1, 2)]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> KeptRuns:
    return KeptRuns(tmp_path_factory.mktemp("sweep"))


@pytest.fixture(scope="module")
def swept(files: list[Path], kept: KeptRuns) -> Swept:
    return sweep(lab.inputs(files), here, kept)


class Counting:
    """Workers that hand over what is kept of a sweep, the last first, and count it."""

    def __init__(self, kept: KeptRuns) -> None:
        self._kept = kept
        self.n_done = 0

    def __call__(self, tasks: Sequence[Task]) -> Iterator[Run | Failure]:
        for task in reversed(tasks):
            self.n_done += 1
            yield self._kept.finished(task.digest) or perform(task)


def test_eight_runs_give_the_same_in_any_order(
    files: list[Path], kept: KeptRuns, swept: Swept, tmp_path: Path
) -> None:
    assert len(swept.runs) == 8
    assert [each.values["percentile"] for each in swept.points] == [50.0, 50.0, 75.0, 75.0]
    assert all(each.held_out["balanced_accuracy"].value for each in swept.points)
    backwards = Counting(kept)
    again = sweep(lab.inputs(files), backwards, KeptRuns(tmp_path))
    assert backwards.n_done == 8
    assert lab.content(again) == lab.content(swept)
    assert swept.recommendation.number is not None
    assert [each.recording for each in swept.recommendation.scores] == ["1.xdf", "2.xdf"]


def test_what_is_kept_is_not_run_again_and_what_is_damaged_is(
    files: list[Path], kept: KeptRuns, swept: Swept
) -> None:
    nobody = Counting(kept)
    assert lab.content(sweep(lab.inputs(files), nobody, kept)) == lab.content(swept)
    assert nobody.n_done == 0
    one = next((kept.folder / "runs").iterdir())
    one.write_bytes(one.read_bytes()[:-20])
    told: list[tuple[int, int]] = []
    again = sweep(
        lab.inputs(files), nobody, kept, progress=lambda done, total: told.append((done, total))
    )
    assert lab.content(again) == lab.content(swept)
    assert nobody.n_done == 1
    assert told == [(7, 8), (8, 8)]


def test_a_sweep_that_is_stopped_goes_on_where_it_was(
    files: list[Path], kept: KeptRuns, swept: Swept, tmp_path: Path
) -> None:
    def stopped(tasks: Sequence[Task]) -> Iterator[Run | Failure]:
        yield from list(Counting(kept)(tasks))[:3]
        raise KeyboardInterrupt

    into = KeptRuns(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        sweep(lab.inputs(files), stopped, into)
    going_on = Counting(kept)
    assert lab.content(sweep(lab.inputs(files), going_on, into)) == lab.content(swept)
    assert going_on.n_done == 5


def test_runs_that_fail_are_kept_apart_and_end_nothing(
    files: list[Path], kept: KeptRuns, swept: Swept, tmp_path: Path
) -> None:
    short = lab.write(tmp_path / "short.xdf", lab.bursts_uv(3, length_s=16.0))
    window = Parameter(path="window_s", values=(0.3, 0.4, 2.0))
    inputs = lab.inputs([*files, short], [lab.PERCENTILE, window])
    found = sweep(inputs, Counting(kept), into := KeptRuns(tmp_path / "sweep"))
    assert [each.left_out[:60] for each in found.recordings[:2]] == ["", ""]
    assert "expected two parts of at least 5 s" in found.recordings[2].left_out
    # What the configuration refuses is one line, whatever the number of recordings.
    refused = [each for each in found.failures if "window_s" in each.reason]
    assert [each.values["window_s"] for each in refused] == [2.0, 2.0]
    assert len(found.failures) == 2 + 4
    assert len(list((into.folder / "failed").iterdir())) == 4
    by_values = {lab.content(each.values): each for each in found.points}
    for each in swept.points:
        assert by_values[lab.content(each.values)].held_out == each.held_out
    counting = Counting(kept)
    sweep(inputs, counting, into)
    assert counting.n_done == 0
    sweep(inputs, counting, into, again=True)
    assert counting.n_done == 4


def test_a_run_that_a_lost_worker_gave_up_is_done_again_the_next_time(
    files: list[Path], kept: KeptRuns, swept: Swept, tmp_path: Path
) -> None:
    def losing(tasks: Sequence[Task]) -> Iterator[Run | Failure]:
        first, *rest = tasks
        yield Failure(digest=first.digest, reason="4 workers were lost", may_pass=True)
        yield from Counting(kept)(rest)

    into = KeptRuns(tmp_path)
    found = sweep(lab.inputs(files), losing, into)
    assert [each.reason for each in found.failures] == ["4 workers were lost"]
    assert found.points[0].held_out == {}
    assert found.points[0].n_failed == 1
    counting = Counting(kept)
    assert lab.content(sweep(lab.inputs(files), counting, into)) == lab.content(swept)
    assert counting.n_done == 1


def test_a_worker_with_other_software_or_another_recording_does_nothing(files: list[Path]) -> None:
    inputs = lab.inputs(files)
    older = inputs._replace(versions={**inputs.versions, "numpy": "1.0"})
    tasks: list[Task] = []

    def collecting(given: Sequence[Task]) -> Iterator[Run | Failure]:
        tasks.extend(given)
        return iter(Failure(digest=each.digest, reason="", may_pass=True) for each in given)

    for each in (older, inputs._replace(files=inputs.files[::-1])):
        sweep(each, collecting, KeptRuns(files[0].parent / "kept"))
    for task, said in ((tasks[0], "numpy 1.0"), (tasks[-1], "expected the recording that")):
        found = perform(task)
        assert isinstance(found, Failure)
        assert said in found.reason
        assert found.may_pass


def test_a_search_asks_the_same_whatever_the_order_of_results(
    files: list[Path], tmp_path: Path
) -> None:
    percentile = Parameter(path="percentile", low=40.0, high=90.0)
    parameters = [percentile, Parameter(path="window_s", values=(0.3, 0.4))]
    options = SearchOptions(n_trials=3, seed=3, at_once=2)
    inputs = lab.inputs(files[:1], parameters, options)
    found = sweep(inputs, here, KeptRuns(tmp_path / "one"))
    assert len(found.points) == 3
    again = sweep(inputs, Counting(KeptRuns(tmp_path / "one")), KeptRuns(tmp_path / "two"))
    assert lab.content(again) == lab.content(found)


def test_a_search_goes_to_where_worth_is_high() -> None:
    parameter = Parameter(path="x", low=0.0, high=1.0)
    whole = Parameter(path="k", low=1, high=3, whole=True)
    search = Search([parameter, whole], SearchOptions(n_trials=48, seed=1, at_once=8))
    asked: list[dict[str, float]] = []
    while batch := search.ask():
        asked += batch
        worths = [-abs(each["x"] - 0.7) - abs(each["k"] - 2) for each in batch]
        search.tell(
            [None if each["x"] > 0.95 else worth for each, worth in zip(batch, worths, strict=True)]
        )
    assert len(asked) == 48
    late = np.array([each["x"] for each in asked[-16:]])
    early = np.array([each["x"] for each in asked[:8]])
    assert np.abs(late - 0.7).mean() < np.abs(early - 0.7).mean()
    assert {each["k"] for each in asked} <= {1, 2, 3}
