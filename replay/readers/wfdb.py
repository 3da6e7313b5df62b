"""Opens WFDB records, as PhysioNet has them: a header beside its signals and annotations."""

import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from detectors.conditioning.units import is_voltage_unit, microvolts_per
from replay.readers.library import library
from replay.readers.reader import Reader
from replay.recording import RecordedStream, Recording, RecordingError, Stretch
from streamer.source import StreamInfo

#: Suffixes of annotation files that are read, by what wrote them.
_ANNOTATORS: Final = (
    *("atr", "ann", "qrs", "gqrs", "wqrs", "ecg", "man", "evt", "event"),
    *("ari", "st", "apn", "al", "trigger"),
)
#: The first line of a header that is no comment: record, signals, and often rate and length.
_RECORD_LINE: Final = re.compile(
    rb"\A(?:#[^\n]*\n|\s*\n)*[\w-]+(?:/\d+)? \d+(?: [\d./(:]|\s*$)", re.MULTILINE
)
#: A sample is a difference to the one before, and is not known without all of them.
_OF_DIFFERENCES: Final = "8"


def open_wfdb(path: Path) -> Recording:
    """Open a WFDB record.

    Parameters
    ----------
    path : Path
        Its header, ``.hea``, or a ``.dat`` of the same name beside it.

    Returns
    -------
    Recording
        A stream for all signals of one rate, in µV where the header's unit is one of voltage, NaN
        where the file marks a sample as invalid; and a marker stream for each file of annotations.

    Raises
    ------
    RecordingError
        Where it is no record, a file of its signals is missing or too short, or holds differences.

    Notes
    -----
    Stamps count from 0 at the header's rate: a record keeps no others. In records whose signals
    have several samples a frame, each has its own rate.

    References
    ----------
    WFDB Applications Guide, header(5) and signal(5), https://physionet.org/physiotools/wag/.
    """
    record = path.with_suffix("")
    if not path.stat().st_size:
        raise RecordingError(f"{path}: expected a WFDB record, found an empty file")
    wfdb = library("wfdb", format="WFDB")
    try:
        header = wfdb.rdheader(str(record))
        streams: list[RecordedStream] = [*_signals(wfdb, record, header)]
    except RecordingError as error:
        raise RecordingError(f"{path}: {error}") from error
    except Exception as error:
        reason = str(error).partition("\n")[0]
        raise RecordingError(
            f"{path}: expected a WFDB record with its signals, found one that cannot be read: "
            f"{type(error).__name__}: {reason}"
        ) from error
    if not streams:
        raise RecordingError(f"{path}: expected a WFDB record of signals, found none in its header")
    told: list[str] = []
    streams += _annotations(wfdb, record, float(header.fs), told)
    return Recording(path, tuple(streams), tuple(told))


class WfdbStream(RecordedStream):
    """The signals of a record that have as many samples a frame.

    Parameters
    ----------
    record : Path
        The record, without a suffix.
    info : StreamInfo
        What they are, their units as the header writes them.
    n_frames, n_each : int
        How many frames, and samples of each signal in a frame.
    columns : tuple of int
        Which signals of the record they are.
    """

    def __init__(
        self, record: Path, info: StreamInfo, n_frames: int, n_each: int, columns: tuple[int, ...]
    ) -> None:
        per_unit = [microvolts_per(each) if is_voltage_unit(each) else 1.0 for each in info.units]
        units = tuple("uV" if is_voltage_unit(each) else each for each in info.units)
        super().__init__(replace(info, units=units), n_frames * n_each)
        self._record: Final = record
        self._n_each: Final = n_each
        self._columns: Final = columns
        self._per_unit: Final = np.array(per_unit)

    def decode(self, start: int, stop: int) -> Stretch:
        """Return samples and stamps."""
        samples = np.empty((stop - start, len(self._columns)))
        if start < stop:
            first, last = start // self._n_each, -(-stop // self._n_each)
            shift = start - first * self._n_each
            for place, found in enumerate(self._read(first, last)):
                samples[:, place] = found[shift : shift + stop - start]
        return Stretch(samples * self._per_unit, self.decode_stamps(start, stop))

    def decode_stamps(self, start: int, stop: int) -> NDArray[np.float64]:
        """Return the stamps alone."""
        return np.arange(start, stop) / self.info.rate_hz

    def _read(self, first: int, last: int) -> list[NDArray[np.float64]]:
        """Return each signal between two frames, in the header's units."""
        wfdb = library("wfdb", format="WFDB")
        try:
            found = wfdb.rdrecord(
                str(self._record),
                sampfrom=first,
                sampto=last,
                channels=list(self._columns),
                smooth_frames=False,
                force_channels=False,
            )
        except Exception as error:
            reason = str(error).partition("\n")[0]
            raise RecordingError(
                f"{self._record}: expected samples up to frame {last}, as its header says, found "
                f"a file that breaks off or cannot be read: {reason}"
            ) from error
        if found.e_p_signal is not None:
            return list(found.e_p_signal)
        return list(found.p_signal.T)


