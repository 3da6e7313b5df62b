"""A session cut into other chunks: every sample once, every event before the same sample."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.verification.rechunk import Rechunked
from streamer.closed_loop import ClosedLoop, Outcome
from streamer.events import Chunk, ClockCorrection, Event, Marker, Tick
from tests.replay.rig import rig, short_recording
from tests.support.searching import search


class _Listening(ClosedLoop):
    """A loop that only remembers its events."""

    def __init__(self) -> None:
        info = short_recording().streams[0].info
        config = rig(streams=rig().streams[:1], policies=(), devices=())
        super().__init__(config, [info], "test")
        self.fed: list[Event] = []

    def step(self, event: Event, now_s: float) -> Outcome:  # noqa: ARG002 one time is as good
        self.fed.append(event)
        return Outcome()


def _chunk(first_sample: int, n_samples: int, stream: str = "LFP") -> Chunk:
    indices = np.arange(first_sample, first_sample + n_samples, dtype=np.float64)
    return Chunk(stream, first_sample, indices[:, None].astype(np.float32), indices / 100.0)


def _rechunked(events: list[Event], n_samples_max: int, seed: int = 1) -> list[Event]:
    loop = _Listening()
    rechunked = Rechunked(loop, n_samples_max=n_samples_max, seed=seed)
    for event in events:
        rechunked.take(event, 0.0)
    rechunked.finish(0.0)
    return loop.fed


def _without_chunks(fed: list[Event]) -> list[Any]:
    """Return all other events, with the samples of each stream between them, without chunks."""
    found: list[Any] = []
    for event in fed:
        if isinstance(event, Chunk):
            assert len(event.samples) == len(event.timestamps_s) > 0
            assert event.samples[0, 0] == event.first_sample
            assert event.timestamps_s[-1] == (event.first_sample + len(event.samples) - 1) / 100.0
            found += [(event.stream, int(index)) for index in event.samples[:, 0]]
        else:
            found.append(event)
    return found


@st.composite
def _events(draw: st.DrawFn) -> list[Event]:
    first = 0
    events: list[Event] = []
    for what in draw(st.lists(st.sampled_from(["chunk", "skip", "tick", "marker", "clock"]))):
        if what == "chunk":
            n_samples = draw(st.integers(1, 30))
            events.append(_chunk(first, n_samples))
            first += n_samples
        elif what == "skip":
            first += 5
        elif what == "tick":
            events.append(Tick())
        elif what == "marker":
            events.append(Marker("Events", 0.0, str(len(events))))
        else:
            events.append(ClockCorrection("LFP", float(len(events)), 0.0))
    return events


@given(events=_events(), n_samples_max=st.integers(1, 40), seed=st.integers(0, 99))
@search(60)
def test_every_sample_comes_once_and_every_event_before_the_same_sample(
    events: list[Event], n_samples_max: int, seed: int
) -> None:
    fed = _rechunked(events, n_samples_max, seed)
    assert _without_chunks(fed) == _without_chunks(
        [event for event in events if not isinstance(event, Tick)]
    )
    assert all(len(event.samples) <= n_samples_max for event in fed if isinstance(event, Chunk))


def test_chunks_are_cut_and_joined() -> None:
    lengths = [
        len(event.samples)
        for event in _rechunked([_chunk(10 * k, 10) for k in range(100)], 40)
        if isinstance(event, Chunk)
    ]
    assert min(lengths) < 10 < max(lengths)
    assert sum(lengths) == 1000


@pytest.mark.parametrize("n_samples_max", [1, 1000])
def test_streams_are_cut_each_by_itself(n_samples_max: int) -> None:
    events: list[Event] = []
    for k in range(20):
        events += [_chunk(3 * k, 3), _chunk(7 * k, 7, "EMG")]
    fed = _without_chunks(_rechunked(events, n_samples_max))
    assert [index for stream, index in fed if stream == "LFP"] == list(range(60))
    assert [index for stream, index in fed if stream == "EMG"] == list(range(140))
