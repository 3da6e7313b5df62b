"""An example of every detector: a class without one makes the laws fail."""

from collections.abc import Mapping
from typing import Any, Final

from detectors.aperiodic.aperiodic import Aperiodic, AperiodicConfig
from detectors.block import MARKER, BoundEvent, StreamLayout
from detectors.bursts.burst import Burst, BurstConfig, BurstThreshold
from detectors.bursts.statistics import BurstStatistics, BurstStatisticsConfig
from detectors.chain import DetectorChain
from detectors.coherence.coherence import Coherence, CoherenceConfig
from detectors.contrasts.event_contrast import (
    ConditionConfig,
    EventContrast,
    EventContrastConfig,
    RestConfig,
)
from detectors.coupling.phase_amplitude_coupling import (
    PhaseAmplitudeCoupling,
    PhaseAmplitudeCouplingConfig,
)
from detectors.power.band_power import BandPower, BandPowerConfig
from detectors.power.scale import PowerBaseline
from detectors.rhythm.oscillation import Oscillation, OscillationConfig
from detectors.rhythm.target_phase import AmplitudeGate, TargetPhase, TargetPhaseConfig
from detectors.testing.subject import LAYOUT, Example, Plain, StreamSamples, blocks
from tests.detectors.aperiodic.naive_aperiodic import aperiodic
from tests.detectors.bursts.naive_burst import burst
from tests.detectors.bursts.naive_burst_statistics import burst_statistics
from tests.detectors.coherence.naive_coherence import coherence
from tests.detectors.contrasts.naive_event_contrast import event_contrast
from tests.detectors.coupling.naive_phase_amplitude_coupling import phase_amplitude_coupling
from tests.detectors.emg.emg_examples import EMG_EXAMPLES
from tests.detectors.power.naive_band_power import band_power
from tests.detectors.rhythm.naive_oscillation import oscillation
from tests.detectors.rhythm.naive_target_phase import target_phase

# What rounding leaves, each at least fifteen times the most that was found of it: of squares and of
# voltages of some hundred microvolts, of shares (one less nearly one), of logarithms of powers, and
# of means of unit phasors, some of which turn with a vector of almost no length.
_POWER: Final = 1e-11
_VOLTAGE: Final = 1e-11
_SHARE: Final = 1e-12
_LOGARITHM: Final = 1e-10
_PHASORS: Final = 1e-9

_ODD_RATE: Final = StreamLayout("LFP", 418.4, tuple(f"C{index}" for index in range(11)))
_BETA: Final = BandPowerConfig(
    id="beta", stream="LFP", band_hz=(13.0, 30.0), window_s=0.2, hop_s=0.02
)
_DECIBEL: Final = BandPowerConfig(
    id="beta",
    stream="LFP",
    band_hz=(13.0, 30.0),
    window_s=0.2,
    hop_s=0.02,
    scale="decibel",
    baseline=PowerBaseline(power_uv2=30.0),
)
_AMPLITUDE: Final = OscillationConfig(
    id="beta", stream="LFP", centre_hz=20.0, hop_s=0.02, output="amplitude"
)


def _aperiodic(name: str, config: AperiodicConfig, layout: StreamLayout = LAYOUT) -> Example:
    def plain(given: StreamSamples, below: object) -> Plain:  # noqa: ARG001 it reads no detector
        return aperiodic(config, layout, given)

    return Example(
        name,
        (config,),
        layout,
        Aperiodic(config, layout).window_samples,
        plain,
        channel_outputs=5,
        measures=(0, 1, 2, 3, 4),
        tolerance_absolute=(_LOGARITHM,),
    )


def _power(name: str, config: BandPowerConfig, layout: StreamLayout = LAYOUT) -> Example:
    def plain(given: StreamSamples, below: object) -> Plain:  # noqa: ARG001 it reads no detector
        return band_power(config, layout, given)

    n_measures = len(config.bands) * (2 if config.has_outside else 1)
    is_calibrated = config.baseline is not None and config.baseline.calibrate_s is not None
    own = _POWER if config.scale in ("power", "percent") else _LOGARITHM
    return Example(
        name,
        (config,),
        layout,
        BandPower(config, layout).span_samples,
        plain,
        channel_outputs=n_measures,
        measures=tuple(range(n_measures)),
        forgets=not is_calibrated,
        tolerance_absolute=(own, _SHARE) * len(config.bands) if config.has_outside else (own,),
    )


def _span_samples(config: OscillationConfig, layout: StreamLayout) -> int:
    return Oscillation(config, layout).span_samples


