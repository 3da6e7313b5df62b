"""Findings about the quality of a stream, and how often each becomes a note."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec


class Finding(NamedTuple):
    """Something about a stream's quality, at the sample at which it became known.

    Parameters
    ----------
    sample : int
        Its index.
    kind : str
        What it is.
    subject : str
        What it is about; findings of one kind and subject are repetitions of each other.
    text : str
        One line.
    begins : bool
        False where it says that something is over.
    """

    sample: int
    kind: str
    subject: str
    text: str
    begins: bool = True


class Repetitions:
    """Lets one finding of a kind and subject pass in a stretch of samples, and counts the rest.

    Parameters
    ----------
    quiet_samples : int
        Samples from one that passes to the next.
    by_kind : dict of str to int
        The same for single kinds.

    Notes
    -----
    Decides by sample indices only, so it is the same in any chunks. The next that passes says
    how many did not.
    """

    def __init__(self, quiet_samples: int, by_kind: Mapping[str, int]) -> None:
        self._quiet_samples = quiet_samples
        self._by_kind = dict(by_kind)
        self._passed_at: dict[tuple[str, str], int] = {}
        self._n_held: Counter[tuple[str, str]] = Counter()

    def pass_on(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """Yield those of the findings, in order of their samples, that become notes."""
        for finding in findings:
            key = (finding.kind, finding.subject)
            passed_at = self._passed_at.get(key)
            quiet_samples = self._by_kind.get(finding.kind, self._quiet_samples)
            if passed_at is not None and finding.sample - passed_at < quiet_samples:
                self._n_held[key] += 1
                continue
            self._passed_at[key] = finding.sample
            n_held = self._n_held.pop(key, 0)
            text = f"{finding.text} ({n_held} more like it before)" if n_held else finding.text
            yield finding._replace(text=text)


class Note(msgspec.Struct, frozen=True, gc=False):
    """Something about a stream's quality that the journal keeps.

    Parameters
    ----------
    stream : str
        Name of the stream.
    sample : int
        Index of the sample at which it became known.
    kind : str
        ``gap``, ``clock_reset``, ``clock_correction``, ``late``, ``backwards``,
        ``not_finite_stamp``, ``rate``, ``restart``, ``skipped``, ``not_finite``, ``frozen``,
        ``saturated``, ``implausible`` or ``unusual``; of the artifact steps ``stimulation``,
        ``blanked`` or ``movement``; of the detectors ``null``.
    text : str
        One line.
    """

    stream: str
    sample: int
    kind: str
    text: str
