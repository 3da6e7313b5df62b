"""`sweep`: recordings times parameters, searched on one part and judged on another."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stimloop.commands.arguments import AsJson, print_json, print_line, warn
from stimloop.errors import ConfigError, DoesNotHoldError

if TYPE_CHECKING:
    from replay.sweeping.workers import WorkerOptions
    from stimloop.sweeping.plan import Plan
    from stimloop.sweeping.running import Ran

app = typer.Typer()


@app.command("sweep")
def sweep(
    plan: Annotated[
        Path, typer.Argument(help="The plan: recordings, rig, parameters and how they are judged.")
    ],
    *,
    into: Annotated[
        Path | None,
        typer.Option(help="Folder for runs and results; without, PLAN.sweep beside the plan."),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(help="Address of a Dask cluster that does the runs: tcp://HOST:8786."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=1024,
            help="Workers on this machine; as many as cores without, 0 for none but this process.",
        ),
    ] = None,
    memory: Annotated[
        str, typer.Option(help="Memory of each worker on this machine, as 4GB.")
    ] = "auto",
    again: Annotated[
        bool, typer.Option("--again", help="Do runs that failed again, whatever their reason.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Look the plan over, and start nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Sweep parameters of a rig over recordings, and recommend those that hold where held out.

    A run that is finished is kept: the same command goes on where it was. Writes a table, ROC
    curves, heat maps and the recommended configuration. 1 if nothing is recommended.
    """
    from replay.sweeping.workers import WorkerOptions
    from stimloop.sweeping.files import folder_beside, write_files

    if scheduler is not None and (workers is not None or memory != "auto"):
        raise ConfigError("--scheduler: expected no --workers or --memory beside it, found some")
    read = _read(plan, as_json=as_json)
    if check:
        _print_check(read, as_json=as_json)
        return
    folder = into or folder_beside(plan)
    options = WorkerOptions(scheduler=scheduler, n_workers=workers, memory=memory)
    ran = _ran(read, folder, options, again=again, as_json=as_json)
    files = write_files(ran.sweep, ran.runs, folder)
    _print(ran, files, as_json=as_json)
    if ran.sweep.recommended is None:
        raise DoesNotHoldError(f"{plan}: {ran.sweep.recommendation.reason}")


def _read(file: Path, *, as_json: bool) -> "Plan":
    from stimloop.sweeping.plan import read_plan
    from stimloop.terminal.progress import progress

    with progress("reading recordings", is_shown=not as_json) as advance:
        read = read_plan(file, advance)
    if as_json:
        return read
    for remark in read.remarks:
        warn(remark)
    for failure in read.failures:
        warn(f"{failure.recording} is left out: {failure.reason}")
    return read


def _ran(
    read: "Plan", folder: Path, options: "WorkerOptions", *, again: bool, as_json: bool
) -> "Ran":
    """Run a plan; where somebody interrupts it, say what is kept."""
    from stimloop.sweeping.running import run_plan
    from stimloop.terminal.progress import progress

    n_known = 0
    try:
        with progress("runs", is_shown=not as_json, with_remaining=True) as advance:

            def told(n_done: int, n_runs: int) -> None:
                nonlocal n_known
                n_known = n_done
                advance(n_done, n_runs)

            return run_plan(read, folder, options, again=again, progress=told)
    except KeyboardInterrupt:
        if not as_json:
            warn(f"{n_known} of {read.inputs.n_runs} runs are kept: the same command goes on")
        raise


def _print_check(read: "Plan", *, as_json: bool) -> None:
    inputs = read.inputs
    paths = [each.path for each in inputs.recordings]
    if as_json:
        print_json({"recordings": paths, "n_runs": inputs.n_runs})
        return
    n_sets = inputs.n_runs // len(paths)
    print_line(
        f"{read.file}: {n_sets} sets of parameters on {len(paths)} recordings: {inputs.n_runs} runs"
    )
    for path in paths:
        print_line(f"  {path}")


def _print(ran: "Ran", files: tuple[Path, ...], *, as_json: bool) -> None:
    import msgspec

    from stimloop.validating.sweep_text import sweep_lines

    if as_json:
        plain: Any = msgspec.to_builtins(ran.sweep)
        print_json({**plain, "files": [str(each) for each in files]})
        return
    for line in sweep_lines(ran.sweep):
        print_line(line)
    for each in files:
        print_line(f"written: {each}")