def _oscillation(name: str, config: OscillationConfig, layout: StreamLayout = LAYOUT) -> Example:
    def plain(given: StreamSamples, below: object) -> Plain:  # noqa: ARG001 it reads no detector
        return oscillation(config, layout, given)

    n_measures = {"amplitude": 1, "amplitude_and_phase": 2}.get(config.output, 3)
    return Example(
        name,
        (config,),
        layout,
        _span_samples(config, layout),
        plain,
        channel_outputs=n_measures,
        measures=tuple(range(n_measures)),
        tolerance_absolute=(_VOLTAGE, _VOLTAGE, _SHARE)[:n_measures],
        angles={1: 0} if n_measures > 1 else {},
    )


def _burst(
    name: str, config: BurstConfig, below: BandPowerConfig | OscillationConfig = _BETA
) -> Example:
    hop_samples = round(below.hop_s * LAYOUT.rate_hz)
    smoothing_samples = max(0, round(config.smoothing_s / below.hop_s) - 1) * hop_samples
    window_samples = smoothing_samples + (
        BandPower(below, LAYOUT).span_samples
        if isinstance(below, BandPowerConfig)
        else _span_samples(below, LAYOUT)
    )

    def plain(given: StreamSamples, estimates: Any) -> Plain:  # noqa: ARG001 it reads a detector
        return burst(config, estimates, hop_samples, LAYOUT.rate_hz)

    return Example(
        name,
        (below, config),
        LAYOUT,
        window_samples,
        plain,
        channel_outputs=4,
        measures=(0, 2),
        newest_samples=1 + smoothing_samples,
        forgets=config.threshold.calibrate_s is None,
        kinds=frozenset({"onset", "offset"}),
        tolerance_absolute=(_POWER,),
    )


def _burst_statistics(
    name: str,
    config: BurstStatisticsConfig,
    below: BurstConfig,
    power: BandPowerConfig = _BETA,
    layout: StreamLayout = LAYOUT,
) -> Example:
    hop_samples = round(_BETA.hop_s * layout.rate_hz)
    every = round(config.hop_s / _BETA.hop_s)
    configs = (power, below, config)

    def plain(given: StreamSamples, estimates: Any) -> Plain:
        chain = DetectorChain(configs, {layout.name: layout})
        (statistics,) = (
            each for each in chain.detectors.values() if isinstance(each, BurstStatistics)
        )
        for block in blocks(layout, given, ()):
            chain.update(block)
        return burst_statistics(
            config,
            below,
            estimates,
            hop_s=hop_samples / layout.rate_hz,
            rate_hz=layout.rate_hz,
            nulls=list(statistics.nulls),
            restarts=given.restarts,
        )

    return Example(
        name,
        configs,
        layout,
        BandPower(_BETA, layout).span_samples + round(config.window_s * layout.rate_hz),
        plain,
        channel_outputs=13,
        measures=tuple(range(10)),
        omits=True,
        forgets=False,
        every=every,
        tolerance_absolute=(_POWER,),
    )


def _target_phase(
    name: str, config: TargetPhaseConfig, below: OscillationConfig, layout: StreamLayout = LAYOUT
) -> Example:
    hop_samples = max(1, round(below.hop_s * layout.rate_hz))

    def plain(given: StreamSamples, estimates: Any) -> Plain:  # noqa: ARG001 it reads a detector
        return target_phase(config, estimates, hop_samples, layout.rate_hz)

    return Example(
        name,
        (below, config),
        layout,
        _span_samples(below, layout),
        plain,
        channel_outputs=4,
        measures=(0, 1, 3),
        kinds=frozenset({"moment"}),
        forgets=config.gate.calibrate_s is None,
        tolerance_absolute=(_VOLTAGE,),
        angles={0: 1},
    )


def _coherence(name: str, config: CoherenceConfig, layout: StreamLayout = LAYOUT) -> Example:
    def plain(given: StreamSamples, below: object) -> Plain:  # noqa: ARG001 it reads no detector
        return coherence(config, layout, given)

    detector = Coherence(config, layout)
    indices = {label: index for index, label in enumerate(layout.channels)}
    return Example(
        name,
        (config,),
        layout,
        detector.span_samples,
        plain,
        channel_outputs=len(detector.measures),
        measures=tuple(range(len(detector.measures))),
        kinds=frozenset({"onset", "offset"} if config.threshold is not None else ()),
        tolerance_absolute=tuple(
            _PHASORS if each.startswith("phase_") else _SHARE for each in detector.measures
        ),
        pairs=[(indices[a], indices[b]) for a, b in detector.pairs],
    )


