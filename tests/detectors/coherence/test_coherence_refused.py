"""`coherence` refuses configurations that do not fit the stream, or have no pair."""

from typing import Any

import msgspec
import pytest

from detectors.chain import AnyDetectorConfig
from detectors.coherence.coherence import Coherence
from tests.detectors.coherence.coherences import config_of
from tests.support.blocks import layout_of


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (
            {"pairs": (("C0", "C1"), ("C2", "C2"))},
            r"^pairs\[1\]: expected two channels, found 'C2'",
        ),
        ({"pairs": (("C0", "C9"),)}, r"^pairs\[0\]: expected one of C0, C1, C2, found 'C9'$"),
        (
            {"pairs": (("C0", "C1"), ("C1", "C0"))},
            r"^pairs\[1\]: expected unique pairs, found 'C1', 'C0' twice$",
        ),
        ({"channels": ("C0", "C9")}, r"^channels\[1\]: expected one of C0, C1, C2, found 'C9'$"),
        ({"channels": ("C1", "C1")}, r"^channels\[1\]: expected unique labels, found 'C1' twice$"),
        ({"channels": ("C1",)}, r"^channels: expected at least two, found C1$"),
        ({"band_hz": (13.0, 130.0)}, r"^band_hz: expected at most 125 Hz.*found \[13, 130\]$"),
        ({"band_hz": (13.2, 13.3)}, r"^band_hz: expected a band of at least 0.2 Hz, a tenth"),
        ({"segment_s": 0.001}, r"^segment_s: expected at least one cycle of 13 Hz, where band_hz"),
        (
            {"band_hz": (124.6, 125.0), "segment_s": 0.504},
            r"^band_hz: expected a band that holds a bin of 1.98413 Hz .* below half the rate",
        ),
        ({"window_s": 0.7}, r"^window_s: expected at least two segments \(0.752 s\), found 0.7$"),
        ({"window_s": 0.1}, r"^window_s: expected at least two segments \(0.752 s\), found 0.1$"),
        (
            {"hop_s": 0.004, "window_s": 600.0, "segment_s": 10.0},
            r"^window_s: expected one of which at most 1.1 GB is kept, found 600 \(.* GB; less",
        ),
        ({"hop_s": 2.016}, r"^window_s: expected more than one hop \(2.016 s\), found 2$"),
    ],
)
def test_what_does_not_fit_the_stream_is_refused(keys: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        Coherence(config_of(**keys), layout_of(3, 250.0))


def test_a_stream_of_one_channel_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^channels: expected at least two, found C0$"):
        Coherence(config_of(), layout_of(1, 250.0))


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("band_hz = [30.0, 13.0]", "band_hz: expected 0 < low < high, found [30, 13]"),
        ("band_hz = [0.0, 13.0]", "band_hz: expected 0 < low < high, found [0, 13]"),
        ("band_hz = [nan, 13.0]", "band_hz: expected 0 < low < high, found [nan, 13]"),
        (
            'band_hz = [13.0, 30.0]\npairs = [["a", "b"]]\nchannels = ["a"]',
            "channels: expected none where pairs are given, found 'a'",
        ),
        ('band_hz = [13.0, 30.0]\npairs = [["a", "b", "c"]]', "$[0].pairs[0]"),
        ("band_hz = [13.0, 30.0]\nsegment_s = 0.0", "$[0].segment_s"),
        ("band_hz = [13.0, 30.0]\nwindow_s = nan", "$[0].window_s"),
        ("band_hz = [13.0, 30.0]\nhop_s = -1.0", "$[0].hop_s"),
        ("band_hz = [13.0, 30.0]\nalpha = 1.0", "$[0].alpha"),
        ("band_hz = [13.0, 30.0]\nband_uv = 1", "unknown field `band_uv`"),
        ('band_hz = [13.0, 30.0]\nmeasures = ["power"]', "$[0].measures[0]"),
        ("band_hz = [13.0, 30.0]\nthreshold = 0.0", "$[0].threshold"),
        ('band_hz = [13.0, 30.0]\nthreshold = "chance"', "$[0].threshold"),
        ("band_hz = [13.0, 30.0]\nhysteresis = 1.0", "$[0].hysteresis"),
    ],
)
def test_what_cannot_be_is_refused_by_the_table_itself(line: str, text: str) -> None:
    table = f'kind = "coherence"\nstream = "LFP"\nid = "sync"\n{line}\n'
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert([msgspec.toml.decode(table)], tuple[AnyDetectorConfig, ...], strict=True)
    assert text in str(refused.value)
