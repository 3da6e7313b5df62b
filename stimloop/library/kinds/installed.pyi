# Written by `python -m stimloop.library.kinds.stub`.

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from detectors.aperiodic.config import AperiodicConfig as AperiodicConfig
from detectors.bursts.config import BurstConfig as BurstConfig
from detectors.bursts.config import BurstThreshold as BurstThreshold
from detectors.bursts.statistics_config import BurstStatisticsConfig as BurstStatisticsConfig
from detectors.coherence.config import CoherenceConfig as CoherenceConfig
from detectors.conditioning.artifacts.line_noise import LineNoiseConfig as LineNoiseConfig
from detectors.conditioning.artifacts.movement import MovementConfig as MovementConfig
from detectors.conditioning.artifacts.saturation import SaturationConfig as SaturationConfig
from detectors.conditioning.artifacts.stimulation_blanking import (
    StimulationBlankingConfig as StimulationBlankingConfig,
)
from detectors.conditioning.artifacts.stimulation_period_config import (
    StimulationPeriodConfig as StimulationPeriodConfig,
)
from detectors.conditioning.quality_config import QualityConfig as QualityConfig
from detectors.contrasts.config import ConditionConfig as ConditionConfig
from detectors.contrasts.config import EventContrastConfig as EventContrastConfig
from detectors.contrasts.config import RestConfig as RestConfig
from detectors.coupling.config import PhaseAmplitudeCouplingConfig as PhaseAmplitudeCouplingConfig
from detectors.emg.bursts.config import MuscleBurstsConfig as MuscleBurstsConfig
from detectors.emg.co_contraction_config import CoContractionConfig as CoContractionConfig
from detectors.emg.spectrum.config import MuscleSpectrumConfig as MuscleSpectrumConfig
from detectors.emg.states.config import MuscleStateConfig as MuscleStateConfig
from detectors.power.config import BandPowerConfig as BandPowerConfig
from detectors.power.scale import PowerBaseline as PowerBaseline
from detectors.rhythm.oscillation_config import OscillationConfig as OscillationConfig
from detectors.rhythm.target_phase_config import AmplitudeGate as AmplitudeGate
from detectors.rhythm.target_phase_config import TargetPhaseConfig as TargetPhaseConfig
from stimloop.library.kinds.thresholds import Level, Percentile