def _coupling(
    name: str, config: PhaseAmplitudeCouplingConfig, layout: StreamLayout = LAYOUT
) -> Example:
    def plain(given: StreamSamples, below: object) -> Plain:  # noqa: ARG001 it reads no detector
        return phase_amplitude_coupling(config, layout, given)

    return Example(
        name,
        (config,),
        layout,
        PhaseAmplitudeCoupling(config, layout).span_samples,
        plain,
        channel_outputs=7,
        measures=tuple(range(7)),
        tolerance=1e-5,  # amplitudes are whole numbers of steps, and so is what comes of them
        tolerance_absolute=(1e-10, 1e-9, 1e-9, 1e-9, 0.0, 1e-7, 0.0),
        angles={3: 1},
    )


#: Markers of two conditions in turn.
_MARKERS: Final = tuple(
    BoundEvent(sample, MARKER, "move" if number % 2 else "rest")
    for number, sample in enumerate(range(3, 700, 45))
)


def _event_contrast(
    name: str, config: EventContrastConfig, below: BandPowerConfig | None = None
) -> Example:
    def plain(given: StreamSamples, below: object) -> Plain:  # noqa: ARG001 it reads no detector
        return event_contrast(config, LAYOUT, _MARKERS, given)

    every = 1 if below is None else round(config.hop_s / below.hop_s)
    return Example(
        name,
        (config,) if below is None else (below, config),
        LAYOUT,
        700,
        plain if below is None else None,
        channel_outputs=14,
        measures=tuple(range(7)),
        omits=True,
        forgets=False,
        every=every,
        tolerance_absolute=(_VOLTAGE,),
        events=_MARKERS,
    )


