"""Reference of `muscle_state`: numpy and scipy on the envelopes of each window."""

from itertools import combinations

import numpy as np
from scipy.signal import butter, csd, get_window, sosfilt, welch

from detectors.block import StreamLayout
from detectors.emg.states.muscle_state import MuscleStateConfig
from detectors.testing.subject import Plain, StreamSamples
from tests.detectors.emg.naive_muscles import Filters, Muscle, Signal, muscle_of

N_OUTPUTS = 23
REST, TONIC, IN_TURN, TOGETHER, BURSTS, INDETERMINATE = range(6)


class Windows:
    """The envelopes that a configuration looks at, at a rate."""

    def __init__(self, config: MuscleStateConfig, rate_hz: float) -> None:
        self.filters = Filters.of(config, 20.0, rate_hz)
        self.step = max(1, round(rate_hz / 100.0))
        self.rate_hz = rate_hz / self.step
        hop = max(1, round(config.hop_s * self.rate_hz))
        self.n = max(2, round(config.window_s * self.rate_hz / hop)) * hop
        self.hop = hop * self.step
        self.length = self.n * self.step
        self.n_smooth = max(1, round(0.2 * self.rate_hz))
        band_hz = config.band_hz or (20.0, min(450.0, 0.45 * rate_hz))
        guard_hz = (band_hz[0] / 4.0, band_hz[0])
        self.guard = butter(2, guard_hz, "bandpass", output="sos", fs=rate_hz)
        one = np.zeros(100_000)
        one[0] = 1.0
        share = np.cumsum(sosfilt(self.guard, one) ** 2)
        settle = int(np.flatnonzero(share >= 0.95 * share[-1])[0]) + 1
        self.span = self.length + max(self.filters.settle, settle)
        width_hz = config.bandwidth_hz or band_hz[1] - band_hz[0]
        low_pass = sosfilt(self.filters.low_pass, one)
        mean = sum(np.roll(low_pass, lag * self.step) for lag in range(self.n_smooth))
        noise_hz = rate_hz / 2.0 * float(((mean / self.n_smooth) ** 2).sum())
        self.noise_cv2 = (np.pi / 2.0 - 1.0) * noise_hz / width_hz
        self.segment = round(config.segment_s * self.rate_hz)
        self.overlap = self.segment // 2
        hann = get_window("hann", self.segment)
        shift = self.segment - self.overlap
        shared = (hann[shift:] @ hann[:-shift] / (hann @ hann)) ** 2
        k = (self.n - self.segment) // shift + 1
        self.bins_hz = np.arange(self.segment // 2 + 1) * self.rate_hz / self.segment
        self.in_band = (self.bins_hz > 3.0 - 1e-6) & (self.bins_hz < 7.0 + 1e-6)
        independent = k / (1.0 + 2.0 * shared * (1.0 - 1.0 / k))
        alpha = config.alpha / self.in_band.sum()
        self.null = 1.0 - alpha ** (1.0 / (independent - 1.0))


def bursts_of(is_on: "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]") -> list[tuple[int, int]]:
    """Return where each burst that lies in a window whole begins, and how long it is."""
    edges = np.diff(is_on.astype(int))
    begins, ends = np.flatnonzero(edges == 1) + 1, np.flatnonzero(edges == -1) + 1
    found = [(begin, ends[ends > begin][0] - begin) for begin in begins if (ends > begin).any()]
    return [(int(begin), int(lasts)) for begin, lasts in found if lasts >= 2]


def is_on_of(
    envelope: Signal, rest: float, sd: float
) -> "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]":
    """Return when a muscle is above rest."""
    now, found = False, []
    for value in envelope:
        now = value > rest + (2.0 if now else 3.0) * sd
        found.append(now)
    return np.array(found)


def below_of(powers: Signal, emg_square: float, rate_hz: float) -> str:
    """Return what the mean powers of steps below the band are: heart, faint heart, movement."""
    ratio = powers.mean() / emg_square
    means = np.convolve(powers, np.ones(10) / 10.0, "valid")
    rises = np.flatnonzero(np.diff((means > 0.25 * means.max()).astype(int)) == 1) + 1
    beats: list[int] = []
    for each in rises:
        if not beats or each - beats[-1] >= int(0.3 * rate_hz):
            beats.append(int(each))
    is_beating = False
    if len(beats) >= 5:
        intervals_s = np.diff(beats) / rate_hz
        is_regular = intervals_s.std() / intervals_s.mean() <= 0.2
        is_beating = bool(0.6 <= 1.0 / intervals_s.mean() <= 2.2 and is_regular)
    if ratio > 0.4:
        return "heart" if is_beating else "movement"
    return "faint" if ratio > 0.1 and is_beating else ""


def at_a_cycle(centred: Signal, k: int, windows: Windows) -> float:
    """Return the highest correlation of a muscle with itself about a cycle of bin `k` later."""
    last = windows.segment // (k - 1) if k > 1 else windows.n
    lags = range(max(1, windows.segment // (k + 1)), min(last, round(0.5 * windows.rate_hz)) + 1)
    square = centred @ centred
    return max(float(centred[:-lag] @ centred[lag:] / square) for lag in lags)


def is_heart(bursts: list[tuple[int, int]], rate_hz: float) -> bool:
    """Return whether bursts beat as a heart does."""
    if len(bursts) < 5:
        return False
    intervals_s = np.diff([begin for begin, _ in bursts]) / rate_hz
    mean_s = intervals_s.mean()
    is_short = np.median([lasts for _, lasts in bursts]) / rate_hz <= 0.15
    return bool(0.6 <= 1.0 / mean_s <= 2.2 and intervals_s.std() / mean_s <= 0.15 and is_short)


def share_of(envelope: Signal, low_hz: float, high_hz: float, rate_hz: float) -> float:
    """Return how much of the power up to 20 Hz lies between two frequencies."""
    n_padded = 1 << (envelope.size - 1).bit_length()
    tapered = (envelope - envelope.mean()) * get_window("hann", envelope.size)
    power = np.abs(np.fft.rfft(tapered, n_padded)) ** 2
    at_hz = np.arange(power.size) * rate_hz / n_padded
    inside = (at_hz >= low_hz) & (at_hz <= high_hz)
    return float(power[inside].sum() / power[at_hz <= 20.0].sum())


def state_of(  # noqa: PLR0917 each is one thing that decides
    on: "list[np.ndarray[tuple[int, ...], np.dtype[np.bool_]]]",
    level_index: float,
    common: float,
    rhythm: tuple[bool, float, float, float],
    bursts: tuple[int, float],
    rate_hz: float,
) -> int:
    """Return the state; the last rule that fits is the first of the documentation."""
    is_rhythm, r, lag_s, at_hz = rhythm
    n_bursts, brief = bursts
    together = "".join("1" if both else "0" for both in on[0] & on[1]).split("0")
    is_held = max(map(len, together)) / rate_hz >= 1.0 and level_index >= 0.4
    is_half = abs(abs(lag_s) - 0.5 / at_hz) <= 0.1 / at_hz
    state = INDETERMINATE
    if n_bursts >= 5 and brief >= 0.5:
        state = BURSTS
    if is_held and common >= 0.5:
        state = TONIC
    if is_rhythm and r > 0.0:
        state = TOGETHER
    if is_rhythm and r < 0.0 and is_half:
        state = IN_TURN
    if max(each.mean() for each in on) < 0.02 and n_bursts < 5:
        state = REST
    return state


def measures_of(  # noqa: PLR0915, PLR0917 one measure after the other, as they are defined
    config: MuscleStateConfig,
    muscles: tuple[Muscle, Muscle],
    guarded: tuple[Signal, Signal],
    labels: tuple[str, str],
    newest: int,
    windows: Windows,
) -> tuple[list[float], list[bool]]:
    """Return the outputs of one sound pair, none of which is clipped, flat or off."""
    at = newest - np.arange(windows.n)[::-1] * windows.step
    a, b = (muscle.envelope_uv[at] for muscle in muscles)
    rate_hz = windows.rate_hz
    r = np.corrcoef(a, b)[0, 1]
    options = {"fs": rate_hz, "nperseg": windows.segment, "noverlap": windows.overlap}
    cross = np.abs(csd(a, b, **options)[1]) ** 2
    powers = welch(a, **options)[1] * welch(b, **options)[1]
    kept = windows.bins_hz <= 20.0 + 1e-6
    coherence = np.where(kept, cross / powers, 0.0)
    highest = coherence[windows.in_band].max()
    at_hz = windows.bins_hz[windows.in_band][np.argmax(cross[windows.in_band])]
    is_narrow = highest > 2.0 * np.median(coherence[kept][1:])
    da, db = a - a.mean(), b - b.mean()
    full = np.correlate(db, da, "full") / np.sqrt((da @ da) * (db @ db))
    most = min(round(0.5 * rate_hz), int(rate_hz / at_hz))
    near = full[windows.n - 1 - most : windows.n + most]
    k = round(at_hz * windows.segment / rate_hz)
    cycle = min(at_a_cycle(each, k, windows) for each in (da, db))
    peak, lag = float(near.max()), (int(np.argmax(near)) - most) / rate_hz
    smooth = [
        np.convolve(each, np.ones(windows.n_smooth), "valid") / windows.n_smooth for each in (a, b)
    ]
    shares = []
    for each in smooth:
        u2 = each.var() / each.mean() ** 2
        v2 = (u2 - windows.noise_cv2) / (1.0 + windows.noise_cv2)
        shares.append(v2 / u2 if v2 >= windows.noise_cv2 else 0.0)
    is_insufficient = min(shares) == 0.0
    corrected = 0.0
    if not is_insufficient:
        slow = np.corrcoef(smooth[0], smooth[1])[0, 1]
        corrected = float(np.clip(slow / np.sqrt(shares[0] * shares[1]), -1.0, 1.0))
    norms = [
        np.maximum(each - config.rest_uv[label], 0.0)
        / (config.reference_uv[label] - config.rest_uv[label])
        for each, label in zip((a, b), labels, strict=True)
    ]
    total = (norms[0] + norms[1]).sum()
    level_index = float(2.0 * np.minimum(norms[0], norms[1]).sum() / total) if total > 0.0 else 0.0
    on = [
        is_on_of(each, config.rest_uv[label], config.rest_sd_uv[label])
        for each, label in zip((a, b), labels, strict=True)
    ]
    found = [bursts_of(each) for each in on]
    durations = [lasts for each in found for _, lasts in each]
    n_on = sum(int(each.sum()) for each in on)
    brief = sum(each for each in durations if each <= int(0.1 * rate_hz + 1e-6)) / max(n_on, 1)
    burst_s = float(np.median(durations)) / rate_hz if durations else 0.0
    raw = [m.filtered_uv[newest + 1 - windows.length : newest + 1] for m in muscles]
    crosstalk = raw[0] @ raw[1] / np.sqrt((raw[0] @ raw[0]) * (raw[1] @ raw[1]))
    is_crosstalk = abs(crosstalk) > config.crosstalk_max
    last_step = (newest + 1) // windows.step
    below = [
        below_of(each[last_step - windows.n : last_step], float(m @ m / m.size), rate_hz)
        for each, m in zip(guarded, raw, strict=True)
    ]
    beats = "heart" in below or ("faint" in below and brief >= 0.5)
    moved = "movement" in below
    heart = beats or any(is_heart(each, rate_hz) for each in found)
    tremor = [share_of(each, 3.0, 7.0, rate_hz) for each in (a, b)]
    state = state_of(
        on,
        level_index,
        corrected if not is_insufficient else 1.0,
        (
            all(
                (
                    highest > windows.null and is_narrow and min(tremor) > 0.3,
                    peak >= 0.4 and cycle >= 0.35,
                )
            ),
            float(r),
            lag,
            float(at_hz),
        ),
        (len(durations), brief),
        rate_hz,
    )
    has_state = not is_crosstalk and not heart
    slowness = min(share_of(each, 0.0, 1.0, rate_hz) for each in (a, b))
    values = [
        *(float(state), float(r), corrected, peak, lag, cycle, float(highest), windows.null),
        *(float(at_hz), float(is_narrow), slowness, min(tremor), level_index),
        *(float(len(durations)), burst_s, brief, float(is_insufficient), float(is_crosstalk)),
        *(0.0, 0.0, float(heart), float(moved), 0.0),
    ]
    valid = [True] * N_OUTPUTS
    if beats or moved:
        valid = [False] * (N_OUTPUTS - 6) + [True] * 6
    else:
        valid[0], valid[2], valid[12], valid[14] = (
            has_state,
            not is_insufficient,
            total > 0.0,
            bool(durations),
        )
    return [value * is_valid for value, is_valid in zip(values, valid, strict=True)], valid


def powers_of(given: StreamSamples, column: int, muscle: Muscle, windows: Windows) -> Signal:
    """Return the mean power below the band of each step of a channel, of its good stretches."""
    samples_uv = given.samples_uv[:, column]
    squares = np.zeros(samples_uv.shape)
    edges = np.flatnonzero(np.diff((muscle.n_good > 0).astype(int), prepend=0, append=0))
    for start, stop in edges.reshape(-1, 2):
        piece = samples_uv[start:stop] - samples_uv[start]
        squares[start:stop] = sosfilt(windows.guard, piece) ** 2
    n_steps = squares.size // windows.step
    return np.asarray(squares[: n_steps * windows.step].reshape(n_steps, windows.step).mean(axis=1))


def muscle_state(config: MuscleStateConfig, layout: StreamLayout, given: StreamSamples) -> Plain:
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
        powers = {
            label: powers_of(piece, column, muscles[label], windows)
            for column, label in enumerate(layout.channels)
        }
        for newest in range(windows.hop - 1, stop - start, windows.hop):
            values.append([])
            valid.append([])
            for labels in pairs:
                a, b = (muscles[label] for label in labels)
                below = powers[labels[0]], powers[labels[1]]
                is_full = [each.n_good[newest] >= windows.span for each in (a, b)]
                found = [0.0] * N_OUTPUTS, [False] * N_OUTPUTS
                if all(is_full) and not (a.is_doubtful[newest] or b.is_doubtful[newest]):
                    found = measures_of(config, (a, b), below, labels, newest, windows)
                elif any(
                    each.was_bad[newest] and not full
                    for each, full in zip((a, b), is_full, strict=True)
                ):
                    found[0][-1] = 1.0
                found[1][-1] = True
                values[-1].append(found[0])
                valid[-1].append(found[1])
    shape = (-1, N_OUTPUTS * len(pairs))
    return np.array(values).reshape(shape), np.array(valid, dtype=np.bool_).reshape(shape)
