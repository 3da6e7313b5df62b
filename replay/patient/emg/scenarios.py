"""The scenarios of simulated muscles, ready to be played."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from msgspec.structs import replace

from replay.patient.emg.arm import Arm
from replay.patient.emg.arm_config import ArmConfig, Segment
from replay.patient.emg.artifacts import ArtifactConfig
from replay.patient.emg.drives import (
    HEALTHY_OVERFLOW,
    AlternatingTremor,
    AnyActivity,
    Chorea,
    DystonicTremor,
    IndependentTonic,
    Myoclonus,
    Overflow,
    ReciprocalVoluntary,
    Rest,
    SpasticStretches,
    SynchronousTremor,
    TonicCoContraction,
)
from replay.patient.emg.evoked import Evoked
from replay.patient.emg.evoked_config import EvokedConfig, associative_stimulation, paired_pulses
from replay.patient.emg.pieces import InBlocks, Piece
from replay.patient.emg.scenario_names import SCENARIOS
from replay.patient.emg.stretch import DYSTONIC, RELAXED, SPASTIC, Joint, StretchConfig

_REST_S, _REFERENCE_S, _ACTIVE_S = 10.0, 8.0, 50.0
#: The posture of the wrist; and a task of the finger, with the muscles that it overflows into.
_ARM = (("wrist_flexor", "wrist_extensor"), ("finger_flexor", "biceps", "deltoid"))
_ELECTRODES = ArtifactConfig(crosstalk=0.02, line_uv=2.0)


def _segment(
    marker: str, duration_s: float, *activities: AnyActivity, trick: bool = False
) -> Segment:
    return Segment(marker=marker, duration_s=duration_s, activities=activities, trick=trick)


#: Rest and a reference contraction, to calibrate by, and dystonia as its signs follow each other;
#: markers of the task are within.
DYSTONIC_ARM: Final = ArmConfig(
    segments=(
        _segment("rest", _REST_S, Rest(), Rest()),
        _segment("reference", _REFERENCE_S, IndependentTonic(), IndependentTonic()),
        _segment("tonic_overflow", 24.0, TonicCoContraction(), Overflow()),
        _segment("tremor", 16.0, DystonicTremor(), Rest()),
        _segment("tonic_overflow", 12.0, TonicCoContraction(), Overflow()),
        _segment("sensory_trick", 12.0, TonicCoContraction(), Overflow(), trick=True),
        _segment("trick_released", 12.0, TonicCoContraction(), Overflow()),
    ),
    groups=_ARM,
    artifacts=_ELECTRODES,
)
#: The same muscles in somebody healthy.
HEALTHY_ARM: Final = ArmConfig(
    segments=(
        _segment("rest", _REST_S, Rest(), Rest()),
        _segment("reference", _REFERENCE_S, IndependentTonic(), IndependentTonic()),
        _segment("movement", 24.0, ReciprocalVoluntary(), Rest()),
        _segment("task", 24.0, Rest(), HEALTHY_OVERFLOW),
    ),
    groups=_ARM,
    artifacts=_ELECTRODES,
)


def _pair(activity: AnyActivity, artifacts: ArtifactConfig = _ELECTRODES) -> ArmConfig:
    """Return two muscles that rest, and then do one thing."""
    return ArmConfig(
        segments=(
            _segment("rest", _REST_S, Rest()),
            _segment(activity.kind, _ACTIVE_S, activity),
        ),
        artifacts=artifacts,
    )


_Config = ArmConfig | EvokedConfig | StretchConfig
_CONFIGS: Final[Mapping[str, Callable[[], _Config]]] = MappingProxyType(
    {
        "dystonic-arm": lambda: DYSTONIC_ARM,
        "healthy-arm": lambda: HEALTHY_ARM,
        "rest": lambda: _pair(Rest()),
        "reciprocal": lambda: _pair(ReciprocalVoluntary()),
        "tonic": lambda: _pair(TonicCoContraction()),
        "independent-tonic": lambda: _pair(IndependentTonic()),
        "alternating-tremor": lambda: _pair(AlternatingTremor()),
        "synchronous-tremor": lambda: _pair(SynchronousTremor()),
        "dystonic-tremor": lambda: _pair(DystonicTremor()),
        "chorea": lambda: _pair(Chorea()),
        "myoclonus": lambda: _pair(Myoclonus()),
        "spastic": lambda: _pair(SpasticStretches()),
        "overflow": lambda: _pair(Overflow()),
        "crosstalk": lambda: _pair(IndependentTonic(), ArtifactConfig(crosstalk=0.3)),
        "heart": lambda: _pair(TonicCoContraction(), ArtifactConfig(ecg_uv=300.0, line_uv=20.0)),
        "paired-pulses-dystonic": lambda: paired_pulses(sici=0.8, lici=0.9),
        "paired-pulses-healthy": lambda: paired_pulses(sici=0.4, lici=0.5),
        "pas-dystonic": lambda: associative_stimulation(target=1.8, neighbour=1.6),
        "pas-healthy": lambda: associative_stimulation(target=1.4, neighbour=1.0),
        "stretch-spastic": lambda: SPASTIC,
        "stretch-dystonic": lambda: DYSTONIC,
        "stretch-relaxed": lambda: RELAXED,
    }
)


def open_scenario(name: str, *, seed: int = 1) -> InBlocks[Piece]:
    """Return the generator of a scenario, at its first sample.

    Parameters
    ----------
    name : str
        One of `SCENARIOS`.
    seed : int
        Seed of all random numbers.

    Raises
    ------
    ValueError
        Where there is no scenario of that name; the text lists all.

    Examples
    --------
    >>> open_scenario("stretch-spastic").generate(2001).marks
    (Mark(sample=2000, text='stretch'),)
    """
    if name not in _CONFIGS:
        raise ValueError(f"expected one of {', '.join(SCENARIOS)}, found {name!r}")
    config = replace(_CONFIGS[name](), seed=seed)
    match config:
        case ArmConfig():
            return Arm(config)
        case EvokedConfig():
            return Evoked(config)
        case _:
            return Joint(config)
