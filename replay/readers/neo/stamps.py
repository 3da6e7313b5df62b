"""When each sample was taken, as the file has it: where neo counts on from a start, or fills a gap.

neo gives a start and a rate to each segment. Some formats store more: a stamp for each record, an
index or a stamp for each sample. What is stored is what a stream hands on, so that a lost record is
a gap and a clock that runs slow is seen.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from replay.readers.library import library
from replay.recording import RecordingError, ranges

#: Samples of a record of Neuralynx.
_N_RECORD: Final = 512
#: Indices that are looked at in one go.
_N_AT_ONCE: Final = 2**20
#: neo's own ways to the stamps of single samples or records; it has no public ones.
_PER_SAMPLE: Final = "_get_blackrock_timestamps"
_PER_RECORD: Final = "_get_neuralynx_timestamps"
_FOLDERS_OF_STREAMS: Final = "_sig_streams"
_CHUNKS: Final = "_sigs_index"
_N_CHUNK: Final = "_sig_sample_per_chunk"
_FIRST_TIME: Final = "_global_t_start"
_SEGMENTS: Final = "_segments"


class Piece(NamedTuple):
    """Samples of a stream that lie one after the other in a segment.

    Parameters
    ----------
    first_sample, n_samples : int
        Number of its first sample in the whole stream, and how many they are.
    block, segment, start : int
        Where neo has them.
    """

    first_sample: int
    n_samples: int
    block: int
    segment: int
    start: int


class Anchors(NamedTuple):
    """The samples whose stamps are known; from each, stamps are counted on at the rate.

    Parameters
    ----------
    samples : ndarray of int64, shape (n_anchors,)
        Numbers of samples in the whole stream, from 0 on, rising.
    times_s : ndarray of float64, shape (n_anchors,)
        Their stamps.
    rate_hz : float
        The rate.
    """

    samples: NDArray[np.int64]
    times_s: NDArray[np.float64]
    rate_hz: float

    def stamps_s(self, start: int, stop: int) -> NDArray[np.float64]:
        """Return the stamps of some samples.

        Examples
        --------
        >>> Anchors(np.array([0, 2]), np.array([5.0, 9.0]), rate_hz=2.0).stamps_s(1, 4).tolist()
        [5.5, 9.0, 9.5]
        """
        numbers = np.arange(start, stop)
        anchors = np.searchsorted(self.samples, numbers, side="right") - 1
        stamps: NDArray[np.float64] = (
            self.times_s[anchors] + (numbers - self.samples[anchors]) / self.rate_hz
        )
        return stamps


class Timing(NamedTuple):
    """The pieces of a stream, and the stamps of its samples.

    Parameters
    ----------
    pieces : tuple of Piece
        In their order.
    anchors : Anchors
        The stamps.
    stored : callable or None
        Given a piece, and where in it to start and stop, the stamps that the file has for each
        sample, which then hold.
    """

    pieces: tuple[Piece, ...]
    anchors: Anchors
    stored: Callable[[Piece, int, int], NDArray[np.float64]] | None = None


_Runs: TypeAlias = tuple[NDArray[np.int64], NDArray[np.float64]]


def timing_of(reader: Any, stream: int, rate_hz: float) -> Timing:  # noqa: ANN401 a neo reader
    """Return where the samples of a stream of neo lie, and when they were taken."""
    name = type(reader).__name__
    pieces = segments_of(reader, stream)
    if name == "OpenEphysRawIO":
        return _without_filled(reader, pieces, rate_hz)
    if name == "BlackrockRawIO":
        per_sample = getattr(reader, _PER_SAMPLE)
        return Timing(
            pieces,
            _counted(reader, stream, pieces, rate_hz),
            lambda piece, start, stop: per_sample(piece.block, piece.segment, start, stop, stream),
        )
    runs_of = {
        "NeuralynxRawIO": _records,
        "IntanRawIO": _indices_of_intan,
        "OpenEphysBinaryRawIO": _indices_of_open_ephys,
        "TdtRawIO": _chunks_of_tdt,
        "AlphaOmegaRawIO": _blocks_of_alpha_omega,
    }.get(name)
    if runs_of is None:
        return Timing(pieces, _counted(reader, stream, pieces, rate_hz))
    found = [runs_of(reader, stream, piece, rate_hz) for piece in pieces]
    counted = _counted(reader, stream, pieces, rate_hz)
    samples, times_s = [], []
    for number, piece in enumerate(pieces):
        start = np.zeros(1, np.int64), counted.times_s[number : number + 1]
        numbers, stamps_s = found[number] or start
        samples.append(piece.first_sample + numbers)
        times_s.append(stamps_s)
    return Timing(pieces, Anchors(np.concatenate(samples), np.concatenate(times_s), rate_hz))


def segments_of(reader: Any, stream: int) -> tuple[Piece, ...]:  # noqa: ANN401 a neo reader
    """Return the segments of a stream that hold samples."""
    pieces: list[Piece] = []
    first = 0
    for block in range(reader.block_count()):
        for segment in range(reader.segment_count(block)):
            n_samples = int(reader.get_signal_size(block, segment, stream))
            if n_samples > 0:
                pieces.append(Piece(first, n_samples, block, segment, 0))
                first += n_samples
    return tuple(pieces)


def _counted(
    reader: Any,  # noqa: ANN401 a neo reader
    stream: int,
    pieces: Sequence[Piece],
    rate_hz: float,
) -> Anchors:
    starts_s = [
        float(reader.get_signal_t_start(each.block, each.segment, stream)) + each.start / rate_hz
        for each in pieces
    ]
    firsts = np.array([each.first_sample for each in pieces], np.int64)
    return Anchors(firsts, np.array(starts_s, np.float64), rate_hz)


def _records(reader: Any, stream: int, piece: Piece, _rate_hz: float) -> _Runs | None:  # noqa: ANN401
    """Return the first sample of each record of Neuralynx with its stamp, of whole microseconds."""
    stamps_us = getattr(reader, _PER_RECORD)(piece.block, piece.segment, stream)
    if len(stamps_us) != -(-piece.n_samples // _N_RECORD):
        return None
    return np.arange(len(stamps_us), dtype=np.int64) * _N_RECORD, stamps_us / 1e6


def _indices_of_intan(reader: Any, _stream: int, piece: Piece, rate_hz: float) -> _Runs | None:  # noqa: ANN401
    """Return where the amplifier's sample index jumps; slower streams have fewer samples."""
    n_indices = max(
        int(reader.get_signal_size(0, 0, each)) for each in range(reader.signal_streams_count())
    )
    n_each = n_indices // piece.n_samples
    if n_each * piece.n_samples != n_indices:
        return None
    indices = reader.get_intan_timestamps()[::n_each]
    firsts, values = _jumps(indices, step=n_each)
    return firsts, values / (rate_hz * n_each)


