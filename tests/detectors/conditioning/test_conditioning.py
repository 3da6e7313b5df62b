"""Conditioning as a whole: equal bits in any chunks, and its input is not changed."""

import math
from functools import partial
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from detectors.block import STIMULATION_CHANGE, STIMULATION_PULSE, Taint
from detectors.conditioning import quality_kernel, stamps_kernel
from detectors.conditioning.conditioner import N_WAITING_MAX, Conditioner, ConditioningConfig
from detectors.conditioning.montage import MontageConfig
from detectors.conditioning.quality import QualityConfig
from tests.detectors.streams import (
    Calls,
    Conditioned,
    conditioner,
    feed,
    noise,
    regular_stamps,
)
from tests.support.searching import search

_N_SAMPLES = 600
_RATE_HZ = 100.0
_FAULTS = ("nan", "huge", "frozen", "rail", "loud", "lost", "late", "back", "no_stamp", "jitter")


def _example_conditioner() -> Conditioner:
    return conditioner(
        n_channels=2,
        rate_hz=_RATE_HZ,
        montage=(MontageConfig(channel="a-b", terms={"a": 1.0, "b": -1.0}),),
        quality=QualityConfig(saturation_uv=500.0),
    )


def _break(
    samples: NDArray[np.float64],
    timestamps_s: NDArray[np.float64],
    fault: str,
    start: int,
    length: int,
) -> None:
    some = slice(start, start + length)
    if fault == "nan":
        samples[some, 0] = math.nan
    elif fault == "huge":
        samples[some, 1] = math.inf
    elif fault == "frozen":
        samples[some, 1] = samples[start, 1]
    elif fault == "rail":
        samples[some, 0] = 600.0
    elif fault == "loud":
        samples[some] *= 1e6
    elif fault == "lost":
        timestamps_s[start:] += length / _RATE_HZ
    elif fault == "late":
        timestamps_s[some] += 0.07
    elif fault == "back":
        timestamps_s[start:] -= length
    elif fault == "no_stamp":
        timestamps_s[some] = math.nan
    else:
        timestamps_s[some] += np.random.default_rng(start).normal(0.0, 0.005, len(samples[some]))


_indices = st.integers(0, _N_SAMPLES - 1)
_faults = st.lists(st.tuples(st.sampled_from(_FAULTS), _indices, st.integers(1, 250)), max_size=6)
_calls = st.lists(
    st.one_of(
        st.tuples(st.just("correct"), _indices, st.sampled_from([0.0, 1e-4, -0.05, 3.0, math.nan])),
        st.tuples(st.just("mark"), _indices, st.just("grip")),
        st.tuples(st.just("restart"), _indices, st.just("came back")),
    ),
    max_size=5,
)


def _do(made: Conditioner, what: str, value: Any) -> None:
    if what == "mark":
        made.mark("marker", value)
    else:
        getattr(made, what)(value)


def _bound(calls: list[tuple[str, int, Any]]) -> Calls:
    bound: Calls = {}
    for what, index, value in calls:
        bound.setdefault(index, []).append(partial(_do, what=what, value=value))
    return bound


def _assert_equal(found: Conditioned, expected: Conditioned) -> None:
    for name in ("samples_uv", "time_s", "taint"):
        assert getattr(found, name).tobytes() == getattr(expected, name).tobytes(), name
    assert found.events == expected.events
    assert found.notes == expected.notes
    assert found.counts == expected.counts


@search(60)
@given(_faults, _calls, st.lists(st.integers(1, 90), min_size=1, max_size=8))
def test_the_same_samples_give_the_same_bits_in_any_chunks(
    faults: list[tuple[str, int, int]], calls: list[tuple[str, int, Any]], lengths: list[int]
) -> None:
    samples, timestamps_s = noise(_N_SAMPLES, 2), regular_stamps(_N_SAMPLES, _RATE_HZ)
    for fault, start, length in faults:
        _break(samples, timestamps_s, fault, start, length)
    bound = _bound(calls)
    whole = feed(_example_conditioner(), samples, timestamps_s, calls=bound)
    one_by_one = feed(_example_conditioner(), samples, timestamps_s, [1], bound)
    in_chunks = feed(_example_conditioner(), samples, timestamps_s, lengths, bound)
    _assert_equal(one_by_one, whole)
    _assert_equal(in_chunks, whole)
    assert np.isfinite(whole.samples_uv).all()
    assert np.isfinite(whole.time_s).all()
    is_within = ~whole.has(Taint.RESTART)[1:]
    assert (np.diff(whole.time_s)[is_within] >= 0.0).all()
    assert whole.has(Taint.RESTART)[0]
    samples_of_notes = [note.sample for note in whole.notes]
    assert samples_of_notes == sorted(samples_of_notes)


