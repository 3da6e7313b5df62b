"""XDF recordings: read as they are, and told apart from what they should be."""

import contextlib
import gzip
import io
import logging
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyxdf
from numpy.typing import NDArray

from replay.recording import RecordedStream, Recording, RecordingError
from replay.xdf_chunks import MAGIC
from replay.xdf_contents import Contents
from streamer.labels import unique_labels, unlabelled_columns
from streamer.source import StreamInfo

_SUFFIXES = (".xdf", ".xdfz", ".xdf.gz")
_DTYPES = {"double64": "float64"}


def load(path: Path) -> Recording:
    """Read a recording.

    Parameters
    ----------
    path : Path
        A file whose name ends in ``.xdf``, or ``.xdfz`` or ``.xdf.gz`` where it is compressed.

    Returns
    -------
    Recording
        Every stream whose header can be read, with the raw stamps and the stored clock offsets:
        nothing is synchronised, and no stamp is smoothed, for that would hide gaps. What is
        damaged or missing is left out and said in `warnings`.

    Raises
    ------
    RecordingError
        Where the file is not there, is of another format, or holds no stream.

    Notes
    -----
    Stamps may be missing, jittered, backwards or not finite; they are handed on as stored.

    References
    ----------
    XDF specification 1.0, https://github.com/sccn/xdf/wiki/Specifications
    """
    content = _content(path)
    contents = Contents(content)
    if not contents.headers:
        why = "; ".join(contents.warnings) or "an empty one"
        raise RecordingError(f"{path}: expected a recording of at least one stream, found {why}")
    told: list[str] = []
    with _told_by_pyxdf(told), np.errstate(divide="ignore", invalid="ignore"):
        found, _ = pyxdf.load_xdf(
            io.BytesIO(contents.sound), synchronize_clocks=False, dejitter_timestamps=False
        )
    streams = tuple(_stream(each) for each in found)
    numbers = [int(each["info"]["stream_id"]) for each in found]
    counts = {
        number: len(stream.timestamps_s) for number, stream in zip(numbers, streams, strict=True)
    }
    stamps = [warning for stream in streams for warning in _about_stamps(stream)]
    return Recording(
        path, streams, (*contents.warnings, *told, *contents.differences(counts), *stamps)
    )


def _content(path: Path) -> bytes:
    if not path.name.lower().endswith(_SUFFIXES):
        raise RecordingError(
            f"{path}: expected a recording ({', '.join(_SUFFIXES)}), found {path.suffix or 'none'}"
        )
    try:
        content = path.read_bytes()
        if path.suffix.lower() != ".xdf":
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise RecordingError(f"{path}: expected a file that can be read, found {error}") from error
    if not content.startswith(MAGIC):
        found = repr(content[: len(MAGIC)]) if content else "an empty file"
        raise RecordingError(f"{path}: expected an XDF file, beginning with 'XDF:', found {found}")
    return content


@contextlib.contextmanager
def _told_by_pyxdf(told: list[str]) -> Iterator[None]:
    """Collect what pyxdf logs, which it does where other readers raise."""

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told.append(" ".join(record.getMessage().split()))

    logger = logging.getLogger("pyxdf")
    collector = Collector(logging.WARNING)
    did_propagate, logger.propagate = logger.propagate, False
    logger.addHandler(collector)
    try:
        yield
    finally:
        logger.removeHandler(collector)
        logger.propagate = did_propagate


def _stream(found: dict[str, Any]) -> RecordedStream:
    info = found["info"]
    n_channels = int(info["channel_count"][0])
    dtype = _DTYPES.get(info["channel_format"][0], info["channel_format"][0])
    described = _described_channels(info)
    labels = [_text(each, "label") for each in described]
    return RecordedStream(
        info=StreamInfo(
            name=_text(info, "name"),
            rate_hz=float(info["nominal_srate"][0]),
            channels=unique_labels(labels, n_channels),
            units=tuple(
                _text(described[place], "unit") if place < len(described) else ""
                for place in range(n_channels)
            ),
            dtype=dtype,
            lsl_name=_text(info, "name"),
            lsl_type=_text(info, "type"),
            source_id=_text(info, "source_id"),
            uid=_text(info, "uid"),
            hostname=_text(info, "hostname"),
            unlabelled=unlabelled_columns(labels, n_channels),
        ),
        samples=_samples(found["time_series"], dtype, n_channels),
        timestamps_s=np.asarray(found["time_stamps"], np.float64),
        clock_times_s=np.asarray(found["clock_times"], np.float64),
        clock_offsets_s=np.asarray(found["clock_values"], np.float64),
    )


def _samples(rows: Any, dtype: str, n_channels: int) -> NDArray[np.generic]:  # noqa: ANN401 pyxdf's
    if dtype != "string":
        return np.ascontiguousarray(rows, dtype)
    texts = np.empty((len(rows), n_channels), object)
    for place, row in enumerate(rows):
        texts[place] = row
    return texts


def _described_channels(info: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the channel descriptions, of which any level may be missing."""
    level: Any = info
    for key in ("desc", "channels"):
        within = level.get(key) or [None]
        level = within[0] if isinstance(within[0], dict) else {}
    return [each if isinstance(each, dict) else {} for each in level.get("channel", [])]


def _text(element: dict[str, Any], key: str) -> str:
    value = (element.get(key) or [None])[0]
    return value.strip() if isinstance(value, str) else ""


def _about_stamps(stream: RecordedStream) -> list[str]:
    n_bad = int(np.count_nonzero(~np.isfinite(stream.timestamps_s)))
    if not n_bad:
        return []
    n_all = len(stream.timestamps_s)
    return [f"{n_bad} of {n_all} stamps of stream {stream.info.lsl_name!r} are not finite"]
