"""Derived channels: fixed linear combinations of a stream's own."""

import math
from collections.abc import Sequence
from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta

from detectors.spelling import case_hint

_WEIGHT_MAX = 1e6


class MontageConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[streams.montage]]` table: one derived channel.

    Parameters
    ----------
    channel : str
        Its label.
    terms : dict of str to float
        Weight of each of the stream's own channels, summed in the order they are written:
        ``{ STN_L_1 = 1.0, STN_L_3 = -1.0 }``.

    Raises
    ------
    ValueError
        Where there is no term, or a weight is zero, not finite or over 1e6.
    """

    channel: Annotated[str, Meta(min_length=1)]
    terms: dict[str, float]

    def __post_init__(self) -> None:
        if not self.terms:
            raise ValueError("terms: expected at least one channel, found none")
        for label, weight in self.terms.items():
            if not (math.isfinite(weight) and 0.0 < abs(weight) <= _WEIGHT_MAX):
                raise ValueError(
                    f"terms.{label}: expected a weight, not zero, of at most 1e6, found {weight:g}"
                )


class Montage:
    """The stream's own channels, and after them the derived ones, as arrays for the kernel.

    Parameters
    ----------
    derived : sequence of MontageConfig
        In the order their channels shall have.
    channels : sequence of str
        Labels of the stream's own channels.
    left_out : sequence of str
        Labels of channels that no term may name, as they have no unit of voltage.

    Attributes
    ----------
    channels : tuple of str
        All labels, the stream's own first.
    first_term : ndarray of int64, shape (n_derived + 1,)
        Where the terms of each derived channel begin in the two arrays below.
    source, weight : ndarray of int64 and of float64, shape (n_terms,)
        Column and weight of each term.

    Raises
    ------
    ValueError
        Where a label is there twice or a term names a channel the stream does not have.
    """

    def __init__(
        self,
        derived: Sequence[MontageConfig],
        channels: Sequence[str],
        left_out: Sequence[str] = (),
    ) -> None:
        own = tuple(channels)
        columns = {label: column for column, label in enumerate(own)}
        if len(columns) < len(own):
            raise ValueError(f"channels: expected unique labels, found {', '.join(own)}")
        labels = list(own)
        for number, each in enumerate(derived):
            if each.channel in labels or each.channel in left_out:
                raise ValueError(
                    f"montage[{number}].channel: expected a new label, found {each.channel!r}"
                )
            unknown = [label for label in each.terms if label not in columns]
            if unknown:
                raise ValueError(
                    f"montage[{number}].terms: expected channels among {', '.join(own)}, "
                    f"found {', '.join(unknown)}{_why(unknown[0], own, left_out)}"
                )
            labels.append(each.channel)
        self.channels = tuple(labels)
        n_terms = [len(each.terms) for each in derived]
        self.first_term = np.cumsum([0, *n_terms], dtype=np.int64)
        terms = [term for each in derived for term in each.terms.items()]
        self.source = np.array([columns[label] for label, _ in terms], np.int64)
        self.weight = np.array([weight for _, weight in terms], np.float64)


def _why(label: str, own: Sequence[str], left_out: Sequence[str]) -> str:
    if label in left_out:
        return f": {label} has no unit of voltage"
    return case_hint(label, own)