@search(20)
@given(_faults, st.integers(1, _N_SAMPLES - 1))
def test_what_is_given_for_a_sample_does_not_depend_on_later_ones(
    faults: list[tuple[str, int, int]], stop: int
) -> None:
    samples, timestamps_s = noise(_N_SAMPLES, 2), regular_stamps(_N_SAMPLES, _RATE_HZ)
    for fault, start, length in faults:
        _break(samples, timestamps_s, fault, start, length)
    whole = feed(_example_conditioner(), samples, timestamps_s)
    part = feed(_example_conditioner(), samples[:stop], timestamps_s[:stop])
    assert part.samples_uv.tobytes() == whole.samples_uv[:stop].tobytes()
    assert part.time_s.tobytes() == whole.time_s[:stop].tobytes()
    assert part.taint.tobytes() == whole.taint[:stop].tobytes()
    assert part.notes == tuple(note for note in whole.notes if note.sample < stop)


def test_more_faults_than_one_call_can_hold_are_all_counted() -> None:
    samples, timestamps_s = noise(40_000, 2), regular_stamps(40_000)
    samples[::3] = math.nan
    timestamps_s[::7] = math.nan
    whole = feed(conditioner(n_channels=2), samples, timestamps_s)
    _assert_equal(feed(conditioner(n_channels=2), samples, timestamps_s, [1, 333]), whole)
    assert whole.counts["not_finite"] == 2 * 13_334
    assert whole.counts["not_finite_stamps"] == 5715


@pytest.mark.parametrize("dtype", ["int16", "int32", "int64", "float32", "float64", ">i2", ">f8"])
def test_every_data_type_and_layout_is_taken_and_left_as_it_was(dtype: str) -> None:
    wide = np.round(noise(200, 6) * 10.0).astype(dtype)
    samples = wide[::2, ::3]
    samples.flags.writeable = False
    timestamps_s = regular_stamps(100)
    timestamps_s.flags.writeable = False
    kept, kept_s = samples.copy(), timestamps_s.copy()
    found = feed(conditioner(n_channels=2, unit="mV"), samples, timestamps_s, [7])
    assert np.array_equal(found.samples_uv, samples.astype(np.float64) * 1e3)
    assert found.samples_uv.flags.c_contiguous
    assert np.array_equal(samples, kept)
    assert np.array_equal(timestamps_s, kept_s)


def test_what_was_given_stays_as_it_was_while_more_samples_come() -> None:
    given = conditioner()
    block, _ = given.update(0, noise(10), regular_stamps(10))
    arrays = (block.samples_uv, block.time_s, block.taint)
    kept = [array.tobytes() for array in arrays]
    given.update(10, noise(10), regular_stamps(20)[10:])
    assert [array.tobytes() for array in arrays] == kept


def test_an_empty_chunk_gives_an_empty_block_and_leaves_what_is_bound_for_the_next() -> None:
    given = conditioner(n_channels=2)
    given.update(0, noise(10, 2), regular_stamps(10))
    given.mark("marker", "go")
    given.restart("came back")
    block, notes = given.update(10, np.zeros((0, 2), np.int16), np.zeros(0))
    assert block.samples_uv.shape == (0, 2)
    assert (block.events, notes) == ((), ())
    block, notes = given.update(10, noise(5, 2), regular_stamps(15)[10:])
    assert [(event.sample, event.text) for event in block.events] == [(10, "go")]
    assert [(note.sample, note.kind, note.text) for note in notes] == [(10, "restart", "came back")]
    assert block.taint[:, 0].tolist() == [Taint.RESTART, 0, 0, 0, 0]


