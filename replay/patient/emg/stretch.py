"""Passive stretches of a joint: angle, torque and EMG of spastic, dystonic and healthy muscles."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, NamedTuple

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from replay.patient.emg.noise import surface_noise
from replay.patient.emg.pieces import InBlocks, Mark, Piece, joined
from streamer.source import StreamInfo

_Text = Annotated[str, Meta(min_length=1)]
_NotNegative = Annotated[float, Meta(ge=0.0, le=1e4)]
#: Before a stretch, and between its end and the way back.
_BEFORE_S, _HOLD_S = 1.0, 1.0
_BACK_DEG_PER_S = 60.0
#: The share of the stretch over which resistance comes up, and over which a clasp-knife gives way.
_RISE, _CLASP = 0.1, (0.6, 0.7)
_CLASP_S_MAX = 0.08
_FALL_S = 0.1
_NOISE, _TRIALS = range(2)


class StretchConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A joint that is stretched passively, again and again.

    Resistance is ``alpha_nm + beta_nm_s_per_deg * speed`` plus noise. Beta is above 0 in
    spasticity; in dystonia it is 0 and alpha is not; a relaxed healthy muscle has little of either.

    Parameters
    ----------
    speeds_deg_per_s : tuple of float
        Each occurs once a round, in random order.
    n_rounds : int
        How often.
    alpha_nm, beta_nm_s_per_deg : float
        Resistance at no speed, and how much it grows with it.
    noise_nm : float
        Standard deviation of a stretch's resistance around that.
    clasp_share : float
        Share of the resistance that gives way at once, 60 % of the way through stretches at
        100 degrees a second or more: a clasp-knife above 0.5.
    range_deg : float
        Angle of a stretch.
    uv_per_nm : float
        Standard deviation of the stretched muscle's EMG for each newton metre of resistance.
    base_uv : float
        That of either muscle at rest.
    seed : int
        Seed of all random numbers.
    rate_hz : float
        Sampling rate.
    name, source_id : str
        Of the LSL streams: EMG has this name, angle and torque have it with ``Joint`` behind.

    Raises
    ------
    ValueError
        Where there is no speed, or one that is not above 0; the text begins with the key.
    """

    speeds_deg_per_s: tuple[float, ...] = (10.0, 30.0, 60.0, 100.0, 150.0, 200.0)
    n_rounds: Annotated[int, Meta(ge=1, le=10_000)] = 2
    alpha_nm: _NotNegative = 0.5
    beta_nm_s_per_deg: _NotNegative = 0.03
    noise_nm: _NotNegative = 0.2
    clasp_share: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.0
    range_deg: Annotated[float, Meta(gt=0.0, le=180.0)] = 60.0
    uv_per_nm: _NotNegative = 20.0
    base_uv: _NotNegative = 5.0
    seed: Annotated[int, Meta(ge=0)] = 1
    rate_hz: Annotated[float, Meta(ge=500.0, le=50_000.0)] = 2000.0
    name: _Text = "SimulatedStretch"
    source_id: _Text = "simulated-stretch"

    def __post_init__(self) -> None:
        if not self.speeds_deg_per_s or not all(
            0.0 < each <= 2e3 for each in self.speeds_deg_per_s
        ):
            raise ValueError(
                "speeds_deg_per_s: expected speeds above 0 and at most 2000, found "
                f"{list(self.speeds_deg_per_s)}"
            )

    def resistance_nm(self, speed_deg_per_s: float) -> float:
        """Return the mean resistance at a speed."""
        return self.alpha_nm + self.beta_nm_s_per_deg * speed_deg_per_s


#: The defaults give way as a clasp-knife does.
SPASTIC = StretchConfig(clasp_share=0.7)
#: As stiff in the slowest stretch as in the fastest.
DYSTONIC = StretchConfig(alpha_nm=3.0, beta_nm_s_per_deg=0.0)
#: Little resistance.
RELAXED = StretchConfig(alpha_nm=0.3, beta_nm_s_per_deg=0.001, noise_nm=0.05)


class Stretch(NamedTuple):
    """One stretch.

    Parameters
    ----------
    sample, end_sample : int
        Where the angle begins and ends to grow, counted from the generator's first sample.
    speed_deg_per_s : float
        How fast.
    resistance_nm : float
        True torque on its plateau, before anything gives way; never below 0.
    gives_way : bool
        Whether it does as a clasp-knife.
    """

    sample: int
    end_sample: int
    speed_deg_per_s: float
    resistance_nm: float
    gives_way: bool


@dataclass(frozen=True, kw_only=True)
class GeneratedStretches(Piece):
    """Angle (degrees), torque (newton metres) and EMG (µV) of two muscles, with the truth.

    Parameters
    ----------
    stretches : tuple of Stretch
        Those that begin within these samples.
    """

    placed: ClassVar[tuple[str, ...]] = ("marks", "stretches")

    stretches: tuple[Stretch, ...]


