"""The artifact steps of a stream, in the order of the file."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from detectors.block import BoundEvent, StreamLayout
from detectors.conditioning.artifacts.line_noise import LineNoise, LineNoiseConfig
from detectors.conditioning.artifacts.movement import Movement, MovementConfig
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

#: A `[[streams.artifacts]]` table; its `kind` says which.
AnyArtifactConfig: TypeAlias = (
    LineNoiseConfig
    | MovementConfig
    | SaturationConfig
    | StimulationBlankingConfig
    | StimulationPeriodConfig
)

#: Every step that a table can ask for, by the struct that configures it.
_STEPS: Final[Mapping[type[Any], type[ArtifactStep]]] = {
    each.configured_by: each
    for each in (LineNoise, Movement, Saturation, StimulationBlanking, StimulationPeriod)
}


def reads_events(config: AnyArtifactConfig) -> bool:
    """Return whether events that are bound to samples change what a step makes of these."""
    return _STEPS[type(config)].reads_events


class ArtifactPath:
    """Every artifact step of a stream, one after the other.

    Parameters
    ----------
    configs : sequence of AnyArtifactConfig
        The `[[streams.artifacts]]` tables; each step is given what the one before made.
    layout : StreamLayout
        The stream.
    counts : Counter
        Kept up to date by each step.

    Attributes
    ----------
    steps : tuple of ArtifactStep
        In order.

    Raises
    ------
    ValueError
        Where a table does not fit the stream; the text begins with ``artifacts[0].``.
    """

    def __init__(
        self, configs: Sequence[AnyArtifactConfig], layout: StreamLayout, counts: Counter[str]
    ) -> None:
        steps: list[ArtifactStep] = []
        for index, config in enumerate(configs):
            try:
                steps.append(_STEPS[type(config)](config, layout, counts))
            except ValueError as error:
                raise ValueError(f"artifacts[{index}].{error}") from error
        self.steps = tuple(steps)

    @property
    def reads_events(self) -> bool:
        """Whether events change what any step makes of samples."""
        return any(each.reads_events for each in self.steps)

    def update(
        self,
        samples_uv: NDArray[np.float64],
        taint: NDArray[np.uint16],
        events: Sequence[BoundEvent],
        first_sample: int,
    ) -> Stepped:
        """Take the next samples through every step."""
        made = Stepped(samples_uv, taint, [])
        for step in self.steps:
            after = step.update(made.samples_uv, made.taint, events, first_sample)
            made = Stepped(after.samples_uv, after.taint, [*made.findings, *after.findings])
        return made
