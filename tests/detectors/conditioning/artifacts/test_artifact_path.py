"""All artifact steps of a stream together: in order, after the quality checks, in any chunks."""

import math
from functools import partial

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from detectors.block import (
    NEWEST_TAINT,
    SOFT_TAINT,
    STIMULATION_CHANGE,
    STIMULATION_PULSE,
    WINDOW_TAINT,
    Taint,
)
from detectors.conditioning.artifacts.line_noise import LineNoiseConfig
from detectors.conditioning.artifacts.movement import MovementConfig
from detectors.conditioning.artifacts.path import AnyArtifactConfig
from detectors.conditioning.artifacts.saturation import SaturationConfig
from detectors.conditioning.artifacts.stimulation_blanking import StimulationBlankingConfig
from detectors.conditioning.artifacts.stimulation_period import StimulationPeriodConfig
from detectors.conditioning.conditioner import Conditioner
from detectors.conditioning.montage import MontageConfig
from detectors.conditioning.quality import QualityConfig
from tests.detectors.streams import Calls, conditioner, feed, noise, regular_stamps
from tests.support.searching import search

_RATE_HZ = 250.0
_N_SAMPLES = 1200
_STEPS: tuple[AnyArtifactConfig, ...] = (
    SaturationConfig(),
    StimulationBlankingConfig(blank_s=0.02),
    StimulationPeriodConfig(frequency_hz=104.0, search_hz=4.0, learn_s=2.0, window_s=0.5),
    LineNoiseConfig(frequency_hz=50.0),
    MovementConfig(learn_s=1.0, level_s=1.0, sd=3.0),
)


def _new(steps: tuple[AnyArtifactConfig, ...] = _STEPS) -> Conditioner:
    return conditioner(
        n_channels=2,
        rate_hz=_RATE_HZ,
        montage=(MontageConfig(channel="a-b", terms={"a": 1.0, "b": -1.0}),),
        quality=QualityConfig(saturation_uv=500.0),
        artifacts=steps,
    )


def _mark(given_: Conditioner, kind: str) -> None:
    given_.mark(kind, "")


def _restart(given_: Conditioner, kind: str) -> None:
    given_.restart(kind)


_indices = st.integers(0, _N_SAMPLES - 1)
_kinds = st.sampled_from([STIMULATION_PULSE, STIMULATION_CHANGE, "restart"])


@search(30)
@given(
    st.lists(st.tuples(_indices, _kinds), max_size=5),
    st.lists(st.tuples(_indices, st.sampled_from([math.nan, 600.0, 0.0])), max_size=4),
    st.lists(st.integers(1, 90), min_size=1, max_size=8),
)
def test_the_same_samples_give_the_same_bits_in_any_chunks(
    bound: list[tuple[int, str]], faults: list[tuple[int, float]], lengths: list[int]
) -> None:
    samples = noise(_N_SAMPLES, 2)
    samples += 60.0 * np.cos(2.0 * np.pi * 104.3 * np.arange(_N_SAMPLES) / _RATE_HZ)[:, None]
    for index, value in faults:
        samples[index : index + 30, 1] = value
    calls: Calls = {}
    for index, kind in bound:
        call = partial(_restart if kind == "restart" else _mark, kind=kind)
        calls.setdefault(index, []).append(call)
    stamps_s = regular_stamps(_N_SAMPLES, _RATE_HZ)
    whole = feed(_new(), samples, stamps_s, calls=calls)
    for chunks in ([1], lengths):
        found = feed(_new(), samples, stamps_s, chunks, calls)
        assert found.samples_uv.tobytes() == whole.samples_uv.tobytes()
        assert found.taint.tobytes() == whole.taint.tobytes()
        assert found.events == whole.events
        assert found.notes == whole.notes
        assert found.counts == whole.counts
    assert np.isfinite(whole.samples_uv).all()
    samples_of_notes = [note.sample for note in whole.notes]
    assert samples_of_notes == sorted(samples_of_notes)


def test_steps_are_taken_in_the_order_of_the_file() -> None:
    """A pulse that was replaced before is no movement; in the other order it is one."""
    samples = noise(_N_SAMPLES, 2)
    samples[1000:1010] += 3000.0
    calls: Calls = {1000: [partial(_mark, kind=STIMULATION_PULSE)]}
    blanking, moves = StimulationBlankingConfig(blank_s=0.04), MovementConfig(learn_s=1.0)
    stamps_s = regular_stamps(_N_SAMPLES, _RATE_HZ)
    first = feed(_new((blanking, moves)), samples, stamps_s, calls=calls)
    last = feed(_new((moves, blanking)), samples, stamps_s, calls=calls)
    assert not first.has(Taint.MOVEMENT).any()
    assert last.has(Taint.MOVEMENT).any()


def test_each_bit_either_spoils_a_window_or_the_newest_or_only_tells() -> None:
    kinds = (WINDOW_TAINT, NEWEST_TAINT, SOFT_TAINT, Taint.RESTART)
    for bit in Taint:
        assert sum(bit in kind for kind in kinds) == 1, bit