def test_after_a_restart_samples_and_times_are_as_at_the_beginning() -> None:
    samples, timestamps_s = noise(500), regular_stamps(500)
    samples[100:300] = samples[100]
    samples[300] = math.nan
    restarted = feed(
        conditioner(), samples, timestamps_s, calls={300: [lambda made: made.restart("")]}
    )
    anew = feed(conditioner(), samples[300:], timestamps_s[300:])
    assert restarted.samples_uv[300:].tobytes() == anew.samples_uv.tobytes()
    assert restarted.time_s[300:].tobytes() == anew.time_s.tobytes()
    assert restarted.taint[300:].tobytes() == anew.taint.tobytes()
    assert restarted.counts["restarts"] == 1


def test_a_restart_does_not_forget_that_the_unit_is_wrong() -> None:
    samples = noise(3000, sd_uv=15e-6)
    found = feed(
        conditioner(), samples, regular_stamps(3000), calls={2500: [lambda made: made.restart("")]}
    )
    assert found.has(Taint.IMPLAUSIBLE)[1999:].all()


def test_samples_that_were_never_handed_over_restart_the_stream() -> None:
    given = conditioner()
    given.update(0, noise(10), regular_stamps(10))
    block, notes = given.update(500, noise(10), regular_stamps(510)[500:])
    assert block.first_sample == 500
    assert block.taint[0, 0] == Taint.RESTART
    assert [(note.sample, note.kind, note.text) for note in notes] == [
        (500, "skipped", "expected sample 10, found 500")
    ]


def test_markers_that_wait_for_a_silent_stream_are_bounded() -> None:
    given = conditioner()
    for number in range(N_WAITING_MAX + 7):
        given.mark("marker", str(number))
    block, _ = given.update(0, noise(1), regular_stamps(1))
    assert len(block.events) == N_WAITING_MAX
    assert given.counts["events_dropped"] == 7


def test_markers_that_wait_do_not_hide_a_stimulation() -> None:
    given = conditioner()
    for number in range(N_WAITING_MAX):
        given.mark("marker", str(number))
    for kind in (STIMULATION_CHANGE, STIMULATION_CHANGE, STIMULATION_PULSE):
        given.mark(kind, "stn 1 2 mA")
    block, _ = given.update(0, noise(1), regular_stamps(1))
    assert [event.kind for event in block.events[-2:]] == [STIMULATION_CHANGE, STIMULATION_PULSE]
    assert given.counts["events_dropped"] == 1


def test_a_stream_of_another_kind_keeps_numbers_that_are_no_voltage() -> None:
    samples = np.array([[0.5], [0.25]])
    for unit, factor in (("N", 1.0), ("", 1.0), ("mV", 1e3)):
        found = feed(conditioner(kind="other", unit=unit), samples, regular_stamps(2))
        assert np.array_equal(found.samples_uv, samples * factor)


def test_the_configured_unit_takes_the_place_of_the_streams() -> None:
    config = ConditioningConfig(name="S", kind="lfp", unit="V")
    given = Conditioner(config, rate_hz=10.0, channels=("a", "b"), units=("", "uV"))
    found = feed(given, np.array([[1e-5, 2e-5]]), regular_stamps(1))
    assert found.samples_uv[0] == pytest.approx([10.0, 20.0])


@pytest.mark.parametrize("kind", ["lfp", "emg"])
def test_channels_without_a_unit_of_voltage_are_left_out_and_change_no_other(kind: Any) -> None:
    random = np.random.default_rng(5)
    volts = random.normal(0.0, 20e-6, (3000, 2))
    counter = np.arange(3000.0)[:, None]
    config = ConditioningConfig(name="S", kind=kind)
    alone = Conditioner(config, rate_hz=1e3, channels=("a", "b"), units=("V", "V"))
    beside = Conditioner(
        config, rate_hz=1e3, channels=("n", "a", "t", "b"), units=("", "V", "counts", "V")
    )
    assert beside.layout.channels == ("a", "b")
    assert beside.layout.left_out == ("n", "t")
    samples = np.hstack((counter, volts[:, :1], np.zeros_like(counter), volts[:, 1:]))
    stamps_s = regular_stamps(3000, 1e3)
    expected, found = feed(alone, volts, stamps_s), feed(beside, samples, stamps_s, [7, 1500])
    assert np.array_equal(found.samples_uv, expected.samples_uv)
    assert np.array_equal(found.taint, expected.taint)
    assert found.notes == expected.notes
    assert beside.counts == alone.counts


