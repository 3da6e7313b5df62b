"""Opens FIF recordings, as MNE writes them, in one file or split over several."""

import itertools
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from replay.readers.channels import Channel, groups_of
from replay.readers.library import library
from replay.readers.piecewise import Marker, MarkerStream, Piece, PiecewiseStream
from replay.readers.reader import Reader
from replay.recording import RecordedStream, Recording, RecordingError

#: The first tag of a file: its identity, 20 bytes.
_MAGIC: Final = b"\x00\x00\x00\x64\x00\x00\x00\x1f\x00\x00\x00\x14"
_JOINS: Final = ("BAD BOUNDARY", "EDGE BOUNDARY", "BOUNDARY")
_SKIP: Final = "BAD_ACQ_SKIP"
#: The time that a join is given: nothing in the file says how much is between its sides.
_JOIN_S: Final = 1.0
_UNITS: Final = {107: "V", 112: "T", 201: "T/m"}


def open_fif(path: Path) -> Recording:
    """Open a recording.

    Parameters
    ----------
    path : Path
        The file; of a split one the first part, the others are found beside it.

    Returns
    -------
    Recording
        Streams of signals of the brain, of EMG and of the rest (see `groups_of`), voltages in
        microvolts, with bad channels and without projections; and one of markers, the annotations.

    Raises
    ------
    RecordingError
        Where MNE cannot read it as raw samples, or is not installed.

    Notes
    -----
    Stamps are seconds since the acquisition began: the number of a sample, as the file counts,
    over the rate. What acquisition skipped is left out and a gap. Recordings that were joined, as
    annotations ``EDGE boundary`` and ``BAD boundary`` say, have a gap of 1 s there: their own times
    are lost, and a warning says how many. Annotations move with the samples.

    References
    ----------
    A. Gramfort et al. (2013), MEG and EEG data analysis with MNE-Python, Frontiers in Neuroscience
    7:267, doi:10.3389/fnins.2013.00267.
    """
    _require_fif(path)
    mne = library("mne", format="FIF")
    told: list[str] = []
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            raw = mne.io.read_raw_fif(
                path, preload=False, on_split_missing="warn", verbose="WARNING"
            )
    except Exception as error:
        reason = str(error).partition("\n")[0]
        raise RecordingError(
            f"{path}: expected a FIF file of raw samples, found one that MNE cannot read: "
            f"{type(error).__name__}: {reason}"
        ) from error
    told.extend(_of_the_file(str(each.message) for each in caught))
    n_whole = _n_whole(raw)
    if not n_whole:
        raise RecordingError(f"{path}: expected samples that can be read, found none")
    if n_whole < raw.n_times:
        told.append(f"it breaks off: read {n_whole} samples, of at least {raw.n_times}")
    pieces, n_samples = _pieces(raw, n_whole, told)
    channels = [
        Channel(name, _unit(described, kind), float(raw.info["sfreq"]), kind)
        for name, described, kind in zip(
            raw.ch_names, raw.info["chs"], raw.get_channel_types(), strict=True
        )
    ]
    streams: list[RecordedStream] = []
    for info, columns in groups_of(channels):
        load = _Load(raw, columns, [channels[column].to_microvolts for column in columns])
        streams.append(PiecewiseStream(info, n_samples, load, pieces))
    markers = _markers(raw, pieces)
    if markers:
        streams.append(MarkerStream(markers))
    return Recording(path, tuple(streams), tuple(told))


class _Load:
    """Reads samples of some channels: volts as microvolts, the rest in the file's own unit."""

    def __init__(self, raw: Any, columns: Sequence[int], factors: Sequence[float]) -> None:  # noqa: ANN401 an mne.io.Raw
        self._raw = raw
        self._columns = list(columns)
        self._factors = np.array(factors)

    def __call__(self, start: int, stop: int) -> NDArray[np.float64]:
        if start == stop:
            return np.empty((0, len(self._columns)))
        try:
            found = self._raw[self._columns, start:stop][0]
        except Exception as error:
            reason = str(error).partition("\n")[0]
            raise RecordingError(
                f"samples {start} to {stop} cannot be read: {type(error).__name__}: {reason}"
            ) from error
        samples: NDArray[np.float64] = np.ascontiguousarray(found.T * self._factors)
        return samples


