"""What somebody asks an export for, beside the session itself."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from stimloop.sharing.labels import Labels


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What the session is called, and what nobody but a person knows of it.

    Parameters
    ----------
    dataset : Path
        The folder of the dataset; made where it is not there.
    labels : Labels
        Of every file.
    name : str
        Of a new dataset.
    authors : tuple of str
        Of a new dataset.
    task_description, reference, manufacturer, emg_placement : str
        As BIDS asks for them; empty where nobody said.
    line_hz : float, optional
        Frequency of the mains.
    channel_types : mapping of str to str
        BIDS type of a channel, by label.
    muscles : mapping of str to str
        Muscle that a channel of EMG is of, by label.
    sources : tuple of Path
        Files that are kept below ``sourcedata``.
    has_dates : bool
        Whether the date and time of day go into the dataset.
    overwrites : bool
        Whether files of the same labels are replaced.
    """

    dataset: Path
    labels: Labels
    name: str = "Sessions of a closed loop"
    authors: tuple[str, ...] = ()
    task_description: str = ""
    reference: str = ""
    manufacturer: str = ""
    emg_placement: str = ""
    line_hz: float | None = None
    channel_types: Mapping[str, str] = {}
    muscles: Mapping[str, str] = {}
    sources: tuple[Path, ...] = ()
    has_dates: bool = True
    overwrites: bool = False