class Joint(InBlocks[GeneratedStretches]):
    """A joint stretched at one speed after the other, with a mark at the onset of each stretch.

    Torque comes up within the first tenth of a stretch, and falls with a time constant of 0.1 s
    after it. The way back is slow and without resistance.

    Parameters
    ----------
    config : StretchConfig
        The joint.

    Notes
    -----
    Equal configurations give equal bits, in whatever pieces they are generated. Of a stretch that
    gives way, less than 80 ms pass until the share is lost, while the angle still grows.
    """

    channels: ClassVar[tuple[str, ...]] = ("stretched", "antagonist", "angle", "torque")

    def __init__(self, config: StretchConfig) -> None:
        super().__init__()
        self.config = config
        self._random = np.random.default_rng([config.seed, _TRIALS])
        noise = np.random.default_rng([config.seed, _NOISE])
        self._noise = surface_noise(noise, config.rate_hz, 2)
        self._coming: list[float] = []
        self._sample = 0

    @property
    def infos(self) -> tuple[StreamInfo, ...]:
        """A stream of EMG, and one of angle and torque."""
        config = self.config
        emg = StreamInfo(
            name=config.name,
            rate_hz=config.rate_hz,
            channels=self.channels[:2],
            units=("microvolts",) * 2,
            dtype="float32",
            lsl_name=config.name,
            lsl_type="EMG",
            source_id=config.source_id,
        )
        joint = msgspec.structs.replace(
            emg,
            name=f"{config.name}Joint",
            channels=self.channels[2:],
            units=("degrees", "newton metres"),
            lsl_name=f"{config.name}Joint",
            lsl_type="Joint",
            source_id=f"{config.source_id}-joint",
        )
        return emg, joint

    def next_block(self) -> GeneratedStretches:
        """Return the next stretch, with the time before it, at its end and back."""
        config = self.config
        if not self._coming:
            self._coming = [float(s) for s in self._random.permutation(config.speeds_deg_per_s)]
        speed = self._coming.pop(0)
        scatter = config.noise_nm * float(self._random.standard_normal())
        resistance_nm = max(0.0, config.resistance_nm(speed) + scatter)
        gives_way = config.clasp_share > 0.0 and speed >= 100.0
        lengths_s = (
            _BEFORE_S,
            config.range_deg / speed,
            _HOLD_S,
            config.range_deg / _BACK_DEG_PER_S,
        )
        edges = np.round(np.cumsum(lengths_s) * config.rate_hz).astype(int)
        n_samples, onset, end = int(edges[-1]), int(edges[0]), int(edges[1])
        along = (np.arange(n_samples) - onset) / (end - onset)
        angle_deg = np.interp(
            np.arange(n_samples), edges, (0.0, config.range_deg, config.range_deg, 0.0)
        )
        share = self._share(along, speed, gives_way=gives_way)
        torque_nm = resistance_nm * share
        drive_uv = np.column_stack(
            (config.base_uv + config.uv_per_nm * torque_nm, np.full(n_samples, config.base_uv))
        )
        emg_uv = drive_uv * self._noise.next(n_samples)
        first, self._sample = self._sample, self._sample + n_samples
        stretch = Stretch(first + onset, first + end, speed, resistance_nm, gives_way)
        return GeneratedStretches(
            rate_hz=config.rate_hz,
            channels=self.channels,
            first_sample=first,
            samples=np.column_stack((emg_uv, angle_deg, torque_nm)),
            marks=(Mark(stretch.sample, "stretch"),),
            stretches=(stretch,),
        )

    def _share(
        self, along: NDArray[np.float64], speed_deg_per_s: float, *, gives_way: bool
    ) -> NDArray[np.float64]:
        """Return the share of the resistance that there is, by how far the stretch is along."""
        length_s = self.config.range_deg / speed_deg_per_s
        begins, ends = _CLASP
        ends = min(ends, begins + _CLASP_S_MAX / length_s)
        left = 1.0 - self.config.clasp_share if gives_way else 1.0
        share = np.interp(along, (0.0, _RISE, begins, ends), (0.0, 1.0, 1.0, left))
        after_s = np.maximum(0.0, along - 1.0) * length_s
        fallen: NDArray[np.float64] = share * np.exp(-after_s / _FALL_S)
        return fallen


def generate_stretches(config: StretchConfig) -> GeneratedStretches:
    """Return all stretches of a configuration in one piece.

    Parameters
    ----------
    config : StretchConfig
        The joint; `SPASTIC`, `DYSTONIC` and `RELAXED` are there.

    Returns
    -------
    GeneratedStretches
        Signals, marks and the truth of each stretch.

    Examples
    --------
    >>> found = generate_stretches(SPASTIC)
    >>> found.channels, len(found.stretches)
    (('stretched', 'antagonist', 'angle', 'torque'), 12)
    """
    generator = Joint(config)
    n_stretches = config.n_rounds * len(config.speeds_deg_per_s)
    return joined([generator.next_block() for _ in range(n_stretches)])
