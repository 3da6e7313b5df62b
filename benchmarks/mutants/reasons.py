"""Reasons why mutants that no test kills are no faults, kept in `equivalent.toml`."""

from pathlib import Path

import msgspec

from benchmarks.mutants.operators import Mutant

PATH = Path(__file__).with_name("equivalent.toml")


class Equivalence(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[equivalent]]` table: a mutant, found by its text, and why it may survive.

    Parameters
    ----------
    room, function : str
        The file, and the function in it.
    original, mutated : str
        The lines before and after.
    why : str
        Why nothing that anybody can see is different, or why the difference is no fault.
    nth : int
        Which of several that read the same in the function.
    """

    room: str
    function: str
    original: str
    mutated: str
    why: str
    nth: int = 1

    def is_of(self, room: Path, mutant: Mutant) -> bool:
        """Return whether this reason belongs to a mutant."""
        return (self.room, self.function, self.original, self.mutated, self.nth) == (
            room.as_posix(),
            mutant.function,
            mutant.original,
            mutant.mutated,
            mutant.nth,
        )


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    equivalent: list[Equivalence] = []


def reasons(path: Path = PATH) -> list[Equivalence]:
    """Return all reasons."""
    return msgspec.toml.decode(path.read_bytes(), type=_File).equivalent
