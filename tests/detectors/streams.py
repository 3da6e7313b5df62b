"""Streams for the tests of conditioning: simulated, with faults, fed in any chunks."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.block import Block, BoundEvent
from detectors.conditioning.artifacts.path import AnyArtifactConfig
from detectors.conditioning.conditioner import Conditioner, ConditioningConfig, Note
from detectors.conditioning.montage import MontageConfig
from detectors.conditioning.quality import Kind, QualityConfig

#: Things to do to a conditioner before a sample, by the sample's index.
Calls = dict[int, list[Callable[[Conditioner], object]]]


@dataclass(frozen=True)
class Conditioned:
    """All results of a conditioner, joined."""

    samples_uv: NDArray[np.float64]
    time_s: NDArray[np.float64]
    taint: NDArray[np.uint16]
    events: tuple[BoundEvent, ...]
    notes: tuple[Note, ...]
    counts: dict[str, int]

    def kinds(self, *kinds: str) -> list[Note]:
        """Return the notes of some kinds."""
        return [note for note in self.notes if note.kind in kinds]

    def has(self, bit: int) -> NDArray[np.bool_]:
        """Return whether any channel of each sample carries a taint, shape (n_samples,)."""
        return np.asarray((self.taint & bit).any(axis=1))


def conditioner(
    *,
    n_channels: int = 1,
    rate_hz: float = 1000.0,
    kind: Kind = "lfp",
    unit: str = "uV",
    montage: tuple[MontageConfig, ...] = (),
    quality: QualityConfig | None = None,
    artifacts: tuple[AnyArtifactConfig, ...] = (),
) -> Conditioner:
    """Return a conditioner of channels a, b, c ..."""
    config = ConditioningConfig(
        name="S",
        kind=kind,
        montage=montage,
        quality=quality or QualityConfig(),
        artifacts=artifacts,
    )
    channels = tuple("abcdefghijklmnopqrstuvwxyz"[:n_channels])
    return Conditioner(config, rate_hz=rate_hz, channels=channels, units=(unit,) * n_channels)


def feed(
    given: Conditioner,
    samples: NDArray[np.generic],
    timestamps_s: NDArray[np.float64],
    lengths: Sequence[int] = (),
    calls: Calls | None = None,
) -> Conditioned:
    """Feed samples in chunks of the given lengths, in turn; in one where there are none.

    A chunk also ends before each sample that something is to be done before.
    """
    blocks: list[Block] = []
    notes: list[Note] = []
    calls = calls or {}
    for start, stop in _cuts(len(samples), lengths, calls):
        for call in calls.get(start, ()):
            call(given)
        block, noted = given.update(start, samples[start:stop], timestamps_s[start:stop])
        blocks.append(block)
        notes.extend(noted)
    return Conditioned(
        np.concatenate([block.samples_uv for block in blocks]),
        np.concatenate([block.time_s for block in blocks]),
        np.concatenate([block.taint for block in blocks]),
        tuple(event for block in blocks for event in block.events),
        tuple(notes),
        dict(given.counts),
    )


def regular_stamps(n_samples: int, rate_hz: float = 1000.0) -> NDArray[np.float64]:
    """Return stamps without any jitter."""
    return 100.0 + np.arange(n_samples) / rate_hz


def noise(n_samples: int, n_channels: int = 1, sd_uv: float = 15.0) -> NDArray[np.float64]:
    """Return white noise, the same every time."""
    return np.random.default_rng(n_samples).normal(0.0, sd_uv, (n_samples, n_channels))


def _cuts(n_samples: int, lengths: Sequence[int], calls: Calls) -> Iterator[tuple[int, int]]:
    start, number = 0, 0
    while start < n_samples:
        length = lengths[number % len(lengths)] if lengths else n_samples
        stop = min([start + length, n_samples, *(at for at in calls if at > start)])
        yield start, stop
        start, number = stop, number + 1
