"""The table of a sweep, `sweep.parquet`: a row a set of parameters, recording and channel."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from replay.scoring.result import DetectorScore, Metric
from replay.sweeping.result import PointRun, Sweep
from streamer.tables.columns import column

_NAME: Final = pa.dictionary(pa.int32(), pa.string())
#: What stands beside each metric of a held-out part.
_BESIDE: Final = ("low", "high", "null")


def write_table(found: Sweep, runs: Sequence[PointRun], file: Path) -> None:
    """Write the table of a sweep.

    Parameters
    ----------
    found : Sweep
        The sweep: its parameters are columns, by their key paths.
    runs : sequence of PointRun
        All that finished.
    file : Path
        The file.

    Notes
    -----
    Metrics are those of the held-out part, each with interval and chance; the same metric of the
    part that was searched on stands beside it as ``training_NAME``.
    """
    rows = [
        (each, of_training, of_held_out)
        for each in runs
        for of_training, of_held_out in _pairs(each)
    ]
    columns: dict[str, tuple[list[Any], pa.DataType]] = {
        "point": ([each.point for each, _, _ in rows], pa.int64()),
        "recording": ([each.recording for each, _, _ in rows], _NAME),
        "channel": ([score.channel for _, _, score in rows], _NAME),
        "recommended": (
            [each.point == found.recommendation.number for each, _, _ in rows],
            pa.bool_(),
        ),
    }
    points = [found.points[each.point].values for each, _, _ in rows]
    for parameter in found.parameters:
        columns[parameter.path] = _of_values([each[parameter.path] for each in points])
    columns["judged_s"] = ([score.judged_s for _, _, score in rows], pa.float64())
    columns["delay_s"] = ([score.delay_s for _, _, score in rows], pa.float64())
    names = dict.fromkeys(metric.name for _, _, score in rows for metric in score.metrics)
    for name in names:
        held_out = [_metric(score, name) for _, _, score in rows]
        training = [_metric(score, name) for _, score, _ in rows]
        columns[name] = ([_field(each, "value") for each in held_out], pa.float64())
        for beside in _BESIDE:
            values = [_field(each, beside) for each in held_out]
            columns[f"{name}_{beside}"] = (values, pa.float64())
        columns[f"training_{name}"] = ([_field(each, "value") for each in training], pa.float64())
    arrays = {name: column(values, kind) for name, (values, kind) in columns.items()}
    part = file.with_name(f".{file.name}.part")
    pq.write_table(pa.table(arrays), part)
    part.replace(file)


def _pairs(each: PointRun) -> list[tuple[DetectorScore | None, DetectorScore]]:
    """Return the scores of both parts, channel by channel of the held-out one."""
    training = {score.channel: score for score in each.run.training}
    return [(training.get(score.channel), score) for score in each.run.held_out]


def _metric(score: DetectorScore | None, name: str) -> Metric | None:
    metrics = () if score is None else score.metrics
    return next((each for each in metrics if each.name == name), None)


def _field(metric: Metric | None, name: str) -> float | None:
    found: float | None = None if metric is None else getattr(metric, name)
    return found


def _of_values(values: list[Any]) -> tuple[list[Any], pa.DataType]:
    """Return what is tried of a parameter as a column: numbers as such, all else as JSON."""
    is_flag = [isinstance(each, bool) for each in values]
    if not any(is_flag) and all(isinstance(each, int | float) for each in values):
        return [float(each) for each in values], pa.float64()
    if values and all(is_flag):
        return values, pa.bool_()
    if all(isinstance(each, str) for each in values):
        return values, _NAME
    return [json.dumps(each, ensure_ascii=False) for each in values], _NAME