def _indices_of_open_ephys(reader: Any, stream: int, piece: Piece, rate_hz: float) -> _Runs | None:  # noqa: ANN401
    """Return where the sample number of the binary format jumps."""
    described = getattr(reader, _FOLDERS_OF_STREAMS)[piece.block][piece.segment].get(stream)
    if described is None:  # the synchronization channel of a probe, which neo parts from its stream
        return None
    folder = Path(described["raw_filename"]).parent
    known = (folder / "sample_numbers.npy", folder / "timestamps.npy")
    numbers = np.load(next(each for each in known if each.is_file()), mmap_mode="r")
    if len(numbers) < piece.n_samples or numbers.dtype.kind not in "iu":
        return None
    firsts, values = _jumps(numbers[: piece.n_samples], step=1)
    return firsts, values / rate_hz


def _chunks_of_tdt(
    reader: Any,  # noqa: ANN401 a neo reader
    stream: int,
    piece: Piece,
    _rate_hz: float,
) -> _Runs | None:
    """Return the first sample of each chunk of TDT with its time since the first segment began."""
    channels = reader.header["signal_channels"]["stream_id"]
    first_channel = int(
        np.flatnonzero(channels == reader.header["signal_streams"][stream]["id"])[0]
    )
    times_s = getattr(reader, _CHUNKS)[piece.segment][first_channel]["timestamp"]
    n_each = int(getattr(reader, _N_CHUNK)[stream])
    firsts = np.arange(len(times_s), dtype=np.int64) * n_each
    return firsts, np.asarray(times_s - getattr(reader, _FIRST_TIME), np.float64)


def _blocks_of_alpha_omega(
    reader: Any,  # noqa: ANN401 a neo reader
    stream: int,
    piece: Piece,
    _rate_hz: float,
) -> None:
    """Refuse a segment with missing blocks: neo would give what memory holds in their place."""
    name = str(reader.header["signal_streams"][stream]["id"])
    for channel in getattr(reader, _SEGMENTS)[piece.segment]["streams"][name].values():
        blocks = [block for found in channel["positions"].values() for block in found]
        n_spanned = max(first + n for first, _, n in blocks) - min(first for first, _, _ in blocks)
        if n_spanned != piece.n_samples:
            raise RecordingError(
                f"channel {channel['name']!r}: expected samples without a break in segment "
                f"{piece.segment}, found {piece.n_samples} of {n_spanned}: neo cannot read it"
            )


def _jumps(
    indices: NDArray[np.integer[Any]], step: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where indices do not follow each other, and those that stand there.

    Examples
    --------
    >>> [each.tolist() for each in _jumps(np.array([5, 6, 7, 20, 21]), step=1)]
    [[0, 3], [5, 20]]
    """
    firsts = [np.zeros(1, np.int64)]
    for start, stop in ranges(len(indices) - 1, _N_AT_ONCE):
        steps = np.diff(indices[start : stop + 1].astype(np.int64))
        firsts.append(start + 1 + np.flatnonzero(steps != step))
    found = np.concatenate(firsts)
    return found, indices[found].astype(np.int64)


def _without_filled(reader: Any, pieces: Sequence[Piece], rate_hz: float) -> Timing:  # noqa: ANN401
    """Return the records that Open Ephys stored: neo fills what is missing between them."""
    rawio = library("neo.rawio.openephysrawio", format="Open Ephys")
    files = rawio.explore_folder(reader.dirname)["continuous"]
    kept: list[Piece] = []
    times_s: list[float] = []
    first = 0
    for piece, number in zip(pieces, sorted(files), strict=True):
        held = np.memmap(
            files[number][0], rawio.continuous_dtype, mode="r", offset=rawio.HEADER_SIZE
        )["timestamp"]
        first_index = round(float(reader.get_signal_t_start(0, piece.segment, 0)) * rate_hz)
        starts = np.asarray(held, np.int64) - first_index
        starts = starts[(starts >= 0) & (starts < piece.n_samples)]
        ends = np.flatnonzero(np.diff(starts) != rawio.RECORD_SIZE) + 1
        for records in np.split(starts, ends):
            n_samples = len(records) * rawio.RECORD_SIZE
            kept.append(
                piece._replace(first_sample=first, n_samples=n_samples, start=int(records[0]))
            )
            times_s.append((first_index + int(records[0])) / rate_hz)
            first += n_samples
    firsts = np.array([each.first_sample for each in kept], np.int64)
    return Timing(tuple(kept), Anchors(firsts, np.array(times_s), rate_hz))
