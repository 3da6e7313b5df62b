"""Signals with their truth, made in blocks of fixed length and handed out in any pieces."""

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, NamedTuple, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from streamer.source import StreamInfo


class Placed(Protocol):
    """Whatever happens at a sample."""

    @property
    def sample(self) -> float:
        """The sample, counted from the generator's first one."""
        ...


class Mark(NamedTuple):
    """Something that begins: its sample, counted from the generator's first one, and its name."""

    sample: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Samples that follow each other, with what is true of them.

    Parameters
    ----------
    rate_hz : float
        Sampling rate.
    channels : tuple of str
        Labels.
    first_sample : int
        Number of the first sample.
    samples : ndarray of float64, shape (n_samples, n_channels)
        The signals.
    marks : tuple of Mark
        What begins at which sample.
    """

    #: Fields with a row for each sample, and fields of what happens at samples.
    per_sample: ClassVar[tuple[str, ...]] = ("samples",)
    placed: ClassVar[tuple[str, ...]] = ("marks",)

    rate_hz: float
    channels: tuple[str, ...]
    first_sample: int
    samples: NDArray[np.float64]
    marks: tuple[Mark, ...]

    @property
    def time_s(self) -> NDArray[np.float64]:
        """Time of each sample since the generator's first one."""
        time_s: NDArray[np.float64] = np.arange(len(self.samples), dtype=np.float64)
        return (self.first_sample + time_s) / self.rate_hz

    def cut(self, start: int, stop: int) -> Self:
        """Return some of the samples, counted within this piece."""
        low, high = self.first_sample + start, self.first_sample + stop
        changes: dict[str, Any] = {
            name: getattr(self, name)[start:stop] for name in self.per_sample
        }
        for name in self.placed:
            events: Sequence[Placed] = getattr(self, name)
            changes[name] = tuple(each for each in events if low <= each.sample < high)
        return dataclasses.replace(self, first_sample=low, **changes)


PieceT = TypeVar("PieceT", bound=Piece)


def joined(pieces: Sequence[PieceT]) -> PieceT:
    """Return pieces that follow each other as one."""
    first = pieces[0]
    changes: dict[str, Any] = {
        name: np.concatenate([getattr(each, name) for each in pieces]) for name in first.per_sample
    }
    for name in first.placed:
        changes[name] = tuple(event for each in pieces for event in getattr(each, name))
    return dataclasses.replace(first, **changes)


class InBlocks(ABC, Generic[PieceT]):
    """A generator of signals, without end.

    It makes blocks whose lengths its configuration alone decides, and hands out what was asked
    for: in whatever pieces samples are taken, they are the same bits.
    """

    def __init__(self) -> None:
        self._left: PieceT | None = None

    @property
    @abstractmethod
    def infos(self) -> tuple[StreamInfo, ...]:
        """Its streams, which share the channels out in their order."""

    @abstractmethod
    def next_block(self) -> PieceT:
        """Return the block that follows, of at least one sample."""

    def generate(self, n_samples: int) -> PieceT:
        """Return the next samples.

        Parameters
        ----------
        n_samples : int
            How many; 0 is none.

        Returns
        -------
        Piece
            The signals with what is true of them.
        """
        taken = [self._left or self.next_block()]
        n_taken = len(taken[0].samples)
        while n_taken < n_samples:
            taken.append(self.next_block())
            n_taken += len(taken[-1].samples)
        whole = joined(taken)
        self._left = whole.cut(n_samples, n_taken) if n_samples < n_taken else None
        return whole.cut(0, n_samples)
