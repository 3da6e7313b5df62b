"""The results of many calls are joined by detector, in order, without a loss."""

import numpy as np

from detectors.bursts.burst import BurstConfig, BurstThreshold
from detectors.chain import DetectorChain
from detectors.offline import detect, gather
from detectors.power.band_power import BandPowerConfig
from detectors.testing.subject import LAYOUT, blocks, stream_samples

_CONFIGS = (
    BandPowerConfig(id="beta", stream="LFP", band_hz=(13.0, 30.0), window_s=0.4),
    BurstConfig(id="burst", of="beta", threshold=BurstThreshold(level=20.0)),
)


def _chain() -> DetectorChain:
    return DetectorChain(_CONFIGS, {"LFP": LAYOUT})


def test_many_blocks_give_what_one_gives() -> None:
    samples = stream_samples(LAYOUT, 1, 2000, (900,))
    whole = detect(_chain(), blocks(LAYOUT, samples, ()))
    cut = detect(_chain(), blocks(LAYOUT, samples, range(0, 2000, 37)))
    assert list(whole) == ["beta", "burst"]
    assert len(whole["burst"].detections) > 2
    for id_, expected in whole.items():
        assert cut[id_].detections == expected.detections
        for name in ("sample", "time_s", "values", "valid", "taint"):
            ours, theirs = (getattr(each.estimates, name) for each in (cut[id_], expected))
            np.testing.assert_array_equal(ours, theirs)


def test_a_detector_that_gave_nothing_has_its_place() -> None:
    found = gather(_chain().detectors, ())
    assert found["burst"].estimates.values.shape == (0, 12)
    assert found["burst"].estimates.detector == "burst"
    assert found["burst"].detections == ()
