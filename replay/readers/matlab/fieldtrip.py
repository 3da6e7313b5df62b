"""FieldTrip's raw data: trials of samples, with the time of each sample."""

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from replay.readers.channels import Channel
from replay.readers.matlab.contents import MatFile, Matrix, number_of, rows_of, texts_of
from replay.readers.matlab.matrix_streams import Part, matrix_streams
from replay.readers.piecewise import Marker, MarkerStream
from replay.recording import RecordedStream, RecordingError

_TOLERANCE_S: Final = 1e-6
#: Time between trials that do not say when they were.
_BETWEEN_S: Final = 1.0


def is_fieldtrip(structure: Mapping[str, Any]) -> bool:
    """Return whether a structure is raw data: it has labels; trials may still be in the file."""
    return "label" in structure and ("fsample" in structure or "trial" in structure)


def fieldtrip_streams(
    path: Path, file: MatFile, name: str, told: list[str]
) -> tuple[RecordedStream, ...]:
    """Return the streams of a structure of raw data.

    Raises
    ------
    RecordingError
        Where it has no trials, or trials, times and labels do not go together.

    Notes
    -----
    Stamps are those of ``time`` where the trials follow each other in it. Where each trial counts
    from its own cue, they are those of ``sampleinfo``, the samples of the original recording over
    the rate; and without it, the trials are put 1 s apart, with a warning. Events (a structure
    ``event`` beside the data, or ``cfg.event`` of it) are in the same time, as ``type/value``.

    References
    ----------
    R. Oostenveld et al. (2011), FieldTrip, Computational Intelligence and Neuroscience 2011:156869;
    ``ft_datatype_raw``, https://www.fieldtriptoolbox.org/reference/utilities/ft_datatype_raw/.
    """
    structure = file.variables[name]
    labels = texts_of(structure["label"])
    trials, times = file.cells(name, "trial"), file.cells(name, "time")
    trials = [
        each.transposed if each.shape[0] != len(labels) == each.shape[1] else each
        for each in trials
    ]
    if not trials or len(trials) != len(times):
        raise RecordingError(
            f"{path}: {name}: expected trials, each with its time, found {len(trials)} trials and "
            f"{len(times)} times"
        )
    for number, (trial, stamps) in enumerate(zip(trials, times, strict=True), 1):
        n_times = max(stamps.shape)
        if trial.shape != (len(labels), n_times):
            raise RecordingError(
                f"{path}: {name}.trial{{{number}}}: expected {len(labels)} channels, as there are "
                f"labels, by {n_times} samples, as there are times, found {trial.shape[0]} "
                f"by {trial.shape[1]}"
            )
    edges_s = [_edges_s(each) for each in times]
    rate_hz = _rate_hz(path, structure, edges_s, [max(each.shape) for each in times])
    sampleinfo = np.atleast_2d(np.asarray(structure.get("sampleinfo", ()), np.float64))
    samples = sampleinfo[:, 0] if sampleinfo.shape == (len(trials), 2) else None
    starts_s = _starts_s(edges_s, samples, rate_hz, told)
    channels = _channels(structure, labels, rate_hz)
    streams = matrix_streams(
        channels,
        [Part(trial, start_s) for trial, start_s in zip(trials, starts_s, strict=True)],
    )
    first_sample = 1.0 if samples is None else float(samples[0])
    shift_s = starts_s[0] - (first_sample - 1.0) / rate_hz
    markers = _markers(file, structure, rate_hz, shift_s)
    return (*streams, MarkerStream(markers)) if markers else streams


def _edges_s(stamps: Matrix) -> tuple[float, float]:
    row = stamps if stamps.shape[0] == 1 else stamps.transposed
    n_samples = row.shape[1]
    if not n_samples:
        return 0.0, 0.0
    return float(row.columns(0, 1)[0, 0]), float(row.columns(n_samples - 1, n_samples)[0, 0])


def _rate_hz(
    path: Path,
    structure: Mapping[str, Any],
    edges_s: Sequence[tuple[float, float]],
    sizes: Sequence[int],
) -> float:
    """Return the rate that is said; where the times have another one, theirs."""
    said_hz = number_of(structure.get("fsample"))
    n_samples, (first_s, last_s) = max(zip(sizes, edges_s, strict=True))
    if said_hz > 0.0 and abs(last_s - first_s - (n_samples - 1) / said_hz) < _TOLERANCE_S:
        return said_hz
    if last_s > first_s:
        return (n_samples - 1) / (last_s - first_s)
    raise RecordingError(f"{path}: expected a rate (fsample) or times that rise, found neither")


def _starts_s(
    edges_s: Sequence[tuple[float, float]],
    samples: Any,  # noqa: ANN401 an array, or None
    rate_hz: float,
    told: list[str],
) -> list[float]:
    """Return when each trial begins."""
    if all(last_s < first_s for (_, last_s), (first_s, _) in itertools.pairwise(edges_s)):
        return [first_s for first_s, _ in edges_s]
    if samples is not None:
        starts_s = [float(each - 1.0) / rate_hz for each in samples]
        lengths_s = [last_s - first_s for first_s, last_s in edges_s]
        n_overlaps = sum(
            later_s <= start_s + length_s
            for (start_s, later_s), length_s in zip(
                itertools.pairwise(starts_s), lengths_s, strict=False
            )
        )
        if n_overlaps:
            told.append(f"{n_overlaps} trials begin before the one before them ends")
        return starts_s
    told.append(
        f"{len(edges_s)} trials do not say when they were: they are put {_BETWEEN_S:g} s apart"
    )
    starts_s = [0.0]
    for first_s, last_s in edges_s[:-1]:
        starts_s.append(starts_s[-1] + last_s - first_s + _BETWEEN_S)
    return starts_s


def _channels(structure: Mapping[str, Any], labels: Sequence[str], rate_hz: float) -> list[Channel]:
    """Return the channels; units and types are by label, as the header may have more of them."""
    header = structure.get("hdr")
    header = header if isinstance(header, Mapping) else {}
    of_header = texts_of(header.get("label"))

    def by_label(field: str) -> dict[str, str]:
        for names, said in ((labels, structure.get(field)), (of_header, header.get(field))):
            texts = texts_of(said)
            if texts and len(texts) == len(names):
                return dict(zip(names, texts, strict=True))
        return {}

    units, types = by_label("chanunit"), by_label("chantype")
    return [
        Channel(
            each,
            "" if (unit := units.get(each, "")) == "unknown" else unit,
            rate_hz,
            types.get(each, ""),
        )
        for each in labels
    ]


def _markers(
    file: MatFile, structure: Mapping[str, Any], rate_hz: float, shift_s: float
) -> list[Marker]:
    of_data = structure.get("cfg")
    held = file.variables.get("event")
    if held is None and isinstance(of_data, Mapping):
        held = of_data.get("event")
    made = []
    for row in rows_of(held):
        sample = number_of(row.get("sample"))
        if np.isfinite(sample):
            parts = [_text(row.get("type")), _text(row.get("value"))]
            text = "/".join(each for each in parts if each)
            made.append(Marker((sample - 1.0) / rate_hz + shift_s, text))
    return made


def _text(said: Any) -> str:  # noqa: ANN401 text, number or nothing
    if isinstance(said, str):
        return said
    number = number_of(said)
    return f"{number:g}" if np.isfinite(number) else ""