EXAMPLES: Final[Mapping[type[Any], tuple[Example, ...]]] = {
    Aperiodic: (
        _aperiodic(
            "two anchors, six segments",
            AperiodicConfig(
                id="slope",
                stream="LFP",
                band_hz=(15.0, 30.0),
                fit_hz=(10.0, 80.0),
                exclude_hz=((15.0, 30.0), (48.0, 52.0)),
                segment_s=0.2,
                window_s=0.7,
            ),
        ),
        _aperiodic(
            "two segments, a hop of half a segment, nothing excluded",
            AperiodicConfig(
                id="slope",
                stream="LFP",
                band_hz=(8.0, 30.0),
                fit_hz=(8.0, 125.0),
                exclude_hz=(),
                segment_s=0.4,
                window_s=0.6,
                hop_s=0.2,
            ),
        ),
        _aperiodic(
            "segments of an odd number of samples, many channels, odd rate",
            AperiodicConfig(
                id="slope",
                stream="LFP",
                band_hz=(40.0, 80.0),
                fit_hz=(20.4, 200.0),
                exclude_hz=((40.0, 80.0),),
                segment_s=0.0985,
                window_s=0.35,
                hop_s=0.1506,
            ),
            _ODD_RATE,
        ),
    ),
    EventContrast: (
        _event_contrast(
            "of samples, exact",
            EventContrastConfig(
                id="response",
                stream="LFP",
                first=ConditionConfig(markers=("move",), window_s=(0.02, 0.1)),
                second=ConditionConfig(markers=("rest",), window_s=(0.02, 0.1)),
                rest=RestConfig(rms_uv_max=15.0, window_s=(-0.06, 0.0)),
                n_min=2,
                n_permutations=9999,
                wait_s=0.02,
                lost_share_max=0.9,
            ),
        ),
        _event_contrast(
            "of a measure, geometric, in pairs",
            EventContrastConfig(
                id="power",
                of="beta",
                first=ConditionConfig(markers=("move",), window_s=(-0.1, 0.15)),
                second=ConditionConfig(markers=("rest",), window_s=(0.0, 0.25)),
                mean="geometric",
                form="index",
                paired=True,
                pairs_begin_with="second",
                n_min=2,
                n_permutations=99,
                wait_s=0.1,
                hop_s=0.04,
            ),
            _BETA,
        ),
    ),
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
        _power(
            "several bands, that meet and that do not, in percent",
            BandPowerConfig(
                id="bands",
                stream="LFP",
                bands_hz={"high": (60.0, 90.0), "low": (5.0, 13.0), "beta": (13.0, 30.0)},
                window_s=0.212,
                hop_s=0.02,
                scale="percent",
                total_hz=(5.0, 101.0),
            ),
        ),
        _power(
            "means of three updates",
            BandPowerConfig(
                id="beta",
                stream="LFP",
                band_hz=(13.0, 30.0),
                window_s=0.2,
                update_s=0.028,
                hop_s=0.084,
            ),
        ),
        _power(
            "an implant's power, of its single threshold",
            BandPowerConfig(
                id="beta", stream="LFP", preset="percept_single", centre_hz=17.6, hop_s=0.05
            ),
        ),
        _power(
            "recursive, exponential",
            BandPowerConfig(
                id="beta",
                stream="LFP",
                band_hz=(13.0, 30.0),
                method="recursive",
                time_constant_s=0.05,
            ),
        ),
        _power(
            "recursive, running mean, two bands, odd order",
            BandPowerConfig(
                id="bands",
                stream="LFP",
                bands_hz={"beta": (13.0, 30.0), "gamma": (60.0, 90.0)},
                method="recursive",
                order=3,
                window_s=0.1,
                hop_s=0.02,
            ),
        ),
        _power(
            "recursive, two bands, the share outside each, bound",
            BandPowerConfig(
                id="bands",
                stream="LFP",
                bands_hz={"beta": (10.0, 40.0), "gamma": (50.0, 90.0)},
                method="recursive",
                time_constant_s=0.05,
                hop_s=0.012,
                outside_max=0.999,
                outside_time_constant_s=0.06,
                output="power_and_outside",
            ),
        ),
        _power(
            "recursive, percent, bound, many channels, odd rate",
            BandPowerConfig(
                id="bands",
                stream="LFP",
                bands_hz={"beta": (10.0, 40.0), "gamma": (50.0, 90.0)},
                method="recursive",
                order=1,
                window_s=0.1,
                hop_s=0.0165,
                outside_max=0.999,
                outside_time_constant_s=0.06,
                scale="percent",
                total_hz=(5.0, 95.0),
            ),
            _ODD_RATE,
        ),
        _power(
            "recursive, every sample, one wide section",
            BandPowerConfig(
                id="wide",
                stream="LFP",
                band_hz=(4.0, 100.0),
                method="recursive",
                order=1,
                window_s=0.08,
                hop_s=0.001,
            ),
        ),
        _power(
            "recursive, hop longer than it takes to settle, many channels, odd rate, logarithm",
            BandPowerConfig(
                id="high",
                stream="LFP",
                band_hz=(40.0, 150.0),
                method="recursive",
                order=4,
                time_constant_s=0.01,
                hop_s=0.0765,
                scale="log10",
            ),
            _ODD_RATE,
        ),
        _power(
            "recursive, decibel over a measured baseline",
            BandPowerConfig(
                id="beta",
                stream="LFP",
                bands_hz={"beta": (13.0, 30.0), "high": (50.0, 120.0)},
                method="recursive",
                time_constant_s=0.02,
                hop_s=0.012,
                scale="decibel",
                baseline=PowerBaseline(calibrate_s=0.7),
            ),
        ),
        _power(
            "z against a measured baseline",
            BandPowerConfig(
                id="beta",
                stream="LFP",
                band_hz=(13.0, 30.0),
                window_s=0.2,
                hop_s=0.02,
                scale="z",
                baseline=PowerBaseline(calibrate_s=0.7),
            ),
        ),
    ),
    Burst: (
        _burst(
            "fixed threshold",
            BurstConfig(
                id="bursts",
                of="beta",
                threshold=BurstThreshold(level=25.0),
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
                threshold=BurstThreshold(level=8.0),
                hysteresis=0.2,
                duration_s_min=0.02,
            ),
            _AMPLITUDE,
        ),
        _burst(
            "of an amplitude, smoothed",
            BurstConfig(
                id="bursts",
                of="beta",
                threshold=BurstThreshold(level=7.0),
                smoothing_s=0.06,
                duration_s_min=0.03,
            ),
            _AMPLITUDE,
        ),
        _burst(
            "of decibels, hysteresis in its unit",
            BurstConfig(
                id="bursts",
                of="beta",
                threshold=BurstThreshold(level=-1.0),
                hysteresis_level=1.5,
                duration_s_min=0.02,
            ),
            _DECIBEL,
        ),
    ),
    BurstStatistics: (
        _burst_statistics(
            "window of five hops",
            BurstStatisticsConfig(
                id="statistics",
                of="bursts",
                window_s=1.0,
                hop_s=0.2,
                long_s=0.1,
                n_bursts_min=1,
            ),
            BurstConfig(
                id="bursts", of="beta", threshold=BurstThreshold(level=15.0), duration_s_min=0.05
            ),
        ),
        _burst_statistics(
            "every hop, no shortest duration, of decibels",
            BurstStatisticsConfig(
                id="statistics",
                of="bursts",
                window_s=1.2,
                hop_s=0.02,
                long_s=0.06,
                n_bursts_min=1,
                null_delay_s=1.0,
            ),
            BurstConfig(
                id="bursts",
                of="beta",
                threshold=BurstThreshold(percentile=60.0, calibrate_s=0.3),
                hysteresis_level=2.0,
                duration_s_min=0.0,
            ),
            _DECIBEL,
            StreamLayout("LFP", 250.0, ("left", "right")),
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
        _oscillation(
            "three poles, the share outside the band, bound",
            OscillationConfig(
                id="beta",
                stream="LFP",
                centre_hz=25.0,
                half_width_hz=20.0,
                order=3,
                hop_s=0.012,
                outside_max=0.999,
                outside_time_constant_s=0.05,
                output="amplitude_phase_and_outside",
            ),
        ),
        _oscillation(
            "two poles, amplitude alone, bound, many channels, odd rate",
            OscillationConfig(
                id="beta",
                stream="LFP",
                centre_hz=20.0,
                half_width_hz=10.0,
                order=2,
                hop_s=0.012,
                outside_max=0.999,
                outside_time_constant_s=0.07,
                output="amplitude",
            ),
            _ODD_RATE,
        ),
        _oscillation(
            "by Hilbert transform",
            OscillationConfig(
                id="beta", stream="LFP", centre_hz=20.0, method="hilbert", hop_s=0.02, lead_s=0.02
            ),
        ),
        _oscillation(
            "by Hilbert transform of an odd number of samples, many channels, odd rate",
            OscillationConfig(
                id="wide",
                stream="LFP",
                centre_hz=30.0,
                method="hilbert",
                half_width_hz=8.0,
                order=2,
                window_s=0.111,
                hop_s=0.0165,
            ),
            _ODD_RATE,
        ),
        _oscillation(
            "amplitude every sample by Hilbert transform, window of hardly a cycle",
            OscillationConfig(
                id="low",
                stream="LFP",
                centre_hz=9.0,
                method="hilbert",
                window_s=0.12,
                hop_s=0.001,
                output="amplitude",
            ),
        ),
    ),
    TargetPhase: (
        _target_phase(
            "every sample, ahead, fixed gate",
            TargetPhaseConfig(
                id="peak", of="beta", gate=AmplitudeGate(amplitude_uv_min=5.0), lead_s=0.03
            ),
            OscillationConfig(id="beta", stream="LFP", centre_hz=20.0, hop_s=0.001),
        ),
        _target_phase(
            "hop of three, the trough, percentile",
            TargetPhaseConfig(
                id="trough",
                of="beta",
                gate=AmplitudeGate(percentile=40.0, calibrate_s=0.5),
                phase_rad=3.14159,
                refractory_cycles=0.9,
            ),
            OscillationConfig(id="beta", stream="LFP", centre_hz=20.0, hop_s=0.012),
        ),
        _target_phase(
            "of a rhythm of which little may lie outside its band",
            TargetPhaseConfig(
                id="peak",
                of="beta",
                gate=AmplitudeGate(amplitude_uv_min=2.0, outside_max=0.3),
                lead_s=0.01,
            ),
            OscillationConfig(
                id="beta",
                stream="LFP",
                centre_hz=25.0,
                half_width_hz=20.0,
                order=2,
                hop_s=0.004,
                outside_max=0.999,
                outside_time_constant_s=0.05,
                output="amplitude_phase_and_outside",
            ),
        ),
        _target_phase(
            "of a Hilbert transform, many channels, odd rate",
            TargetPhaseConfig(
                id="rise",
                of="beta",
                gate=AmplitudeGate(amplitude_uv_min=3.0),
                phase_rad=-1.5,
                lead_s=0.1,
                refractory_cycles=0.5,
            ),
            OscillationConfig(
                id="beta",
                stream="LFP",
                centre_hz=18.0,
                method="hilbert",
                window_s=0.15,
                hop_s=0.012,
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
                id="sync", stream="LFP", band_hz=(10.0, 60.0), segment_s=0.1, window_s=0.16
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
    **EMG_EXAMPLES,
}
