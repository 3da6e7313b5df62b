"""References: edges without delay, facts of a recording, markers and logs."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from replay.recording import RecordingError
from replay.scoring.episodes import Episodes
from replay.scoring.references.kept_signal import KeptSignal
from replay.scoring.references.offline_rhythm import ReferenceRule, reference_bursts, rhythms
from replay.scoring.references.recorded import MarkerRule, log_for, logs_of, marked
from tests.replay.recordings import markers, recording, signal
from tests.support.blocks import block_of, restart_taint
from tests.support.cole2017 import cortex_uv

_ALWAYS = Episodes.of([(-1e9, 1e9)])


def _kept(samples_uv: NDArray[np.float64]) -> KeptSignal:
    kept = KeptSignal(len(samples_uv), {"ch1": 0}, 1000.0)
    kept.take(block_of(samples_uv[:, None]))
    return kept


def test_the_phase_of_a_cosine_is_its_own_in_one_piece_and_in_several(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    time_s = np.arange(20_000) / 1000.0
    wave_uv = 7.0 * np.cos(2.0 * np.pi * 20.0 * time_s + 0.4)
    for n_piece in (1 << 17, 3000):
        monkeypatch.setattr("replay.scoring.references.kept_signal.PIECE_SAMPLES", n_piece)
        found = list(rhythms(_kept(wave_uv), "ch1", (17.0, 23.0)))
        at_s = np.concatenate([each.time_s for each in found])
        analytic = np.concatenate([each.analytic_uv for each in found])
        expected = 7.0 * np.exp(1j * (2.0 * np.pi * 20.0 * at_s + 0.4))
        assert np.diff(at_s) == pytest.approx(0.001)
        assert np.abs(analytic - expected).max() < 0.05


def test_bursts_that_were_made_are_found_with_their_middle_where_it_was() -> None:
    time_s = np.arange(60_000) / 1000.0
    is_on = np.zeros(time_s.size)
    for start in range(3000, 57_000, 6000):
        is_on[start : start + 1000] = 1.0
    noise = 0.01 * np.random.default_rng(1).normal(size=time_s.size)
    kept = _kept(10.0 * is_on * np.sin(2.0 * np.pi * 20.0 * time_s) + noise)
    rule = ReferenceRule(percentile=84.0)  # of the time, 15 % is in a burst
    found = reference_bursts(kept, "ch1", (17.0, 23.0), rule, _ALWAYS)
    middles_s = (found.bursts.start_s + found.bursts.end_s) / 2.0
    assert middles_s == pytest.approx(np.arange(9) * 6.0 + 3.5, abs=0.01)


def test_neither_a_gap_nor_bad_samples_nor_the_ends_are_judged() -> None:
    samples_uv = np.random.default_rng(1).normal(0.0, 5.0, (30_000, 1))
    taint = restart_taint((30_000, 1), 0, 10_000)
    taint[20_000:20_100] = 4
    kept = KeptSignal(30_000, {"ch1": 0}, 1000.0)
    kept.take(block_of(samples_uv, taint=taint))
    assert list(kept.stretches("ch1")) == [(0, 10_000), (10_000, 20_000), (20_100, 30_000)]
    found = reference_bursts(kept, "ch1", (17.0, 23.0), ReferenceRule(), _ALWAYS)
    assert found.judged.start_s == pytest.approx([0.5, 10.5, 20.6])
    assert found.judged.end_s == pytest.approx([9.5, 19.5, 29.5])


def test_of_a_recording_the_bursts_are_those_its_origin_states(data_dir: Path) -> None:
    kept = _kept(cortex_uv(data_dir))
    found = reference_bursts(kept, "ch1", (15.0, 21.0), ReferenceRule(), _ALWAYS)
    assert found.bursts.n_episodes == pytest.approx(55, abs=2)
    assert np.median(found.bursts.durations_s) == pytest.approx(0.336, abs=0.02)


def test_markers_are_paired_on_the_clock_of_the_signal() -> None:
    lfp = signal(np.arange(1000) / 100.0)
    texts = ["rest", "tremor begins", "tremor ends", "tremor begins now", "tremor ends"]
    events = markers([0.5, 1.0, 2.5, 4.0, 4.5], texts, offsets=[(0.0, 0.25)])
    found = marked(recording(lfp, events), lfp, MarkerRule("tremor begins", "tremor ends"))
    assert found.start_s == pytest.approx([1.25, 4.25])
    assert found.end_s == pytest.approx([2.75, 4.75])
    alone = marked(recording(lfp, events), lfp, MarkerRule("rest"))
    assert alone.durations_s == pytest.approx([1.0])


def test_markers_that_are_not_there_are_an_error_that_says_what_is() -> None:
    lfp = signal(np.arange(1000) / 100.0)
    made = recording(lfp, markers([1.0, 2.0], ["go", "stop"]))
    with pytest.raises(RecordingError, match=r"begin with 'task'.*found 'go', 'stop'"):
        marked(made, lfp, MarkerRule("task"))


def test_a_log_is_high_half_a_step_about_its_rows() -> None:
    lfp = signal(np.arange(1000) / 100.0)
    rows = np.array([[1.0], [9.0], [9.0], [1.0], [9.0]])
    power = signal(
        np.arange(5) / 2.0 + 3.0,
        name="log",
        rate_hz=2.0,
        samples=rows,
        lsl_type="Power",
        channels=("left",),
        units=("lsb",),
    )
    logs = logs_of(recording(lfp, power), lfp)
    assert log_for(logs, "right") is None
    log = log_for(logs, "left")
    assert log is not None
    found = log.above(5.0)
    assert found.start_s == pytest.approx([3.25, 4.75], abs=1e-3)
    assert found.end_s == pytest.approx([4.25, 5.25], abs=1e-3)
