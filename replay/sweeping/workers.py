"""Who does the runs of a sweep: workers of Dask here or on a cluster, or this process itself."""

import contextlib
import importlib
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeAlias

import msgspec

from replay.sweeping.perform import perform
from replay.sweeping.task import Failure, Run, Task

#: Given tasks, yields what comes of each, in whatever order they finish.
Workers: TypeAlias = Callable[[Sequence[Task]], Iterable[Run | Failure]]

#: How long a cluster may take to answer.
_CONNECT_S: Final = 10.0
#: Workers that a run may lose before it is given up.
_N_LOST_MAX: Final = 3
_LOOPBACK: Final = "127.0.0.1"
#: Loggers of Dask that have a level of their own.
_LOGGERS: Final = ("distributed", "distributed.client")


class WorkersError(Exception):
    """There are no workers: a library is missing, or a scheduler cannot be reached."""


class LostClusterError(WorkersError):
    """A scheduler is gone in the middle of a sweep."""


class WorkerOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Where runs are done.

    Parameters
    ----------
    scheduler : str, optional
        Address of a Dask scheduler, as ``tcp://host:8786``; without, workers are started here.
    n_workers : int, optional
        Workers that are started here, each a process with one thread: as many as there are cores
        without; 0 does all runs in this process, without Dask.
    memory : str
        Memory of each worker that is started here, as ``4GB``: one that needs more is started
        again, and its run is done again. ``auto`` is an equal share of the machine's.
    """

    scheduler: str | None = None
    n_workers: int | None = None
    memory: str = "auto"


@contextlib.contextmanager
def workers(options: WorkerOptions) -> Iterator[Workers]:
    """Provide workers while it lasts.

    Raises
    ------
    WorkersError
        Where there are none; the text says what to do.
    """
    if options.n_workers == 0 and options.scheduler is None:
        yield here
        return
    distributed, dask = _library("distributed"), _library("dask")
    settings = {
        "distributed.scheduler.allowed-failures": _N_LOST_MAX,
        "distributed.worker.preload": ["replay.sweeping.quiet_worker"],
    }
    with dask.config.set(settings), _silent_logs(), contextlib.ExitStack() as stack:
        if options.scheduler is None:
            client = stack.enter_context(_local(distributed, options, stack))
        else:
            client = stack.enter_context(_connected(distributed, options.scheduler))
        yield lambda tasks: _done_by(distributed, client, tasks)


def here(tasks: Sequence[Task]) -> Iterator[Run | Failure]:
    """Do runs in this process, one after the other."""
    return map(perform, tasks)


def _local(distributed: Any, options: WorkerOptions, stack: contextlib.ExitStack) -> Any:  # noqa: ANN401
    """Return a client of workers on this machine that nobody else can reach."""
    folder = stack.enter_context(TemporaryDirectory(prefix="stimloop-", ignore_cleanup_errors=True))
    try:
        cluster = distributed.LocalCluster(
            n_workers=options.n_workers,
            threads_per_worker=1,
            processes=True,
            memory_limit=options.memory,
            host=_LOOPBACK,
            dashboard_address=None,
            scheduler_kwargs={"dashboard_address": f"{_LOOPBACK}:0"},
            local_directory=folder,
            silence_logs=logging.CRITICAL,
        )
    except ValueError as error:
        raise WorkersError(
            f"memory: expected auto, or a size as 4GB, found {options.memory!r}"
        ) from error
    stack.enter_context(cluster)
    return distributed.Client(cluster, set_as_default=False)


def _connected(distributed: Any, scheduler: str) -> Any:  # noqa: ANN401
    try:
        return distributed.Client(scheduler, timeout=_CONNECT_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise WorkersError(
            f"expected a Dask scheduler at {scheduler}, found none within {_CONNECT_S:g} s: start "
            "one with dask scheduler, and workers with dask worker, where stimloop is installed"
        ) from error


def _done_by(distributed: Any, client: Any, tasks: Sequence[Task]) -> Iterator[Run | Failure]:  # noqa: ANN401
    """Yield what comes of each task; one whose worker is lost is done by another."""
    futures = {
        client.submit(perform, task, key=f"stimloop-{task.digest}", pure=False): task
        for task in tasks
    }
    try:
        for future in distributed.as_completed(list(futures), loop=client.loop):
            task = futures.pop(future)
            error = None if future.status == "finished" else _why(future)
            if error is None:
                yield future.result()
            else:
                yield Failure(digest=task.digest, reason=error, may_pass=True)
    finally:
        client.cancel(list(futures), force=True)


def _why(future: Any) -> str:  # noqa: ANN401 of distributed
    """Return why a run was given up by the cluster itself."""
    if future.status == "cancelled":
        raise LostClusterError(
            "the scheduler is gone, or has given the runs up; what is finished is kept, and the "
            "same command goes on there"
        )
    error = future.exception()
    if type(error).__name__ == "KilledWorker":
        return (
            f"{_N_LOST_MAX + 1} workers were lost while they did it: it may need more memory than "
            "they have, see --memory"
        )
    return f"unexpected {type(error).__name__}: {' '.join(str(error).split())}"


@contextlib.contextmanager
def _silent_logs() -> Iterator[None]:
    """Keep what Dask logs of lost workers and schedulers from the terminal: a sweep tells it."""
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [each.level for each in loggers]
    for each in loggers:
        each.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for each, level in zip(loggers, levels, strict=True):
            each.setLevel(level)


def _library(name: str) -> Any:  # noqa: ANN401 a module
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise WorkersError(
            f"a sweep: expected {name}, found none: pip install 'stimloop[validate]'"
        ) from error
