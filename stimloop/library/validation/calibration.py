"""A calibration on a recording, from a notebook."""

from os import PathLike
from pathlib import Path

from detectors.conditioning.units import is_voltage_unit
from replay import readers
from replay.calibration import calibrate as calibrating
from replay.calibration.calibrated import Calibration
from replay.calibration.choosing import CalibrationError
from replay.calibration.request import Progress, Request
from replay.calibration.rules import Limits
from replay.inspection.inspect import SEARCH_HZ
from replay.recording import Recording
from stimloop.library.input_errors import InputError
from stimloop.library.validation.inspection import require_search, tables_of


def calibrate(
    path: str | PathLike[str],
    *,
    stream: str | None = None,
    channel: str | None = None,
    search_hz: tuple[float, float] = SEARCH_HZ,
    window_s: float = 0.5,
    hop_s: float = 0.01,
    averaging_s: float = 0.1,
    lowest_s: tuple[float, float] | None = None,
    highest_s: tuple[float, float] | None = None,
    n_surrogates: int = 39,
    seed: int = 1,
    unit: str | None = None,
) -> Calibration:
    """Find the channel, the peak and its band, thresholds and onset for a rig.

    Parameters
    ----------
    path : path
        The recording.
    stream, channel : str, optional
        Look at this one alone.
    search_hz : tuple of float
        Where the peak is searched for.
    window_s, hop_s : float
        Of the band power that is measured.
    averaging_s : float
        Of the means that a policy compares with its thresholds, for the curve of onsets.
    lowest_s, highest_s : tuple of float, optional
        From when to when stimulation was at its lowest and at its highest amplitude, both or none:
        for thresholds by the means there.
    n_surrogates, seed : int
        How many phase-randomised surrogates, and where their phases come from.
    unit : str, optional
        Unit of every LFP channel, whatever the file says.

    Returns
    -------
    Calibration
        ``as_dict()`` gives all of it as plain data.

    Raises
    ------
    RecordingError
        Where the file cannot be read, or its format is not known.
    replay.calibration.choosing.NoPeakError
        Where no channel has a peak.
    InputError
        Where nothing can be calibrated on it, or what is asked for does not fit.

    Examples
    --------
    >>> import stimloop as sl
    >>> found = sl.calibrate("patient07.xdf", n_surrogates=3)
    >>> found.channel, round(found.peak.frequency_hz), len(found.bands_off)
    ('STN_1', 20, 4)
    """
    if (lowest_s is None) != (highest_s is None):
        raise InputError("lowest_s: expected both lowest_s and highest_s, or none, found one")
    limits = None if lowest_s is None or highest_s is None else Limits(lowest_s, highest_s)
    request = Request(
        stream=stream,
        channel=channel,
        search_hz=search_hz,
        window_s=window_s,
        hop_s=hop_s,
        averaging_s=averaging_s,
        limits=limits,
        n_surrogates=n_surrogates,
        seed=seed,
    )
    try:
        return calibrate_opened(readers.open(Path(path)), request, unit)
    except CalibrationError as error:
        raise InputError(f"{path}: {error}") from error


def calibrate_opened(
    recording: Recording,
    request: Request,
    unit: str | None = None,
    progress: Progress = lambda _name, _done, _total: None,
) -> Calibration:
    """Calibrate on a recording that is open; see `calibrate`."""
    require_search(request.search_hz)
    if unit is not None and not is_voltage_unit(unit):
        raise InputError(f"unit: expected a unit of voltage (V, mV, uV, nV), found {unit!r}")
    return calibrating.calibrate(recording, tables_of(recording, unit), request, progress)
