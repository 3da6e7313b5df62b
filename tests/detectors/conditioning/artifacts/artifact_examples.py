"""An example of every artifact step: a class without one makes the laws fail."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from detectors.block import BoundEvent, StreamLayout
from detectors.conditioning.artifacts.line_noise import LineNoise, LineNoiseConfig
from detectors.conditioning.artifacts.movement import Movement, MovementConfig
from detectors.conditioning.artifacts.path import _STEPS
from detectors.conditioning.artifacts.saturation import Saturation, SaturationConfig
from detectors.conditioning.artifacts.step import ArtifactStep, Stepped
from detectors.conditioning.artifacts.stimulation_blanking import (
    StimulationBlanking,
    StimulationBlankingConfig,
)
from detectors.conditioning.artifacts.stimulation_period import (
    StimulationPeriod,
    StimulationPeriodConfig,
)
from detectors.testing.subject import StreamSamples
from tests.detectors.conditioning.artifacts import naive_artifacts as naive

LAYOUT: Final = StreamLayout("LFP", 250.0, ("left", "middle", "right"))

#: What a plain computation gives: samples and taint.
Plain: TypeAlias = tuple[NDArray[np.float64], NDArray[np.uint16]]


@dataclass(frozen=True)
class ArtifactExample:
    """One way to configure an artifact step, with its reference computation."""

    name: str
    config: Any
    naive: Callable[[Any, StreamLayout, StreamSamples, Sequence[BoundEvent]], Plain]

    def step(self) -> tuple[ArtifactStep, Counter[str]]:
        counts: Counter[str] = Counter()
        return _STEPS[type(self.config)](self.config, LAYOUT, counts), counts


def run(
    step: ArtifactStep,
    given: StreamSamples,
    events: Sequence[BoundEvent],
    cuts: Sequence[int] = (),
    first: int = 0,
) -> Stepped:
    """Return the result of a step on samples that are cut into chunks here."""
    edges = sorted({0, given.n_samples, *(cut for cut in cuts if 0 < cut < given.n_samples)})
    parts = [
        step.update(
            given.samples_uv[start:stop].copy(),
            given.taint[start:stop].copy(),
            [event for event in events if first + start <= event.sample < first + stop],
            first + start,
        )
        for start, stop in pairwise(edges)
    ]
    return Stepped(
        np.concatenate([part.samples_uv for part in parts]),
        np.concatenate([part.taint for part in parts]),
        [found for part in parts for found in part.findings],
    )


EXAMPLES: Final[Mapping[type[Any], tuple[ArtifactExample, ...]]] = {
    LineNoise: (
        ArtifactExample(
            "three harmonics wanted, two there",
            LineNoiseConfig(frequency_hz=50.0, time_constant_s=0.3),
            naive.line_noise,
        ),
        ArtifactExample(
            "one harmonic, slow",
            LineNoiseConfig(frequency_hz=60.0, n_harmonics=1, time_constant_s=2.0),
            naive.line_noise,
        ),
    ),
    Movement: (
        ArtifactExample("five SD", MovementConfig(learn_s=1.0, level_s=2.0), naive.movement),
        ArtifactExample(
            "touchy, no hold",
            MovementConfig(below_hz=20.0, sd=2.0, learn_s=1.0, level_s=1.0, hold_s=0.0),
            naive.movement,
        ),
    ),
    Saturation: (ArtifactExample("a tenth", SaturationConfig(), naive.saturation),),
    StimulationBlanking: (
        ArtifactExample(
            "pulses and changes",
            StimulationBlankingConfig(blank_s=0.02, settle_s=0.2, pulse_markers=("DBS",)),
            naive.stimulation_blanking,
        ),
        ArtifactExample(
            "one sample, changes pass",
            StimulationBlankingConfig(settle_s=0.0, pulse_markers=("DBS",)),
            naive.stimulation_blanking,
        ),
    ),
    StimulationPeriod: (
        ArtifactExample(
            "short window",
            StimulationPeriodConfig(
                frequency_hz=20.0, search_hz=4.0, learn_s=2.0, window_s=0.5, change_markers=("DBS",)
            ),
            naive.stimulation_period,
        ),
        ArtifactExample(
            "changes do not reset, wide, folded",
            StimulationPeriodConfig(
                frequency_hz=270.0,
                search_hz=4.0,
                learn_s=2.0,
                window_s=0.3,
                half_width_periods=0.1,
                resets_on_change=False,
            ),
            naive.stimulation_period,
        ),
    ),
}
