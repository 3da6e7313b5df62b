"""What came of comparing a recorder's file with the journal of its session."""

from typing import Literal, TypeAlias

import msgspec

StreamOf: TypeAlias = Literal["rig", "estimates", "events", "device"]


class StreamCheck(msgspec.Struct, frozen=True, kw_only=True):
    """One stream of the journal, as it is in the file.

    Parameters
    ----------
    stream : str
        Its name in the configuration, the detector's or the device's id, or ``events``.
    of : str
        ``rig`` for a stream that the rig reads, else which own stream it is.
    n_journal : int
        Its samples, hops or events in the journal.
    n_equal : int
        Those that are in the file with the same stamp and, bit for bit, the same values.
    n_changed : int
        Those of which the file has another stamp or other values.
    n_missing : int
        Those that the file lacks.
    n_extra : int
        Samples of the file between these that the journal does not have. What the recorder took
        before and after the session is not counted.
    first_difference : str
        Where it begins, and what it is; empty where there is none.
    """

    stream: str
    of: StreamOf
    n_journal: int = 0
    n_equal: int = 0
    n_changed: int = 0
    n_missing: int = 0
    n_extra: int = 0
    first_difference: str = ""

    @property
    def is_equal(self) -> bool:
        """Whether all of it is in the file as it is in the journal."""
        return not self.first_difference

    @property
    def text(self) -> str:
        """The counts and the first difference, in a line."""
        counts = (
            (self.n_changed, "changed"),
            (self.n_missing, "missing"),
            (self.n_extra, "more than in the journal"),
        )
        told = ", ".join(f"{number} {what}" for number, what in counts if number)
        found = f"{self.n_equal} of {self.n_journal} as in the journal"
        return f"{found}, {told}: {self.first_difference}" if told else found


class RecordingCheck(msgspec.Struct, frozen=True, kw_only=True):
    """A recorder's file held against the journal of its session.

    Parameters
    ----------
    file : str
        The recording.
    is_equal : bool
        Whether every sample of the journal is in it, and nothing else between them.
    problem : str
        Why it could not be compared at all; empty where it was.
    streams : tuple of StreamCheck
        Those of the rig, then our own.
    warnings : tuple of str
        What the file is like.
    """

    file: str
    is_equal: bool
    problem: str = ""
    streams: tuple[StreamCheck, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The same in a line."""
        if self.problem:
            return f"recording {self.file}: cannot be compared: {self.problem}"
        n_equal = sum(each.n_equal for each in self.streams)
        if self.is_equal:
            return (
                f"recording {self.file}: {len(self.streams)} streams with {n_equal} samples, all "
                "as in the journal"
            )
        wrong = [each for each in self.streams if not each.is_equal]
        first = f"{wrong[0].stream}: {wrong[0].text}"
        more = f" (and {len(wrong) - 1} more streams)" if len(wrong) > 1 else ""
        return f"recording {self.file}: differs from the journal: {first}{more}"
