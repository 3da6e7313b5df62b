"""The header of an EDF or BDF file, by the published layout."""

import math
from pathlib import Path
from typing import Final, NamedTuple

from replay.recording import RecordingError

EDF_MAGIC: Final = b"0       "
BDF_MAGIC: Final = b"\xffBIOSEMI"
_N_BYTES: Final = 256
#: Where each field of a signal begins within 256 bytes, and how long it is.
_FIELDS: Final = {
    "label": (0, 16),
    "unit": (96, 8),
    "physical_min": (104, 8),
    "physical_max": (112, 8),
    "digital_min": (120, 8),
    "digital_max": (128, 8),
    "n_per_record": (216, 8),
}


class Signal(NamedTuple):
    """What the header says of one signal; ``physical = digital * gain + offset``."""

    label: str
    unit: str
    gain: float
    offset: float
    n_per_record: int

    @property
    def is_annotations(self) -> bool:
        """Whether it holds annotations in place of samples."""
        return self.label in {"EDF Annotations", "BDF Annotations"}


class Header(NamedTuple):
    """What the header says of the file.

    Parameters
    ----------
    n_bytes : int
        Its own length.
    n_bytes_per_sample : int
        2 in EDF, 3 in BDF.
    is_discontinuous : bool
        Whether records may have time between them (EDF+D).
    n_records : int
        As it says; -1 where recording was not ended.
    record_s : float
        Duration of a record; 0 in a file of annotations alone.
    signals : tuple of Signal
        In the order of the file.
    """

    n_bytes: int
    n_bytes_per_sample: int
    is_discontinuous: bool
    n_records: int
    record_s: float
    signals: tuple[Signal, ...]

    @property
    def n_bytes_per_record(self) -> int:
        """Length of a record."""
        return self.n_bytes_per_sample * sum(each.n_per_record for each in self.signals)


def read_header(path: Path) -> Header:
    """Return the header of a file.

    Raises
    ------
    RecordingError
        Where it is not whole, or says what cannot be.

    References
    ----------
    B. Kemp et al. (1992), A simple format for exchange of digitized polygraphic recordings,
    Electroencephalography and Clinical Neurophysiology 82:391-393; EDF+:
    https://www.edfplus.info/specs/edfplus.html; BDF: https://www.biosemi.com/faq/file_format.htm.
    """
    with path.open("rb") as file:
        first = file.read(_N_BYTES)
        if not first.startswith((EDF_MAGIC, BDF_MAGIC)):
            found = repr(first[:8]) if first else "an empty file"
            raise RecordingError(
                f"{path}: expected an EDF or BDF file, beginning with '0' or '\\xffBIOSEMI', "
                f"found {found}"
            )
        try:
            n_signals = _whole_number(first[252:256], "number of signals", 1)
            rest = file.read(n_signals * _N_BYTES)
            if len(first) + len(rest) < _N_BYTES * (1 + n_signals):
                raise ValueError(  # noqa: TRY301 worded like the others below
                    f"expected a header of {_N_BYTES * (1 + n_signals)} bytes, for {n_signals} "
                    f"signals, found a file of {len(first) + len(rest)}"
                )
            is_bdf = first.startswith(BDF_MAGIC)
            return Header(
                n_bytes=_N_BYTES * (1 + n_signals),
                n_bytes_per_sample=3 if is_bdf else 2,
                is_discontinuous=first[192:197] in {b"EDF+D", b"BDF+D"},
                n_records=_whole_number(first[236:244], "number of records", -1),
                record_s=_number(first[244:252], "duration of a record"),
                signals=tuple(
                    _signal(rest, number, n_signals, is_bdf=is_bdf) for number in range(n_signals)
                ),
            )
        except ValueError as error:
            raise RecordingError(f"{path}: header: {error}") from error


def _signal(rest: bytes, number: int, n_signals: int, *, is_bdf: bool) -> Signal:
    def field(name: str) -> bytes:
        offset, length = _FIELDS[name]
        begin = offset * n_signals + number * length
        return rest[begin : begin + length]

    label = _text(field("label"))
    where = f"signal {number + 1} ({label!r})"
    n_per_record = _whole_number(field("n_per_record"), f"samples per record of {where}", 0)
    if label in {"EDF Annotations", "BDF Annotations"}:
        return Signal(label, "", 1.0, 0.0, n_per_record)
    low, high, digital_low, digital_high = (
        _number(field(name), f"{name.replace('_', ' ')} of {where}")
        for name in ("physical_min", "physical_max", "digital_min", "digital_max")
    )
    if digital_low == digital_high:
        raise ValueError(
            f"{where}: expected a digital minimum below the maximum, found {digital_low:g} twice"
        )
    if label == "Status" and is_bdf:
        # Codes of triggers, a bit each: what some writers state as their size means nothing.
        return Signal(label, "", 1.0, 0.0, n_per_record)
    gain = (high - low) / (digital_high - digital_low)
    return Signal(label, _text(field("unit")), gain, low - gain * digital_low, n_per_record)


def _text(field: bytes) -> str:
    """Return text; what is no ASCII, as some writers of µV have it, is taken as Latin-1."""
    return field.decode("latin-1").strip(" \0")


def _number(field: bytes, what: str) -> float:
    text = _text(field).replace(",", ".")
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise ValueError(f"expected a number as {what}, found {_text(field)!r}")
    return found


def _whole_number(field: bytes, what: str, least: int) -> int:
    found = _number(field, what)
    if found != int(found) or found < least:
        raise ValueError(f"expected a whole number of at least {least} as {what}, found {found:g}")
    return int(found)
