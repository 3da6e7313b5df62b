"""The amplitude of a stretch of samples, and the verdict on it."""

from typing import Final

import numpy as np

from detectors.block import Taint
from detectors.compiling.kernel import kernel
from detectors.conditioning.quality_state import UNUSUAL, Judged, QualityLimits

#: Half of a factor of a thousand: what is further from the usual than this has another unit.
_WRONG_UNIT: Final = 1000.0**0.5

_IMPLAUSIBLE: Final = int(Taint.IMPLAUSIBLE)


@kernel
def add_to_stretch(channel: int, judged: Judged) -> None:
    """Take the newest value into its stretch."""
    value_uv = judged.last_uv[channel]
    if judged.n_good[channel] == 0.0:
        judged.origin_uv[channel] = value_uv
        judged.sum_uv[channel] = 0.0
        judged.squares_uv2[channel] = 0.0
        judged.lowest_uv[channel] = value_uv
        judged.highest_uv[channel] = value_uv
    distance = value_uv - judged.origin_uv[channel]
    judged.n_good[channel] += 1.0
    judged.sum_uv[channel] += distance
    judged.squares_uv2[channel] += distance * distance
    judged.lowest_uv[channel] = min(judged.lowest_uv[channel], value_uv)
    judged.highest_uv[channel] = max(judged.highest_uv[channel], value_uv)


@kernel
def judge_amplitude(channel: int, is_last: bool, limits: QualityLimits, judged: Judged) -> None:
    """Judge the amplitude of the stretch so far, where enough of it is good."""
    n_good = judged.n_good[channel]
    if 2.0 * n_good < limits.n_look:
        return
    level = _level(channel, limits, judged)
    if is_last and 2.0 * n_good >= limits.n_stretch:
        judged.verdict[channel] = level
    elif level > 0.0:  # what is small may still grow within its stretch
        judged.verdict[channel] = max(judged.verdict[channel], level)


@kernel
def verdict_bits(channel: int, judged: Judged) -> int:
    """Return the bits of the verdict that stands."""
    size = abs(judged.verdict[channel])
    if size >= 2.0:
        return _IMPLAUSIBLE | UNUSUAL
    return UNUSUAL if size >= 1.0 else 0


@kernel
def _level(channel: int, limits: QualityLimits, judged: Judged) -> float:
    """Return the verdict on the amplitude of the stretch so far."""
    reach = half_range(channel, judged)
    if _is_wider(limits.sd_max_uv, channel, judged) or reach > limits.half_range_max_uv:
        is_wrong = (
            _is_wider(limits.sd_max_uv * _WRONG_UNIT, channel, judged)
            or reach > limits.half_range_max_uv * _WRONG_UNIT
        )
        return 2.0 if is_wrong else 1.0
    if _is_wider(limits.sd_min_uv, channel, judged):
        return 0.0
    return -1.0 if _is_wider(limits.sd_min_uv / _WRONG_UNIT, channel, judged) else -2.0


@kernel
def _is_wider(deviation_uv: float, channel: int, judged: Judged) -> bool:
    """Return whether the standard deviation of the stretch is at least so large."""
    n_good = judged.n_good[channel]
    total = judged.sum_uv[channel]
    spread = max(0.0, n_good * judged.squares_uv2[channel] - total * total)
    return bool(spread >= (n_good * deviation_uv) * (n_good * deviation_uv))


@kernel
def deviation(channel: int, judged: Judged) -> float:
    """Return the standard deviation of the stretch so far, 0 where nothing of it is good."""
    n_good = judged.n_good[channel]
    if n_good == 0.0:
        return 0.0
    mean = judged.sum_uv[channel] / n_good
    return float(np.sqrt(max(0.0, judged.squares_uv2[channel] / n_good - mean * mean)))


@kernel
def half_range(channel: int, judged: Judged) -> float:
    """Return half the range of the stretch so far, 0 where nothing of it is good."""
    if judged.n_good[channel] == 0.0:
        return 0.0
    return float(0.5 * (judged.highest_uv[channel] - judged.lowest_uv[channel]))