class WfdbMarkers(RecordedStream):
    """One file of annotations, in memory: each one's note, or else its symbol."""

    def __init__(self, name: str, texts: list[str], stamps_s: NDArray[np.float64]) -> None:
        info = StreamInfo(
            name=name,
            lsl_name=name,
            lsl_type="Markers",
            rate_hz=0.0,
            channels=("annotation",),
            units=("",),
            dtype="string",
        )
        super().__init__(info, len(texts))
        self._rows: Final = np.empty((len(texts), 1), object)
        self._rows[:, 0] = texts
        self._stamps_s: Final = stamps_s

    def decode(self, start: int, stop: int) -> Stretch:
        """Return texts and stamps."""
        return Stretch(self._rows[start:stop].copy(), self._stamps_s[start:stop].copy())


def _signals(wfdb: Any, record: Path, header: Any) -> Iterator[WfdbStream]:  # noqa: ANN401
    """Yield a stream for each rate of a record, and see that its last sample is there."""
    if _OF_DIFFERENCES in (getattr(header, "fmt", None) or ()):
        raise RecordingError(
            "expected samples that can be read in pieces, found format 8, of differences: convert "
            "the record to format 16 by `xform`"
        )
    if not header.sig_len:
        raise RecordingError("expected a record of samples, found none of them in its header")
    described = wfdb.rdrecord(str(record), sampfrom=0, sampto=1)
    n_each = [int(each or 1) for each in getattr(header, "samps_per_frame", None) or ()]
    n_each = n_each or [1] * described.n_sig
    unlabelled = [name or f"ch{number + 1}" for number, name in enumerate(described.sig_name)]
    labels = [
        name if unlabelled.count(name) == 1 else f"{name} {number + 1}"
        for number, name in enumerate(unlabelled)
    ]
    for each in dict.fromkeys(n_each):
        columns = tuple(number for number, found in enumerate(n_each) if found == each)
        name = record.name if len(set(n_each)) == 1 else f"{record.name} {each * header.fs:g} Hz"
        info = StreamInfo(
            name=name,
            lsl_name=name,
            lsl_type="Signal",
            source_id=record.name,
            rate_hz=float(header.fs) * each,
            channels=tuple(labels[number] for number in columns),
            units=tuple(described.units[number] or "" for number in columns),
            dtype="float64",
        )
        stream = WfdbStream(record, info, int(header.sig_len), each, columns)
        stream.read(stream.n_samples - 1, stream.n_samples)
        yield stream


def _annotations(
    wfdb: Any,  # noqa: ANN401 the library
    record: Path,
    rate_hz: float,
    told: list[str],
) -> Iterator[WfdbMarkers]:
    for annotator in _ANNOTATORS:
        file = record.with_name(f"{record.name}.{annotator}")
        if not file.is_file():
            continue
        try:
            with warnings.catch_warnings(action="ignore"):  # of libraries beneath it
                found = wfdb.rdann(str(record), annotator)
        except Exception as error:  # noqa: BLE001 the signals beside them can be read
            reason = str(error).partition("\n")[0]
            told.append(f"annotations {file.name} cannot be read and are left out: {reason}")
            continue
        notes = found.aux_note or [""] * len(found.symbol)
        texts = [
            note.rstrip("\0").strip() or symbol
            for note, symbol in zip(notes, found.symbol, strict=True)
        ]
        if texts:
            yield WfdbMarkers(file.name, texts, np.asarray(found.sample) / (found.fs or rate_hz))


def _recognizes(path: Path, first_bytes: bytes) -> bool:
    if path.suffix.lower() == ".hea":
        return _RECORD_LINE.match(first_bytes) is not None
    header = path.with_suffix(".hea")
    return path.suffix.lower() == ".dat" and header.is_file()


READER: Final = Reader(
    format="WFDB",
    suffixes=(".hea", ".dat"),
    recognizes=_recognizes,
    open=open_wfdb,
    companions=(".dat",),
)
