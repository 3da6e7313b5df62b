"""EMG whose drive is known: Gaussian noise of a band, times a drive."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

RATE_HZ = 1000.0

Signal = NDArray[np.float64]
#: As `emg`, at rest and active (µV, root mean square).
BASE_UV, ACTIVE_UV = 5.0, 100.0


def noise_of(
    random: np.random.Generator,
    shape: tuple[int, ...],
    band_hz: tuple[float, float] = (20.0, 450.0),
) -> Signal:
    """Return noise of a band with a root mean square of 1, shape (n_samples, ...)."""
    sections = butter(2, band_hz, "bandpass", output="sos", fs=RATE_HZ)
    made = sosfilt(sections, random.normal(size=shape), axis=0)
    return np.asarray(made / made.std(axis=0))


def slow_of(random: np.random.Generator, shape: tuple[int, ...], edge_hz: float = 0.5) -> Signal:
    """Return a slow drive with mean 0 and a standard deviation of 1."""
    made = sosfilt(butter(2, edge_hz, output="sos", fs=RATE_HZ), random.normal(size=shape), axis=0)
    return np.asarray((made - made.mean(axis=0)) / made.std(axis=0))


def emg(random: np.random.Generator, drive: Signal) -> Signal:
    """Return surface EMG of a drive, 0 at rest and 1 active, shape (n_samples, n_channels)."""
    return np.asarray((BASE_UV + (ACTIVE_UV - BASE_UV) * drive) * noise_of(random, drive.shape))


def half_waves(time_s: Signal, frequency_hz: float, phase_rad: tuple[float, ...]) -> Signal:
    """Return the upper halves of sines, one channel a phase."""
    angle = 2.0 * np.pi * frequency_hz * time_s[:, None] + np.array(phase_rad)
    return np.asarray(np.maximum(np.sin(angle), 0.0))


def hann_bursts(onset_s: Signal, duration_s: Signal, length_s: float) -> Signal:
    """Return a drive of bursts, each the shape of a Hann window."""
    drive = np.zeros(round(length_s * RATE_HZ))
    for start_s, lasts_s in zip(onset_s, duration_s, strict=True):
        first, n_samples = round(start_s * RATE_HZ), round(lasts_s * RATE_HZ)
        shape = 0.5 - 0.5 * np.cos(2.0 * np.pi * (np.arange(n_samples) + 0.5) / n_samples)
        drive[first : first + n_samples] = np.maximum(drive[first : first + n_samples], shape)
    return drive


def walking_noise(data_dir: Path, n_pieces: int) -> Signal:
    """Return noise of the spectra of walking muscles, phases drawn anew, of mean modulus 1."""
    file = data_dir / "emg-walk-13muscles" / "emg_13muscles.csv"
    recorded = np.genfromtxt(file, delimiter=",", skip_header=1)[:, 1:13]
    random = np.random.default_rng(9)
    size = np.abs(np.fft.rfft(recorded - recorded.mean(axis=0), axis=0))
    pieces = []
    for _ in range(n_pieces):
        phase = np.exp(2j * np.pi * random.random(size.shape))
        pieces.append(np.fft.irfft(size * phase, axis=0))
    joined = np.concatenate(pieces)
    sections = butter(2, (20.0, 450.0), "bandpass", output="sos", fs=RATE_HZ)
    return np.asarray(joined / np.abs(sosfilt(sections, joined, axis=0)).mean(axis=0))
