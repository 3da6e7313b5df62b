"""Alignment: a row of the grid holds what a stream had at that time, or is marked as missing."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest

import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.alignment.aligner import OVERDUE_S, Aligner
from detectors.alignment.resampler import WAITING_S_MAX
from detectors.block import Block, Break, StreamLayout, Taint
from detectors.coherence.coherence import Coherence, CoherenceConfig
from tests.support.blocks import pieces_of

_LFP = StreamLayout("LFP", 250.0, ("STN", "C1"))
_EMG = StreamLayout("EMG", 1000.0, ("C1",))
_CHANNELS = {"LFP": ("STN", "C1"), "EMG": ("C1",)}
#: Frequencies and phases of what is recorded.
_TONES = [(3.0, 0.3), (20.0, 1.1), (47.3, 2.0), (88.0, 4.0), (97.0, 5.0)]


def _signal(
    time_s: NDArray[np.float64], tones: Iterable[tuple[float, float]] = _TONES
) -> NDArray[np.float64]:
    made = np.zeros(time_s.size)
    for frequency_hz, phase in tones:
        made += np.sin(2.0 * np.pi * frequency_hz * time_s + phase)
    return made


def _block(
    layout: StreamLayout,
    time_s: NDArray[np.float64],
    samples: NDArray[np.float64] | None = None,
    first: int = 0,
    after: Break | None = None,
) -> Block:
    samples = _signal(time_s) if samples is None else samples
    taint = np.zeros((time_s.size, len(layout.channels)), np.uint16)
    taint[: int(first == 0)] = Taint.RESTART
    samples_uv = np.repeat(samples[:, None], len(layout.channels), axis=1)
    return Block(layout.name, first, samples_uv, time_s, taint, after=after)


def _times(start_s: float, length_s: float, true_hz: float) -> NDArray[np.float64]:
    return start_s + np.arange(round(length_s * true_hz)) / true_hz


def _pieces(whole: Block, length: int, after: Mapping[int, Break] | None = None) -> list[Block]:
    return list(pieces_of(whole, range(0, whole.time_s.size, length), after))


def _grid(aligner: Aligner, blocks: Iterable[Block]) -> Block:
    made = [each for block in blocks for each in aligner.update(block)]
    return Block(
        aligner.layout.name,
        made[0].first_sample,
        np.concatenate([each.samples_uv for each in made]),
        np.concatenate([each.time_s for each in made]),
        np.concatenate([each.taint for each in made]),
    )


def _misses(grid: Block, column: int = -1) -> NDArray[np.bool_]:
    return np.asarray((grid.taint[:, column] & Taint.MISSING) != 0)


@pytest.mark.parametrize(
    ("nominal_hz", "true_hz"),
    [
        ((250.0, 1000.0), (250.05, 999.9)),
        ((250.0, 4000.0), (244.0, 4085.0)),
        ((250.0, 250.0), (250.0, 250.05)),
        ((418.4, 2048.0), (418.31, 2048.4)),
        ((2048.0, 250.0), (2040.0, 250.0)),
    ],
)
def test_the_grid_shows_what_was_there_at_its_times(
    nominal_hz: tuple[float, float], true_hz: tuple[float, float]
) -> None:
    layouts = [StreamLayout(name, nominal_hz[k], ("a",)) for k, name in enumerate("AB")]
    aligner = Aligner(layouts, {"A": ("a",), "B": ("a",)})
    blocks = [
        _block(layout, _times(start_s, 12.0, rate_hz))
        for layout, start_s, rate_hz in zip(layouts, (5000.0, 4999.8773), true_hz, strict=True)
    ]
    grid = _grid(aligner, blocks)
    assert aligner.reference == "AB"[int(np.argmin(nominal_hz))]
    assert aligner.delay_s == 10.0 / min(nominal_hz)
    is_there = ~_misses(grid, 0) & ~_misses(grid, 1)
    assert is_there.mean() > 0.95
    for column in range(2):
        expected = _signal(grid.time_s[is_there])
        np.testing.assert_allclose(grid.samples_uv[is_there, column], expected, atol=2e-3)


def test_what_would_fold_back_is_damped() -> None:
    for frequency_hz in (155.0, 200.0, 240.0, 251.0, 400.0):
        aligner = Aligner((_LFP, _EMG), _CHANNELS)
        fast_s = _times(0.0, 4.0, 1000.0)
        blocks = [
            _block(_LFP, _times(0.1, 4.0, 250.0)),
            _block(_EMG, fast_s, _signal(fast_s, [(frequency_hz, 0.5)])),
        ]
        grid = _grid(aligner, blocks)
        assert np.abs(grid.samples_uv[~_misses(grid), 2]).max() < 10.0 ** (-63.0 / 20.0)


def test_the_reference_passes_unchanged_and_labels_that_clash_are_told_apart() -> None:
    aligner = Aligner((_LFP, _EMG), _CHANNELS)
    assert aligner.layout == StreamLayout("LFP+EMG", 250.0, ("STN", "LFP/C1", "EMG/C1"))
    slow = _block(_LFP, _times(0.0, 2.0, 250.0), first=700)
    slow.taint[13, 1] = Taint.FROZEN
    grid = _grid(aligner, [slow, _block(_EMG, _times(-0.1, 3.0, 1000.0))])
    assert grid.first_sample == 700
    assert grid.samples_uv[:, :2].tobytes() == slow.samples_uv.tobytes()
    assert grid.time_s.tobytes() == slow.time_s.tobytes()
    assert grid.taint[13].tolist() == [0, Taint.FROZEN, 0]


def test_labels_that_cannot_be_told_apart_are_an_error() -> None:
    layouts = (
        StreamLayout("A", 100.0, ("x", "B/x")),
        StreamLayout("B", 100.0, ("x",)),
    )
    with pytest.raises(ValueError, match=r"^channels: expected different labels, found A/x, B/x"):
        Aligner(layouts, {"A": ("x", "B/x"), "B": ("x",)})


@pytest.mark.parametrize("constant_uv", [0.0, 5.25, 1e9, -1e9])
def test_a_constant_stays_that_very_constant(constant_uv: float) -> None:
    fast_s = _times(-0.1, 2.0, 1000.0)
    blocks = [
        _block(_LFP, _times(0.0, 1.5, 250.0)),
        _block(_EMG, fast_s, np.full(fast_s.size, constant_uv)),
    ]
    grid = _grid(Aligner((_LFP, _EMG), _CHANNELS), blocks)
    assert not _misses(grid).any()
    assert (grid.samples_uv[:, 2] == constant_uv).all()


def test_three_streams_wait_for_each_other() -> None:
    slow = StreamLayout("force", 100.0, ("grip",))
    aligner = Aligner((_LFP, _EMG, slow), {**_CHANNELS, "force": ("grip",)})
    blocks = [
        _block(_LFP, _times(0.0, 3.0, 250.0)),
        _block(slow, _times(0.2, 2.0, 100.0)),
        _block(_EMG, _times(0.0, 3.0, 1000.0)),
    ]
    assert aligner.reference == "force"
    tones = [(3.0, 0.3), (20.0, 1.1), (33.0, 0.1)]
    blocks = [
        _block({"LFP": _LFP, "EMG": _EMG, "force": slow}[each.stream], each.time_s, samples)
        for each in blocks
        for samples in [_signal(each.time_s, tones)]
    ]
    assert aligner.update(blocks[0]) == []
    assert aligner.update(blocks[1]) == []
    (grid,) = aligner.update(blocks[2])
    expected = np.repeat(_signal(grid.time_s, tones)[:, None], 4, axis=1)
    np.testing.assert_allclose(grid.samples_uv, expected, atol=2e-3)
    assert not (grid.taint & Taint.MISSING).any()


def test_a_gap_misses_as_much_as_it_took_and_the_weights_reach() -> None:
    fast = _block(_EMG, np.concatenate([_times(0.0, 4.0, 1000.0), _times(4.75, 4.0, 1000.0)]))
    fast.taint[4000] = Taint.RESTART
    slow = _block(_LFP, _times(1.0005, 7.0, 250.0))
    grid = _grid(Aligner((_LFP, _EMG), _CHANNELS), [slow, fast])
    is_near = (grid.time_s > 3.999 - 0.04) & (grid.time_s < 4.75 + 0.04)
    assert _misses(grid).tolist() == is_near.tolist()
    assert not _misses(grid, 0).any()
    after = int(np.flatnonzero(is_near)[-1]) + 1
    assert np.flatnonzero((grid.taint & Taint.RESTART).all(axis=1)).tolist() == [0, after]
    held = grid.samples_uv[is_near, 2]
    assert (held == held[0]).all()


def test_samples_that_lie_too_far_apart_or_too_close_give_nothing() -> None:
    for thinned_to in (slice(0, None, 3), slice(0, None, 1)):
        fast_s = _times(0.0, 4.0, 1000.0)[thinned_to]
        fast_s = np.concatenate([fast_s, fast_s[-1] + 0.0001 * np.arange(1, 2000), [9.0]])
        grid = _grid(
            Aligner((_LFP, _EMG), _CHANNELS),
            [_block(_LFP, _times(0.5, 4.0, 250.0)), _block(_EMG, fast_s)],
        )
        early = grid.time_s < 3.9
        assert _misses(grid)[early].all() == (thinned_to.step == 3)
        assert _misses(grid)[(grid.time_s > 4.05) & (grid.time_s < 4.15)].all()


def test_where_the_reference_left_out_samples_there_are_two_blocks() -> None:
    aligner = Aligner((_LFP, _EMG), _CHANNELS)
    first = _block(_LFP, _times(0.1, 1.0, 250.0))
    later = _block(_LFP, _times(1.5, 1.0, 250.0), first=300)
    later.taint[0] = Taint.RESTART
    assert aligner.update(first) == aligner.update(later) == []
    made = aligner.update(_block(_EMG, _times(0.0, 3.0, 1000.0)))
    assert [(each.first_sample, each.time_s.size) for each in made] == [(0, 250), (300, 250)]
    config = CoherenceConfig(
        id="c", stream="LFP", other_stream="EMG", band_hz=(10.0, 30.0), segment_s=0.2, window_s=0.6
    )
    detector = Coherence(config, _LFP, _EMG)
    for block in (first, later):
        detector.update(block)
    seen = detector.update(_block(_EMG, _times(0.0, 3.0, 1000.0))).estimates
    expected = [24 + 25 * k for k in range(10)] + [324 + 25 * k for k in range(10)]
    assert seen.sample.tolist() == expected


def _silence(
    of: str, next_sample: Mapping[str, int], n_breaks: Mapping[str, int], *, over: bool = False
) -> Break:
    return Break(n_breaks, frozenset() if over else frozenset({of}), next_sample)


def test_a_silent_stream_settles_what_waits_and_is_not_waited_for() -> None:
    aligner = Aligner((_LFP, _EMG), _CHANNELS)
    fell = _silence("EMG", {"LFP": 500, "EMG": 1000}, {"LFP": 0, "EMG": 1})
    heard = _silence("EMG", {"LFP": 750, "EMG": 1000}, {"LFP": 0, "EMG": 2}, over=True)
    slow = _pieces(_block(_LFP, _times(0.0, 5.0, 250.0)), 50, {500: fell, 750: heard})
    # What it should have sent while it was silent comes, late, all at once.
    fast = _pieces(_block(_EMG, _times(0.0, 5.0, 1000.0)), 500, {1000: heard})
    assert aligner.update(fast[0]) == aligner.update(fast[1]) == []
    until_silent = [each for block in slow[:10] for each in aligner.update(block)]
    assert sum(each.time_s.size for each in until_silent) == 240
    (settled,) = aligner.update(slow[10])
    assert settled.time_s.size == 310
    assert _misses(settled).all()
    for block in slow[11:15]:
        (given,) = aligner.update(block)
        assert given.time_s.tobytes() == block.time_s.tobytes()
        assert _misses(given).all()
    rest = _grid(aligner, [*slow[15:], *fast[2:]])
    assert rest.first_sample == 750
    assert np.flatnonzero(~_misses(rest))[0] == 0
    np.testing.assert_allclose(rest.samples_uv[:, 2], _signal(rest.time_s), atol=2e-3)
    assert not (rest.taint & Taint.RESTART).any()


def test_a_break_of_a_stream_that_is_not_here_parts_nothing() -> None:
    next_sample = {"LFP": 500, "EMG": 2000, "ECG": 7}
    other = _silence("ECG", next_sample, {"LFP": 0, "EMG": 0, "ECG": 1})
    slow = _pieces(_block(_LFP, _times(0.0, 5.0, 250.0)), 50, {500: other})
    fast = _pieces(_block(_EMG, _times(-0.1, 5.2, 1000.0)), 500, {2000: other})
    grid = _grid(Aligner((_LFP, _EMG), _CHANNELS), [*slow, *fast])
    assert grid.time_s.size == 1250
    assert not _misses(grid).any()


@pytest.mark.parametrize("ahead_s", [-1e6, -50.0, 50.0, 1e6])
def test_streams_whose_clocks_disagree_wait_for_so_long_and_no_longer(ahead_s: float) -> None:
    aligner = Aligner((_LFP, _EMG), _CHANNELS)
    slow = _pieces(_block(_LFP, _times(0.0, 200.0, 250.0)), 250)
    fast = _pieces(_block(_EMG, _times(ahead_s, 200.0, 1000.0)), 1000)
    given = []
    for pair in zip(slow, fast, strict=True):
        given += [each for block in pair for each in aligner.update(block)]
        assert len(aligner._rows) <= (OVERDUE_S + 1.0) * 250.0
        assert len(aligner._others[0]._samples) <= (WAITING_S_MAX + 1.0) * 1000.0
    n_rows = sum(each.time_s.size for each in given)
    assert n_rows >= (200.0 - OVERDUE_S - 1.0) * 250.0
    if abs(ahead_s) > 1e3:
        assert all(_misses(each).all() for each in given)


def test_a_wrong_clock_does_no_harm_once_it_is_corrected() -> None:
    """A reference clock that is 1000 s ahead for 5 s; its correction is a break."""
    aligner = Aligner((_LFP, _EMG), _CHANNELS)
    slow_s = _times(0.0, 20.0, 250.0)
    slow_s[1250:2500] += 1000.0
    stepped = Break({"LFP": 1, "EMG": 0}, frozenset(), {"LFP": 2500, "EMG": 10_000})
    whole = _block(_LFP, slow_s, _signal(_times(0.0, 20.0, 250.0)))
    whole.taint[[1250, 2500]] = Taint.RESTART
    slow = _pieces(whole, 25, {2500: stepped})
    fast = _pieces(_block(_EMG, _times(0.0, 20.0, 1000.0)), 100, {10_000: stepped})
    in_turn = [each for pair in zip(slow, fast, strict=True) for each in pair]
    grid = _grid(aligner, in_turn)
    assert _misses(grid)[1250:2510].all()
    assert not _misses(grid)[10:1250].any()
    assert not _misses(grid)[2510:].any()
    for order in ([*slow, *fast], [*fast, *slow]):
        again = _grid(Aligner((_LFP, _EMG), _CHANNELS), order)
        assert again.samples_uv.tobytes() == grid.samples_uv.tobytes()
        assert again.taint.tobytes() == grid.taint.tobytes()


@pytest.mark.parametrize("ahead_s", [1e6, -1e6])
def test_rows_of_a_wild_clock_use_up_nothing_of_those_behind_them(ahead_s: float) -> None:
    """A reference clock that is wrong for 5 s, without any clock correction."""
    slow_s = _times(0.5, 50.0, 250.0)
    slow_s[1250:2500] += ahead_s
    whole = _block(_LFP, slow_s, _signal(_times(0.5, 50.0, 250.0)))
    whole.taint[[1250, 2500]] = Taint.RESTART
    fast = _block(_EMG, _times(0.0, 51.0, 1000.0))
    made = []
    for length in (25, 120):
        in_turn = zip_longest(_pieces(whole, length), _pieces(fast, 4 * length))
        fed = [each for pair in in_turn for each in pair if each is not None]
        made.append(_grid(Aligner((_LFP, _EMG), _CHANNELS), fed))
    assert np.flatnonzero(_misses(made[0])).tolist() == list(range(1250, 2500))
    n_both = min(each.time_s.size for each in made)
    assert n_both > 12_000
    assert made[0].samples_uv[:n_both].tobytes() == made[1].samples_uv[:n_both].tobytes()
    assert made[0].taint[:n_both].tobytes() == made[1].taint[:n_both].tobytes()


def _coherence(
    slow: NDArray[np.float64],
    fast: NDArray[np.float64],
    slow_s: NDArray[np.float64],
    fast_s: NDArray[np.float64],
    band_hz: tuple[float, float] = (18.0, 22.5),
) -> NDArray[np.float64]:
    """Return coherence and its imaginary part at the last hop, with two streams fed in turns."""
    lfp = StreamLayout("LFP", 250.0, ("a",))
    emg = StreamLayout("EMG", 1000.0, ("b",))
    config = CoherenceConfig(
        id="c", stream="LFP", other_stream="EMG", band_hz=band_hz, window_s=40.0
    )
    detector = Coherence(config, lfp, emg)
    assert detector.delay_s == 20.0 + 0.04
    fed: Sequence[tuple[Block | None, Block | None]] = list(
        zip_longest(_pieces(_block(lfp, slow_s, slow), 50), _pieces(_block(emg, fast_s, fast), 200))
    )
    seen = [detector.update(block).estimates for pair in fed for block in pair if block is not None]
    values = np.concatenate([each.values for each in seen])
    valid = np.concatenate([each.valid for each in seen])
    columns = detector.columns("a", "b")
    assert valid[-1].all()
    return values[-1, [columns.coherence, columns.imaginary]]


def _random_tones(seed: int) -> list[tuple[float, float]]:
    """Return Gaussian noise up to 95 Hz as a sum of tones, whose value at any time is known."""
    random = np.random.default_rng(seed)
    return list(
        zip(np.arange(1.0, 95.0, 0.173), random.uniform(0.0, 2.0 * np.pi, 600), strict=False)
    )


def test_one_signal_in_two_streams_is_wholly_coherent_and_without_a_lag() -> None:
    tones = _random_tones(1)
    slow_s, fast_s = _times(70.0, 45.0, 250.0 * 1.0002), _times(69.77, 45.5, 1000.0 * 0.9998)
    found = _coherence(_signal(slow_s, tones), _signal(fast_s, tones), slow_s, fast_s)
    assert found[0] == pytest.approx(1.0, abs=1e-4)
    assert found[1] == pytest.approx(0.0, abs=1e-4)


@pytest.mark.parametrize("lag_s", [0.002, 0.0125, -0.006])
def test_a_lag_between_streams_shows_in_the_imaginary_part(lag_s: float) -> None:
    tones = _random_tones(2)
    slow_s, fast_s = _times(70.0, 45.0, 249.0), _times(69.9, 45.5, 1013.0)
    late = _signal(fast_s - lag_s, tones)
    found = _coherence(_signal(slow_s, tones), late, slow_s, fast_s, (19.9, 20.1))
    expected = np.sqrt(found[0]) * np.sin(2.0 * np.pi * 20.0 * 249.0 / 250.0 * lag_s)
    assert found[0] > 0.99
    assert found[1] == pytest.approx(expected, abs=4e-3)


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ({"other_stream": "LFP"}, "other_stream: expected another stream than 'LFP'"),
        ({"channels": ("STN",)}, "channels: expected none where other_stream is given"),
        ({"band_hz": (90.0, 101.0)}, "band_hz: expected at most 100 Hz, 0.4 of the rate of 'LFP'"),
        (
            {"pairs": (("C1", "STN"),)},
            r"pairs\[0\]: expected a channel of 'EMG' \(C1\), found 'STN'",
        ),
        (
            {"pairs": (("STN", "C1"), ("STN", "C1"))},
            r"pairs\[1\]: expected unique pairs, found 'STN', 'C1' twice",
        ),
    ],
)
def test_a_table_that_does_not_fit_is_told(keys: dict[str, object], text: str) -> None:
    table = {"id": "c", "stream": "LFP", "other_stream": "EMG", "band_hz": (10.0, 30.0), **keys}
    with pytest.raises(ValueError, match=f"^{text}"):
        Coherence(CoherenceConfig(**table), _LFP, _EMG)  # type: ignore[arg-type]


def test_pairs_across_streams_are_named_by_their_labels_on_the_grid() -> None:
    config = CoherenceConfig(id="c", stream="EMG", other_stream="LFP", band_hz=(10.0, 30.0))
    detector = Coherence(config, _EMG, _LFP)
    assert detector.pairs == (("EMG/C1", "STN"), ("EMG/C1", "LFP/C1"))
    assert detector.channels == ("EMG/C1", "STN", "LFP/C1")
    assert detector.outputs[0].label == "EMG/C1-STN.coherence"
    assert detector.rate_hz == 250.0
