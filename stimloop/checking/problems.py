"""Settings that are refused unless `[rig] allow` names them."""

import msgspec

from stimloop.checking.mistakes import Mistake
from streamer.config import Allowed


class Problem(msgspec.Struct, frozen=True):
    """One setting that is not recommended, or that looks like a typing mistake.

    Parameters
    ----------
    path : str
        Where in the file: ``$.gate.lease_s``.
    expected, found : str
        In words.
    word : str
        What allows it in `[rig] allow`.
    """

    path: str
    expected: str
    found: str
    word: Allowed

    @property
    def mistake(self) -> Mistake:
        """The error message, in one line."""
        return Mistake(
            self.path,
            f"expected {self.expected}, found {self.found}; "
            f'[rig] allow = ["{self.word}"] allows it',
        )
