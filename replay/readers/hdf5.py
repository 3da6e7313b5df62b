"""HDF5 files, which NWB and MATLAB 7.3 are, opened so that nothing of them is in memory."""

from pathlib import Path
from typing import Any, Final

from replay.readers.library import library
from replay.recording import RecordingError

HDF5_MAGIC: Final = b"\x89HDF\r\n\x1a\n"


def open_hdf5(path: Path, format: str) -> Any:  # noqa: A002, ANN401 an h5py.File
    """Open a file; it is closed with the last array that is read from it.

    Raises
    ------
    RecordingError
        Where it is no HDF5 file or is not whole, or h5py is not installed.
    """
    h5py = library("h5py", format=format)
    try:
        return h5py.File(path, "r")
    except OSError as error:
        n_bytes = path.stat().st_size
        reason = str(error).partition("\n")[0]
        raise RecordingError(
            f"{path}: expected a whole {format} file, found {n_bytes} bytes that HDF5 cannot read: "
            f"{reason}"
        ) from error
