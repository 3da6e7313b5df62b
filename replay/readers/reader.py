"""The description of a file format: its name, how its files are recognized, how one is opened."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from replay.recording import Recording

#: A format is known by these, at the beginning of a file.
N_FIRST_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """The reader of one format.

    Parameters
    ----------
    format : str
        What the format is called, for messages.
    suffixes : tuple of str
        How the names of its files end, in lower case, with the dot.
    recognizes : callable
        Given the path and the first 4096 bytes (none of a folder), whether it is a recording of
        this format. Where first bytes say nothing, it may look further, and must be quick.
    open : callable
        Given the path, returns the recording; raises `RecordingError` where it is none. Here, and
        not before, whatever library it needs is imported.
    companions : tuple of str
        Of the suffixes, those of files that stand beside another one of the same name, which they
        belong to: of a folder, only that other one is named.
    repeats : tuple of str
        Names of files in a folder of this format that hold the same samples once more.

    Examples
    --------
    >>> reader = Reader(
    ...     format="numpy",
    ...     suffixes=(".npy",),
    ...     recognizes=lambda path, first_bytes: first_bytes.startswith(b"NUMPY", 1),
    ...     open=lambda path: Recording(path, streams=()),
    ... )
    >>> print(reader, reader.has_suffix(Path("LFP_1000Hz.npy")))
    numpy (.npy) True
    """

    format: str
    suffixes: tuple[str, ...]
    recognizes: Callable[[Path, bytes], bool]
    open: Callable[[Path], Recording]
    companions: tuple[str, ...] = ()
    repeats: tuple[str, ...] = ()

    def has_suffix(self, path: Path) -> bool:
        """Return whether a file is named as those of this format are."""
        return path.name.lower().endswith(self.suffixes)

    def __str__(self) -> str:
        return f"{self.format} ({', '.join(self.suffixes)})"
