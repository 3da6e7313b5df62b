"""Soft taint: estimates stay valid and carry the taint of their window."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from detectors.block import Taint
from detectors.bursts.burst import BurstConfig, BurstThreshold
from detectors.power.band_power import BandPowerConfig
from detectors.testing.subject import LAYOUT, Example, result_of, stream_samples
from tests.support.searching import search

_POWER = BandPowerConfig(
    id="beta",
    stream="LFP",
    channels=("left", "right"),
    band_hz=(13.0, 30.0),
    window_s=0.2,
    hop_s=0.02,
)
_BURST = BurstConfig(id="bursts", of="beta", threshold=BurstThreshold(level=25.0))
_SPAN = 50


_EXAMPLES = (
    Example("of a stream", (_POWER,), LAYOUT, _SPAN, None),
    Example("of a detector", (_POWER, _BURST), LAYOUT, _SPAN, None),
)


@given(
    example=st.sampled_from(_EXAMPLES),
    sample=st.integers(0, 499),
    channel=st.sampled_from((0, 2)),
    cuts=st.lists(st.integers(1, 499), max_size=20),
)
@search(60)
def test_each_estimate_says_what_lies_in_its_window_in_any_chunks(
    example: Example, sample: int, channel: int, cuts: list[int]
) -> None:
    plain = stream_samples(LAYOUT, 1, 500, ())
    marked = plain.tainted(sample, channel, Taint.STIMULATION)
    seen = result_of(example, marked, cuts).estimates
    is_inside = (seen.sample >= sample) & (seen.sample < sample + _SPAN)
    assert seen.taint.tolist() == np.where(is_inside, int(Taint.STIMULATION), 0).tolist()
    unmarked = result_of(example, plain).estimates
    assert seen.values.tobytes() == unmarked.values.tobytes()
    assert seen.valid.tobytes() == unmarked.valid.tobytes()


def test_a_channel_that_is_not_looked_at_says_nothing() -> None:
    marked = stream_samples(LAYOUT, 1, 500, ()).tainted(100, 1, Taint.STIMULATION)
    assert not result_of(_EXAMPLES[0], marked).estimates.taint.any()


def test_reset_forgets() -> None:
    chain = _EXAMPLES[0].chain()
    plain = stream_samples(LAYOUT, 1, 500, ())
    marked = plain.tainted(499, 0, Taint.STIMULATION)
    assert result_of(_EXAMPLES[0], marked).estimates.taint.any()
    chain.reset()
    assert not result_of(_EXAMPLES[0], plain).estimates.taint.any()
