"""Laws of every reader: a stream has the same bits in whatever pieces it is read."""

import importlib
import re
import tracemalloc
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay import readers
from replay.readers.reader import Reader
from replay.readers.registry import REGISTRY
from replay.recording import Recording, Stretch
from tests.replay.long_recording import write_long
from tests.replay.recordings import whole
from tests.support.searching import search

_READERS = REGISTRY.readers


def _example_of(reader: Reader) -> Callable[[Path], None]:
    """Return the function that writes a recording of a format: `write_example` of its test."""
    name = f"test_{re.sub(r'[^a-z0-9]+', '_', reader.format.lower())}"
    test: Any = importlib.import_module(f"tests.replay.readers.{name}")
    written: Callable[[Path], None] = test.write_example
    return written


@pytest.fixture(scope="module", params=_READERS, ids=lambda each: each.format)
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Recording:
    path = tmp_path_factory.mktemp("example") / f"example{request.param.suffixes[0]}"
    _example_of(request.param)(path)
    return readers.open(path)


@cache
def _wholes(recording: Recording) -> tuple[Stretch, ...]:
    return tuple(whole(stream) for stream in recording.streams)


@pytest.mark.parametrize("reader", _READERS, ids=lambda each: each.format)
def test_every_reader_has_an_example(reader: Reader) -> None:
    assert callable(_example_of(reader))


def test_every_example_is_opened_as_its_format_and_has_samples(opened: Recording) -> None:
    assert opened.warnings == ()
    assert any(stream.n_samples > 0 for stream in opened.streams)


@given(data=st.data())
@search(40)
def test_the_same_bits_are_read_in_any_pieces(opened: Recording, data: st.DataObject) -> None:
    for stream, expected in zip(opened.streams, _wholes(opened), strict=True):
        start = data.draw(st.integers(0, stream.n_samples))
        stop = data.draw(st.integers(start, min(stream.n_samples, start + 3000)))
        samples, stamps_s = stream.read(start, stop)
        assert samples.tolist() == expected.samples[start:stop].tolist()
        assert samples.dtype == expected.samples.dtype
        assert stamps_s.tobytes() == expected.timestamps_s[start:stop].tobytes()
        assert stream.read_stamps(start, stop).tobytes() == stamps_s.tobytes()


@pytest.mark.parametrize("n_at_once", [997, 65_536])
def test_read_from_end_to_end_in_pieces_it_is_the_whole(opened: Recording, n_at_once: int) -> None:
    for stream, expected in zip(opened.streams, _wholes(opened), strict=True):
        starts = range(0, stream.n_samples, n_at_once)
        found = [stream.read(at, min(at + n_at_once, stream.n_samples)) for at in starts]
        joined = np.concatenate([each.timestamps_s for each in found])
        assert joined.tobytes() == expected.timestamps_s.tobytes()
        assert b"".join(each.content for each in found) == expected.content


def test_what_is_read_may_be_changed_and_changes_nothing_else(opened: Recording) -> None:
    for stream in opened.streams:
        first = stream.read(0, stream.n_samples)
        first.timestamps_s[:] = -1.0
        first.samples[:] = first.samples[:1]
        assert stream.read(0, 1).timestamps_s[0] != -1.0


@pytest.mark.parametrize(("start", "stop"), [(-1, 1), (2, 1), (0, 10**9)])
def test_what_is_not_within_the_stream_is_refused(opened: Recording, start: int, stop: int) -> None:
    for read in (opened.streams[0].read, opened.streams[0].read_stamps):
        with pytest.raises(ValueError, match=f"expected samples from 0 to .*found {start} to"):
            read(start, stop)


def test_opening_and_going_through_holds_no_more_than_some_megabytes(tmp_path: Path) -> None:
    """A file of 60 MB: a reader that keeps it, or arrays of all of it, in memory is found."""
    path = tmp_path / "long.xdf"
    write_long(path, duration_s=440, n_channels=32, rate_hz=1000)
    assert path.stat().st_size > 60e6
    tracemalloc.start()
    try:
        (stream,) = readers.open(path).streams
        n_samples = sum(len(each.timestamps_s) for each in stream.stretches())
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert n_samples == 440_000
    assert peak_bytes < 8e6
