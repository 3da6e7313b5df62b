"""XDF read in pieces, compared bit for bit with pyxdf, which reads a whole file."""

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyxdf
from hypothesis import given
from hypothesis import strategies as st

from replay import readers
from replay.readers.xdf.chunks import MAGIC, Damage, Tag, scan
from replay.readers.xdf.file_bytes import FileBytes
from replay.recording import RecordedStream, Recording
from tests.replay import xdf_writer as write
from tests.replay.recordings import whole
from tests.support.searching import search

_SOUND = [
    "xdf-derived/stn_ecog_3streams_drift_reset_gap.xdf",
    "xdf-real/clock_resets.xdf",
    "xdf-real/empty_streams.xdf",
    "xdf-real/minimal.xdf",
]
_DAMAGED = [
    "xdf-derived/corrupt_missing_header_stream2.xdf",
    "xdf-derived/corrupt_truncated_mid_chunk.xdf",
    "xdf-derived/corrupt_zeroed_4k.xdf",
]


def _of_pyxdf(content: bytes) -> list[dict[str, Any]]:
    with np.errstate(divide="ignore", invalid="ignore"):
        found, _ = pyxdf.load_xdf(
            io.BytesIO(content), synchronize_clocks=False, dejitter_timestamps=False
        )
    return list(found)


def _expect_same(stream: RecordedStream, peer: dict[str, Any]) -> None:
    samples, stamps_s = whole(stream)
    assert stream.info.lsl_name == peer["info"]["name"][0]
    assert stream.info.rate_hz == float(peer["info"]["nominal_srate"][0])
    assert stamps_s.tobytes() == peer["time_stamps"].tobytes()
    assert stream.read_stamps(0, stream.n_samples).tobytes() == stamps_s.tobytes()
    if stream.info.dtype == "string":
        assert samples.tolist() == peer["time_series"]
    else:
        expected = np.asarray(peer["time_series"], stream.info.dtype)
        assert samples.shape == expected.shape
        assert samples.tobytes() == expected.tobytes()
    assert stream.clock.times_s.tolist() == peer["clock_times"]
    assert stream.clock.offsets_s.tolist() == peer["clock_values"]


def _expect_all_same(made: Recording, content: bytes) -> None:
    for stream, peer in zip(made.streams, _of_pyxdf(content), strict=True):
        _expect_same(stream, peer)


@pytest.mark.parametrize("name", _SOUND)
def test_every_sound_file_is_read_as_pyxdf_reads_it(data_dir: Path, name: str) -> None:
    path = data_dir / name
    _expect_all_same(readers.open(path), path.read_bytes())


@pytest.mark.parametrize("name", _DAMAGED)
def test_of_a_damaged_file_all_that_is_sound_is_read_as_pyxdf_reads_it(
    data_dir: Path, name: str
) -> None:
    path = data_dir / name
    content = path.read_bytes()
    chunks = [each for each in scan(FileBytes(path)) if not isinstance(each, Damage)]
    headed = {each.stream for each in chunks if each.tag is Tag.STREAM_HEADER}
    sound = [each for each in chunks if each.stream is None or each.stream in headed]
    kept = b"".join((MAGIC, *(content[each.start : each.end] for each in sound)))
    _expect_all_same(readers.open(path), kept)


def _stamp(stamp_s: float | None) -> bytes:
    return b"\0" if stamp_s is None else struct.pack("<Bd", 8, stamp_s)


_MAYBE_STAMPED = st.lists(
    st.one_of(st.none(), st.none(), st.floats(0.0, 1e6), st.just(float("nan"))), max_size=30
)


@given(
    chunks=st.lists(_MAYBE_STAMPED, max_size=6),
    dtype=st.sampled_from(["int8", "int16", "float32", "float64"]),
    rate_hz=st.sampled_from(["0", "100", "333.3"]),
    n_channels=st.integers(1, 3),
)
@search(60)
def test_stamps_that_are_not_stored_are_deduced_as_pyxdf_deduces_them(
    tmp_path_factory: pytest.TempPathFactory,
    chunks: list[list[float | None]],
    dtype: str,
    rate_hz: str,
    n_channels: int,
) -> None:
    random = np.random.default_rng(1)
    parts = [
        write.file_header(),
        write.header(1, dtype=dtype, rate_hz=rate_hz, n_channels=n_channels),
        write.header(2, name="Events", dtype="string", rate_hz=rate_hz, n_channels=n_channels),
    ]
    for stamps_s in chunks:
        numbers = texts = b""
        for stamp_s in stamps_s:
            numbers += (
                _stamp(stamp_s) + random.integers(-99, 99, n_channels).astype(dtype).tobytes()
            )
            said = "ä" * int(random.integers(3))
            texts += _stamp(stamp_s)
            texts += n_channels * (struct.pack("<BB", 1, len(said.encode())) + said.encode())
        for number, rows in ((1, numbers), (2, texts)):
            parts.append(write.chunk(3, struct.pack("<IBB", number, 1, len(stamps_s)) + rows))
    content = b"".join(parts)
    path = tmp_path_factory.mktemp("deduced") / "made.xdf"
    path.write_bytes(content)
    _expect_all_same(readers.open(path), content)
