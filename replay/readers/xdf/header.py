"""What the header of a stream in an XDF file says."""

import math
from xml.etree import ElementTree as ET

from replay.readers.xdf.layouts import Layout, NumberLayout, TextLayout
from streamer.lsl.labels import repeated_columns, unique_labels, unlabelled_columns
from streamer.source import StreamInfo

_TEXT = "string"
_DTYPES = {
    "double64": "float64",
    "float32": "float32",
    "int64": "int64",
    "int32": "int32",
    "int16": "int16",
    "int8": "int8",
    _TEXT: _TEXT,
}


def parse(content: bytes, *, is_lenient: bool = False) -> tuple[ET.Element, str]:
    """Return the XML of a chunk, and what is wrong with it.

    Parameters
    ----------
    content : bytes
        What the chunk holds.
    is_lenient : bool
        Whether it is read as UTF-8 whatever its bytes, and not as it declares itself.
    """
    text = content.decode("utf-8", errors="replace") if is_lenient else content
    try:
        # The parser limits how far entities expand.
        return ET.fromstring(text), ""  # noqa: S314
    except (ET.ParseError, ValueError, LookupError) as error:
        return ET.Element("info"), f"expected XML, found {error}"


def stream_info(header: ET.Element) -> StreamInfo | str:
    """Return what a stream says of itself, or what is wrong with it."""
    n_channels, rate, form = (
        (header.findtext(key) or "").strip()
        for key in ("channel_count", "nominal_srate", "channel_format")
    )
    if form not in _DTYPES:
        return f"expected a known channel_format, found {form!r}"
    if not n_channels.isdecimal() or int(n_channels) < 1:
        return f"expected a channel_count of at least 1, found {n_channels!r}"
    try:
        rate_hz = float(rate)
    except ValueError:
        rate_hz = math.nan
    if not (math.isfinite(rate_hz) and rate_hz >= 0.0):
        return f"expected a nominal_srate of at least 0, found {rate!r}"
    return _info(header, int(n_channels), rate_hz, _DTYPES[form])


def layout(info: StreamInfo) -> Layout:
    """Return the form of a stream's samples."""
    if info.dtype == _TEXT:
        return TextLayout(len(info.channels), info.rate_hz)
    return NumberLayout(len(info.channels), info.rate_hz, info.dtype)


def _info(header: ET.Element, n_channels: int, rate_hz: float, dtype: str) -> StreamInfo:
    described = header.findall("desc[1]/channels[1]/channel")
    labels = [_text(each, "label") for each in described]
    units = [_text(each, "unit") for each in described[:n_channels]]
    return StreamInfo(
        name=_text(header, "name"),
        rate_hz=rate_hz,
        channels=unique_labels(labels, n_channels),
        units=(*units, *[""] * (n_channels - len(units))),
        dtype=dtype,
        lsl_name=_text(header, "name"),
        lsl_type=_text(header, "type"),
        source_id=_text(header, "source_id"),
        uid=_text(header, "uid"),
        hostname=_text(header, "hostname"),
        unlabelled=unlabelled_columns(labels, n_channels),
        repeated=repeated_columns(labels, n_channels),
    )


def _text(element: ET.Element, key: str) -> str:
    found = element.find(key)
    return (found.text or "").strip() if found is not None and not len(found) else ""
