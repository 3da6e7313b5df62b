"""Motor evoked potentials: what muscles answer to magnetic pulses over motor cortex."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from replay.patient.emg.evoked_config import EvokedConfig
from replay.patient.emg.noise import surface_noise
from replay.patient.emg.pieces import InBlocks, Mark, Piece, joined
from streamer.source import StreamInfo

#: Half the time from the potential's one peak to the other, and its centre after its onset.
_HALF_S, _CENTRE_S = 0.0025, 0.0075
#: A pulse is this long after the beginning of its trial, so that what is before it can be judged.
_BEFORE_S = 1.0
_NOISE, _TRIALS = range(2)


class Trial(NamedTuple):
    """A pulse and what it evokes.

    Parameters
    ----------
    sample : int
        When the test pulse is, counted from the generator's first sample.
    condition : int
        Which of the conditions it is.
    is_tense : bool
        Whether the muscles are not at rest.
    amplitude_uv : tuple of float
        True peak-to-peak amplitude of each muscle's potential, without the noise on it.
    """

    sample: int
    condition: int
    is_tense: bool
    amplitude_uv: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class GeneratedEvoked(Piece):
    """EMG with evoked potentials, and what is true of it; `samples` are microvolts.

    Parameters
    ----------
    trials : tuple of Trial
        The pulses within these samples.
    """

    placed: ClassVar[tuple[str, ...]] = ("marks", "trials")

    trials: tuple[Trial, ...]


class Evoked(InBlocks[GeneratedEvoked]):
    """Lognormal, biphasic evoked potentials on the noise of resting muscles.

    A potential is the derivative of a Gaussian; its positive and negative peak are 5 ms apart.

    Parameters
    ----------
    config : EvokedConfig
        The protocol; where it is over it begins again.

    Notes
    -----
    Equal configurations give equal bits, in whatever pieces they are generated. Amplitudes of the
    muscles are independent. The pulse leaves no artifact in the samples.
    """

    def __init__(self, config: EvokedConfig) -> None:
        super().__init__()
        self.config = config
        self._random = np.random.default_rng([config.seed, _TRIALS])
        noise = np.random.default_rng([config.seed, _NOISE])
        self._noise = surface_noise(noise, config.rate_hz, len(config.channels))
        self._coming: list[int] = []
        self._sample = 0

    @property
    def infos(self) -> tuple[StreamInfo, ...]:
        """Its one stream."""
        return (self.config.info(self.config.name),)

    def next_block(self) -> GeneratedEvoked:
        """Return the next trial: a second, the pulse, and the time to the next trial."""
        config, random = self.config, self._random
        if not self._coming:
            self._coming = self._order()
        condition = config.conditions[number := self._coming.pop(0)]
        spread = random.uniform(-config.every_spread, config.every_spread)
        n_samples = round(config.every_s * (1.0 + spread) * config.rate_hz)
        pulse = round(_BEFORE_S * config.rate_hz)
        geometric_mean_uv = np.asarray(config.test_uv) * np.asarray(condition.ratios)
        scatter = random.standard_normal(len(config.channels))
        amplitude_uv = geometric_mean_uv * np.exp(config.log_sd * scatter)
        is_tense = bool(random.uniform() < config.tense_share)
        background_uv = config.tense_uv if is_tense else config.background_uv
        samples_uv = background_uv * self._noise.next(n_samples)
        after_s = (np.arange(n_samples) - pulse) / config.rate_hz
        samples_uv += amplitude_uv * _potential(after_s - config.latency_s)[:, None]
        at = self._sample + pulse
        self._sample += n_samples
        return GeneratedEvoked(
            rate_hz=config.rate_hz,
            channels=config.channels,
            first_sample=self._sample - n_samples,
            samples=samples_uv,
            marks=(Mark(at, condition.marker),),
            trials=(Trial(at, number, is_tense, tuple(amplitude_uv.tolist())),),
        )

    def _order(self) -> list[int]:
        """Return the conditions of all trials of the protocol, in their order."""
        n_conditions, n_trials = len(self.config.conditions), self.config.n_trials
        if not self.config.is_mixed:
            return [number for number in range(n_conditions) for _ in range(n_trials)]
        rounds = [self._random.permutation(n_conditions) for _ in range(n_trials)]
        return [int(number) for each in rounds for number in each]


def generate_evoked(config: EvokedConfig) -> GeneratedEvoked:
    """Return a whole protocol in one piece.

    Parameters
    ----------
    config : EvokedConfig
        The protocol.

    Returns
    -------
    GeneratedEvoked
        Signals, marks and true amplitudes of all its trials.

    Examples
    --------
    >>> from replay.patient.emg.evoked_config import paired_pulses
    >>> found = generate_evoked(paired_pulses(sici=0.8, lici=0.9, n_trials=10))
    >>> found.channels, len(found.trials)
    (('FDI',), 30)
    """
    generator = Evoked(config)
    blocks = [generator.next_block() for _ in range(config.n_trials * len(config.conditions))]
    return joined(blocks)


def _potential(after_onset_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the potential, of peak-to-peak amplitude 1; at 0 it is as high as 5 % of a peak."""
    scaled = (after_onset_s - _CENTRE_S) / _HALF_S
    wave: NDArray[np.float64] = -0.5 * scaled * np.exp(0.5 - 0.5 * scaled**2)
    return wave
