"""The result of a verification."""

from typing import Literal

import msgspec

from replay.verification.recording.result import RecordingCheck

#: What proves the end of a journal.
Proof = Literal["nothing", "end record", "signature", "head"]


class EndVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """Whether records may have been taken away from the end of a journal.

    Parameters
    ----------
    is_proven : bool
        Whether all the evidence that was given fits, and there is some.
    by : str
        The strongest evidence.
    proven_up_to : int or None
        Number of the record up to which everything is proven.
    is_whole : bool
        Whether that is the newest record of the journal.
    text : str
        The same in words.
    """

    is_proven: bool
    by: Proof
    proven_up_to: int | None
    is_whole: bool
    text: str


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The result of verifying a session.

    Parameters
    ----------
    session : str
        Name of the session, empty where the journal does not say.
    passes : bool
        Whether it holds and its end is proven, or need not be.
    holds : bool
        Whether everything is as it was and comes out as it did.
    first_difference : str or None
        Where it does not.
    end : EndVerdict
        Whether the end is proven, and up to which record.
    n_records, n_samples : int
        What was checked before the verdict.
    head : str
        Newest link of the chain that fits, hex.
    digest : dict
        Of what was computed again.
    warnings : tuple of str
        What is not wrong but should be known.
    recording : RecordingCheck or None
        The recorder's file held against the journal, where there is one; `passes` includes it.
    """

    session: str
    passes: bool
    holds: bool
    first_difference: str | None
    end: EndVerdict
    n_records: int
    n_samples: int
    head: str
    digest: dict[str, str]
    warnings: tuple[str, ...]
    recording: RecordingCheck | None = None


class Difference(Exception):  # noqa: N818 it ends the comparison, and is what was looked for
    """The first difference; its text is the verdict's."""
