"""The files of a sweep: result, table, pictures, and the configuration that it recommends."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from replay.sweeping.kept_runs import write_whole
from replay.sweeping.result import FILE, PointRun, Sweep
from stimloop.sweeping.table import write_table
from stimloop.terminal.plain_text import plain

TABLE: Final = "sweep.parquet"
ROC: Final = "roc.png"
HEAT_MAPS: Final = "heat-maps.png"
RECOMMENDED: Final = "recommended.toml"
_DPI: Final = 110


def folder_beside(plan: Path) -> Path:
    """Return the folder of a sweep where nobody says another.

    >>> folder_beside(Path("monday/plan.toml")).name
    'plan.sweep'
    """
    return plan.with_suffix(".sweep")


def write_files(found: Sweep, runs: Sequence[PointRun], folder: Path) -> tuple[Path, ...]:
    """Write all files of a sweep, and return them.

    Parameters
    ----------
    found : Sweep
        The sweep.
    runs : sequence of PointRun
        All that finished.
    folder : Path
        Where to.

    Raises
    ------
    ConfigError
        Where matplotlib is not installed.
    OSError
        What the disk, or the folder, refused.
    """
    return tuple(_written(found, runs, folder))


def _written(found: Sweep, runs: Sequence[PointRun], folder: Path) -> Iterator[Path]:
    from stimloop.reporting import sweep_pictures  # noqa: PLC0415 loads matplotlib

    recommended = folder / RECOMMENDED
    recommended.unlink(missing_ok=True)  # of an earlier sweep, which may have said another one
    write_whole(folder / FILE, found.to_json())
    yield folder / FILE
    write_table(found, runs, folder / TABLE)
    yield folder / TABLE
    for name, draw in ((ROC, sweep_pictures.draw_roc), (HEAT_MAPS, sweep_pictures.draw_maps)):
        figure = draw(found)
        (folder / name).unlink(missing_ok=True)
        if figure is not None:
            figure.savefig(folder / name, dpi=_DPI)
            yield folder / name
    if found.recommendation.config_toml:
        write_whole(recommended, found.recommendation.config_toml.encode())
        yield recommended


def recommended_toml(lines: Sequence[str], config_toml: str) -> str:
    """Return a configuration with what a sweep says of it as comments above."""
    return "".join(f"# {plain(line)}\n" for line in lines) + f"\n{config_toml}"
