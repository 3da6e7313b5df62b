"""Unique channel labels, where a stream repeats or omits them."""

from collections import Counter
from collections.abc import Sequence

from detectors.spelling import normal_form


def unique_labels(labels: Sequence[str], n_channels: int) -> tuple[str, ...]:
    """Return a label for each channel, no two the same.

    Parameters
    ----------
    labels : sequence of str
        As the stream describes its channels; may be too few, too many, empty or repeated.
    n_channels : int
        How many channels the samples have.

    Returns
    -------
    tuple of str
        ``ch1``, ``ch2``, ... where there is no label. A repeated label gets its channel's
        number everywhere it stands (``EMG`` twice: ``EMG_1``, ``EMG_2``), so that nobody who
        asks for it is given one of them silently. Letters are composed (`normal_form`).
    """
    given = _given(labels, n_channels)
    times = Counter(given)
    made: list[str] = []
    for number, label in enumerate(given, 1):
        wanted = label if label and times[label] == 1 else f"{label}_{number}" if label else ""
        candidate = wanted or f"ch{number}"
        while candidate in made or (candidate != label and times[candidate]):
            candidate += "_"
        made.append(candidate)
    return tuple(made)


def unlabelled_columns(labels: Sequence[str], n_channels: int) -> tuple[int, ...]:
    """Return the columns of the channels that the stream gives no label."""
    return tuple(column for column, label in enumerate(_given(labels, n_channels)) if not label)


def repeated_columns(labels: Sequence[str], n_channels: int) -> tuple[int, ...]:
    """Return the columns of the channels whose label another channel has too."""
    given = _given(labels, n_channels)
    times = Counter(given)
    return tuple(column for column, label in enumerate(given) if label and times[label] > 1)


def _given(labels: Sequence[str], n_channels: int) -> list[str]:
    given = [normal_form(label.strip()) for label in labels[:n_channels]]
    return given + [""] * (n_channels - len(given))
