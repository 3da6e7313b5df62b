"""An arm with simulated muscles: segments of activity, one after the other, with ground truth."""

from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from replay.patient.emg.artifacts import ArtifactConfig, Heart, hum, mixed_uv
from replay.patient.emg.drives import AnyActivity
from replay.patient.emg.drives.drive import Activity, Drive, Driven, Randoms
from replay.patient.emg.generated_emg import GeneratedEmg, Heartbeat
from replay.patient.emg.noise import surface_noise
from replay.patient.emg.pieces import InBlocks, Mark
from replay.patient.emg.sensory_trick import SensoryTrick
from streamer.source import StreamInfo

_BLOCK_S = 0.1
#: Numbers that stand in for that of a segment where random numbers belong to the whole arm.
_MUSCLES, _HEART = 1_000_000, 1_000_001
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


class Arm(InBlocks[GeneratedEmg]):
    """Muscles driven segment by segment; a signal is its drive times Gaussian noise (20-450 Hz).

    Parameters
    ----------
    config : ArmConfig
        The arm.

    Notes
    -----
    Equal configurations give equal bits, in whatever pieces they are generated. Drives change at
    the very sample of a segment's mark. Neither gaps nor NaN occur.

    References
    ----------
    The model of interference EMG as modulated noise: Hogan & Mann 1980, doi
    10.1109/TBME.1980.326652.

    Examples
    --------
    >>> from replay.patient.emg.drives import Chorea
    >>> segment = Segment(marker="chorea", duration_s=10.0, activities=(Chorea(),))
    >>> emg = Arm(ArmConfig(segments=(segment,))).generate(4000)
    >>> emg.samples.shape, emg.marks
    ((4000, 2), (Mark(sample=0, text='chorea'),))
    """

    def __init__(self, config: ArmConfig) -> None:
        super().__init__()
        self.config = config
        n_channels = len(config.channels)
        muscles, heart = (Randoms(config.seed, each) for each in (_MUSCLES, _HEART))
        self._noise = surface_noise(muscles.of(0), config.rate_hz, n_channels)
        self._heart = Heart(config.artifacts, heart.of(0), config.rate_hz)
        self._sample = self._segment_end = 0
        self._number = -1
        self._drives: list[Drive] = []
        self._released_s: float | None = None

    @property
    def info(self) -> StreamInfo:
        """What its stream says of itself."""
        return self.config.info(self.config.name)

    @property
    def _segment(self) -> Segment:
        return self.config.segments[self._number % len(self.config.segments)]

    def next_block(self) -> GeneratedEmg:
        """Return the next tenth of a second, or what is left of the segment."""
        config, start = self.config, self._sample
        marks = self._next_segment() if start == self._segment_end else []
        n_samples = min(max(1, round(_BLOCK_S * config.rate_hz)), self._segment_end - start)
        driven = [each.next(n_samples) for each in self._drives]
        marks += [Mark(start + at, text) for each in driven for at, text in each.marks]
        drive_uv = config.base_uv + config.active_uv * self._level(driven, n_samples)
        muscle_uv = drive_uv * self._noise.next(n_samples)
        artifact_uv, heartbeats = self._artifact_uv(n_samples)
        self._sample += n_samples
        kinds = config.kinds
        of_muscle = [
            kinds.index(activity.kind)
            for activity, group in zip(self._segment.activities, config.groups, strict=True)
            for _ in group
        ]
        return GeneratedEmg(
            rate_hz=config.rate_hz,
            channels=config.channels,
            first_sample=start,
            samples=mixed_uv(muscle_uv, config.artifacts.crosstalk) + artifact_uv,
            marks=tuple(marks),
            muscle_uv=muscle_uv,
            artifact_uv=artifact_uv,
            drive_uv=drive_uv,
            base_uv=config.base_uv,
            kind=np.tile(np.array(of_muscle, np.int8), (n_samples, 1)),
            kinds=kinds,
            heartbeats=heartbeats,
        )

    def _next_segment(self) -> list[Mark]:
        before: tuple[Activity, ...] = self._segment.activities if self._drives else ()
        was_held = bool(self._drives) and self._segment.trick
        self._number += 1
        segment = self._segment
        if was_held and not segment.trick:
            self._released_s = self._sample / self.config.rate_hz
        n_samples = max(1, round(segment.duration_s * self.config.rate_hz))
        self._segment_end = self._sample + n_samples
        starting = list(zip(segment.activities, self.config.groups, strict=True))
        self._drives = [
            self._drives[at]
            if before and before[at] == activity
            else activity.start(
                Randoms(self.config.seed, self._number * len(starting) + at),
                rate_hz=self.config.rate_hz,
                n_muscles=len(group),
            )
            for at, (activity, group) in enumerate(starting)
        ]
        return [Mark(self._sample, segment.marker)]

    def _level(self, driven: list[Driven], n_samples: int) -> NDArray[np.float64]:
        other = np.concatenate([each.other for each in driven], axis=1)
        dystonic = np.concatenate([each.dystonic for each in driven], axis=1)
        time_s = np.arange(self._sample, self._sample + n_samples) / self.config.rate_hz
        left = self.config.trick.share_left(
            time_s, is_held=self._segment.trick, released_s=self._released_s
        )
        level: NDArray[np.float64] = other + left[:, None] * dystonic
        return level

    def _artifact_uv(self, n_samples: int) -> tuple[NDArray[np.float64], tuple[Heartbeat, ...]]:
        artifacts = self.config.artifacts
        beating, heartbeats = self._heart.next(n_samples)
        humming = hum(self._sample, n_samples, artifacts.line_hz / self.config.rate_hz)
        one_uv = artifacts.ecg_uv * beating + artifacts.line_uv * humming
        is_beating = artifacts.ecg_uv > 0.0
        everywhere: NDArray[np.float64] = np.tile(one_uv[:, None], (1, len(self.config.channels)))
        return everywhere, heartbeats if is_beating else ()


