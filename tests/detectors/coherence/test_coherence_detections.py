"""Onsets and offsets of coherence: found on the lower bound, and only on valid hops."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.block import Taint
from detectors.coherence.coherence import Coherence
from detectors.estimates import Detection, Seen
from tests.detectors.coherence.coherences import config_of, look
from tests.support.blocks import block_of, layout_of


def coupled(n_samples: int = 12_000, start: int = 4000, stop: int = 8000) -> NDArray[np.float64]:
    """Return three channels, the first two with a common part for a while."""
    random = np.random.default_rng(1)
    samples_uv = random.normal(0.0, 5.0, (n_samples, 3))
    shared = random.normal(0.0, 15.0, stop - start)
    samples_uv[start:stop, 0] += shared
    samples_uv[start:stop, 1] -= shared
    return samples_uv


def edges_of(
    detector: Coherence, seen: Seen, pair: tuple[str, str], threshold: float, hysteresis: float
) -> list[tuple[str, int, float, bool]]:
    """Return kind, sample, strength and completeness of detections found by a plain loop."""
    column = detector.columns(*pair).lower_bound
    found: list[tuple[str, int, float, bool]] = []
    is_on = False
    last = 0.0
    estimates = seen.estimates
    for hop, sample in enumerate(estimates.sample.tolist()):
        bound = float(estimates.values[hop, column])
        if not estimates.valid[hop, column]:
            if is_on:
                found.append(("offset", sample, last, False))
            is_on = False
            continue
        if not is_on and bound > threshold:
            found.append(("onset", sample, bound, True))
            is_on = True
        elif is_on and bound < threshold * (1.0 - hysteresis):
            found.append(("offset", sample, bound, True))
            is_on = False
        last = bound
    return found


def plain(detections: tuple[Detection, ...], channel: str) -> list[tuple[str, int, float, bool]]:
    return [
        (each.kind, each.sample, each.strength, each.complete)
        for each in detections
        if each.channel == channel
    ]


@pytest.mark.parametrize(
    "keys",
    [
        {"threshold": 0.3},
        {"threshold": 0.05, "hysteresis": 0.0, "hop_s": 0.02},
        {"threshold": "level", "hysteresis": 0.5},
    ],
)
def test_edges_are_those_of_the_bound(keys: dict[str, Any]) -> None:
    detector, seen = look(coupled(), **keys)
    threshold = detector.coherence_null if keys["threshold"] == "level" else keys["threshold"]
    n_edges = 0
    for pair in detector.pairs:
        expected = edges_of(detector, seen, pair, threshold, keys.get("hysteresis", 0.1))
        assert plain(seen.detections, "-".join(pair)) == expected
        n_edges += len(expected)
    assert len(seen.detections) == n_edges
    found = [each for each in seen.detections if each.channel == "C0-C1"]
    assert [each.kind for each in found[:1]] == ["onset"]
    times_s = dict(zip(seen.estimates.sample.tolist(), seen.estimates.time_s, strict=True))
    for each in seen.detections:
        assert each.detector == "sync"
        assert each.confirmed_sample == each.sample
        assert each.onset_s == times_s[each.sample]


def test_a_coupling_that_comes_and_goes_is_one_onset_and_one_offset() -> None:
    detector, seen = look(coupled(), threshold="level")
    assert [(each.channel, each.kind, each.complete) for each in seen.detections] == [
        ("C0-C1", "onset", True),
        ("C0-C1", "offset", True),
    ]
    onset, offset = seen.detections
    assert 4000 < onset.sample < 4000 + detector.span_samples
    assert 8000 < offset.sample < 8000 + detector.span_samples


def test_there_are_no_detections_where_no_threshold_is_given() -> None:
    assert look(coupled())[1].detections == ()


def test_what_is_not_valid_cuts_and_gives_none() -> None:
    samples_uv = coupled()
    block = block_of(samples_uv, 250.0)
    taint = block.taint.copy()
    taint[6000, 1] |= np.uint16(Taint.SATURATED)
    detector = Coherence(config_of(threshold="level"), layout_of(3, 250.0))
    seen = detector.update(replace(block, taint=taint))
    found = [each for each in seen.detections if each.channel == "C0-C1"]
    assert [(each.kind, each.complete) for each in found] == [
        ("onset", True),
        ("offset", False),
        ("onset", True),
        ("offset", True),
    ]
    assert 6000 <= found[1].sample < 6000 + detector.hop_samples
    last_good = seen.estimates.sample.tolist().index(found[1].sample) - 1
    assert (
        found[1].strength
        == seen.estimates.values[last_good, detector.columns("C0", "C1").lower_bound]
    )
    assert found[2].sample >= 6000 + detector.span_samples


def test_a_restart_cuts() -> None:
    samples_uv = coupled()
    block = block_of(samples_uv, 250.0)
    taint = block.taint.copy()
    taint[6000] |= np.uint16(Taint.RESTART)
    detector = Coherence(config_of(threshold="level"), layout_of(3, 250.0))
    seen = detector.update(replace(block, taint=taint))
    cut = [each for each in seen.detections if not each.complete]
    assert [(each.channel, each.kind) for each in cut] == [("C0-C1", "offset")]
    assert cut[0].sample == 6000 + detector.hop_samples - 1


@pytest.mark.parametrize("constant_uv", [0.0, -3.0, 1e9])
def test_nothing_is_detected_on_dead_channels(constant_uv: float) -> None:
    samples_uv = np.full((3000, 3), constant_uv)
    assert look(samples_uv, threshold=0.001)[1].detections == ()


def test_noise_is_over_the_level_as_rarely_as_a_bound_above_it_can_be() -> None:
    """A bound above the level takes much more than a coherence above it, at 5 % of the hops."""
    samples_uv = np.random.default_rng(2).normal(0.0, 5.0, (250_000, 2))
    detector, seen = look(samples_uv, threshold="level")
    bound = seen.estimates.values[:, detector.columns("C0", "C1").lower_bound]
    share = np.mean(bound[seen.estimates.valid[:, 0]] > 0.0)
    assert share == pytest.approx(0.05, abs=0.02)
    assert len(seen.detections) <= 4
