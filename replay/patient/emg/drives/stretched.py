"""Muscles that answer passive stretches as spastic ones do: the more, the faster the stretch."""

import math
from typing import Annotated

import numpy as np
from msgspec import Meta

from replay.patient.emg.drives.drive import Activity, Drive, Driven, Randoms, nothing

_STRETCHES = 30
#: Speed at which the drive is the active level, above the threshold.
_REFERENCE_DEG_PER_S = 100.0


class SpasticStretches(Activity, frozen=True, kw_only=True, tag="spastic"):
    """Passive stretches at random speeds, answered by the stretched muscles alone.

    The first, third and so on muscle is stretched; its drive while a stretch lasts is
    ``max(0, speed - threshold) / 100``, speeds in degrees a second. In between all rest.

    Parameters
    ----------
    speed_deg_per_s : tuple of float
        Slowest and fastest stretch; uniform in between.
    threshold_deg_per_s : float
        Speed below which there is no answer.
    range_deg : float
        Angle of each stretch, which lasts this divided by its speed.
    every_s : float
        Time from one stretch's onset to the next.
    """

    speed_deg_per_s: tuple[float, float] = (20.0, 200.0)
    threshold_deg_per_s: Annotated[float, Meta(ge=0.0, le=1000.0)] = 10.0
    range_deg: Annotated[float, Meta(gt=0.0, le=180.0)] = 60.0
    every_s: Annotated[float, Meta(gt=0.0, le=600.0)] = 4.0

    def __post_init__(self) -> None:
        slowest, fastest = self.speed_deg_per_s
        if not 0.0 < slowest <= fastest < math.inf:
            raise ValueError(
                f"speed_deg_per_s: expected the slowest first, found {list(self.speed_deg_per_s)}"
            )
        if self.range_deg / slowest >= self.every_s:
            raise ValueError(
                f"every_s: expected more than the slowest stretch's {self.range_deg / slowest:g} "
                f"s, found {self.every_s:g}"
            )

    def start(self, randoms: Randoms, *, rate_hz: float, n_muscles: int) -> Drive:
        """Return the process."""
        return _Stretched(self, randoms, rate_hz, n_muscles)


class _Stretched:
    def __init__(
        self, config: SpasticStretches, randoms: Randoms, rate_hz: float, n_muscles: int
    ) -> None:
        self._config, self._n_muscles, self._rate_hz = config, n_muscles, rate_hz
        self._random = randoms.of(_STRETCHES)
        self._speeds: list[float] = []
        self._sample = 0

    def next(self, n_samples: int) -> Driven:
        config = self._config
        sample = np.arange(self._sample, self._sample + n_samples)
        within, number = np.modf(sample / (config.every_s * self._rate_hz))
        while len(self._speeds) <= number[-1]:
            self._speeds.append(float(self._random.uniform(*config.speed_deg_per_s)))
        speed = np.asarray(self._speeds)[number.astype(int)]
        is_stretched = within * config.every_s * speed < config.range_deg
        answer = np.maximum(0.0, speed - config.threshold_deg_per_s) / _REFERENCE_DEG_PER_S
        drive = nothing(n_samples, self._n_muscles)
        drive[:, ::2] = np.where(is_stretched, answer, 0.0)[:, None]
        self._sample += n_samples
        return Driven(drive, nothing(n_samples, self._n_muscles))
