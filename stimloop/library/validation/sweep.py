"""Sweeps parameters of a rig over recordings, from a notebook."""

from os import PathLike
from pathlib import Path

from replay.sweeping.result import Sweep
from replay.sweeping.workers import WorkerOptions
from stimloop.errors import ConfigError, FaultError
from stimloop.library.input_errors import InputError
from stimloop.sweeping.files import folder_beside, write_files
from stimloop.sweeping.plan import read_plan
from stimloop.sweeping.running import run_plan


def sweep(
    plan: str | PathLike[str],
    *,
    into: str | PathLike[str] | None = None,
    scheduler: str | None = None,
    n_workers: int | None = None,
    memory: str = "auto",
    again: bool = False,
) -> Sweep:
    """Sweep parameters of a rig over recordings, and recommend those that hold where held out.

    Parameters
    ----------
    plan : path
        The plan, as `stimloop sweep` takes it.
    into : path, optional
        Folder for runs and results; without, beside the plan. Runs that it keeps are not done
        again.
    scheduler : str, optional
        Address of a Dask cluster that does the runs, as ``tcp://host:8786``.
    n_workers : int, optional
        Workers on this machine: as many as cores without; 0 does all runs in this process. A
        script that starts any needs ``if __name__ == "__main__":``, a notebook does not.
    memory : str
        Memory of each worker on this machine, as ``4GB``.
    again : bool
        Whether runs that failed are done again, whatever their reason.

    Returns
    -------
    Sweep
        ``found.recommended`` is the set of parameters that is recommended, its figures those of
        the held-out parts. Table, pictures and configuration are in the folder.

    Raises
    ------
    InputError
        Where the plan has a mistake: a line for each; or there are no workers.
    ConnectionError
        Where the cluster is gone in the middle: what is finished is kept.

    Examples
    --------
    >>> import stimloop as sl
    >>> beta = sl.BandPower("beta", band_hz=(13, 30), window_s=0.4)
    >>> burst = sl.Burst("burst", of="beta", threshold=sl.Percentile(75, calibrate_s=5))
    >>> sl.Rig(detectors=[beta, burst], streams=sl.read("patient07.xdf")["LFP"]).to_toml("rig.toml")
    >>> _ = Path("plan.toml").write_text('''
    ... recordings = ["patient07.xdf"]
    ... rig = "rig.toml"
    ... score = { detector = "burst", channels = ["STN_1"] }
    ... [[parameters]]
    ... path = "detectors[burst].threshold.percentile"
    ... values = [50.0, 75.0]
    ... ''')
    >>> found = sl.sweep("plan.toml", n_workers=0)
    >>> len(found.points), found.points[1].held_out["false_positives_per_min"].unit
    (2, '1/min')
    """
    file = Path(plan)
    folder = folder_beside(file) if into is None else Path(into)
    options = WorkerOptions(scheduler=scheduler, n_workers=n_workers, memory=memory)
    try:
        ran = run_plan(read_plan(file), folder, options, again=again)
        write_files(ran.sweep, ran.runs, folder)
    except ConfigError as error:
        raise InputError(str(error)) from error
    except FaultError as error:
        raise ConnectionError(str(error)) from error
    return ran.sweep
