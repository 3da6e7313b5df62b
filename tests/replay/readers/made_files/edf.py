"""EDF and BDF files, made by hand of records, for tests."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Made(NamedTuple):
    """A signal: its digital values, as many in each record; ±3000 uV are ±30000."""

    label: str
    values: NDArray[np.int64]
    unit: str = "uV"


def _field(text: object, length: int) -> bytes:
    return str(text).encode("latin-1").ljust(length)


def written(
    signals: Sequence[Made],
    n_records: int,
    *,
    record_s: float = 1.0,
    starts_s: Sequence[float] | None = None,
    texts: Sequence[str] = (),
    reserved: str = "",
    n_said: int | None = None,
    n_bytes: int = 2,
) -> bytes:
    """Return a file; with `starts_s` each record has 60 bytes of annotations: time and text."""
    kind = "BDF" if n_bytes == 3 else "EDF"
    n_annotated = 0 if starts_s is None else 60 // n_bytes
    sizes = [len(each.values) // n_records for each in signals]
    rows = [
        (each.label, each.unit, -3000, 3000, -30000, 30000, size)
        for each, size in zip(signals, sizes, strict=True)
    ]
    if starts_s is not None:
        rows.append((f"{kind} Annotations", "", -1, 1, -32768, 32767, n_annotated))
    magic = b"\xffBIOSEMI" if n_bytes == 3 else b"0       "
    head = magic + _field("X X X X", 80) + _field("Startdate X X X X", 80)
    head += b"01.01.2400.00.00" + _field(256 * (len(rows) + 1), 8) + _field(reserved, 44)
    head += _field(n_records if n_said is None else n_said, 8) + _field(f"{record_s:g}", 8)
    head += _field(len(rows), 4)
    columns = list(zip(*rows, strict=True))
    parts = [(columns[0], 16), ([""] * len(rows), 80), (columns[1], 8)]
    parts += [(column, 8) for column in columns[2:6]]
    parts += [([""] * len(rows), 80), (columns[6], 8), ([""] * len(rows), 32)]
    head += b"".join(_field(each, length) for texts_, length in parts for each in texts_)
    body = b""
    for record in range(n_records):
        for each, size in zip(signals, sizes, strict=True):
            held = each.values[record * size : (record + 1) * size].astype("<i4")
            body += held.view(np.uint8).reshape(-1, 4)[:, :n_bytes].tobytes()
        if starts_s is not None:
            entry = f"+{starts_s[record]:g}\x14\x14\0"
            if record < len(texts) and texts[record]:
                entry += f"+{starts_s[record] + 0.25:g}\x150.5\x14{texts[record]}\x14\0"
            body += entry.encode().ljust(60, b"\0")
    return head + body
