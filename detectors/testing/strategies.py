"""What the laws are tried on: samples, restarts, taint and chunks, drawn at random."""

from typing import Final, TypeAlias

from hypothesis import strategies as st

from detectors.block import WINDOW_TAINT, Taint
from detectors.testing.subject import Example, StreamSamples, stream_samples

#: Samples of the longest stream.
N_SAMPLES: Final = 700
WINDOW_TAINTS: Final = tuple(each for each in Taint if each in WINDOW_TAINT)

Cuts: TypeAlias = range | list[int]

#: Where samples are cut into chunks.
CUTS: Final[st.SearchStrategy[Cuts]] = st.one_of(
    st.just(range(N_SAMPLES)),
    st.integers(2, 300).map(lambda step: range(0, N_SAMPLES, step)),
    st.lists(st.integers(1, N_SAMPLES), max_size=30),
)


def flawless_samples(example: Example, seed: int = 1) -> StreamSamples:
    """Return the longest stream, without restarts and without bad samples."""
    return stream_samples(example.layout, seed, N_SAMPLES, ())


@st.composite
def drawn_samples(draw: st.DrawFn, example: Example) -> StreamSamples:
    """Draw the samples of a stream, with restarts and with taint of any kind."""
    n_samples = draw(st.integers(1, N_SAMPLES))
    samples = st.integers(0, n_samples - 1)
    restarts = draw(st.lists(samples, max_size=3))
    made = stream_samples(example.layout, draw(st.integers(0, 10_000)), n_samples, restarts)
    channels = st.integers(0, len(example.layout.channels) - 1)
    for sample, channel in draw(st.lists(st.tuples(samples, channels), max_size=4)):
        made = made.tainted(sample, channel, draw(st.sampled_from(WINDOW_TAINTS)))
    for sample in draw(st.lists(samples, max_size=3)):
        made = made.tainted(sample, slice(None), Taint.SUSPECT_STAMP)
    return made
