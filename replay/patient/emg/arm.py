"""An arm with simulated muscles: segments of activity, one after the other, with ground truth."""

import dataclasses

import numpy as np
from numpy.typing import NDArray

from replay.patient.emg.arm_config import ArmConfig, Segment
from replay.patient.emg.artifacts import ArtifactConfig, Heart, hum, mixed_uv
from replay.patient.emg.drives import AnyActivity
from replay.patient.emg.drives.drive import Activity, Drive, Randoms
from replay.patient.emg.generated_emg import GeneratedEmg, Heartbeat
from replay.patient.emg.noise import surface_noise
from replay.patient.emg.pieces import InBlocks, Mark
from replay.patient.emg.stimulation import Felt
from streamer.source import StreamInfo

_BLOCK_S = 0.1
#: Numbers that stand in for that of a segment where random numbers belong to the whole arm.
_MUSCLES, _HEART = 1_000_000, 1_000_001


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
        self._felt = Felt(config.stimulation, config.rate_hz)

    @property
    def infos(self) -> tuple[StreamInfo, ...]:
        """Its one stream."""
        return (self.config.info(self.config.name),)

    @property
    def _segment(self) -> Segment:
        return self.config.segments[self._number % len(self.config.segments)]

    def generate(self, n_samples: int, current_ma: float = 0.0) -> GeneratedEmg:
        """Return the next samples under a steady stimulation.

        Parameters
        ----------
        n_samples : int
            How many.
        current_ma : float
            The amplitude applied meanwhile; see `ArmStimulation`.

        Returns
        -------
        GeneratedEmg
            The signals with drives, classes and artifacts.
        """
        emg = super().generate(n_samples)
        felt_ma = self._felt.next(n_samples, abs(current_ma))
        left = self.config.stimulation.share_left(felt_ma)
        return self._seen(dataclasses.replace(emg, dystonic_uv=left[:, None] * emg.dystonic_uv))

    def _seen(self, emg: GeneratedEmg) -> GeneratedEmg:
        """Return the same with what electrodes see of it."""
        seen_uv = mixed_uv(emg.muscle_uv, self.config.artifacts.crosstalk) + emg.artifact_uv
        return dataclasses.replace(emg, samples=seen_uv)

    def next_block(self) -> GeneratedEmg:
        """Return the next tenth of a second, or what is left of the segment.

        It is without stimulation, and nobody has looked at it yet: `samples` are the noise.
        """
        config, start = self.config, self._sample
        marks = self._next_segment() if start == self._segment_end else []
        n_samples = min(max(1, round(_BLOCK_S * config.rate_hz)), self._segment_end - start)
        driven = [each.next(n_samples) for each in self._drives]
        marks += [Mark(start + at, text) for each in driven for at, text in each.marks]
        noise = self._noise.next(n_samples)
        artifact_uv, heartbeats = self._artifact_uv(n_samples)
        left = self._left_by_trick(n_samples)
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
            samples=noise,
            marks=tuple(marks),
            noise=noise,
            artifact_uv=artifact_uv,
            other_uv=config.active_uv * np.concatenate([each.other for each in driven], axis=1),
            dystonic_uv=config.active_uv
            * left
            * np.concatenate([each.dystonic for each in driven], axis=1),
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

    def _left_by_trick(self, n_samples: int) -> NDArray[np.float64]:
        """Return the share of the dystonic drive that a sensory trick leaves, as a column."""
        time_s = np.arange(self._sample, self._sample + n_samples) / self.config.rate_hz
        left = self.config.trick.share_left(
            time_s, is_held=self._segment.trick, released_s=self._released_s
        )
        return left[:, None]

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
