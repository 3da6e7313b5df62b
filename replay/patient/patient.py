"""A simulated patient: beta oscillations that stimulation damps, in closed form."""

import math
from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from replay.patient.oscillator_kernel import N_RANDOM, Rates, add_pink, oscillate, pink_decays
from streamer.source import StreamInfo

_Text = Annotated[str, Meta(min_length=1)]
_Positive = Annotated[float, Meta(gt=0.0, le=1e6)]
_NotNegative = Annotated[float, Meta(ge=0.0, le=1e6)]


class PatientConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[patient]` table: a patient with Parkinson's disease, off medication.

    Parameters
    ----------
    seed : int
        Seed of all random numbers.
    name, type, source_id : str
        Of the LSL stream.
    device : str
        Id of the device that stimulates the patient; without stimulation if empty.
    rate_hz : float
        Sampling rate.
        Sampling rate.
    chunk_samples : int
        Samples that are sent at once.
    channels : tuple of str
        Labels.
    gains : tuple of float
        Gain of the oscillation in each channel, with its sign. It is reversed in contacts above
        and below the source, so that their difference has the largest amplitude.
    scale_uv : float
        Root of twice the oscillation's mean power, at gain 1 without stimulation.
    beta_hz : float
        Frequency of the oscillation.
    damping_per_s : float
        Damping without stimulation; the spectral peak has this divided by pi as its width.
    damping_added_per_s_max, current_half_ma, hill : float
        The most damping that stimulation adds, the amplitude that adds half of it, and the
        steepness in between (Hill's exponent).
    onset_s, washout_s : float
        Time constants with which the effect follows the amplitude up and down.
    drive_sd, drive_s : float
        Standard deviation and time constant of the logarithm of the noise that drives the
        oscillation: bursts are longer and stronger than those of filtered noise. 0: constant.
    pink_uv : float
        Standard deviation of the 1/f noise, independent on each channel.
    line_uv, line_hz : float
        Amplitude and frequency of the mains hum.

    Raises
    ------
    ValueError
        Where the parts do not fit each other; the text begins with the key.
    """

    seed: Annotated[int, Meta(ge=0)] = 1
    name: _Text = "SimulatedPatient"
    type: _Text = "LFP"
    source_id: _Text = "simulated-patient"
    device: str = ""
    rate_hz: Annotated[float, Meta(ge=100.0, le=50_000.0)] = 1000.0
    chunk_samples: Annotated[int, Meta(ge=1, le=1000)] = 5
    channels: tuple[_Text, ...] = (
        "STN_L_1",
        "STN_L_2",
        "STN_L_3",
        "STN_L_4",
        "ECOG_L_1",
        "ECOG_L_2",
        "ECOG_L_3",
        "ECOG_L_4",
    )
    gains: tuple[float, ...] = (1.0, 0.6, -0.3, -0.15, 0.5, 0.6, 0.5, 0.4)
    scale_uv: _Positive = 5.0
    beta_hz: _Positive = 20.0
    damping_per_s: _Positive = 5.0
    damping_added_per_s_max: _NotNegative = 20.0
    current_half_ma: _Positive = 2.0
    hill: _Positive = 4.0
    onset_s: _Positive = 0.1
    washout_s: _Positive = 0.25
    drive_sd: Annotated[float, Meta(ge=0.0, le=2.0)] = 0.6
    drive_s: _Positive = 1.0
    pink_uv: _NotNegative = 7.5
    line_uv: _NotNegative = 0.5
    line_hz: _Positive = 50.0

    def __post_init__(self) -> None:
        if not self.channels or len(set(self.channels)) < len(self.channels):
            raise ValueError(f"channels: expected unique labels, found {list(self.channels)}")
        if len(self.gains) != len(self.channels):
            raise ValueError(
                f"gains: expected one for each of {len(self.channels)} channels, "
                f"found {len(self.gains)}"
            )
        if not all(math.isfinite(gain) for gain in self.gains):
            raise ValueError(f"gains: expected finite numbers, found {list(self.gains)}")
        for key, frequency_hz in (("beta_hz", self.beta_hz), ("line_hz", self.line_hz)):
            if frequency_hz >= self.rate_hz / 2.0:
                raise ValueError(
                    f"{key}: expected below half of {self.rate_hz:g} Hz, found {frequency_hz:g}"
                )

    def info(self, name: str) -> StreamInfo:
        """Return what the patient's stream says of itself, as stream `name` of a rig."""
        return StreamInfo(
            name=name,
            rate_hz=self.rate_hz,
            channels=self.channels,
            units=("microvolts",) * len(self.channels),
            dtype="float32",
            lsl_name=self.name,
            lsl_type=self.type,
            source_id=self.source_id,
        )

    def damping_added_per_s(self, current_ma: float) -> float:
        """Return what a steady amplitude adds to the damping."""
        if current_ma == 0.0:
            return 0.0
        quotient: float = (self.current_half_ma / abs(current_ma)) ** self.hill
        return self.damping_added_per_s_max / (1.0 + quotient)


class Patient:
    """A stochastic damped oscillator whose damping grows with stimulation.

    The state z is complex. With the damping a and the frequency f, the state a time dt later is
    ``z e^((-a + 2 pi i f) dt)`` plus complex noise of variance ``D (1 - e^(-2 a dt)) / a``, which
    is exact for any dt. A channel is ``scale_uv * gain * Re z`` plus 1/f noise and hum.

    Parameters
    ----------
    config : PatientConfig
        The patient.

    Notes
    -----
    Equal seeds and amplitudes give equal samples, in whatever pieces they are generated. At a
    steady amplitude I that adds k(I) to the damping a, the mean power of the oscillation is
    ``a / (a + k)`` of that without stimulation, its spectral peak is ``(a + k) / pi`` wide
    at half its height, and its autocorrelation falls as ``e^(-(a + k) |lag|)``.

    Stimulation leaves no artifact in the samples.

    References
    ----------
    Drive and bursts: Duchet et al. 2021, doi 10.1371/journal.pcbi.1009116 (amplitude-dependent
    drive replaced by a lognormal one).
    """

    def __init__(self, config: PatientConfig) -> None:
        self.config = config
        self._random = np.random.default_rng(config.seed)
        self._gains_uv = config.scale_uv * np.asarray(config.gains, np.float64)
        self._rates = _rates(config)
        self._decays = pink_decays(config.rate_hz)
        # Stationary from the first sample on, as if the patient had always been there.
        self._state = np.array([*self._random.standard_normal(3), 0.0])
        self._state[:2] *= math.sqrt(0.5) * math.exp(
            config.drive_sd * (self._state[2] - config.drive_sd)
        )
        self._pink = self._random.standard_normal((len(config.channels), self._decays.size))
        self._n_generated = 0

    @property
    def current_felt_ma(self) -> float:
        """The steady amplitude that would have the effect of this moment."""
        return float(self._state[3])

    def generate(self, n_samples: int, current_ma: float) -> NDArray[np.float32]:
        """Return the next samples under a steady amplitude.

        Parameters
        ----------
        n_samples : int
            How many.
        current_ma : float
            The amplitude applied meanwhile.

        Returns
        -------
        ndarray of float32, shape (n_samples, n_channels)
            Microvolts.
        """
        random = self._random.standard_normal((n_samples, N_RANDOM + self._pink.size))
        wave = np.empty(n_samples)
        oscillate(self._state, self._rates, abs(float(current_ma)), random, wave)
        samples_uv = wave[:, None] * self._gains_uv
        samples_uv += self._hum_uv(n_samples)[:, None]
        add_pink(self._pink, self._decays, self.config.pink_uv, random, samples_uv)
        self._n_generated += n_samples
        return samples_uv.astype(np.float32)

    def _hum_uv(self, n_samples: int) -> NDArray[np.float64]:
        sample = np.arange(self._n_generated, self._n_generated + n_samples)
        cycles = sample * (self.config.line_hz / self.config.rate_hz) % 1.0
        hum_uv: NDArray[np.float64] = self.config.line_uv * np.sin(2.0 * np.pi * cycles)
        return hum_uv


def _rates(config: PatientConfig) -> Rates:
    step_s = 1.0 / config.rate_hz
    return Rates(
        step_s=step_s,
        turn_rad=2.0 * math.pi * config.beta_hz * step_s,
        damping_per_s=config.damping_per_s,
        damping_added_per_s_max=config.damping_added_per_s_max,
        current_half_ma=config.current_half_ma,
        hill=config.hill,
        onset=-math.expm1(-step_s / config.onset_s),
        washout=-math.expm1(-step_s / config.washout_s),
        drive_sd=config.drive_sd,
        drive_decay=math.exp(-step_s / config.drive_s),
    )
