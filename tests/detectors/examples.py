"""An example of every detector: a class without one makes the laws fail."""

from collections.abc import Mapping
from typing import Any, Final

from detectors.band_power import BandPower, BandPowerConfig
from detectors.block import StreamLayout
from detectors.burst import Burst, BurstConfig, BurstThreshold
from detectors.coherence import Coherence, CoherenceConfig
from detectors.oscillation import Oscillation, OscillationConfig
from detectors.phase_amplitude_coupling import PhaseAmplitudeCoupling, PhaseAmplitudeCouplingConfig
from tests.detectors.naive_band_power import band_power
from tests.detectors.naive_burst import burst
from tests.detectors.naive_coherence import coherence
from tests.detectors.naive_oscillation import oscillation
from tests.detectors.naive_phase_amplitude_coupling import phase_amplitude_coupling
from tests.detectors.subject import LAYOUT, Example, Plain, Recording

_ODD_RATE: Final = StreamLayout("LFP", 418.4, tuple(f"C{place}" for place in range(11)))
_BETA: Final = BandPowerConfig(
    id="beta", stream="LFP", band_hz=(13.0, 30.0), window_s=0.2, hop_s=0.02
)
_AMPLITUDE: Final = OscillationConfig(
    id="beta", stream="LFP", centre_hz=20.0, hop_s=0.02, output="amplitude"
)


def _power(name: str, config: BandPowerConfig, layout: StreamLayout = LAYOUT) -> Example:
    def plain(given: Recording, below: object) -> Plain:  # noqa: ARG001 it reads no detector
        return band_power(config, layout, given)

    window_samples = round(config.window_s * layout.rate_hz)
    return Example(name, (config,), layout, window_samples, plain)


def _settle_samples(config: OscillationConfig, layout: StreamLayout) -> int:
    return Oscillation(config, layout).settle_samples


def _oscillation(name: str, config: OscillationConfig, layout: StreamLayout = LAYOUT) -> Example:
    def plain(given: Recording, below: object) -> Plain:  # noqa: ARG001 it reads no detector
        return oscillation(config, layout, given)

    n_measures = 1 if config.output == "amplitude" else 2
    return Example(
        name,
        (config,),
        layout,
        _settle_samples(config, layout),
        plain,
        channel_outputs=n_measures,
        measures=tuple(range(n_measures)),
    )


def _burst(
    name: str, config: BurstConfig, below: BandPowerConfig | OscillationConfig = _BETA
) -> Example:
    window_samples = (
        round(below.window_s * LAYOUT.rate_hz)
        if isinstance(below, BandPowerConfig)
        else _settle_samples(below, LAYOUT)
    )
    hop_samples = round(below.hop_s * LAYOUT.rate_hz)

    def plain(given: Recording, estimates: Any) -> Plain:  # noqa: ARG001 it reads a detector
        return burst(config, estimates, hop_samples, LAYOUT.rate_hz)

    return Example(
        name,
        (below, config),
        LAYOUT,
        window_samples,
        plain,
        channel_outputs=4,
        measures=(0, 2),
        forgets=config.threshold.calibrate_s is None,
    )


def _coherence(name: str, config: CoherenceConfig, layout: StreamLayout = LAYOUT) -> Example:
    def plain(given: Recording, below: object) -> Plain:  # noqa: ARG001 it reads no detector
        return coherence(config, layout, given)

    detector = Coherence(config, layout)
    places = {label: place for place, label in enumerate(layout.channels)}
    return Example(
        name,
        (config,),
        layout,
        detector.span_samples,
        plain,
        channel_outputs=len(detector.measures),
        measures=tuple(range(len(detector.measures))),
        tolerance_absolute=1e-9,  # the debiased lag is a ratio of small differences
        pairs=[(places[a], places[b]) for a, b in detector.pairs],
    )


def _coupling(
    name: str, config: PhaseAmplitudeCouplingConfig, layout: StreamLayout = LAYOUT
) -> Example:
    def plain(given: Recording, below: object) -> Plain:  # noqa: ARG001 it reads no detector
        return phase_amplitude_coupling(config, layout, given)

    return Example(
        name,
        (config,),
        layout,
        PhaseAmplitudeCoupling(config, layout).span_samples,
        plain,
        channel_outputs=5,
        measures=(0, 1, 2, 3, 4),
        tolerance=1e-5,  # amplitudes are whole numbers of steps
    )