def generate_emg(
    activity: AnyActivity,
    *,
    duration_s: float,
    seed: int = 1,
    rate_hz: float = 2000.0,
    channels: tuple[str, ...] = ("flexor", "extensor"),
    base_uv: float = 5.0,
    active_uv: float = 95.0,
    artifacts: ArtifactConfig = ArtifactConfig(),  # noqa: B008 it cannot change
) -> GeneratedEmg:
    """Return muscles that do one thing, in one piece.

    Parameters
    ----------
    activity : Activity
        What they do, of `replay.patient.emg.drives`; its docstring says how muscles share it.
    duration_s, rate_hz : float
        How long, and the sampling rate.
    seed : int
        Equal seeds give equal bits.
    channels : tuple of str
        The muscles.
    base_uv, active_uv : float
        Standard deviation at rest, and what a drive of 1 adds to it.
    artifacts : ArtifactConfig
        What else the electrodes see.

    Returns
    -------
    GeneratedEmg
        The signals with drives, classes and artifacts.

    Raises
    ------
    ValueError
        Where the settings do not fit each other; the text begins with the key.

    Examples
    --------
    >>> from replay.patient.emg.drives import TonicCoContraction
    >>> emg = generate_emg(TonicCoContraction(common_share=0.9), duration_s=60.0)
    >>> emg.samples.shape, TonicCoContraction(common_share=0.9).drive_correlation
    ((120000, 2), 0.81)
    """
    segment = Segment(marker=activity.kind, duration_s=duration_s, activities=(activity,))
    config = ArmConfig(
        segments=(segment,),
        groups=(channels,),
        seed=seed,
        rate_hz=rate_hz,
        base_uv=base_uv,
        active_uv=active_uv,
        artifacts=artifacts,
    )
    return Arm(config).generate(round(duration_s * rate_hz))
