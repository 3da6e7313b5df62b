"""What electrodes over muscles also see: neighbouring muscles, the heart and the mains."""

import math
from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from replay.patient.emg.generated_emg import Heartbeat

_NotNegative = Annotated[float, Meta(ge=0.0, le=1e5)]
#: Waves of a heartbeat: height against the R wave, centre after it and SD, both in seconds.
_WAVES = (
    (0.12, -0.18, 0.025),
    (-0.12, -0.025, 0.008),
    (1.0, 0.0, 0.011),
    (-0.25, 0.028, 0.010),
    (0.3, 0.27, 0.045),
)
#: A beat reaches from this long before its R wave to this long after it.
_BEFORE_S, _AFTER_S = 0.3, 0.45


class ArtifactConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is added to every channel.

    Parameters
    ----------
    crosstalk : float
        Share of each other muscle's signal that a channel sees beside its own.
    ecg_uv : float
        Height of the R wave.
    heart_rate_bpm, heart_rate_spread : float
        Mean heart rate in beats a minute, and SD of the interval over its mean.
    line_uv, line_hz : float
        Amplitude and frequency of the mains hum.
    """

    crosstalk: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.0
    ecg_uv: _NotNegative = 0.0
    heart_rate_bpm: Annotated[float, Meta(ge=40.0, le=120.0)] = 70.0
    heart_rate_spread: Annotated[float, Meta(ge=0.0, le=0.1)] = 0.04
    line_uv: _NotNegative = 0.0
    line_hz: Annotated[float, Meta(gt=0.0, le=1e3)] = 50.0


def mixed_uv(muscle_uv: NDArray[np.float64], crosstalk: float) -> NDArray[np.float64]:
    """Return what electrodes see of muscles: each its own, and a share of all others."""
    if crosstalk == 0.0:
        return muscle_uv
    others_uv = muscle_uv.sum(axis=1, keepdims=True) - muscle_uv
    seen_uv: NDArray[np.float64] = muscle_uv + crosstalk * others_uv
    return seen_uv


class Heart:
    """The electrocardiogram, of unit height.

    Parameters
    ----------
    config : ArtifactConfig
        Its rate.
    random : numpy.random.Generator
        Of its intervals.
    rate_hz : float
        Sampling rate.
    """

    def __init__(self, config: ArtifactConfig, random: np.random.Generator, rate_hz: float) -> None:
        self._mean = 60.0 / config.heart_rate_bpm * rate_hz
        self._sd, self._random, self._rate_hz = config.heart_rate_spread, random, rate_hz
        self._next = float(random.uniform()) * self._mean
        self._beats: list[float] = []
        self._sample = 0

    def next(self, n_samples: int) -> tuple[NDArray[np.float64], tuple[Heartbeat, ...]]:
        """Return the next samples, and the R waves that peak within them."""
        start, stop = self._sample, self._sample + n_samples
        while self._next < stop + _BEFORE_S * self._rate_hz:
            self._beats.append(self._next)
            # Five SD from the mean, an interval is still three quarters of it or half at most.
            deviation = float(np.clip(self._random.standard_normal(), -5.0, 5.0))
            self._next += self._mean * (1.0 + self._sd * deviation)
        self._beats = [each for each in self._beats if each + _AFTER_S * self._rate_hz > start]
        wave = np.zeros(n_samples)
        for beat in self._beats:
            after_s = (np.arange(start, stop) - beat) / self._rate_hz
            for height, centre_s, sd_s in _WAVES:
                wave += height * np.exp(-0.5 * ((after_s - centre_s) / sd_s) ** 2)
        self._sample = stop
        return wave, tuple(Heartbeat(each) for each in self._beats if start <= each < stop)


def hum(first_sample: int, n_samples: int, cycles_per_sample: float) -> NDArray[np.float64]:
    """Return the mains hum, of unit amplitude."""
    cycles = np.arange(first_sample, first_sample + n_samples) * cycles_per_sample % 1.0
    wave: NDArray[np.float64] = np.sin(2.0 * math.pi * cycles)
    return wave
