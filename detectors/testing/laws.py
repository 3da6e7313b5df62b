"""The laws of a detector, each a check on an example of it.

An `Example` says how a detector is configured and what a plain computation of the same thing
gives. The checks need nothing else, so they hold for a detector from elsewhere as well.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.block import Block, Taint
from detectors.estimates import Estimates
from detectors.outputs import require_outputs
from detectors.testing.reflection import compiled
from detectors.testing.subject import (
    FIELDS,
    ComparableResult,
    Example,
    StreamSamples,
    blocks,
    result_of,
    result_of_chain,
    stream_samples,
)

#: Where samples are cut into pieces.
_PIECES: Final = range(0, 100_000, 37)


def check_the_example_shows_something(example: Example, given: StreamSamples) -> None:
    """Hold that most estimates are valid, and that what is detected is what is said to be."""
    seen = result_of(example, given)
    assert seen.estimates.valid[:, example.all_columns].mean() > 0.4
    assert {each.kind for each in seen.detections} == example.kinds
    detector = list(example.chain().detectors.values())[-1]
    assert example.kinds <= set(getattr(detector, "detects", ()))


def check_outputs_are_told(example: Example, given: StreamSamples) -> None:
    """Hold that each column has its channel, measure, unit and null, and each detection a channel.

    All measures that bad data may spoil are valid at least once, so that the sign of each is seen.
    """
    detector = list(example.chain().detectors.values())[-1]
    require_outputs(detector.outputs)
    seen = result_of(example, given)
    assert seen.estimates.values.shape[1] == len(detector.outputs)
    assert {each.channel for each in seen.detections} <= {each.channel for each in detector.outputs}
    check_signs_are_told(example, given)


def check_signs_are_told(example: Example, given: StreamSamples) -> None:
    """Hold that what may not be negative is not."""
    estimates = result_of(example, given).estimates
    outputs = list(example.chain().detectors.values())[-1].outputs
    for column, output in enumerate(outputs):
        found = estimates.values[estimates.valid[:, column], column]
        assert output.signed or (found >= 0.0).all(), output


def check_chunks_do_not_show(example: Example, given: StreamSamples, cuts: Sequence[int]) -> None:
    """Hold that the same samples in any chunks give the same bits."""
    assert result_of(example, given, cuts).same_as(result_of(example, given))


def check_the_future_does_not_show(example: Example, given: StreamSamples, sample: int) -> None:
    """Hold that other samples from `sample` on leave everything before it as it was."""
    other = given.samples_uv.copy()
    other[sample:] = -3.0 * other[sample:] + 1e4
    taint = given.taint.copy()
    taint[sample:] ^= np.uint16(Taint.FROZEN)
    whole = result_of(example, given)
    changed = result_of(example, StreamSamples(other, given.time_s, taint))
    known = result_of(example, given.until(sample))
    for each in (whole, changed):
        is_past = each.estimates.sample < sample
        past = Estimates("", *(getattr(each.estimates, field)[is_past] for field in FIELDS))
        detections = tuple(one for one in each.detections if one.confirmed_sample < sample)
        assert ComparableResult(past, detections).same_as(known)


def check_input_is_left_alone(example: Example, given: StreamSamples) -> None:
    """Hold that no bit of a block is changed."""
    chain = example.chain()
    for block in blocks(example.layout, given, _PIECES, events=example.events):
        kept = Block(
            block.stream,
            block.first_sample,
            block.samples_uv.copy(),
            block.time_s.copy(),
            block.taint.copy(),
        )
        chain.update(block)
        assert block.samples_uv.tobytes() == kept.samples_uv.tobytes()
        assert block.time_s.tobytes() == kept.time_s.tobytes()
        assert block.taint.tobytes() == kept.taint.tobytes()


def check_output_is_never_touched_again(example: Example, given: StreamSamples) -> None:
    """Hold that what was handed out stays as it was, and shares no memory with a block."""
    chain = example.chain()
    handed_out: list[tuple[Estimates, list[bytes]]] = []
    for block in blocks(example.layout, given, _PIECES, events=example.events):
        for seen in chain.update(block):
            estimates = seen.estimates
            for field in FIELDS:
                for source in (block.samples_uv, block.time_s, block.taint):
                    assert not np.shares_memory(getattr(estimates, field), source)
            handed_out.append(
                (estimates, [getattr(estimates, field).tobytes() for field in FIELDS])
            )
    chain.reset()
    assert handed_out
    for estimates, bits in handed_out:
        assert [getattr(estimates, field).tobytes() for field in FIELDS] == bits


def check_reset_is_construction(
    example: Example, given: StreamSamples, cuts: Sequence[int]
) -> None:
    """Hold that after a reset all is as after construction."""
    chain = example.chain()
    first = result_of_chain(chain, example, given, cuts)
    chain.reset()
    assert result_of_chain(chain, example, given, cuts).same_as(first)


def check_a_restart_is_seen(example: Example, given: StreamSamples) -> None:
    """Hold that the first hop after each restart is there and not valid, on any channel."""
    estimates = result_of(example, given).estimates
    for start in given.restarts:
        at = int(np.searchsorted(estimates.sample, start))
        assert at < estimates.sample.size
        assert not estimates.valid[at, example.all_columns].any()


def check_restart_begins_anew(example: Example, given: StreamSamples) -> None:
    """Hold that the grid starts over, a hop is invalid, and what was before is forgotten."""
    seen = result_of(example, given)
    hop = list(example.chain().detectors.values())[-1].hop_samples // example.every
    starts = given.restarts
    grid: list[int] = []
    for start, stop in zip(starts, [*starts[1:], given.n_samples], strict=True):
        grid += range(start + hop - 1, stop, hop)
        at = np.searchsorted(seen.estimates.sample, start)
        assert not seen.estimates.valid[at : at + 1][:, example.all_columns].any()
    assert seen.estimates.sample.tolist() == grid[example.every - 1 :: example.every]
    if example.forgets:
        last = starts[-1]
        fresh = result_of(example, given.since(last), first=last).estimates
        for field in FIELDS:
            after = getattr(seen.estimates, field)[seen.estimates.sample >= last]
            assert after.tobytes() == getattr(fresh, field).tobytes()


def check_taint_spoils_its_window_and_no_more(
    example: Example, given: StreamSamples, sample: int, channel: int, taint: Taint
) -> None:
    """Hold that a tainted sample makes the windows invalid that contain it, on its channel only.

    Where bad data are left out of a window instead, that other channels do not know of it.
    """
    clean = result_of(example, given).estimates
    sample = min(sample, int(clean.sample[-1]))
    spoilt = result_of(example, given.tainted(sample, channel, taint)).estimates
    columns = example.columns(channel)
    others = [column for column in example.all_columns if column not in columns]
    assert spoilt.values[:, others].tobytes() == clean.values[:, others].tobytes()
    assert spoilt.valid[:, others].tobytes() == clean.valid[:, others].tobytes()
    if example.omits:
        return
    in_window = (clean.sample >= sample) & (clean.sample < sample + example.window_samples)
    assert in_window.any()
    assert not spoilt.valid[in_window][:, columns].any()
    if example.forgets:
        assert (spoilt.valid[~in_window][:, columns] == clean.valid[~in_window][:, columns]).all()


def check_doubtful_stamp_spoils_one_estimate(
    example: Example, given: StreamSamples, sample: int
) -> None:
    """Hold that a doubtful stamp spoils the estimate whose newest sample has it, and no other."""
    clean = result_of(example, given).estimates
    at = int(np.searchsorted(clean.sample, sample))
    hop = int(clean.sample[min(at, clean.sample.size - 1)])
    for each in {sample, hop}:
        spoilt = result_of(example, given.tainted(each, slice(None), Taint.SUSPECT_STAMP)).estimates
        assert spoilt.sample.tolist() == clean.sample.tolist()
        is_newest = np.zeros(clean.sample.shape, dtype=np.bool_)
        if each == hop:
            is_newest = (clean.sample >= hop) & (clean.sample < hop + example.newest_samples)
            assert is_newest.any()
        if not example.omits:
            assert not spoilt.valid[is_newest][:, example.all_columns].any()
        if example.forgets:
            assert spoilt.valid[~is_newest].tobytes() == clean.valid[~is_newest].tobytes()


def check_bad_values_stay_in_their_window(
    example: Example, given: StreamSamples, sample: int, channel: int, value: float
) -> None:
    """Hold that what is no voltage is no valid estimate, though nobody tainted it."""
    samples_uv = given.samples_uv.copy()
    samples_uv[sample, channel] = value
    seen = result_of(example, replace(given, samples_uv=samples_uv)).estimates
    clean = result_of(example, given).estimates
    assert seen.sample.size
    assert np.isfinite(seen.values).all()
    columns = example.columns(channel)
    others = [column for column in example.all_columns if column not in columns]
    assert seen.values[:, others].tobytes() == clean.values[:, others].tobytes()
    if example.omits:
        return
    in_window = (seen.sample >= sample) & (seen.sample < sample + example.window_samples)
    assert in_window.any()
    assert not seen.valid[in_window][:, columns].any()
    if example.forgets:
        later = seen.sample >= sample + example.window_samples
        assert (seen.valid[later] == clean.valid[later]).all()


def check_values_are_finite_and_zero_where_invalid(example: Example, given: StreamSamples) -> None:
    """Hold that no value is endless, and that none stands where nothing is valid."""
    estimates = result_of(example, given).estimates
    assert np.isfinite(estimates.values).all()
    assert (estimates.values[~estimates.valid] == 0.0).all()


def check_equals_naive(example: Example, given: StreamSamples) -> None:
    """Hold that a detector gives what the plain computation gives."""
    assert example.naive is not None
    seen = result_of_chain(example.chain(), example, given)
    below = None
    if len(example.configs) > 1:
        below = result_of_chain(example.chain(), example, given, detector=-2).estimates
    values, valid = example.naive(given, below)
    assert seen.estimates.valid.tolist() == valid.tolist()
    shape = (len(values), values.shape[1] // example.channel_outputs, example.channel_outputs)
    _check_close(example, seen.estimates.values.reshape(shape), values.reshape(shape))


def _check_close(
    example: Example, found: NDArray[np.float64], expected: NDArray[np.float64]
) -> None:
    """Hold values against each other, shapes (n_hops, n_channels, n_outputs)."""
    distance = np.abs(found - expected)
    size = np.abs(expected)
    for angle, length in example.angles.items():
        turned = np.minimum(distance[..., angle], 2.0 * np.pi - distance[..., angle])
        size[..., angle] = size[..., length]
        distance[..., angle] = turned * size[..., length]
    allowed = example.tolerance * size + np.asarray(example.tolerance_absolute)
    far = [tuple(int(index) for index in each) for each in np.argwhere(~(distance <= allowed))]
    assert not far, [
        f"hop {at[0]}, channel {at[1]}, output {at[2]}: expected {expected[at]!r} within "
        f"{allowed[at]:.1e}, found {found[at]!r}"
        for at in far[:10]
    ]


def check_nothing_happens_on(example: Example, constant_uv: float, n_samples: int) -> None:
    """Hold that a dead channel gives numbers, and never a detection."""
    samples_uv = np.full((n_samples, len(example.layout.channels)), constant_uv)
    plain = stream_samples(example.layout, 0, n_samples, ())
    seen = result_of(example, replace(plain, samples_uv=samples_uv))
    assert seen.estimates.sample.size
    assert np.isfinite(seen.estimates.values).all()
    assert seen.detections == ()


def check_delay_is_declared(example: Example) -> None:
    """Hold that the delay is some time, and not an endless one."""
    for detector in example.chain().detectors.values():
        assert 0.0 < detector.delay_s < np.inf


def check_nothing_compiles_after_the_second_call(example: Example, given: StreamSamples) -> None:
    """Hold that no kernel is compiled while samples come."""
    chain = example.chain()
    packages = {type(each).__module__.partition(".")[0] for each in chain.detectors.values()} | {
        "detectors"
    }
    pieces = list(blocks(example.layout, given, (1, 3, 4, 60, 61, 200), events=example.events))
    chain.update(pieces[0])
    chain.update(pieces[1])
    # A detector that reads another one is called first when that one has a hop.
    result_of(example, given)
    before = [compiled(each) for each in sorted(packages)]
    assert any(before)
    for piece in pieces[2:]:
        chain.update(piece)
    assert [compiled(each) for each in sorted(packages)] == before
