"""Whether samples can be what they say they are: finite, moving, within their rails, of a size."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.block import Taint
from detectors.compiling.bundle import Bundle
from detectors.conditioning import quality_kernel as kernel
from detectors.conditioning.findings import Finding
from detectors.conditioning.montage import Montage
from detectors.conditioning.quality_config import Kind, QualityConfig, expect_order
from detectors.conditioning.quality_state import (
    UNUSUAL,
    AmplitudeStretch,
    Judged,
    QualityChanges,
    QualityLimits,
    State,
)
from detectors.conditioning.units import unit_of
from detectors.kernels.found_counter import FoundCounter

__all__ = ["Kind", "QualityConfig", "SampleJudge"]

#: Seconds of samples in a stretch, over which amplitude is judged ...
STRETCH_S: Final = 2.0
#: ... and from one look at it to the next: what is too large is known before the stretch is over.
LOOK_S: Final = 0.1

_N_LOOK_MIN: Final = 16
_N_FROZEN_MIN: Final = 10
_N_RAIL: Final = 3
_N_FOUND_MAX: Final = 64
#: Powers of ten that a stimulation artifact may be over the signal.
_ARTIFACT_POWER: Final = 3
_SIGNALS: Final = ("lfp", "emg")
_SD_UV = {"lfp": (1.0, 200.0), "emg": (0.05, math.inf)}
_PEAK_UV = {"emg": 5000.0}
#: What is usual, to tell by which factor of a thousand an amplitude is off.
_USUAL_SD_UV = {"lfp": 15.0, "emg": 50.0}
_KINDS = {
    int(Taint.NOT_FINITE): "not_finite",
    int(Taint.FROZEN): "frozen",
    int(Taint.SATURATED): "saturated",
    UNUSUAL: "unusual",
    int(Taint.IMPLAUSIBLE): "implausible",
}
_TEXTS = {
    "not_finite": "is not finite, the last good value stands in",
    "frozen": "repeats one value",
    "saturated": "sits at its rail",
}


class SampleJudge:
    """Converts samples to microvolts, judges each, and combines them to the montage's channels.

    Parameters
    ----------
    config : QualityConfig
        The limits.
    kind : {"lfp", "emg", "markers", "other"}
        What the samples are of; only LFP and EMG can be frozen or of implausible amplitude
        without a limit being given.
    rate_hz : float
        Nominal rate.
    factors : sequence of float
        From each channel's unit to microvolts.
    montage : Montage
        The channels to make.
    counts : Counter
        Where `count` writes ``not_finite``, ``frozen``, ``saturated``, ``implausible`` and
        ``unusual``, in samples of the stream's own channels.
    is_cleaned : bool
        Whether a step takes stimulation off what was judged here: an LFP a thousand times too large
        is then more likely its artifact than another unit.

    Raises
    ------
    ValueError
        Where a limit contradicts the default of another; the text begins with the key path
        relative to the stream's table.

    Notes
    -----
    Causal and chunk-invariant; a sample is tainted from when the reason is known. Runs and
    stretches begin anew at a restart; a verdict on the amplitude stands until the next one. A
    value that is not finite, or over 1e12 microvolts, is replaced by the channel's last good
    one since the restart, zero before any, and kept out of every judgement.
    """

    def __init__(
        self,
        config: QualityConfig,
        *,
        kind: Kind,
        rate_hz: float,
        factors: Sequence[float],
        montage: Montage,
        counts: Counter[str],
        is_cleaned: bool = False,
    ) -> None:
        self._is_cleaned = is_cleaned
        self._channels = montage.channels
        self._kind = kind
        self._counts = counts
        self._montage = montage
        self._factors = np.array(factors, np.float64)
        self._limits = _limits(config, kind, rate_hz)
        self._rails = _rails(config, self._factors)
        self._rails_by_dtype: dict[np.dtype[np.generic], NDArray[np.float64]] = {}
        n_own = len(factors)
        n_found_max = max(_N_FOUND_MAX, 2 * len(_KINDS) * n_own)
        self._state = Bundle(
            State(
                factors=self._factors,
                first_term=montage.first_term,
                source=montage.source,
                weight=montage.weight,
                n_tainted=np.zeros((len(_KINDS), n_own), dtype=np.int64),
                limits=QualityLimits(**self._limits),
                judged=_nothing_judged(n_own),
                changes=_no_changes(n_found_max),
            )
        )

    def update(
        self, samples: NDArray[np.generic], stamp_taint: NDArray[np.uint16], first_sample: int
    ) -> tuple[NDArray[np.float64], NDArray[np.uint16], list[Finding]]:
        """Return samples in microvolts, their taint, and what was found."""
        raw = np.array(samples, np.float64, order="C")
        samples_uv = np.empty((raw.shape[0], len(self._channels)))
        taint = np.empty(samples_uv.shape, np.uint16)
        rails = self._rails_of(samples.dtype)
        findings: list[Finding] = []
        state = self._state.fields
        done = 0
        while done < raw.shape[0]:
            done = kernel.update(
                raw, done, stamp_taint, rails, samples_uv, taint, self._state.addresses
            )
            n_found = int(state.changes.counter.view("n_written"))
            if not n_found:
                continue
            columns = [each[:n_found].tolist() for each in state.changes[:-1]]
            findings += [
                self._describe(first_sample + row, channel, bit, begins, (sd_uv, half_range_uv))
                for row, channel, bit, begins, sd_uv, half_range_uv in zip(*columns, strict=True)
            ]
        return samples_uv, taint, findings

    @property
    def n_samples_by_channel(self) -> dict[tuple[str, str], int]:
        """How many samples each kind was found in, by kind and label of the stream's channel."""
        return {
            (kind, label): int(n_samples)
            for kind, row in zip(_KINDS.values(), self._state.fields.n_tainted, strict=True)
            for label, n_samples in zip(self._channels, row, strict=False)
            if n_samples
        }

    def count(self) -> None:
        """Bring the counts up to date."""
        totals = self._state.fields.n_tainted.sum(axis=1).tolist()
        for kind, n_tainted in zip(_KINDS.values(), totals, strict=True):
            if n_tainted:
                self._counts[kind] = n_tainted

    def _describe(
        self, sample: int, channel: int, bit: int, begins: bool, amplitude_uv: tuple[float, float]
    ) -> Finding:
        kind, label = _KINDS[bit], self._channels[channel]
        if not begins:
            return Finding(sample, kind, f"{label} over", f"{label} is good again", begins=False)
        text = _TEXTS.get(kind) or self._amplitude(channel, *amplitude_uv)
        if kind == "implausible":
            text = f"{text}: it cannot be in this unit, its samples are not to be used"
        return Finding(sample, kind, label, f"{label} {text}")

    def _amplitude(self, channel: int, sd_uv: float, half_range_uv: float) -> str:
        low, high = self._limits["sd_min_uv"], self._limits["sd_max_uv"]
        peak = self._limits["half_range_max_uv"]
        if half_range_uv > peak:
            text = f"reaches {half_range_uv:.3g} uV, expected at most {peak:g} uV"
        else:
            text = f"has a standard deviation of {sd_uv:.3g} uV, expected {low:g} to {high:g} uV"
        usual = _USUAL_SD_UV.get(self._kind)
        if usual is None or not sd_uv > 0.0:
            return text
        power = 3 * round(math.log10(sd_uv / usual) / 3.0)
        if not power or (power == _ARTIFACT_POWER and self._is_cleaned):
            return text
        text = f"{text}: looks like 1e{abs(power)} too {'large' if power > 0 else 'small'}"
        fitting = unit_of(self._factors[channel] * 10.0**-power)
        return f'{text}, unit = "{fitting}" would fit' if fitting else text

    def _rails_of(self, dtype: np.dtype[np.generic]) -> NDArray[np.float64]:
        rails = self._rails_by_dtype.get(dtype)
        if rails is None:
            rails = self._rails.copy()
            if dtype.kind in "iu":
                limits = np.iinfo(dtype.name)
                rails[0] = np.maximum(rails[0], float(limits.min))
                rails[1] = np.minimum(rails[1], float(limits.max))
            self._rails_by_dtype[dtype] = rails
        return rails


