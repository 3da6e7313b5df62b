"""Records the simulated patient to a file, without anything that runs: data to try things on."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from replay.patient.patient import Patient, PatientConfig
from replay.patient.xdf_file import XdfFile
from replay.recording import ranges

#: A start far from 0, as real clocks never read 0.
START_S: Final = 1000.0
#: Length of the pieces that are written, and told.
PIECE_S: Final = 1.0


def record_patient(
    config: PatientConfig,
    path: Path,
    *,
    duration_s: float,
    amplitude_ma: float = 0.0,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> int:
    """Write the patient's samples to an XDF file, under one amplitude all the time.

    Parameters
    ----------
    config : PatientConfig
        The patient; equal ones give equal files.
    path : Path
        A file that is not there yet.
    duration_s : float
        Length of the recording.
    amplitude_ma : float
        What the patient is stimulated with; 0 is no stimulation.
    progress : callable
        Told how many samples are written, of how many.

    Returns
    -------
    int
        Number of samples.

    Raises
    ------
    FileExistsError
        Where the file is there already.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     record_patient(PatientConfig(), Path(folder) / "rest.xdf", duration_s=0.5)
    500
    """
    patient = Patient(config)
    n_samples = round(duration_s * config.rate_hz)
    with XdfFile(path, config.info(config.name)) as file:
        for start, stop in ranges(n_samples, max(1, round(PIECE_S * config.rate_hz))):
            stamps_s = START_S + np.arange(start, stop) / config.rate_hz
            file.write(patient.generate(stop - start, amplitude_ma), stamps_s)
            progress(stop, n_samples)
    return n_samples
