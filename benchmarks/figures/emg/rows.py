"""Rows of a confusion matrix, and their table."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

#: No answer, as there is too little to measure.
FEW: Final = "too few"


class Row(NamedTuple):
    """How often each answer was given for one class; `expected` is the right one."""

    name: str
    expected: str
    counts: dict[str, int]

    def share_of(self, answer: str) -> float:
        """Return the share of an answer, of estimates with one."""
        n_answers = sum(self.counts.values()) - self.counts.get(FEW, 0)
        return self.counts[answer] / max(n_answers, 1)

    @property
    def share_right(self) -> float:
        """The share that is right, of estimates with an answer."""
        return self.share_of(self.expected)


def markdown(rows: Sequence[Row], answers: Sequence[str]) -> Iterator[str]:
    """Yield the lines of a table of shares of all estimates, with the share that is right."""
    yield "| simulated | " + " | ".join(answers) + " | right |"
    yield "|---|" + "---:|" * (len(answers) + 1)
    for row in rows:
        yield f"| {row.name} | {' | '.join(_shares(row, answers))} | {row.share_right:.3f} |"


def markdown_of_faults(rows: Sequence[Row], answers: Sequence[str]) -> Iterator[str]:
    """Yield the same of rows that have no answer that alone is right."""
    yield "| fault | " + " | ".join(answers) + " |"
    yield "|---|" + "---:|" * len(answers)
    for row in rows:
        yield f"| {row.name} | {' | '.join(_shares(row, answers))} |"


def _shares(row: Row, answers: Sequence[str]) -> Iterator[str]:
    total = sum(row.counts.values())
    return (f"{row.counts[each] / total:.3f}" if row.counts[each] else "" for each in answers)
