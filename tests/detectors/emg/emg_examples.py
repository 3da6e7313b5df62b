"""Examples of the EMG detectors, for the laws."""

from collections.abc import Mapping
from itertools import combinations
from typing import Any, Final

from detectors.block import StreamLayout
from detectors.emg.bursts.muscle_bursts import MuscleBursts, MuscleBurstsConfig
from detectors.emg.co_contraction import CoContraction, CoContractionConfig
from detectors.emg.spectrum.muscle_spectrum import MuscleSpectrum, MuscleSpectrumConfig
from detectors.emg.states.muscle_state import MuscleState, MuscleStateConfig
from detectors.testing.subject import LAYOUT, Example, Plain, StreamSamples
from tests.detectors.emg.naive_co_contraction import N_OUTPUTS, co_contraction
from tests.detectors.emg.naive_muscle_bursts import N_OF_CHANNEL, N_OF_PAIR, muscle_bursts
from tests.detectors.emg.naive_muscle_spectrum import N_OUTPUTS as N_OF_SPECTRUM
from tests.detectors.emg.naive_muscle_spectrum import muscle_spectrum
from tests.detectors.emg.naive_muscle_state import N_OUTPUTS as N_OF_STATE
from tests.detectors.emg.naive_muscle_state import muscle_state

# What rounding leaves of sums over a window of some hundred samples, and of their roots.
_SHARE: Final = 1e-10

_ODD_RATE: Final = StreamLayout("LFP", 418.4, tuple(f"C{index}" for index in range(5)))
# The rhythm of 20 Hz that every example has is within it, and is no movement below it.
_BAND_HZ: Final = (9.0, 100.0)
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


#: Outputs of a channel that bad data anywhere in the window make invalid, whatever the bursts are.
_OF_WINDOW: Final = (3, 4, 5, 11)
#: The same of a pair.
_OF_PAIR_WINDOW: Final = (2, 3)


def _muscle_bursts(name: str, config: MuscleBurstsConfig, layout: StreamLayout = LAYOUT) -> Example:
    def plain(given: StreamSamples, below: object) -> Plain:  # noqa: ARG001 it reads no detector
        return muscle_bursts(config, layout, given)

    labels = config.channels or layout.channels
    indices = [layout.channels.index(label) for label in labels]
    columns: list[tuple[int, ...]] = [
        (channel,) if measure in _OF_WINDOW else ()
        for channel in indices
        for measure in range(N_OF_CHANNEL)
    ]
    columns += [
        tuple(layout.channels.index(label) for label in pair) if measure in _OF_PAIR_WINDOW else ()
        for pair in config.pairs
        for measure in range(N_OF_PAIR)
    ]
    return Example(
        name,
        (config,),
        layout,
        MuscleBursts(config, layout).span_samples,
        plain,
        pairs=columns,  # type: ignore[arg-type]
        kinds=frozenset({"onset", "offset"}),
        tolerance_absolute=(_SHARE,),
    )


def _muscle_spectrum(
    name: str, config: MuscleSpectrumConfig, layout: StreamLayout = LAYOUT
) -> Example:
    def plain(given: StreamSamples, below: object) -> Plain:  # noqa: ARG001 it reads no detector
        return muscle_spectrum(config, layout, given)

    return Example(
        name,
        (config,),
        layout,
        MuscleSpectrum(config, layout).span_samples,
        plain,
        channel_outputs=N_OF_SPECTRUM,
        measures=(0, 1, 2, 3, 4, 5, 6, 7, 8),
        tolerance_absolute=(_SHARE,),
    )


def _muscle_state(name: str, config: MuscleStateConfig, layout: StreamLayout = LAYOUT) -> Example:
    def plain(given: StreamSamples, below: object) -> Plain:  # noqa: ARG001 it reads no detector
        return muscle_state(config, layout, given)

    indices = {label: index for index, label in enumerate(layout.channels)}
    pairs = config.pairs or tuple(combinations(config.channels or layout.channels, 2))
    return Example(
        name,
        (config,),
        layout,
        MuscleState(config, layout).span_samples,
        plain,
        channel_outputs=N_OF_STATE,
        # Without those that are valid by what the muscles do.
        measures=(1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 16, 17, 18, 19, 20, 21),
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
    MuscleBursts: (
        _muscle_bursts(
            "bursts of the amplitude, two pairs",
            MuscleBurstsConfig(
                id="bursts",
                stream="LFP",
                pairs=(("right", "left"), ("left", "middle")),
                window_s=1.2,
                hop_s=0.06,
                n_bursts_min=4,
                crosstalk_max=0.9,
                rest_uv={"left": 3.0, "middle": 3.5, "right": 3.0},
                rest_sd_uv={"left": 0.5, "middle": 0.2, "right": 0.6},
                reference_uv={"left": 8.0, "middle": 9.0},
            ),
        ),
        _muscle_bursts(
            "bursts of the energy, every second sample, two channels",
            MuscleBurstsConfig(
                id="bursts",
                stream="LFP",
                channels=("right", "left"),
                method="teager_kaiser",
                band_hz=(25.0, 100.0),
                envelope_hz=30.0,
                duration_s_min=0.008,
                merge_s=0.004,
                window_s=0.5,
                hop_s=0.008,
                rest_uv={"left": 4.0, "right": 4.0},
                rest_sd_uv={"left": 0.1, "right": 0.2},
            ),
        ),
    ),
    MuscleSpectrum: (
        _muscle_spectrum(
            "two of three muscles calibrated",
            MuscleSpectrumConfig(
                id="drive", stream="LFP", segment_s=0.5, window_s=1.0, hop_s=0.25, **_LEVELS
            ),
        ),
        _muscle_spectrum(
            "segments of an odd number of samples, a band of its own, hop of two steps, odd rate",
            MuscleSpectrumConfig(
                id="drive",
                stream="LFP",
                band_hz=(30.0, 150.0),
                segment_s=0.5043,
                window_s=0.8,
                hop_s=0.5,
            ),
            StreamLayout("LFP", 418.4, ("C0", "C1")),
        ),
    ),
    MuscleState: (
        _muscle_state(
            "all pairs of two muscles",
            MuscleStateConfig(
                id="state",
                stream="LFP",
                channels=("left", "middle"),
                band_hz=_BAND_HZ,
                window_s=0.6,
                hop_s=0.05,
                segment_s=0.25,
                crosstalk_max=0.9,
                **_LEVELS,
            ),
        ),
        _muscle_state(
            "odd rate, a band of its own, levels of bursts",
            MuscleStateConfig(
                id="state",
                stream="LFP",
                pairs=(("C1", "C0"),),
                band_hz=(9.0, 150.0),
                bandwidth_hz=100.0,
                window_s=0.44,
                hop_s=0.04,
                segment_s=0.21,
                rest_uv={"C0": 3.0, "C1": 3.5},
                rest_sd_uv={"C0": 0.5, "C1": 0.6},
                reference_uv={"C0": 20.0, "C1": 18.0},
            ),
            _ODD_RATE,
        ),
    ),
}