def _require_fif(path: Path) -> None:
    if path.name.lower().endswith(".gz"):
        return
    with path.open("rb") as file:
        found = file.read(len(_MAGIC))
    if found != _MAGIC:
        what = repr(found) if found else "an empty file"
        raise RecordingError(f"{path}: expected a FIF file, found {what}")


def _of_the_file(messages: Iterable[str]) -> list[str]:
    """Return what MNE warns of in a line each, without what it says of names."""
    lines = [" ".join(each.split()) for each in messages]
    return [f"MNE: {each}" for each in dict.fromkeys(lines) if "naming conventions" not in each]


def _unit(described: Any, kind: str) -> str:  # noqa: ANN401 a dictionary of MNE
    """Return the unit of a channel; MNE has triggers in volts, which they are not."""
    return "" if kind in {"stim", "syst", "exci"} else _UNITS.get(int(described["unit"]), "")


def _index(raw: Any, onset_s: float) -> float:  # noqa: ANN401
    """Return an annotation's place among the samples that can be read."""
    return float((onset_s - raw.first_time) * raw.info["sfreq"])


def _n_whole(raw: Any) -> int:  # noqa: ANN401
    """Return how many samples can be read: MNE counts those of a buffer that breaks off too."""
    n_whole, n_said = 0, int(raw.n_times)
    if not n_said or _is_readable(raw, n_said - 1):
        return n_said
    while n_whole < n_said:
        middle = (n_whole + n_said) // 2
        if _is_readable(raw, middle):
            n_whole = middle + 1
        else:
            n_said = middle
    return n_whole


def _is_readable(raw: Any, number: int) -> bool:  # noqa: ANN401
    try:
        raw[0, number : number + 1]
    except (OSError, ValueError):
        return False
    return True


def _pieces(raw: Any, n_whole: int, told: list[str]) -> tuple[list[Piece], int]:  # noqa: ANN401
    """Return the continuous pieces without what was skipped, and how many samples they have."""
    rate_hz = float(raw.info["sfreq"])
    joins, skips = set(), []
    for each in raw.annotations:
        at = round(_index(raw, each["onset"]))
        if each["description"].upper() in _JOINS and 0 < at < n_whole:
            joins.add(at)
        elif each["description"] == _SKIP:
            skips.append((max(at, 0), min(at + round(each["duration"] * rate_hz), n_whole)))
    kept, begin = [], 0
    for first, last in sorted(skips):
        if first > begin:
            kept.append((begin, first))
        begin = max(begin, last)
    kept.append((begin, n_whole))
    if joins:
        told.append(
            f"it is joined from {len(joins) + 1} recordings whose own times are lost: a gap of "
            f"{_JOIN_S:g} s is put at each of the {len(joins)} joins"
        )
    pieces, n_samples = [], 0
    for first, last in kept:
        edges = [first, *sorted(each for each in joins if first < each < last), last]
        for start, stop in itertools.pairwise(edges):
            n_joins = sum(each <= start for each in joins)
            start_s = (raw.first_samp + start) / rate_hz + n_joins * _JOIN_S
            pieces.append(Piece(n_samples, start_s, start))
            n_samples += stop - start
    return pieces, n_samples


def _markers(raw: Any, pieces: Sequence[Piece]) -> list[Marker]:  # noqa: ANN401
    """Return the annotations, in the time of the samples that they are of."""
    rate_hz = float(raw.info["sfreq"])
    in_file = [each.first_in_file for each in pieces]
    made = []
    for each in raw.annotations:
        at = _index(raw, each["onset"])
        piece = pieces[max(int(np.searchsorted(in_file, round(at), side="right")) - 1, 0)]
        made.append(
            Marker(piece.start_s + (at - piece.first_in_file) / rate_hz, str(each["description"]))
        )
    return made


READER: Final = Reader(
    format="FIF",
    suffixes=(".fif", ".fif.gz"),
    recognizes=lambda _path, first_bytes: first_bytes.startswith(_MAGIC),
    open=open_fif,
)
