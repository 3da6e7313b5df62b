"""Records simulated muscles to a file, with their markers, without anything that runs."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from replay.patient.emg.pieces import InBlocks, Piece, marker_stream
from replay.patient.recorded_patient import PIECE_S, START_S
from replay.patient.xdf_file import XdfFile
from replay.recording import ranges


def record_muscles(
    muscles: InBlocks[Piece],
    path: Path,
    *,
    duration_s: float,
    amplitude_ma: float = 0.0,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> int:
    """Write signals and markers to an XDF file, under one amplitude all the time.

    Parameters
    ----------
    muscles : InBlocks
        What is recorded, from where it is; equal ones give equal files.
    path : Path
        A file that is not there yet.
    duration_s : float
        Length of the recording.
    amplitude_ma : float
        What a stimulator gives; 0 is no stimulation.
    progress : callable
        Told how many samples are written, of how many.

    Returns
    -------
    int
        Number of samples, of one stream.

    Raises
    ------
    FileExistsError
        Where the file is there already.

    Examples
    --------
    >>> import tempfile
    >>> from replay.patient.emg.scenarios import open_scenario
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "arm.xdf"
    ...     record_muscles(open_scenario("dystonic-arm"), path, duration_s=0.5)
    1000
    """
    infos = muscles.infos
    rate_hz = infos[0].rate_hz
    n_samples = round(duration_s * rate_hz)
    with XdfFile(path, *infos, marker_stream(infos[0])) as file:
        for start, stop in ranges(n_samples, max(1, round(PIECE_S * rate_hz))):
            piece = muscles.generate(stop - start, amplitude_ma)
            stamps_s = START_S + np.arange(start, stop) / rate_hz
            for number, samples in enumerate(piece.of_streams(infos)):
                file.write(samples, stamps_s, number)
            if piece.marks:
                marked_s = stamps_s[[mark.sample - piece.first_sample for mark in piece.marks]]
                file.write_markers([mark.text for mark in piece.marks], marked_s, len(infos))
            progress(stop, n_samples)
    return n_samples
