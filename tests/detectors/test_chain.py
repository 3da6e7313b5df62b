"""The chain: which detector gets what, in which order, and errors of tables that do not fit."""

import re
from collections.abc import Sequence

import numpy as np
import pytest

from detectors.block import Block, StreamLayout
from detectors.bursts.burst import BurstConfig, BurstThreshold
from detectors.chain import DetectorChain
from detectors.coherence.config import CoherenceConfig
from detectors.detector import DetectorConfig
from detectors.power.band_power import BandPowerConfig
from tests.support.blocks import block_of

_LAYOUTS = {
    "LFP": StreamLayout("LFP", 250.0, ("left", "right")),
    "EMG": StreamLayout("EMG", 1000.0, ("flexor",)),
}
_LFP = BandPowerConfig(id="beta", stream="LFP", band_hz=(13.0, 30.0), hop_s=0.02)
_EMG = BandPowerConfig(id="tremor", stream="EMG", band_hz=(3.0, 7.0), hop_s=0.02)
_BURSTS = BurstConfig(id="bursts", of="beta", threshold=BurstThreshold(level=5.0))


def noise_of(stream: str, n_samples: int, first: int = 0) -> Block:
    layout = _LAYOUTS[stream]
    random = np.random.default_rng(first)
    shape = (n_samples, len(layout.channels))
    return block_of(random.normal(0.0, 10.0, shape), layout.rate_hz, stream=stream, first=first)


def test_a_block_feeds_the_detectors_of_its_stream_and_those_that_read_them() -> None:
    chain = DetectorChain((_LFP, _EMG, _BURSTS), _LAYOUTS)
    assert [each.estimates.detector for each in chain.update(noise_of("LFP", 10))] == [
        "beta",
        "bursts",
    ]
    assert [each.estimates.detector for each in chain.update(noise_of("EMG", 20))] == ["tremor"]
    assert chain.streams == {"beta": "LFP", "tremor": "EMG", "bursts": "LFP"}
    assert list(chain.detectors) == ["beta", "tremor", "bursts"]


def test_who_completed_no_hop_is_not_in_what_was_seen() -> None:
    chain = DetectorChain((_LFP, _BURSTS), _LAYOUTS)
    assert chain.update(noise_of("LFP", 4)) == ()
    assert len(chain.update(noise_of("LFP", 1, first=4))) == 2


def test_a_detector_may_have_the_name_of_a_stream() -> None:
    named = BandPowerConfig(id="EMG", stream="LFP", band_hz=(13.0, 30.0), hop_s=0.02)
    reader = BurstConfig(id="bursts", of="EMG", threshold=BurstThreshold(level=5.0))
    chain = DetectorChain((named, reader), _LAYOUTS)
    assert [each.estimates.detector for each in chain.update(noise_of("LFP", 5))] == [
        "EMG",
        "bursts",
    ]
    assert chain.update(noise_of("EMG", 20)) == ()


def test_a_detector_names_every_stream_that_it_reads_itself_or_through_others() -> None:
    layouts = {**_LAYOUTS, "EMG": StreamLayout("EMG", 250.0, ("flexor",))}
    both = CoherenceConfig(
        id="cmc",
        stream="LFP",
        other_stream="EMG",
        pairs=(("left", "flexor"),),
        band_hz=(13.0, 30.0),
    )
    chain = DetectorChain((_LFP, _BURSTS, both), layouts)
    assert chain.streams_of("bursts") == {"LFP"}
    assert chain.streams_of("cmc") == {"LFP", "EMG"}


@pytest.mark.parametrize(
    ("configs", "text"),
    [
        (
            (_LFP, BandPowerConfig(id="x", stream="EEG", band_hz=(1.0, 2.0))),
            "detectors[1].stream: expected a regular stream (LFP, EMG), found 'EEG'",
        ),
        (
            (_BURSTS, _LFP),
            "detectors[0].of: expected a detector before this one (there is none), found 'beta'",
        ),
        (
            (_EMG, _BURSTS),
            "detectors[1].of: expected a detector before this one (tremor), found 'beta'",
        ),
        ((_LFP, _LFP), "detectors[1].id: expected unique ids, found 'beta' twice"),
        (
            (BandPowerConfig(id="x", stream="LFP", band_hz=(13.0, 200.0)),),
            (
                "detectors[0].band_hz: expected at most 125 Hz, half the rate of 'LFP', "
                "found [13, 200]"
            ),
        ),
    ],
)
def test_a_table_that_does_not_fit_is_told_with_its_path(
    configs: Sequence[DetectorConfig], text: str
) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        DetectorChain(configs, _LAYOUTS)