EXAMPLES: Final[Mapping[type[Any], tuple[Example, ...]]] = {
    BandPower: (
        _power("window of ten hops", _BETA),
        _power(
            "every sample, from 0 Hz",
            BandPowerConfig(
                id="all", stream="LFP", band_hz=(0.0, 125.0), window_s=0.1, hop_s=0.001
            ),
        ),
        _power(
            "window of no whole number of hops, more channels than lanes, odd rate",
            BandPowerConfig(
                id="low", stream="LFP", band_hz=(4.0, 40.0), window_s=0.253, hop_s=0.0165
            ),
            _ODD_RATE,
        ),
    ),
    Burst: (
        _burst(
            "fixed threshold",
            BurstConfig(
                id="bursts",
                of="beta",
                threshold=BurstThreshold(power_uv2=25.0),
                duration_s_min=0.04,
            ),
        ),
        _burst(
            "percentile, no shortest duration",
            BurstConfig(
                id="bursts",
                of="beta",
                threshold=BurstThreshold(percentile=60.0, calibrate_s=0.5),
                hysteresis=0.3,
                duration_s_min=0.0,
            ),
        ),
        _burst(
            "of an amplitude",
            BurstConfig(
                id="bursts",
                of="beta",
                threshold=BurstThreshold(power_uv2=8.0),
                duration_s_min=0.02,
            ),
            _AMPLITUDE,
        ),
    ),
    Oscillation: (
        _oscillation(
            "amplitude and phase",
            OscillationConfig(id="beta", stream="LFP", centre_hz=20.0, hop_s=0.02),
        ),
        _oscillation("amplitude", _AMPLITUDE),
        _oscillation(
            "every sample, led, narrow, at the end of the spectrum",
            OscillationConfig(
                id="high",
                stream="LFP",
                centre_hz=118.0,
                half_width_hz=7.0,
                lead_s=0.013,
                hop_s=0.001,
            ),
        ),
        _oscillation(
            "hop longer than it takes to settle, many channels, odd rate",
            OscillationConfig(
                id="wide", stream="LFP", centre_hz=9.0, half_width_hz=8.0, hop_s=0.0765
            ),
            _ODD_RATE,
        ),
    ),
    PhaseAmplitudeCoupling: (
        _coupling(
            "window of ten hops",
            PhaseAmplitudeCouplingConfig(
                id="coupling",
                stream="LFP",
                phase_band_hz=(13.0, 30.0),
                amplitude_band_hz=(60.0, 120.0),
                window_s=0.8,
                hop_s=0.08,
            ),
        ),
        _coupling(
            "every sample",
            PhaseAmplitudeCouplingConfig(
                id="coupling",
                stream="LFP",
                phase_band_hz=(16.0, 24.0),
                amplitude_band_hz=(50.0, 110.0),
                window_s=0.9,
                hop_s=0.001,
            ),
        ),
        _coupling(
            "more channels, odd rate, the longer filter that of the amplitude",
            PhaseAmplitudeCouplingConfig(
                id="coupling",
                stream="LFP",
                phase_band_hz=(15.0, 40.0),
                amplitude_band_hz=(55.0, 205.0),
                window_s=0.7,
                hop_s=0.0165,
            ),
            _ODD_RATE,
        ),
    ),
    Coherence: (
        _coherence(
            "all pairs, even number of segments",
            CoherenceConfig(
                id="sync", stream="LFP", band_hz=(13.0, 40.0), segment_s=0.16, window_s=0.56
            ),
        ),
        _coherence(
            "some pairs, odd number of segments, hop of two, one bin",
            CoherenceConfig(
                id="sync",
                stream="LFP",
                band_hz=(20.0, 25.0),
                pairs=(("right", "middle"), ("left", "middle")),
                segment_s=0.2,
                window_s=0.65,
                hop_s=0.2,
            ),
        ),
        _coherence(
            "two segments of an odd number of samples, many channels, odd rate",
            CoherenceConfig(
                id="sync", stream="LFP", band_hz=(4.0, 60.0), segment_s=0.1, window_s=0.16
            ),
            _ODD_RATE,
        ),
        _coherence(
            "fine hops, six segments, onsets",
            CoherenceConfig(
                id="sync",
                stream="LFP",
                band_hz=(13.0, 40.0),
                segment_s=0.16,
                window_s=0.56,
                hop_s=0.02,
                measures=("phase_lag_debiased",),
                threshold=0.3,
            ),
        ),
        _coherence(
            "hops of which half a segment is no multiple, one measure, odd rate",
            CoherenceConfig(
                id="sync",
                stream="LFP",
                band_hz=(10.0, 60.0),
                pairs=(("C9", "C1"), ("C2", "C10"), ("C0", "C1")),
                segment_s=0.101,
                window_s=0.4,
                hop_s=0.0165,
                measures=("phase_locking",),
            ),
            _ODD_RATE,
        ),
    ),
}
