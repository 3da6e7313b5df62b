"""Configurations that need more memory than a rig has are refused before allocation."""

from collections.abc import Sequence

import pytest

from detectors.aperiodic.aperiodic import AperiodicConfig
from detectors.block import StreamLayout
from detectors.bursts.burst import BurstConfig, BurstThreshold
from detectors.bursts.statistics import BurstStatisticsConfig
from detectors.chain import DetectorChain
from detectors.coupling.phase_amplitude_coupling import PhaseAmplitudeCouplingConfig
from detectors.detector import DetectorConfig
from detectors.power.band_power import BandPowerConfig
from detectors.rhythm.oscillation import OscillationConfig
from detectors.rhythm.target_phase import AmplitudeGate, TargetPhaseConfig

_LAYOUT = StreamLayout("LFP", 30_000.0, tuple(f"C{index}" for index in range(300)))
_BETA = (13.0, 30.0)


def _amplitude(output: str) -> OscillationConfig:
    return OscillationConfig(
        id="a",
        stream="LFP",
        centre_hz=20.0,
        hop_s=1e-9,
        output=output,  # type: ignore[arg-type]
    )


def _power(**keys: object) -> BandPowerConfig:
    return BandPowerConfig(id="a", stream="LFP", band_hz=_BETA, window_s=60.0, **keys)  # type: ignore[arg-type]


_CALIBRATED = BurstThreshold(percentile=75.0, calibrate_s=3600.0)


@pytest.mark.parametrize(
    ("configs", "key"),
    [
        ([_power()], r"detectors\[0\].window_s"),
        ([_power(method="recursive", hop_s=1e-9)], r"detectors\[0\].window_s"),
        (
            [
                OscillationConfig(
                    id="a", stream="LFP", centre_hz=20.0, method="hilbert", window_s=60.0
                )
            ],
            r"detectors\[0\].window_s",
        ),
        (
            [AperiodicConfig(id="a", stream="LFP", segment_s=60.0, window_s=600.0)],
            r"detectors\[0\].segment_s",
        ),
        (
            [
                AperiodicConfig(
                    id="a",
                    stream="LFP",
                    segment_s=0.01,
                    window_s=600.0,
                    fit_hz=(300.0, 6000.0),
                    band_hz=(300.0, 6000.0),
                )
            ],
            r"detectors\[0\].window_s",
        ),
        (
            [
                PhaseAmplitudeCouplingConfig(
                    id="a",
                    stream="LFP",
                    phase_band_hz=(1.0, 1.05),
                    amplitude_band_hz=(60.0, 200.0),
                    window_s=60.0,
                )
            ],
            r"detectors\[0\].window_s",
        ),
        (
            [_amplitude("amplitude"), BurstConfig(id="b", of="a", threshold=_CALIBRATED)],
            r"detectors\[1\].threshold.calibrate_s",
        ),
        (
            [
                _amplitude("amplitude_and_phase"),
                TargetPhaseConfig(
                    id="b", of="a", gate=AmplitudeGate(percentile=50.0, calibrate_s=3600.0)
                ),
            ],
            r"detectors\[1\].gate.calibrate_s",
        ),
        (
            [
                _amplitude("amplitude"),
                BurstConfig(
                    id="b", of="a", threshold=BurstThreshold(level=3.0), duration_s_min=60.0
                ),
                BurstStatisticsConfig(id="c", of="b"),
            ],
            r"detectors\[2\].of: duration_s_min",
        ),
    ],
)
def test_what_takes_gigabytes_is_refused(configs: Sequence[DetectorConfig], key: str) -> None:
    with pytest.raises(ValueError, match=rf"^{key}: expected one for which at most 1.1 GB"):
        DetectorChain(configs, {"LFP": _LAYOUT})
