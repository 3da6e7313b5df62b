"""Protocols of magnetic pulses: single and paired ones, and before and after an intervention."""

from typing import Annotated

import msgspec
from msgspec import Meta

from streamer.source import StreamInfo

_Text = Annotated[str, Meta(min_length=1)]
_Amplitude = Annotated[float, Meta(gt=0.0, le=20_000.0)]
_Ratio = Annotated[float, Meta(gt=0.0, le=100.0)]


class Condition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kind of trial.

    Parameters
    ----------
    marker : str
        What the stream of markers says at its test pulse.
    ratios : tuple of float
        Its potentials over those of the test pulse alone, one for each muscle (geometric mean).
    """

    marker: _Text
    ratios: tuple[_Ratio, ...] = (1.0,)


class EvokedConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A protocol of single and conditioned pulses.

    Parameters
    ----------
    conditions : tuple of Condition
        The kinds of trials.
    n_trials : int
        Trials of each condition.
    is_mixed : bool
        Whether conditions are mixed at random (each once a round), as for paired pulses; otherwise
        all trials of one follow all of the one before, as before and after an intervention.
    channels : tuple of str
        The muscles.
    test_uv : tuple of float
        Geometric mean of the peak-to-peak amplitude after the test pulse alone, of each muscle.
    log_sd : float
        Standard deviation of the amplitude's natural logarithm: 0.4 is a variation of 42 %.
    latency_s : float
        From the test pulse to the onset of the potential.
    every_s, every_spread : float
        Mean time from a pulse to the next, and how far it goes at random, as a share of it.
    background_uv : float
        Standard deviation of the resting muscle's signal.
    tense_share, tense_uv : float
        Share of trials in which muscles are not at rest, and their signal's standard deviation.
    seed : int
        Seed of all random numbers.
    rate_hz : float
        Sampling rate.
    name, source_id : str
        Of the LSL stream.

    Raises
    ------
    ValueError
        Where the parts do not fit each other; the text begins with the key.
    """

    conditions: tuple[Condition, ...]
    n_trials: Annotated[int, Meta(ge=1, le=100_000)] = 20
    is_mixed: bool = True
    channels: tuple[_Text, ...] = ("FDI",)
    test_uv: tuple[_Amplitude, ...] = (1000.0,)
    log_sd: Annotated[float, Meta(ge=0.0, le=2.0)] = 0.4
    latency_s: Annotated[float, Meta(ge=0.005, le=0.1)] = 0.022
    every_s: Annotated[float, Meta(ge=2.0, le=600.0)] = 5.0
    every_spread: Annotated[float, Meta(ge=0.0, le=0.5)] = 0.2
    background_uv: Annotated[float, Meta(ge=0.0, le=1e3)] = 3.0
    tense_share: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.0
    tense_uv: Annotated[float, Meta(ge=0.0, le=1e4)] = 100.0
    seed: Annotated[int, Meta(ge=0)] = 1
    rate_hz: Annotated[float, Meta(ge=1000.0, le=50_000.0)] = 5000.0
    name: _Text = "SimulatedEvoked"
    source_id: _Text = "simulated-evoked"

    def __post_init__(self) -> None:
        if not self.conditions:
            raise ValueError("conditions: expected at least one, found none")
        if not self.channels or len(set(self.channels)) < len(self.channels):
            raise ValueError(f"channels: expected unique labels, found {list(self.channels)}")
        of_muscles = {"test_uv": self.test_uv} | {
            f"conditions[{number}].ratios": each.ratios
            for number, each in enumerate(self.conditions)
        }
        for key, values in of_muscles.items():
            if len(values) != len(self.channels):
                raise ValueError(
                    f"{key}: expected one for each of {len(self.channels)} muscles, "
                    f"found {len(values)}"
                )

    def info(self, name: str) -> StreamInfo:
        """Return what the stream says of itself, as stream `name` of a rig."""
        return StreamInfo(
            name=name,
            rate_hz=self.rate_hz,
            channels=self.channels,
            units=("microvolts",) * len(self.channels),
            dtype="float32",
            lsl_name=self.name,
            lsl_type="EMG",
            source_id=self.source_id,
        )


def paired_pulses(*, sici: float, lici: float, n_trials: int = 20, seed: int = 1) -> EvokedConfig:
    """Return a protocol of short- and long-interval inhibition, mixed with the test pulse alone.

    Parameters
    ----------
    sici, lici : float
        True ratios: about 0.4 and 0.5 in healthy people, 0.8 and 0.9 in dystonia.
    n_trials, seed : int
        Trials of each of the three conditions, and the seed.
    """
    conditions = (
        Condition(marker="TS"),
        Condition(marker="SICI", ratios=(sici,)),
        Condition(marker="LICI", ratios=(lici,)),
    )
    return EvokedConfig(conditions=conditions, n_trials=n_trials, seed=seed)


def associative_stimulation(
    *, target: float, neighbour: float, n_trials: int = 20, seed: int = 1
) -> EvokedConfig:
    """Return test pulses before and after paired associative stimulation (PAS).

    Parameters
    ----------
    target, neighbour : float
        True ratio after over before, of the stimulated nerve's muscle and of another: in dystonia
        both rise, in healthy people the target's alone.
    n_trials, seed : int
        Trials before and after, and the seed.
    """
    conditions = (
        Condition(marker="pre", ratios=(1.0, 1.0)),
        Condition(marker="post", ratios=(target, neighbour)),
    )
    return EvokedConfig(
        conditions=conditions,
        n_trials=n_trials,
        is_mixed=False,
        channels=("APB", "ADM"),
        test_uv=(1000.0, 600.0),
        seed=seed,
    )