def Aperiodic(
    id: str,
    /,
    *,
    stream: str = ...,
    channels: Sequence[str] = ...,
    band_hz: tuple[float, float] = ...,
    fit_hz: tuple[float, float] = ...,
    exclude_hz: Sequence[tuple[float, float]] = ...,
    segment_s: float = ...,
    window_s: float = ...,
    hop_s: float | None = ...,
) -> AperiodicConfig: ...
def BandPower(
    id: str,
    /,
    *,
    stream: str = ...,
    band_hz: tuple[float, float] | None = ...,
    preset: Literal["pd_stn_beta", "dystonia_gpi_low", "percept", "percept_single"] | None = ...,
    centre_hz: float | None = ...,
    bands_hz: Mapping[str, tuple[float, float]] | None = ...,
    channels: Sequence[str] = ...,
    method: Literal["periodogram", "recursive"] = ...,
    window_s: float | None = ...,
    time_constant_s: float | None = ...,
    order: int | None = ...,
    hop_s: float = ...,
    update_s: float | None = ...,
    scale: Literal["power", "log10", "decibel", "percent", "z"] = ...,
    baseline: PowerBaseline | Mapping[str, Any] | None = ...,
    total_hz: tuple[float, float] | None = ...,
    outside_max: float | None = ...,
    outside_time_constant_s: float | None = ...,
    output: Literal["power", "power_and_outside"] = ...,
) -> BandPowerConfig: ...
def Burst(
    id: str,
    /,
    *,
    of: str,
    threshold: BurstThreshold | Percentile | Level | Mapping[str, Any],
    hysteresis: float | None = ...,
    hysteresis_level: float | None = ...,
    smoothing_s: float = ...,
    duration_s_min: float = ...,
) -> BurstConfig: ...
def BurstStatistics(
    id: str,
    /,
    *,
    of: str,
    window_s: float = ...,
    hop_s: float = ...,
    long_s: float = ...,
    n_bursts_min: int = ...,
    null_delay_s: float = ...,
) -> BurstStatisticsConfig: ...
def CoContraction(
    id: str,
    /,
    *,
    stream: str = ...,
    channels: Sequence[str] = ...,
    band_hz: tuple[float, float] | None = ...,
    rest_uv: Mapping[str, float] = ...,
    rest_sd_uv: Mapping[str, float] = ...,
    reference_uv: Mapping[str, float] = ...,
    pairs: Sequence[tuple[str, str]] = ...,
    envelope_hz: float = ...,
    bandwidth_hz: float | None = ...,
    window_s: float = ...,
    hop_s: float = ...,
    crosstalk_max: float = ...,
    alpha: float = ...,
) -> CoContractionConfig: ...
def Coherence(
    id: str,
    /,
    *,
    stream: str = ...,
    other_stream: str | None = ...,
    band_hz: tuple[float, float] | None = ...,
    preset: Literal["pd_stn_beta", "dystonia_gpi_low"] | None = ...,
    pairs: Sequence[tuple[str, str]] = ...,
    channels: Sequence[str] = ...,
    segment_s: float = ...,
    window_s: float = ...,
    hop_s: float | None = ...,
    measures: Sequence[Literal["phase_locking", "phase_lag", "phase_lag_debiased"]] = ...,
    alpha: float = ...,
    threshold: float | Literal["level"] | None = ...,
    hysteresis: float = ...,
) -> CoherenceConfig: ...
def EventContrast(
    id: str,
    /,
    *,
    of: str | None = ...,
    measure: str = ...,
    stream: str | None = ...,
    rest: RestConfig | Mapping[str, Any] = ...,
    channels: Sequence[str] = ...,
    first: ConditionConfig | Mapping[str, Any],
    second: ConditionConfig | Mapping[str, Any],
    paired: bool = ...,
    pairs_begin_with: Literal["first", "second", "either"] | None = ...,
    mean: Literal["arithmetic", "geometric"] = ...,
    form: Literal["difference", "ratio", "index"] = ...,
    confidence: float = ...,
    n_min: int = ...,
    n_max: int = ...,
    n_permutations: int = ...,
    seed: int = ...,
    apart_s: float = ...,
    wait_s: float = ...,
    lost_share_max: float = ...,
    hop_s: float = ...,
) -> EventContrastConfig: ...
def LineNoise(
    *,
    frequency_hz: float,
    n_harmonics: int = ...,
    time_constant_s: float = ...,
) -> LineNoiseConfig: ...
def Movement(
    *,
    below_hz: float = ...,
    sd: float = ...,
    learn_s: float = ...,
    level_s: float = ...,
    hold_s: float = ...,
) -> MovementConfig: ...
def MuscleBursts(
    id: str,
    /,
    *,
    stream: str = ...,
    channels: Sequence[str] = ...,
    band_hz: tuple[float, float] | None = ...,
    rest_uv: Mapping[str, float] = ...,
    rest_sd_uv: Mapping[str, float] = ...,
    reference_uv: Mapping[str, float] = ...,
    pairs: Sequence[tuple[str, str]] = ...,
    method: Literal["amplitude", "teager_kaiser"] = ...,
    envelope_hz: float = ...,
    onset_sd: float = ...,
    offset_sd: float = ...,
    duration_s_min: float = ...,
    merge_s: float = ...,
    window_s: float = ...,
    hop_s: float = ...,
    n_bursts_min: int = ...,
    crosstalk_max: float = ...,
) -> MuscleBurstsConfig: ...
def MuscleSpectrum(
    id: str,
    /,
    *,
    stream: str = ...,
    channels: Sequence[str] = ...,
    band_hz: tuple[float, float] | None = ...,
    rest_uv: Mapping[str, float] = ...,
    rest_sd_uv: Mapping[str, float] = ...,
    reference_uv: Mapping[str, float] = ...,
    segment_s: float = ...,
    window_s: float = ...,
    hop_s: float | None = ...,
) -> MuscleSpectrumConfig: ...
def MuscleState(
    id: str,
    /,
    *,
    stream: str = ...,
    channels: Sequence[str] = ...,
    band_hz: tuple[float, float] | None = ...,
    rest_uv: Mapping[str, float] = ...,
    rest_sd_uv: Mapping[str, float] = ...,
    reference_uv: Mapping[str, float] = ...,
    pairs: Sequence[tuple[str, str]] = ...,
    bandwidth_hz: float | None = ...,
    window_s: float = ...,
    hop_s: float = ...,
    segment_s: float = ...,
    crosstalk_max: float = ...,
    alpha: float = ...,
) -> MuscleStateConfig: ...
def Oscillation(
    id: str,
    /,
    *,
    stream: str = ...,
    centre_hz: float,
    channels: Sequence[str] = ...,
    method: Literal["resonator", "hilbert"] = ...,
    half_width_hz: float = ...,
    order: int = ...,
    window_s: float | None = ...,
    lead_s: float = ...,
    hop_s: float = ...,
    outside_max: float | None = ...,
    outside_time_constant_s: float = ...,
    output: Literal["amplitude_and_phase", "amplitude", "amplitude_phase_and_outside"] = ...,
) -> OscillationConfig: ...
def PhaseAmplitudeCoupling(
    id: str,
    /,
    *,
    stream: str = ...,
    phase_band_hz: tuple[float, float],
    amplitude_band_hz: tuple[float, float],
    channels: Sequence[str] = ...,
    window_s: float = ...,
    hop_s: float = ...,
) -> PhaseAmplitudeCouplingConfig: ...
def Saturation(
    *,
    blank_s: float = ...,
) -> SaturationConfig: ...
def StimulationBlanking(
    *,
    blank_s: float = ...,
    settle_s: float = ...,
    pulse_markers: Sequence[str] = ...,
    change_markers: Sequence[str] = ...,
) -> StimulationBlankingConfig: ...
def StimulationPeriod(
    *,
    frequency_hz: float,
    search_hz: float = ...,
    learn_s: float = ...,
    window_s: float = ...,
    half_width_periods: float = ...,
    resets_on_change: bool = ...,
    change_markers: Sequence[str] = ...,
) -> StimulationPeriodConfig: ...
def TargetPhase(
    id: str,
    /,
    *,
    of: str,
    gate: AmplitudeGate | Percentile | Mapping[str, Any],
    phase_rad: float = ...,
    lead_s: float = ...,
    refractory_cycles: float = ...,
) -> TargetPhaseConfig: ...
