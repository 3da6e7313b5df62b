"""How many rows a kernel wrote of what it found: a count beside arrays of a fixed length."""

from detectors.compiling.layout import Record


class FoundCounter(Record):
    """How much was found in the last call."""

    #: Rows that are written.
    n_written: int
