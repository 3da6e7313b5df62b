"""A stream as a BDF file: 24 bits a sample, through edfio."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stimloop.errors import ConfigError
from stimloop.sharing.formats.channels import Channel
from stimloop.sharing.formats.samples import Samples

_DIGITAL_MAX: Final = 2**23 - 1
_N_LABEL: Final = 16
#: Characters of a number in the header, one of them the sign.
_N_NUMBER: Final = 8
#: A record may last so many seconds, and its rate be off by this share of the stream's.
_RECORD_S_MAX: Final = 1000
_RATE_TOLERANCE: Final = 1e-8


class WrittenBdf(NamedTuple):
    """What became of the samples.

    Parameters
    ----------
    names : list of str
        The label of each channel in the file.
    resolution : list of float
        The step of each channel's numbers, in its unit.
    n_padded : int
        Positions after the last sample, up to the end of a record.
    not_finite : list of (int, int)
        Positions, first and after the last, where a channel was no number.
    """

    names: list[str]
    resolution: list[float]
    n_padded: int
    not_finite: list[tuple[int, int]]


def write_bdf(
    path: Path,
    samples: Samples,
    channels: Sequence[Channel],
    begins: datetime | None,
    edfio: Any,  # noqa: ANN401 a module
) -> WrittenBdf:
    """Write a BDF file.

    Parameters
    ----------
    path : Path
        The file.
    samples : Samples
        Of the stream; gaps, and what is no number, become 0.
    channels : sequence of Channel
        In the order of the samples.
    begins : datetime or None
        Time of the first sample, in UTC, where it is known.
    edfio : module
        As it was loaded.

    Raises
    ------
    ConfigError
        Where no record of whole seconds has a whole number of samples.

    Notes
    -----
    Every channel has the range of its own largest number, both ways, so that zero is exact; a
    number comes back within half a step, which is that range over 2**23 - 1. All samples are in
    memory at once, 4 bytes each.
    """
    file_time = samples.file_time
    record_s = _record_s(file_time.rate_hz)
    n_record = round(file_time.rate_hz * record_s)
    n_padded = -file_time.n_positions % n_record
    ranges = [_range(each) for each in _largest(samples, channels)]
    digital = np.zeros((len(channels), file_time.n_positions + n_padded), np.int32)
    not_finite: list[tuple[int, int]] = []
    for piece in samples.pieces():
        for column, channel in enumerate(channels):
            values = piece.samples[:, column].astype(np.float64) * channel.factor
            fits = np.isfinite(values)
            if not fits.all():
                not_finite += _runs(~fits, piece.position)
            steps = np.rint(np.where(fits, values, 0.0) / ranges[column] * _DIGITAL_MAX)
            digital[column, piece.position : piece.position + values.size] = steps
    names = _labels([each.name for each in channels])
    signals = [
        edfio.BdfSignal.from_digital(
            row,
            n_record / record_s,
            label=name,
            physical_dimension=_ascii(channel.unit, 8) if channel.unit != "n/a" else "",
            physical_range=(-largest, largest),
            digital_range=(-_DIGITAL_MAX, _DIGITAL_MAX),
        )
        for row, name, channel, largest in zip(digital, names, channels, ranges, strict=True)
    ]
    edfio.Bdf(
        signals,
        recording=None if begins is None else edfio.Recording(startdate=begins.date()),
        starttime=None if begins is None else begins.time().replace(tzinfo=None),
        data_record_duration=record_s,
    ).write(path)
    steps_of = [each / _DIGITAL_MAX for each in ranges]
    return WrittenBdf(names, steps_of, n_padded, _joined(not_finite))


def _record_s(rate_hz: float) -> float:
    for seconds in range(1, _RECORD_S_MAX + 1):
        n_samples = round(rate_hz * seconds)
        if n_samples and abs(n_samples / seconds / rate_hz - 1.0) <= _RATE_TOLERANCE:
            return float(seconds)
    raise ConfigError(
        f"BDF: expected a rate with a whole number of samples in at most {_RECORD_S_MAX} s, "
        f"found {rate_hz:g} Hz"
    )


def _largest(samples: Samples, channels: Sequence[Channel]) -> list[float]:
    """Return the largest finite number of each channel, without its sign."""
    found = np.zeros(len(channels))
    factors = np.array([each.factor for each in channels])
    for piece in samples.pieces():
        values = np.abs(piece.samples.astype(np.float64))
        found = np.maximum(found, np.where(np.isfinite(values), values, 0.0).max(axis=0))
    largest: list[float] = (found * factors).tolist()
    return largest


def _range(largest: float) -> float:
    """Return the next number up that the header can hold with a sign.

    Examples
    --------
    >>> _range(1234.56789), _range(0.0)
    (1234.57, 1.0)
    """
    if not largest > 0.0:
        return 1.0
    whole = len(str(int(largest)))
    n_decimals = max(0, min(_N_NUMBER - 2 - whole, 5))
    bound = float(np.ceil(largest * 10.0**n_decimals) / 10.0**n_decimals)
    return round(bound, n_decimals)


def _labels(names: Sequence[str]) -> list[str]:
    """Return labels of at most sixteen characters of ASCII, each another.

    Examples
    --------
    >>> _labels(["biceps", "extensor_carpi_radialis", "extensor_carpi_ulnaris"])
    ['biceps', 'extensor_carpi_r', 'extensor_carpi_u']
    >>> _labels(["a_very_long_label_1", "a_very_long_label_2"])
    ['a_very_long_labe', 'a_very_long_la~2']
    """
    found: list[str] = []
    for name in names:
        label, number = _ascii(name, _N_LABEL), 1
        while label in found:
            number += 1
            tail = f"~{number}"
            label = _ascii(name, _N_LABEL - len(tail)) + tail
        found.append(label)
    return found


def _ascii(text: str, n_characters: int) -> str:
    plain = " ".join(text.replace("µ", "u").encode("ascii", "replace").decode().split())
    return plain[:n_characters].strip()


def _runs(flags: NDArray[np.bool_], offset: int) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    pairs = (edges + offset).reshape(-1, 2).tolist()
    return [(first, stop) for first, stop in pairs]


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return spans of several channels as spans of any of them."""
    found: list[tuple[int, int]] = []
    for first, stop in sorted(spans):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], stop))
        else:
            found.append((first, stop))
    return found
