"""A healthy simulated patient, as loud as the recording beside the band: nothing is to be found."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import welch

from replay.patient.patient import Patient, PatientConfig
from replay.recording import RecordedStream, ranges
from replay.scoring.chance.surrogates import HeldStream, first_samples

#: The sampling rates that the simulated patient knows.
_RATES_HZ: Final = (100.0, 50_000.0)
#: Seconds of the recording that its loudness is taken from.
_MEASURED_S: Final = 60.0
#: Samples that are generated at once: a patient draws some hundred numbers for each.
_N_AT_ONCE: Final = 4096
#: Beside the band: from half the low edge to nine tenths of it, and as far above the high one.
_FLANKS: Final = (0.5, 0.9, 1.1, 1.5)


def healthy_stream(
    stream: RecordedStream, band_hz: tuple[float, float], length_s: float, seed: int
) -> RecordedStream | None:
    """Return a stream of 1/f noise without any oscillation in the place of a recorded one.

    Parameters
    ----------
    stream : RecordedStream
        The recorded stream, whose labels, unit and first stamp it has.
    band_hz : (float, float)
        The band that is looked at.
    length_s : float
        How long it is.
    seed : int
        Of the patient.

    Returns
    -------
    RecordedStream or None
        The simulated patient (`replay.patient.patient.Patient`) with the gain of its oscillation at
        0 and without hum. Each channel is as loud as the recorded one beside the band, from 0.5 to
        0.9 times its low edge and from 1.1 to 1.5 times its high one. None where the rate is none
        that the patient can have.
    """
    rate_hz = stream.info.rate_hz
    if not _RATES_HZ[0] <= rate_hz <= _RATES_HZ[1]:
        return None
    labels = stream.info.channels
    patient = Patient(
        PatientConfig(
            seed=seed,
            rate_hz=rate_hz,
            channels=tuple(f"channel_{number}" for number in range(len(labels))),
            gains=(0.0,) * len(labels),
            beta_hz=0.1 * rate_hz,
            line_hz=0.1 * rate_hz,
            line_uv=0.0,
        )
    )
    n_samples = max(1, round(length_s * rate_hz))
    noise = np.empty((n_samples, len(labels)))
    for start, stop in ranges(n_samples, _N_AT_ONCE):
        noise[start:stop] = patient.generate(stop - start, 0.0)
    recorded, stamps_s = first_samples(stream, _MEASURED_S)
    louder = _flanks(recorded, rate_hz, band_hz) / _flanks(noise, rate_hz, band_hz)
    noise *= np.sqrt(louder)
    first_s = float(stamps_s[0])
    # As recorded: stamps may count milliseconds.
    step_s = float(np.median(np.diff(stamps_s))) if len(stamps_s) > 1 else 0.0
    step_s = step_s if step_s > 0.0 else 1.0 / rate_hz
    stamps_at_s = first_s + step_s * np.arange(n_samples, dtype=np.float64)
    return HeldStream(stream.info, noise, stamps_at_s, stream.clock)


def _flanks(
    samples: NDArray[np.float64], rate_hz: float, band_hz: tuple[float, float]
) -> NDArray[np.float64]:
    """Return the median density beside the band, of each channel."""
    n_window = min(len(samples), round(2.0 * rate_hz))
    of_channel: list[NDArray[np.float64]] = []
    for column in samples.T:
        finite = np.where(np.isfinite(column), column, 0.0)
        hz, density = welch(finite, rate_hz, nperseg=n_window)
        of_channel.append(density)
    low, below, above, high = np.array(_FLANKS) * np.repeat(band_hz, 2)
    is_beside = ((hz >= low) & (hz <= below)) | ((hz >= above) & (hz <= high))
    if not is_beside.any():
        is_beside = hz > 0.0
    found = np.array([np.median(each[is_beside]) for each in of_channel], np.float64)
    return np.asarray(np.maximum(found, np.finfo(np.float64).tiny), np.float64)
