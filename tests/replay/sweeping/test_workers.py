"""Real workers: the same results on any number of them, on a cluster, and when one is lost."""

import contextlib
import importlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from replay.sweeping.kept_runs import KeptRuns
from replay.sweeping.sweep import Swept, sweep
from replay.sweeping.workers import WorkerOptions, WorkersError, here, workers
from tests.replay.sweeping import sweeping_lab as lab
from tests.stimloop.sweeping.test_plan_mistakes import PLAN, RIG

_ROOT = Path(__file__).parents[3]
_ENVIRONMENT = {**os.environ, "PYTHONPATH": str(_ROOT)}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("recordings")
    return [lab.write(folder / f"{seed}.xdf", lab.bursts_uv(seed)) for seed in (1, 2)]


@pytest.fixture(scope="module")
def swept(files: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Swept:
    return sweep(lab.inputs(files), here, KeptRuns(tmp_path_factory.mktemp("here")))


@contextlib.contextmanager
def _cluster(folder: Path) -> Iterator[tuple[str, list["subprocess.Popen[bytes]"]]]:
    """Start a scheduler and two workers as processes, and yield its address and the workers."""
    distributed: Any = importlib.import_module("distributed")  # takes a second
    file = folder / "scheduler.json"
    programs = (
        ("dask_scheduler", "--port", "0", "--no-dashboard"),
        *(("dask_worker", "--no-nanny", "--nthreads", "1", "--no-dashboard"),) * 2,
    )
    started: list[subprocess.Popen[bytes]] = []
    try:
        for name, *options in programs:
            command = [sys.executable, "-m", f"distributed.cli.{name}", "--host", "127.0.0.1"]
            started.append(
                subprocess.Popen(
                    [*command, "--scheduler-file", str(file), *options],
                    env=_ENVIRONMENT,
                    cwd=folder,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            )
        with distributed.Client(
            scheduler_file=str(file), timeout=60, set_as_default=False
        ) as client:
            client.wait_for_workers(2, timeout=60)
            address = str(client.scheduler.address)
        yield address, started[1:]
    finally:
        for each in reversed(started):
            each.kill()
            each.wait()


@pytest.mark.slow
@pytest.mark.parametrize("n_workers", [1, 2])
def test_workers_on_this_machine_give_the_same(
    n_workers: int, files: list[Path], swept: Swept, tmp_path: Path
) -> None:
    with workers(WorkerOptions(n_workers=n_workers)) as done_by:
        found = sweep(lab.inputs(files), done_by, KeptRuns(tmp_path))
    assert lab.content(found) == lab.content(swept)


@pytest.mark.slow
def test_a_cluster_of_two_worker_processes_gives_the_same_and_loses_nothing_with_a_worker(
    files: list[Path], swept: Swept, tmp_path: Path
) -> None:
    with _cluster(tmp_path) as (address, processes):
        options = WorkerOptions(scheduler=address)
        with workers(options) as done_by:
            found = sweep(lab.inputs(files), done_by, KeptRuns(tmp_path / "whole"))
        assert lab.content(found) == lab.content(swept)

        def kill_one(n_done: int, _n_runs: int) -> None:
            if n_done == 2:
                processes[0].kill()

        with workers(options) as done_by:
            found = sweep(
                lab.inputs(files), done_by, KeptRuns(tmp_path / "lost"), progress=kill_one
            )
        assert processes[0].wait() == -signal.SIGKILL
        assert lab.content(found) == lab.content(swept)


@pytest.mark.slow
def test_a_sweep_that_is_killed_goes_on_where_it_was(files: list[Path], tmp_path: Path) -> None:
    folder = files[0].parent
    (folder / "rig.toml").write_text(RIG)
    values = "values = [50.0, 60.0, 70.0, 80.0]"
    plan = folder / "plan.toml"
    plan.write_text(PLAN.replace("one.xdf", "*.xdf").replace("values = [50.0, 75.0]", values))
    command = [sys.executable, "-m", "stimloop", "sweep", str(plan), "--into", str(tmp_path)]
    options = ["--workers", "1", "--json"]
    with subprocess.Popen(
        [*command, *options], env=_ENVIRONMENT, cwd=folder, stdout=subprocess.DEVNULL
    ) as running:
        runs = tmp_path / "runs"
        while running.poll() is None and len(list(runs.glob("*.json"))) < 2:
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.wait(0.02)
        running.kill()
    kept = {each.name: each.stat().st_mtime_ns for each in runs.glob("*.json")}
    assert 2 <= len(kept) < 8
    done = subprocess.run(
        [*command, "--workers", "0"], env=_ENVIRONMENT, cwd=folder, capture_output=True, check=True
    )
    assert b"4 sets of parameters (grid) on 2 of 2 recordings" in done.stdout
    assert len(list(runs.glob("*.json"))) == 8
    assert {name: (runs / name).stat().st_mtime_ns for name in kept} == kept


@pytest.mark.slow
def test_a_scheduler_that_is_not_there_is_an_error_that_says_what_to_start() -> None:
    with (
        pytest.raises(WorkersError, match=r"expected a Dask scheduler at tcp:.*start one with"),
        workers(WorkerOptions(scheduler="tcp://127.0.0.1:1")),
    ):
        pass
