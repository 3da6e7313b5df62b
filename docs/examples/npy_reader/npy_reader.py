"""Recordings that are one numpy file of samples by channels, in µV: ``lfp_1000Hz.npy``."""

import re
from pathlib import Path

import numpy as np

from replay.readers.reader import Reader
from replay.recording import RecordedStream, Recording, RecordingError, Stretch
from streamer.source import StreamInfo


class NpyStream(RecordedStream):
    """The one signal of a file; its stamps count from 0 at its rate."""

    def __init__(self, path: Path, rate_hz: float) -> None:
        self._values_uv = np.load(path, mmap_mode="r")
        n_samples, n_channels = self._values_uv.shape
        channels = tuple(f"ch{number + 1}" for number in range(n_channels))
        info = StreamInfo(
            name=path.stem,
            lsl_name=path.stem,
            lsl_type="LFP",
            rate_hz=rate_hz,
            channels=channels,
            units=("uV",) * n_channels,
            dtype=self._values_uv.dtype.name,
        )
        super().__init__(info, n_samples)

    def decode(self, start: int, stop: int) -> Stretch:
        """Return samples and stamps."""
        return Stretch(self._values_uv[start:stop].copy(), self.decode_stamps(start, stop))

    def decode_stamps(self, start: int, stop: int) -> np.ndarray:
        """Return the stamps alone."""
        return np.arange(start, stop) / self.info.rate_hz


def open_npy(path: Path) -> Recording:
    """Open a recording."""
    found = re.search(r"_([0-9.]+)hz$", path.stem.lower())
    if found is None:
        raise RecordingError(f"{path}: expected a name that ends in _<rate>Hz.npy")
    return Recording(path, (NpyStream(path, float(found[1])),))


READER = Reader(
    format="numpy",
    suffixes=(".npy",),
    recognizes=lambda _path, first_bytes: first_bytes.startswith(b"\x93NUMPY"),
    open=open_npy,
)
