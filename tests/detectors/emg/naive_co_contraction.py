"""Reference of `co_contraction`: numpy on the envelopes of each window."""

from itertools import combinations

import numpy as np

from detectors.block import StreamLayout
from detectors.emg.co_contraction import CoContractionConfig
from detectors.testing.subject import Plain, StreamSamples
from tests.detectors.emg.naive_muscles import Filters, Muscle, muscle_of

N_OUTPUTS = 11
_Z = 1.6448536269514722


class Windows:
    """The samples that a configuration looks at, at a rate."""

    def __init__(self, config: CoContractionConfig, rate_hz: float) -> None:
        self.filters = Filters.of(config, config.envelope_hz, rate_hz)
        self.hop = max(1, round(config.hop_s * rate_hz))
        self.length = max(2, round(config.window_s * rate_hz / self.hop)) * self.hop
        self.step = max(1, round(rate_hz / (5.0 * config.envelope_hz)))
        self.n_lags = max(1, int(min(self.length / 5.0, 2.0 * rate_hz) / self.step))
        self.span = self.length + self.n_lags * self.step + self.filters.settle
        band_hz = config.band_hz or (20.0, min(450.0, 0.45 * rate_hz))
        width_hz = config.bandwidth_hz or band_hz[1] - band_hz[0]
        self.noise_cv2 = (np.pi / 2.0 - 1.0) * self.filters.noise_hz / width_hz


def null_of(a: Muscle, b: Muscle, newest: int, windows: Windows) -> float:
    """Return the correlation that chance exceeds, by the past of both envelopes."""
    # Counted from the restart, every `step` samples.
    at = np.arange(windows.step - 1, newest + 1, windows.step)
    at = at[at > newest - windows.length]
    shared = 1.0
    past = []
    for muscle in (a, b):
        now = muscle.envelope_uv[at]
        lagged = [
            (now - now.mean()) @ muscle.envelope_uv[at - lag * windows.step]
            for lag in range(windows.n_lags + 1)
        ]
        past.append(np.array(lagged) / lagged[0])
    for lag in range(1, windows.n_lags + 1):
        shared += 2.0 * (1.0 - lag / at.size) * past[0][lag] * past[1][lag]
    n_independent = at.size / max(shared, 0.5)
    return float(np.tanh(_Z / np.sqrt(max(n_independent - 3.0, 1.0))))


def measures_of(
    config: CoContractionConfig,
    muscles: tuple[Muscle, Muscle],
    labels: tuple[str, str],
    newest: int,
    windows: Windows,
) -> tuple[list[float], list[bool]]:
    """Return the outputs of one sound pair, none of which is clipped, flat or off."""
    part = slice(newest + 1 - windows.length, newest + 1)
    a, b = (muscle.envelope_uv[part] for muscle in muscles)
    r = np.corrcoef(a, b)[0, 1]
    raw = [muscle.filtered_uv[part] for muscle in muscles]
    crosstalk = float(raw[0] @ raw[1] / np.sqrt((raw[0] @ raw[0]) * (raw[1] @ raw[1])))
    is_crosstalk = abs(crosstalk) > config.crosstalk_max
    shares = []
    for each in (a, b):
        u2 = each.var() / each.mean() ** 2
        v2 = (u2 - windows.noise_cv2) / (1.0 + windows.noise_cv2)
        shares.append(v2 / u2 if v2 >= windows.noise_cv2 else 0.0)
    is_insufficient = min(shares) == 0.0
    has_rest = all(label in config.rest_uv for label in labels)
    has_reference = all(label in config.reference_uv for label in labels)
    is_at_rest = has_rest and all(
        each.mean() <= config.rest_uv[label] + 3.0 * config.rest_sd_uv[label]
        for each, label in zip((a, b), labels, strict=True)
    )
    level_index = 0.0
    if has_reference:
        na, nb = (
            np.maximum(each - config.rest_uv[label], 0.0)
            / (config.reference_uv[label] - config.rest_uv[label])
            for each, label in zip((a, b), labels, strict=True)
        )
        level_index = 2.0 * np.minimum(na, nb).sum() / (na + nb).sum()
    can_correct = not is_insufficient and not is_crosstalk
    corrected = 0.0
    if can_correct:
        corrected = float(np.clip(r / np.sqrt(shares[0] * shares[1]), -1.0, 1.0))
    flags = [float(is_crosstalk), 0.0, 0.0, float(is_insufficient), float(is_at_rest), 0.0]
    null = null_of(*muscles, newest, windows)
    values: list[float] = [float(r), null, corrected, level_index, crosstalk, *flags]
    valid = [True] * N_OUTPUTS
    valid[2], valid[3], valid[9] = can_correct, has_reference and not is_at_rest, has_rest
    return [value * is_valid for value, is_valid in zip(values, valid, strict=True)], valid


def co_contraction(
    config: CoContractionConfig, layout: StreamLayout, given: StreamSamples
) -> Plain:
    """Return values and validity of every hop of a recording."""
    windows = Windows(config, layout.rate_hz)
    pairs = config.pairs or tuple(combinations(config.channels or layout.channels, 2))
    values: list[list[list[float]]] = []
    valid: list[list[list[bool]]] = []
    starts = given.restarts
    for start, stop in zip(starts, [*starts[1:], given.n_samples], strict=True):
        piece = given.since(start).until(stop - start)
        muscles = {
            label: muscle_of(piece, column, windows.filters)
            for column, label in enumerate(layout.channels)
        }
        for newest in range(windows.hop - 1, stop - start, windows.hop):
            values.append([])
            valid.append([])
            for labels in pairs:
                a, b = (muscles[label] for label in labels)
                is_full = [each.n_good[newest] >= windows.span for each in (a, b)]
                found = [0.0] * N_OUTPUTS, [False] * N_OUTPUTS
                if all(is_full) and not (a.is_doubtful[newest] or b.is_doubtful[newest]):
                    found = measures_of(config, (a, b), labels, newest, windows)
                elif any(
                    each.was_bad[newest] and not full
                    for each, full in zip((a, b), is_full, strict=True)
                ):
                    found[0][10] = 1.0
                found[1][10] = True
                values[-1].append(found[0])
                valid[-1].append(found[1])
    shape = (-1, N_OUTPUTS * len(pairs))
    return np.array(values).reshape(shape), np.array(valid, dtype=np.bool_).reshape(shape)