def test_a_montage_of_a_channel_without_a_unit_says_so() -> None:
    montage = (MontageConfig(channel="d", terms={"a": 1.0, "n": -1.0}),)
    config = ConditioningConfig(name="S", kind="lfp", montage=montage)
    expected = (
        r"^montage\[0\]\.terms: expected channels among a, found n: n has no unit of voltage$"
    )
    with pytest.raises(ValueError, match=expected):
        Conditioner(config, rate_hz=1e3, channels=("a", "n"), units=("uV", ""))


@pytest.mark.parametrize("kind", ["lfp", "emg"])
def test_a_signal_of_unknown_unit_is_refused_with_key_and_channel(kind: Any) -> None:
    expected = r"^unit: expected a unit of voltage .*, found none for channel a$"
    config = ConditioningConfig(name="S", kind=kind)
    with pytest.raises(ValueError, match=expected):
        Conditioner(config, rate_hz=1e3, channels=("a", "b"), units=("", "counts"))
    config = ConditioningConfig(name="S", kind=kind, unit="furlong")
    with pytest.raises(ValueError, match=r"^unit: expected a unit .*, found 'furlong'$"):
        Conditioner(config, rate_hz=1e3, channels=("a",), units=("uV",))


@pytest.mark.parametrize("rate_hz", [0.0, -1.0, math.inf, math.nan])
def test_a_stream_without_a_rate_is_refused(rate_hz: float) -> None:
    with pytest.raises(ValueError, match=r"^rate_hz: expected a stream with a rate"):
        conditioner(rate_hz=rate_hz)


def test_a_stream_of_another_rate_than_configured_is_refused() -> None:
    config = ConditioningConfig(name="S", kind="lfp", rate_hz=250.0)
    with pytest.raises(ValueError, match=r"^rate_hz: expected 250 Hz, found 1000 Hz$"):
        Conditioner(config, rate_hz=1000.0, channels=("a",), units=("uV",))


@pytest.mark.parametrize(
    ("table", "path"),
    [
        ({"name": "S"}, "kind"),
        ({"name": "", "kind": "lfp"}, r"\$\.name"),
        ({"name": "S", "kind": "eeg"}, r"\$\.kind"),
        ({"name": "S", "kind": "lfp", "rate": 1.0}, "rate"),
        ({"name": "S", "kind": "lfp", "rate_hz": 0.0}, r"\$\.rate_hz"),
        ({"name": "S", "kind": "lfp", "quality": {"frozen_s": -1.0}}, r"\$\.quality\.frozen_s"),
        ({"name": "S", "kind": "lfp", "quality": {"sd_uv_min": 2.0, "sd_uv_max": 1.0}}, "quality"),
        ({"name": "S", "kind": "lfp", "montage": [{"channel": "x", "terms": {}}]}, "montage"),
    ],
)
def test_a_table_that_cannot_be_is_refused_with_its_path(table: dict[str, Any], path: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=path):
        msgspec.convert(table, ConditioningConfig)


def test_nothing_is_compiled_after_the_first_chunk() -> None:
    kernels: tuple[Any, ...] = (quality_kernel.update, stamps_kernel.update)
    given = conditioner(n_channels=2)
    given.update(0, noise(3, 2).astype(np.float32), regular_stamps(3))
    before = [len(kernel.signatures) for kernel in kernels]
    frozen = noise(5, 2)
    frozen.flags.writeable = False
    given.update(3, frozen, regular_stamps(8)[3:])
    given.correct(0.5)
    given.restart("")
    given.update(8, np.zeros((0, 2), np.int16), np.zeros(0))
    given.update(8, np.asfortranarray(noise(5, 2)), regular_stamps(13)[8:])
    assert [len(kernel.signatures) for kernel in kernels] == before == [1, 1]
