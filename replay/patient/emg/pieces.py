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

    def of_streams(self, infos: Sequence[StreamInfo]) -> list[NDArray[np.float32]]:
        """Return the samples of each of the streams that share the channels, as they are sent."""
        found, column = [], 0
        for info in infos:
            stop = column + len(info.channels)
            found.append(self.samples[:, column:stop].astype(np.float32))
            column = stop
        return found

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


def marker_stream(signal: StreamInfo) -> StreamInfo:
    """Return what a stream of markers beside one of signals says of itself."""
    return StreamInfo(
        name=f"{signal.name}Markers",
        rate_hz=0.0,
        channels=("marker",),
        units=("",),
        dtype="string",
        lsl_name=f"{signal.lsl_name}Markers",
        lsl_type="Markers",
        source_id=f"{signal.source_id}-markers",
    )


PieceT_co = TypeVar("PieceT_co", bound=Piece, covariant=True)


def joined(pieces: Sequence[PieceT_co]) -> PieceT_co:
    """Return pieces that follow each other as one."""
    first = pieces[0]
    changes: dict[str, Any] = {
        name: np.concatenate([getattr(each, name) for each in pieces]) for name in first.per_sample
    }
    for name in first.placed:
        changes[name] = tuple(event for each in pieces for event in getattr(each, name))
    return dataclasses.replace(first, **changes)


class InBlocks(ABC, Generic[PieceT_co]):
    """A generator of signals, without end.

    It makes blocks whose lengths its configuration alone decides, and hands out what was asked
    for: in whatever pieces samples are taken, they are the same bits.
    """

    def __init__(self) -> None:
        self._left: PieceT_co | None = None

    @property
    @abstractmethod
    def infos(self) -> tuple[StreamInfo, ...]:
        """Its streams, which share the channels out in their order."""

    @abstractmethod
    def next_block(self) -> PieceT_co:
        """Return the block that follows, of at least one sample."""

    def generate(self, n_samples: int, current_ma: float = 0.0) -> PieceT_co:  # noqa: ARG002
        """Return the next samples.

        Parameters
        ----------
        n_samples : int
            How many; 0 is none.
        current_ma : float
            The amplitude of a stimulator meanwhile, which changes only what says that it does.

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
