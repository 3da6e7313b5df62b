"""Derived channels are exact sums in a fixed order, with the taint of all their terms."""

import math

import msgspec
import numpy as np
import pytest

from detectors.block import Taint
from detectors.conditioning.montage import Montage, MontageConfig
from tests.detectors.streams import conditioner, feed, noise, regular_stamps

_PAIR = MontageConfig(channel="a-c", terms={"a": 1.0, "c": -1.0})
_MEAN = MontageConfig(channel="mean", terms={"c": 0.1, "a": 0.2, "b": 0.3})


def test_derived_channels_come_after_the_streams_own_and_are_summed_as_written() -> None:
    samples = noise(50, 3)
    given = conditioner(n_channels=3, montage=(_PAIR, _MEAN))
    assert given.layout.channels == ("a", "b", "c", "a-c", "mean")
    found = feed(given, samples, regular_stamps(50))
    a, b, c = samples.T
    assert np.array_equal(found.samples_uv[:, :3], samples)
    assert np.array_equal(found.samples_uv[:, 3], a - c)
    assert np.array_equal(found.samples_uv[:, 4], ((0.0 + 0.1 * c) + 0.2 * a) + 0.3 * b)


def test_a_derived_channel_carries_the_taint_of_each_of_its_terms_and_no_other() -> None:
    samples = noise(20, 3)
    samples[5, 0] = np.nan
    samples[7, 1] = np.nan
    found = feed(conditioner(n_channels=3, montage=(_PAIR, _MEAN)), samples, regular_stamps(20))
    tainted = (found.taint & Taint.NOT_FINITE) != 0
    assert np.flatnonzero(tainted[:, 3]).tolist() == [5]
    assert np.flatnonzero(tainted[:, 4]).tolist() == [5, 7]
    assert np.isfinite(found.samples_uv).all()


def test_units_are_converted_before_channels_are_combined() -> None:
    samples = np.array([[1.0, 2.0, 0.25]])
    given = conditioner(n_channels=3, unit="mV", montage=(_PAIR,))
    assert feed(given, samples, regular_stamps(1)).samples_uv.tolist() == [[1e3, 2e3, 250.0, 750.0]]


@pytest.mark.parametrize("weight", [0.0, math.nan, math.inf, 1e7])
def test_a_weight_of_nothing_or_without_bound_is_refused(weight: float) -> None:
    with pytest.raises(ValueError, match=r"terms\.a: expected a weight, not zero"):
        MontageConfig(channel="x", terms={"a": weight})


def test_a_channel_of_no_terms_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^terms: expected at least one channel, found none"):
        MontageConfig(channel="x", terms={})


def test_an_unknown_key_is_refused_with_its_path() -> None:
    with pytest.raises(msgspec.ValidationError, match=r"weights"):
        msgspec.convert({"channel": "x", "weights": {"a": 1.0}}, MontageConfig)


@pytest.mark.parametrize(
    ("derived", "error"),
    [
        ((MontageConfig(channel="a", terms={"b": 1.0}),), r"montage\[0\]\.channel: .*found 'a'"),
        ((_PAIR, _PAIR), r"montage\[1\]\.channel: expected a new label, found 'a-c'"),
        (
            (MontageConfig(channel="x", terms={"a": 1.0, "d": 1.0}),),
            r"montage\[0\]\.terms: expected channels among a, b, c, found d",
        ),
        (
            (_PAIR, MontageConfig(channel="x", terms={"a-c": 1.0})),
            r"montage\[1\]\.terms: expected channels among a, b, c, found a-c",
        ),
    ],
)
def test_labels_that_clash_or_do_not_exist_are_refused(
    derived: tuple[MontageConfig, ...], error: str
) -> None:
    with pytest.raises(ValueError, match=error):
        conditioner(n_channels=3, montage=derived)


def test_a_stream_that_repeats_a_label_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^channels: expected unique labels, found a, a"):
        Montage((), ("a", "a"))
