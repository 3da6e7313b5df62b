"""Opens what neo reads: the formats of amplifiers and acquisition systems, files and folders."""

import logging
import warnings
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

from replay.readers.library import library
from replay.readers.neo.formats import FORMATS, NeoFormat, format_of
from replay.readers.neo.stamps import timing_of
from replay.readers.neo.streams import streams_of
from replay.readers.reader import N_FIRST_BYTES, Reader
from replay.recording import Recording, RecordingError

_N_TOLD_MAX: Final = 5
#: What neo warns of that says nothing of the recording.
_NOT_OF_THE_FILE: Final = (DeprecationWarning, FutureWarning, ResourceWarning)


def open_neo(path: Path) -> Recording:
    """Open a recording in one of the formats of `neo.rawio`.

    Parameters
    ----------
    path : Path
        A file, or a folder where the format is one; a file of such a folder stands for it.

    Returns
    -------
    Recording
        A stream for each signal stream that neo finds, as float64: microvolts where the file
        states a unit of voltage, else the file's own unit; and a stream of markers for each
        channel of events or epochs. Segments and blocks follow each other in a stream, with the
        time between them. Spikes that were sorted or cut out are not read.

    Raises
    ------
    RecordingError
        Where it is of no such format, cannot be read, or holds neither signals nor events.

    Notes
    -----
    Stamps are those of the file: of each sample (Blackrock with PTP), of each record (Neuralynx,
    TDT, Open Ephys), of the sample's number (Intan, Open Ephys binary), else the segment's start,
    counted on at the rate. What neo would fill in a gap is left out.

    References
    ----------
    S. Garcia et al. (2014), Neo: an object model for handling electrophysiology data in multiple
    formats, Frontiers in Neuroinformatics 8:10, doi:10.3389/fninf.2014.00010.
    """
    chosen = _format(path)
    told: list[str] = []
    with _telling(told):
        reader = _parsed(chosen, path)
        try:
            streams = tuple(streams_of(reader, timing_of, told))
        except RecordingError as error:
            raise RecordingError(f"{path}: {error}") from error
        except Exception as error:
            raise _unreadable(chosen, path, error) from error
    if not streams:
        raise RecordingError(
            f"{path}: expected a {chosen.name} recording of signals or events, found neither"
        )
    if chosen.caution:
        told.append(chosen.caution)
    n_units = len(reader.header["spike_channels"])
    if n_units:
        told.append(f"{n_units} channels of spikes that were cut out are not read")
    return Recording(path, streams, tuple(told))


def _format(path: Path) -> NeoFormat:
    first_bytes = b""
    if path.is_file():
        with path.open("rb") as file:
            first_bytes = file.read(N_FIRST_BYTES)
    chosen = format_of(path, first_bytes)
    if chosen is not None:
        return chosen
    named = [each for each in FORMATS if path.name.lower().endswith(each.suffixes)]
    what = " or ".join(f"{each.name}" for each in named) or "neo"
    found = f"first bytes {first_bytes[:16]!r}" if first_bytes else "an empty file"
    beside = "".join(
        f", with {path.with_suffix(each.beside).name} beside it" for each in named if each.beside
    )
    raise RecordingError(f"{path}: expected a {what} file{beside}, found {found}")


def _parsed(chosen: NeoFormat, path: Path) -> Any:  # noqa: ANN401 a neo reader
    *inner, name = chosen.rawio.split(".")
    rawio = getattr(library(".".join(["neo.rawio", *inner]), format=chosen.name), name)
    try:
        reader = rawio(**chosen.arguments(path))
        _close_with(reader)
        reader.parse_header()
    except ImportError as error:
        reason = str(error).partition("\n")[0]
        raise RecordingError(
            f"{path}: {chosen.name} needs a package of its maker that stimloop[formats] does not "
            f"install: {reason}"
        ) from error
    except Exception as error:
        raise _unreadable(chosen, path, error) from error
    return reader


def _close_with(reader: Any) -> None:  # noqa: ANN401 a neo reader
    """Close the files that a Blackrock reader keeps open when it goes; it does not do so itself."""
    files: dict[int, IO[bytes]] = vars(reader).setdefault("_nsx_fids", {})
    weakref.finalize(reader, _close_all, files)


def _close_all(files: dict[int, IO[bytes]]) -> None:
    for each in files.values():
        each.close()


def _unreadable(chosen: NeoFormat, path: Path, error: Exception) -> RecordingError:
    reason = next((each.strip() for each in str(error).splitlines() if each.strip()), "")
    return RecordingError(
        f"{path}: expected a whole {chosen.name} recording, found one that neo cannot read: "
        f"{type(error).__name__}: {reason}"
    )


@contextmanager
def _telling(told: list[str]) -> Iterator[None]:
    """Collect what neo warns of, a line each, in place of printing it."""
    collector = _Collector(told)
    logger = logging.getLogger("neo")
    handlers, propagates = logger.handlers[:], logger.propagate
    logger.handlers, logger.propagate = [collector], False
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield
    finally:
        logger.handlers, logger.propagate = handlers, propagates
    ours = [each for each in caught if not issubclass(each.category, _NOT_OF_THE_FILE)]
    for text in dict.fromkeys(str(each.message) for each in ours):
        collector.tell(text)


class _Collector(logging.Handler):
    """Keeps the first lines of messages."""

    def __init__(self, told: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._told = told

    def emit(self, record: logging.LogRecord) -> None:
        self.tell(record.getMessage())

    def tell(self, text: str) -> None:
        """Keep the first line that says something; after some, no more."""
        line = next((each.strip() for each in text.splitlines() if each.strip()), "")
        if line and len(self._told) < _N_TOLD_MAX and f"neo: {line}" not in self._told:
            self._told.append(f"neo: {line}")


READER: Final = Reader(
    format="Neo",
    suffixes=tuple(dict.fromkeys(suffix for each in FORMATS for suffix in each.suffixes)),
    recognizes=lambda path, first_bytes: format_of(path, first_bytes) is not None,
    open=open_neo,
    companions=(".nev", ".tbk", ".tev"),
)
