"""An inspection of a recording, from a notebook."""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from detectors.spelling import normal_form
from replay import readers
from replay.inspection.inspect import SEARCH_HZ, Progress, inspect_recording
from replay.inspection.inspected import Inspection
from replay.recording import Recording
from stimloop.library.input_errors import InputError
from stimloop.recording_config import is_of_known_type, kind_of
from streamer.streams import Match, StreamConfig

if TYPE_CHECKING:
    from detectors.conditioning.quality_config import Kind

#: The lowest and the highest frequency that peaks can be searched for at.
_SEARCH_HZ: Final = (2.0, 170.0)


def inspect(path: str | PathLike[str], *, search_hz: tuple[float, float] = SEARCH_HZ) -> Inspection:
    """Look a recording over: streams, rates, gaps, flaws, lines, spectra, 1/f and peaks.

    Parameters
    ----------
    path : path
        The file.
    search_hz : tuple of float
        Where peaks are searched for; the 1/f line is fitted from half the low edge to 9/7 of the
        high one.

    Returns
    -------
    Inspection
        ``as_dict()`` gives all of it as plain data.

    Raises
    ------
    RecordingError
        Where the file cannot be read, or its format is not known.
    InputError
        Where the band is none.

    Examples
    --------
    >>> import stimloop as sl
    >>> channel = sl.inspect("patient07.xdf").streams[0].channels[0]
    >>> channel.channel, round(channel.peaks[0].frequency_hz), channel.peaks[0].p < 0.001
    ('STN_1', 20, True)
    """
    return inspect_opened(readers.open(Path(path)), search_hz)


def inspect_opened(
    recording: Recording,
    search_hz: tuple[float, float] = SEARCH_HZ,
    progress: Progress = lambda _done, _total: None,
) -> Inspection:
    """Inspect a recording that is open; see `inspect`."""
    require_search(search_hz)
    return inspect_recording(recording, tables_of(recording), search_hz, progress)


def require_search(search_hz: Sequence[float]) -> None:
    """Expect a band in which peaks can be searched for.

    Raises
    ------
    InputError
        Where it is none.
    """
    low_hz, high_hz = _SEARCH_HZ
    if len(search_hz) != 2 or not low_hz <= search_hz[0] < search_hz[1] - 2.0 <= high_hz - 2.0:
        found = ", ".join(f"{each:g}" for each in search_hz)
        raise InputError(
            f"search_hz: expected a low and a high edge, at least 2 Hz apart, from {low_hz:g} to "
            f"{high_hz:g} Hz, found {found}"
        )


def tables_of(recording: Recording, unit: str | None = None) -> tuple[StreamConfig, ...]:
    """Return a table for each stream of a recording, with unique names, in their order.

    Parameters
    ----------
    recording : Recording
        Where no stream is of a known type (LFP, ECoG, EEG, EMG), those of another are taken for
        LFP.
    unit : str, optional
        Unit of every LFP and EMG channel, whatever the streams say.
    """
    signals = [each.info for each in recording.streams if each.is_signal]
    unknown: Kind = "other" if any(map(is_of_known_type, signals)) else "lfp"
    made: list[StreamConfig] = []
    for number, each in enumerate(recording.streams, 1):
        name = normal_form(each.info.lsl_name) or f"stream_{number}"
        taken = {config.name for config in made}
        unique = name if name not in taken else f"{name}_{number}"
        kind: Kind = "markers"
        if each.is_signal:
            kind = kind_of(each.info, unit, of_unknown_type=unknown)
        table = StreamConfig(name=unique, kind=kind, match=Match(index=number - 1))
        is_converted = unit is not None and kind in ("lfp", "emg")
        made.append(msgspec.structs.replace(table, unit=unit) if is_converted else table)
    return tuple(made)
