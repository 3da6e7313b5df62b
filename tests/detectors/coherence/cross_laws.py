"""The laws of a detector that reads several streams, each a check on an example of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from detectors.block import Taint
from detectors.testing.reflection import compiled
from detectors.testing.subject import FIELDS
from tests.detectors.coherence.cross_subject import CrossExample, Streams, result_of

Cuts = Mapping[str, Sequence[int]]


def check_the_order_does_not_show(
    example: CrossExample, given: Streams, cuts: Cuts, turns: Sequence[int]
) -> None:
    """Test that chunks, and the order in which streams come, do not change a bit."""
    assert result_of(example, given, cuts, turns).same_as(result_of(example, given))


def check_the_future_does_not_show(
    example: CrossExample, given: Streams, ends: Mapping[str, int]
) -> None:
    """Test that later samples do not change earlier results."""
    whole, known = (
        result_of(example, given).estimates,
        result_of(example, given.until(ends)).estimates,
    )
    n_known = known.sample.size
    for field in FIELDS:
        assert getattr(whole, field)[:n_known].tobytes() == getattr(known, field).tobytes()


def check_nothing_is_shared(example: CrossExample, given: Streams, cuts: Cuts) -> None:
    """Test that input is not changed, and that output is never changed later."""
    chain = example.chain()
    kept = []
    turns = np.arange(200).tolist()
    for block, same in zip(given.fed(cuts, turns), given.fed(cuts, turns), strict=True):
        for seen in chain.update(block):
            kept += [
                (getattr(seen.estimates, field), getattr(seen.estimates, field).tobytes())
                for field in FIELDS
            ]
        for field in ("samples_uv", "time_s", "taint"):
            array = getattr(block, field)
            assert array.tobytes() == getattr(same, field).tobytes()
            assert not any(np.shares_memory(array, given_out) for given_out, _ in kept)
    chain.reset()
    assert kept
    assert all(array.tobytes() == bits for array, bits in kept)


def check_reset_is_construction(
    example: CrossExample, given: Streams, cuts: Cuts, turns: Sequence[int]
) -> None:
    chain = example.chain()
    first = result_of(example, given, cuts, turns, chain)
    chain.reset()
    assert result_of(example, given, cuts, turns, chain).same_as(first)


def check_equals_naive(example: CrossExample, given: Streams) -> None:
    seen = result_of(example, given).estimates
    sample, (values, valid) = example.naive(given)
    assert seen.sample.tolist() == sample.tolist()
    times_s = given.by_stream[example.reference.name].time_s
    assert seen.time_s.tolist() == times_s[sample].tolist()
    assert seen.valid.tolist() == valid.tolist()
    distance, size = np.abs(seen.values - values), np.abs(values)
    assert (distance <= 1e-8 * size + example.tolerance_absolute).all(), (seen.values, values)


def check_taint_spoils_its_window_and_no_more(
    example: CrossExample, given: Streams, stream: str, index: tuple[int, int], taint: Taint
) -> None:
    """Test that a tainted sample spoils the rows that use it, their windows, and nothing else."""
    clean = result_of(example, given).estimates
    spoilt = result_of(example, given.tainted(stream, *index, taint)).estimates
    is_inside = _is_inside(example, given, stream, index[0])
    columns = example.columns(stream, index[1])
    assert not spoilt.valid[is_inside][:, columns].any()
    assert (spoilt.valid[~is_inside] == clean.valid[~is_inside]).all()
    others = [column for column in range(clean.values.shape[1]) if column not in columns]
    assert spoilt.values[:, others].tobytes() == clean.values[:, others].tobytes()


def check_taint_is_in_a_window(
    example: CrossExample, given: Streams, stream: str, sample: int
) -> None:
    """Test that a sample in the middle of the streams belongs to some hops, and not to all."""
    is_inside = _is_inside(example, given, stream, sample)
    assert is_inside.any()
    assert not is_inside.all()


def check_soft_taint_is_told(
    example: CrossExample, given: Streams, stream: str, index: tuple[int, int]
) -> None:
    """Test that soft taint changes nothing but the taint of the estimates."""
    clean = result_of(example, given).estimates
    told = result_of(example, given.tainted(stream, *index, Taint.STIMULATION)).estimates
    is_inside = _is_inside(example, given, stream, index[0])
    is_used = bool(example.columns(stream, index[1]))
    expected = np.where(is_inside & is_used, int(Taint.STIMULATION), 0)
    assert told.taint.tolist() == expected.tolist()
    assert told.values.tobytes() == clean.values.tobytes()
    assert told.valid.tobytes() == clean.valid.tobytes()


def _is_inside(
    example: CrossExample, given: Streams, stream: str, sample: int
) -> NDArray[np.bool_]:
    """Return for each hop whether its window has a row that uses the sample."""
    newest = result_of(example, given).estimates.sample[:, None]
    rows_s = given.by_stream[example.reference.name].time_s
    distance_s = np.abs(rows_s - given.by_stream[stream].time_s[sample])
    rows = np.flatnonzero(distance_s < 10.0 / example.reference.rate_hz)
    if stream == example.reference.name:
        rows = np.array([sample])
    is_inside = (newest >= rows) & (newest < rows + example.window_samples)
    return np.asarray(is_inside.any(axis=1))


def check_bad_values_are_tainted(
    example: CrossExample, given: Streams, stream: str, sample: int, value: float
) -> None:
    """Test that a value that is no voltage has the effect of taint, even without taint."""
    made = given.by_stream[stream]
    samples_uv = made.samples_uv.copy()
    samples_uv[sample, 0] = value
    seen = result_of(example, given.changed(stream, replace(made, samples_uv=samples_uv))).estimates
    told = result_of(example, given.tainted(stream, sample, 0, Taint.NOT_FINITE)).estimates
    assert seen.sample.size
    assert np.isfinite(seen.values).all()
    assert seen.valid.tobytes() == told.valid.tobytes()


def check_nothing_happens_on(
    example: CrossExample, given: Streams, stream: str, constant_uv: float
) -> None:
    """Test that a constant stream gives no valid estimate."""
    made = given.by_stream[stream]
    dead = replace(made, samples_uv=np.full_like(made.samples_uv, constant_uv))
    seen = result_of(example, given.changed(stream, dead))
    assert seen.estimates.sample.size
    assert np.isfinite(seen.estimates.values).all()
    assert not seen.estimates.valid.any()
    assert seen.detections == ()


def check_values_are_finite_and_zero_where_invalid(example: CrossExample, given: Streams) -> None:
    estimates = result_of(example, given).estimates
    assert np.isfinite(estimates.values).all()
    assert (estimates.values[~estimates.valid] == 0.0).all()


def check_nothing_compiles_later(example: CrossExample, given: Streams, cuts: Cuts) -> None:
    result_of(example, given)
    before = compiled()
    result_of(example, given, cuts, np.arange(200).tolist())
    assert compiled() == before
