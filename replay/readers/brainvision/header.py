"""The header and the markers of a BrainVision recording, by the published layout."""

import re
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from replay.readers.piecewise import Marker
from replay.recording import RecordingError

HEADER_BEGINS: Final = re.compile(rb"^(\xef\xbb\xbf)?Brain ?Vision (V-Amp )?Data Exchange Header")
MARKERS_BEGIN: Final = re.compile(rb"^(\xef\xbb\xbf)?Brain ?Vision (V-Amp )?Data Exchange Marker")
_DTYPES: Final = {"INT_16": "<i2", "UINT_16": "<u2", "INT_32": "<i4", "IEEE_FLOAT_32": "<f4"}
_MICROVOLTS: Final = "uV"


class DescribedChannel(NamedTuple):
    """A channel as the header has it: a stored value times `resolution` is in `unit`."""

    label: str
    resolution: float
    unit: str


class Header(NamedTuple):
    """What the header says.

    Parameters
    ----------
    data, markers : Path or None
        The files beside it; markers may have none.
    dtype : numpy.dtype
        How values are stored.
    is_multiplexed : bool
        Whether all channels of a sample stand together, or all samples of a channel.
    rate_hz : float
        Sampling rate.
    n_said : int or None
        Number of samples, where it is said.
    channels : tuple of DescribedChannel
        In the order of the file.
    """

    data: Path
    markers: Path | None
    dtype: np.dtype[np.generic]
    is_multiplexed: bool
    rate_hz: float
    n_said: int | None
    channels: tuple[DescribedChannel, ...]


def read_header(path: Path) -> Header:
    """Return the header of a recording.

    Raises
    ------
    RecordingError
        Where it is of another format, or says what cannot be read.

    References
    ----------
    BrainVision Core Data Format 1.0, Brain Products,
    https://www.brainproducts.com/support-resources/brainvision-core-data-format-1-0/.
    """
    content = path.read_bytes()
    if not HEADER_BEGINS.match(content):
        found = repr(content[:16]) if content else "an empty file"
        raise RecordingError(
            f"{path}: expected a header that begins with 'Brain Vision Data Exchange Header', "
            f"found {found}"
        )
    try:
        return _header(path, _sections(content))
    except ValueError as error:
        raise RecordingError(f"{path}: {error}") from error


def read_markers(path: Path, rate_hz: float) -> tuple[list[Marker], list[str]]:
    """Return the markers of a recording, and what of them cannot be read, a line each.

    A marker's text is ``Type/Description``, as MNE calls it, or either where there is no other.

    Raises
    ------
    RecordingError
        Where it is no marker file.
    """
    content = path.read_bytes()
    if not MARKERS_BEGIN.match(content):
        raise RecordingError(
            f"{path}: expected markers that begin with 'Brain Vision Data Exchange Marker', found "
            f"{content[:16]!r}"
        )
    markers, told = [], []
    for key, value in _sections(content).get("marker infos", {}).items():
        kind, description, position, *_ = [*(_unescaped(each) for each in value.split(",")), "", ""]
        try:
            time_s = (int(position) - 1) / rate_hz
        except ValueError:
            told.append(f"{path.name}: {key}: expected a position, found {value!r}: left out")
            continue
        text = "/".join(each for each in (kind, description) if each)
        markers.append(Marker(time_s, text))
    return markers, told


def _sections(content: bytes) -> dict[str, dict[str, str]]:
    """Return keys and values by section, all names in lower case; comments are left out.

    Without a code page, or with one that is not true, text that is no UTF-8 is Latin-1.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    found: dict[str, dict[str, str]] = {}
    section: dict[str, str] = {}
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("[") and stripped.endswith("]"):
            name = stripped[1:-1].lower()
            section = found.setdefault(name, {})
            if name == "comment":
                section = {}
        elif "=" in stripped and not stripped.startswith(";"):
            key, _, value = stripped.partition("=")
            section[key.strip().lower()] = value.strip()
    return found


def _header(path: Path, sections: dict[str, dict[str, str]]) -> Header:
    common = sections.get("common infos", {})
    form = common.get("dataformat", "BINARY").upper()
    if form != "BINARY":
        raise ValueError(f"expected DataFormat=BINARY, found {form}: text is not read")
    kind = common.get("datatype", "TIMEDOMAIN").upper()
    if kind != "TIMEDOMAIN":
        raise ValueError(f"expected DataType=TIMEDOMAIN, found {kind}")
    stored = sections.get("binary infos", {}).get("binaryformat", "INT_16").upper()
    if stored not in _DTYPES:
        raise ValueError(f"expected BinaryFormat={' or '.join(_DTYPES)}, found {stored}")
    big = sections.get("binary infos", {}).get("usebigendianorder", "NO").upper() == "YES"
    orientation = common.get("dataorientation", "MULTIPLEXED").upper()
    if orientation not in {"MULTIPLEXED", "VECTORIZED"}:
        raise ValueError(f"expected DataOrientation=MULTIPLEXED or VECTORIZED, found {orientation}")
    interval_us = _number(common, "SamplingInterval")
    n_channels = int(_number(common, "NumberOfChannels"))
    described = sections.get("channel infos", {})
    channels = tuple(_channel(described, number + 1) for number in range(n_channels))
    markers = common.get("markerfile")
    return Header(
        data=_beside(path, _said(common, "DataFile")),
        markers=_beside(path, markers) if markers else None,
        dtype=np.dtype(_DTYPES[stored]).newbyteorder(">" if big else "<"),
        is_multiplexed=orientation == "MULTIPLEXED",
        rate_hz=1e6 / interval_us,
        n_said=int(_number(common, "DataPoints")) if "datapoints" in common else None,
        channels=channels,
    )


def _channel(described: dict[str, str], number: int) -> DescribedChannel:
    said = _said(described, f"Ch{number}", "of [Channel Infos]")
    label, _, resolution, *rest = [*(_unescaped(each) for each in said.split(",")), "", "", ""]
    try:
        size = float(resolution) if resolution else 1.0
    except ValueError as error:
        raise ValueError(f"Ch{number}: expected a resolution, found {resolution!r}") from error
    # The older layout has no field for a unit: its resolution is in microvolts, and so is an
    # omitted unit of the newer one.
    return DescribedChannel(label, size, (rest[0] if rest else "") or _MICROVOLTS)


def _said(section: dict[str, str], key: str, where: str = "of [Common Infos]") -> str:
    if key.lower() not in section:
        raise ValueError(f"expected {key} {where}, found none")
    return section[key.lower()]


def _number(section: dict[str, str], key: str) -> float:
    said = _said(section, key)
    try:
        found = float(said)
    except ValueError:
        found = 0.0
    if not 0.0 < found < float("inf"):
        raise ValueError(f"{key}: expected a number above 0, found {said!r}")
    return found


def _beside(path: Path, name: str) -> Path:
    """Return a file of the recording; ``$b`` stands for the header's name."""
    return path.with_name(name.replace("$b", path.stem).replace("\\", "/").rpartition("/")[2])


def _unescaped(field: str) -> str:
    return field.replace("\\1", ",").strip()
