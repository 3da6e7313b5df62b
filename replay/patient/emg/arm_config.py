"""What a simulated arm consists of: groups of muscles, and what they do one after the other."""

from typing import Annotated

import msgspec
from msgspec import Meta

from replay.patient.emg.artifacts import ArtifactConfig
from replay.patient.emg.drives import AnyActivity
from replay.patient.emg.sensory_trick import SensoryTrick
from replay.patient.emg.stimulation import ArmStimulation
from streamer.source import StreamInfo

_Text = Annotated[str, Meta(min_length=1)]


class Segment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A stretch of time in which each group of muscles does one thing.

    Parameters
    ----------
    marker : str
        What the stream of markers says when it begins.
    duration_s : float
        How long it is.
    activities : tuple of Activity
        What each group of muscles does. A group that goes on with what it did goes on where it was.
    trick : bool
        Whether the sensory trick is held; see `SensoryTrick`.
    """

    marker: _Text
    duration_s: Annotated[float, Meta(gt=0.0, le=1e6)]
    activities: tuple[AnyActivity, ...]
    trick: bool = False


class ArmConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A simulated arm.

    Parameters
    ----------
    segments : tuple of Segment
        What it does; the last is followed by the first, again and again.
    groups : tuple of tuple of str
        The muscles that do something together, by their channels' labels.
    seed : int
        Seed of all random numbers.
    rate_hz : float
        Sampling rate.
    base_uv, active_uv : float
        Standard deviation of a muscle's signal at rest, and what a drive of 1 adds to it.
    artifacts : ArtifactConfig
        What else the electrodes see.
    trick : SensoryTrick
        How much a sensory trick does.
    stimulation : ArmStimulation
        How much a stimulator does, and which one it is.
    name, source_id : str
        Of the LSL stream.

    Raises
    ------
    ValueError
        Where the parts do not fit each other; the text begins with the key.
    """

    segments: tuple[Segment, ...]
    groups: tuple[tuple[_Text, ...], ...] = (("flexor", "extensor"),)
    seed: Annotated[int, Meta(ge=0)] = 1
    rate_hz: Annotated[float, Meta(ge=500.0, le=50_000.0)] = 2000.0
    base_uv: Annotated[float, Meta(gt=0.0, le=1e4)] = 5.0
    active_uv: Annotated[float, Meta(gt=0.0, le=1e4)] = 95.0
    artifacts: ArtifactConfig = ArtifactConfig()
    trick: SensoryTrick = SensoryTrick()
    stimulation: ArmStimulation = ArmStimulation()
    name: _Text = "SimulatedArm"
    source_id: _Text = "simulated-arm"

    def __post_init__(self) -> None:
        if not self.segments:
            raise ValueError("segments: expected at least one, found none")
        if not self.channels or len(set(self.channels)) < len(self.channels):
            raise ValueError(f"groups: expected unique labels, found {list(self.channels)}")
        for number, segment in enumerate(self.segments):
            if len(segment.activities) != len(self.groups):
                raise ValueError(
                    f"segments[{number}].activities: expected one for each of {len(self.groups)} "
                    f"groups of muscles, found {len(segment.activities)}"
                )
        if self.artifacts.line_hz >= self.rate_hz / 2.0:
            raise ValueError(
                f"artifacts.line_hz: expected below half of {self.rate_hz:g} Hz, "
                f"found {self.artifacts.line_hz:g}"
            )

    @property
    def channels(self) -> tuple[str, ...]:
        """The labels of all groups."""
        return tuple(label for group in self.groups for label in group)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The classes of activity that occur, each once."""
        found = [each.kind for segment in self.segments for each in segment.activities]
        return tuple(dict.fromkeys(found))

    def info(self, name: str) -> StreamInfo:
        """Return what the arm's stream says of itself, as stream `name` of a rig."""
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
