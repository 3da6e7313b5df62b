"""Examples of the EMG detectors, for the laws."""

from collections.abc import Mapping
from itertools import combinations
from typing import Any, Final

from detectors.block import StreamLayout
from detectors.emg.co_contraction import CoContraction, CoContractionConfig
from detectors.testing.subject import LAYOUT, Example, Plain, StreamSamples
from tests.detectors.emg.naive_co_contraction import N_OUTPUTS, co_contraction

# What rounding leaves of sums over a window of some hundred samples, and of their roots.
_SHARE: Final = 1e-10

_ODD_RATE: Final = StreamLayout("LFP", 418.4, tuple(f"C{index}" for index in range(5)))
_LEVELS: Final[dict[str, Any]] = {
    "rest_uv": {"left": 0.9, "middle": 1.0},
    "rest_sd_uv": {"left": 0.1, "middle": 0.2},
    "reference_uv": {"left": 8.0, "middle": 9.0},
}


def _co_contraction(
    name: str, config: CoContractionConfig, layout: StreamLayout = LAYOUT
) -> Example:
    def plain(given: StreamSamples, below: object) -> Plain:  # noqa: ARG001 it reads no detector
        return co_contraction(config, layout, given)

    indices = {label: index for index, label in enumerate(layout.channels)}
    pairs = config.pairs or tuple(combinations(config.channels or layout.channels, 2))
    return Example(
        name,
        (config,),
        layout,
        CoContraction(config, layout).span_samples,
        plain,
        channel_outputs=N_OUTPUTS,
        measures=tuple(range(N_OUTPUTS - 1)),
        pairs=[(indices[a], indices[b]) for a, b in pairs],
        tolerance_absolute=(_SHARE,),
    )


EMG_EXAMPLES: Final[Mapping[type[Any], tuple[Example, ...]]] = {
    CoContraction: (
        _co_contraction(
            "all pairs, two of three muscles calibrated",
            CoContractionConfig(
                id="arm",
                stream="LFP",
                envelope_hz=10.0,
                window_s=0.6,
                hop_s=0.06,
                crosstalk_max=0.9,
                **_LEVELS,
            ),
        ),
        _co_contraction(
            "every sample, a band of its own",
            CoContractionConfig(
                id="arm",
                stream="LFP",
                pairs=(("right", "left"), ("left", "middle")),
                band_hz=(30.0, 100.0),
                envelope_hz=20.0,
                bandwidth_hz=500.0,
                window_s=0.5,
                hop_s=0.001,
                alpha=0.05,
            ),
        ),
        _co_contraction(
            "more channels, odd rate",
            CoContractionConfig(
                id="arm",
                stream="LFP",
                channels=("C0", "C1", "C2", "C3", "C4"),
                envelope_hz=15.0,
                window_s=0.4,
                hop_s=0.0165,
            ),
            _ODD_RATE,
        ),
    ),
}