def _limits(config: QualityConfig, kind: Kind, rate_hz: float) -> dict[str, float]:
    low, high = _SD_UV.get(kind, (0.0, math.inf))
    low = low if config.sd_uv_min is None else config.sd_uv_min
    high = high if config.sd_uv_max is None else config.sd_uv_max
    expect_order("quality.", low, high)
    peak = _PEAK_UV.get(kind, math.inf) if config.peak_uv_max is None else config.peak_uv_max
    n_frozen = max(_N_FROZEN_MIN, round(config.frozen_s * rate_hz))
    n_look = max(_N_LOOK_MIN, round(LOOK_S * rate_hz))
    return {
        "n_frozen": n_frozen if kind in _SIGNALS else math.inf,
        "n_rail": _N_RAIL,
        "sd_min_uv": low,
        "sd_max_uv": high,
        "half_range_max_uv": peak,
        "n_look": n_look,
        "n_stretch": n_look * max(2, round(STRETCH_S * rate_hz / n_look)),
    }


def _nothing_judged(n_own: int) -> Judged:
    return Judged(
        last_uv=np.zeros(n_own),
        n_equal=np.zeros(n_own),
        n_at_rail=np.zeros(n_own),
        bits=np.zeros(n_own, dtype=np.int64),
        verdict=np.zeros(n_own),
        n_good=np.zeros(n_own),
        origin_uv=np.zeros(n_own),
        sum_uv=np.zeros(n_own),
        squares_uv2=np.zeros(n_own),
        lowest_uv=np.zeros(n_own),
        highest_uv=np.zeros(n_own),
        stretch=AmplitudeStretch(),
    )


def _no_changes(n_rows: int) -> QualityChanges:
    return QualityChanges(
        row=np.zeros(n_rows, dtype=np.int64),
        channel=np.zeros(n_rows, dtype=np.int64),
        bit=np.zeros(n_rows, dtype=np.int64),
        begins=np.zeros(n_rows, dtype=np.bool_),
        sd_uv=np.zeros(n_rows),
        half_range_uv=np.zeros(n_rows),
        counter=FoundCounter(),
    )


def _rails(config: QualityConfig, factors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the lower and upper rail of each channel in the stream's own unit."""
    # A shade below it, for the rail may have been rounded to single precision on its way.
    rail = math.inf if config.saturation_uv is None else config.saturation_uv * (1.0 - 1e-6)
    return np.vstack((-rail / factors, rail / factors))
