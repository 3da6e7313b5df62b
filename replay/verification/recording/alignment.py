"""Two lists of stamped samples laid side by side: what is equal, changed, missing and too much."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from replay.verification.recording.result import StreamCheck, StreamOf

#: Samples compared at once.
_N_AT_ONCE: Final = 1 << 14
#: How far is looked for where the two go on together.
_N_AHEAD: Final = 1 << 17
#: After so many samples in a row without a partner, the two are not of the same stream.
_N_ALONE_MAX: Final = 256

#: Given the first sample of each side and how many, says of each pair whether the values differ.
Differing = Callable[[int, int, int], NDArray[np.bool_]]


class Alignment:
    """Walks through both sides by their stamps.

    Parameters
    ----------
    journal_s, recorded_s : ndarray of float64, shape (n_samples,)
        The stamps of both sides.
    differing : callable
        Compares the values of samples whose stamps are equal.
    """

    def __init__(
        self,
        journal_s: NDArray[np.float64],
        recorded_s: NDArray[np.float64],
        differing: Differing,
    ) -> None:
        self._journal_s = journal_s
        self._recorded_s = recorded_s
        self._differing = differing
        self._n_equal = self._n_changed = self._n_missing = self._n_extra = 0
        self._first = ""

    def check(self, stream: str, of: StreamOf) -> StreamCheck:
        """Compare everything, and return the counts and the first difference."""
        journal, recorded = 0, self._start()
        n_alone = 0
        while journal < self._journal_s.size and recorded < self._recorded_s.size:
            n_together = self._n_together(journal, recorded)
            if n_together:
                n_alone = 0
                self._compare(journal, recorded, n_together)
                journal, recorded = journal + n_together, recorded + n_together
                continue
            n_missing, n_extra = self._skip(journal, recorded)
            if n_missing or n_extra:
                self._pass_over(journal, recorded, n_missing, n_extra)
                journal, recorded = journal + n_missing, recorded + n_extra
                continue
            self._n_changed += 1
            self._note(
                f"sample {journal} has the stamp {float(self._journal_s[journal])!r} in the "
                f"journal, {float(self._recorded_s[recorded])!r} in the file"
            )
            journal, recorded, n_alone = journal + 1, recorded + 1, n_alone + 1
            if n_alone >= _N_ALONE_MAX:
                break
        n_left = self._journal_s.size - journal
        if n_left:
            self._n_missing += n_left
            what = "its last" if n_alone < _N_ALONE_MAX else "none of its"
            self._note(f"the file lacks {what} {n_left} samples, from sample {journal} on")
        return StreamCheck(
            stream=stream,
            of=of,
            n_journal=self._journal_s.size,
            n_equal=self._n_equal,
            n_changed=self._n_changed,
            n_missing=self._n_missing,
            n_extra=self._n_extra,
            first_difference=self._first,
        )

    def _start(self) -> int:
        """Return where the session begins in the file: the recorder was there before."""
        for stamp_s in self._journal_s[:_N_ALONE_MAX]:
            found = np.flatnonzero(self._recorded_s == stamp_s)
            if found.size:
                return max(0, int(found[0]))
        return 0

    def _n_together(self, journal: int, recorded: int) -> int:
        n = min(self._journal_s.size - journal, self._recorded_s.size - recorded, _N_AT_ONCE)
        unequal = (
            self._journal_s[journal : journal + n] != self._recorded_s[recorded : recorded + n]
        )
        return int(unequal.argmax()) if unequal.any() else n

    def _compare(self, journal: int, recorded: int, n: int) -> None:
        differs = self._differing(journal, recorded, n)
        n_changed = int(differs.sum())
        self._n_changed += n_changed
        self._n_equal += n - n_changed
        if n_changed:
            sample = journal + int(differs.argmax())
            stamp_s = float(self._journal_s[sample])
            self._note(f"sample {sample} (stamp {stamp_s!r}) has other values in the file")

    def _skip(self, journal: int, recorded: int) -> tuple[int, int]:
        """Return how many samples to pass over on each side until both go on together."""
        ahead_of_journal = self._journal_s[journal : journal + _N_AHEAD]
        ahead_of_recorded = self._recorded_s[recorded : recorded + _N_AHEAD]
        missing = np.flatnonzero(ahead_of_journal == ahead_of_recorded[0])
        extra = np.flatnonzero(ahead_of_recorded == ahead_of_journal[0])
        if missing.size and (not extra.size or missing[0] <= extra[0]):
            return int(missing[0]), 0
        return (0, int(extra[0])) if extra.size else (0, 0)

    def _pass_over(self, journal: int, recorded: int, n_missing: int, n_extra: int) -> None:
        self._n_missing += n_missing
        self._n_extra += n_extra
        if n_missing:
            stamp_s = float(self._journal_s[journal])
            self._note(
                f"the file lacks {n_missing} samples from sample {journal} (stamp {stamp_s!r}) on"
            )
        else:
            stamp_s = float(self._recorded_s[recorded])
            self._note(
                f"the file has {n_extra} more samples before sample {journal}, the first with "
                f"the stamp {stamp_s!r}"
            )

    def _note(self, text: str) -> None:
        self._first = self._first or text
