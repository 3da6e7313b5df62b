"""FIF: as MNE has it, also split; joins and skips are gaps, and damage is told."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from replay import readers
from replay.recording import RecordingError
from tests.replay.recordings import whole

assert_close: Any = np.testing.assert_allclose
mne: Any = pytest.importorskip("mne")
_UV = np.random.default_rng(5).normal(0.0, 20.0, (4, 5000))
_LABELS = ["LFP_L_01", "LFP_L_12", "EMG_arm", "STI 014"]
_TYPES = ["dbs", "dbs", "emg", "stim"]


def _raw(first_sample: int = 0, *, is_dated: bool = True) -> Any:
    info = mne.create_info(_LABELS, 500.0, _TYPES)
    values = _UV * np.array([1e-6, 1e-6, 1e-6, 1.0])[:, None]
    raw = mne.io.RawArray(values, info, first_samp=first_sample, verbose="ERROR")
    if is_dated:
        raw.set_meas_date(1_700_000_000)
    onsets_s = np.array([1.0, 2.5]) + (raw.first_time if is_dated else 0.0)
    raw.set_annotations(
        mne.Annotations(onsets_s, [0.0, 0.5], ["cue", "grip"], raw.info["meas_date"])
    )
    return raw


def _save(raw: Any, path: Path, **how: Any) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the file's name
        raw.save(path, fmt="double", overwrite=True, verbose="ERROR", **how)
    return path


def write_example(path: Path) -> None:
    """Write two kinds of signals, a trigger channel and annotations."""
    _save(_raw(), path)


@pytest.mark.parametrize("is_dated", [True, False])
@pytest.mark.parametrize("first_sample", [0, 700])
def test_samples_stamps_and_annotations_are_those_of_the_file(
    tmp_path: Path, first_sample: int, *, is_dated: bool
) -> None:
    made = readers.open(_save(_raw(first_sample, is_dated=is_dated), tmp_path / "a_raw.fif"))
    assert made.warnings == ()
    brain, emg, other, markers = made.streams
    assert [(each.info.lsl_type, each.info.channels, each.info.units) for each in made.streams] == [
        ("LFP", ("LFP_L_01", "LFP_L_12"), ("uV", "uV")),
        ("EMG", ("EMG_arm",), ("uV",)),
        ("Other", ("STI 014",), ("",)),
        ("Markers", ("label",), ("",)),
    ]
    for stream, rows in ((brain, slice(0, 2)), (emg, slice(2, 3)), (other, slice(3, 4))):
        samples, stamps_s = whole(stream)
        assert_close(samples, _UV[rows].T, rtol=1e-12)
        assert_close(stamps_s, (first_sample + np.arange(5000)) / 500.0, atol=1e-9, rtol=0)
    texts, stamps_s = whole(markers)
    assert texts[:, 0].tolist() == ["cue", "grip"]
    assert_close(stamps_s, first_sample / 500.0 + np.array([1.0, 2.5]), atol=1e-6)


def test_parts_of_a_split_file_follow_each_other_and_a_missing_one_is_told(tmp_path: Path) -> None:
    info = mne.create_info(8, 1000.0, "eeg")
    values = np.random.default_rng(6).normal(0.0, 2e-5, (8, 60_000))
    raw = mne.io.RawArray(values, info, verbose="ERROR")
    path = _save(raw, tmp_path / "b_raw.fif", split_size="2MB", buffer_size_sec=1.0)
    assert len(list(tmp_path.iterdir())) > 1
    (stream,) = readers.open(path).streams
    assert_close(whole(stream).samples, values.T * 1e6, rtol=1e-12)
    (tmp_path / "b_raw-1.fif").unlink()
    made = readers.open(path)
    assert 0 < made.streams[0].n_samples < 60_000
    assert any("b_raw-1.fif" in each for each in made.warnings)


def test_a_join_is_a_gap_and_what_follows_moves_with_it(tmp_path: Path) -> None:
    joined = mne.concatenate_raws([_raw(), _raw()], verbose="ERROR")
    made = readers.open(_save(joined, tmp_path / "a_raw.fif"))
    (warning,) = made.warnings
    assert warning == (
        "it is joined from 2 recordings whose own times are lost: a gap of 1 s is put at each of "
        "the 1 joins"
    )
    samples, stamps_s = whole(made.streams[0])
    assert_close(samples, np.tile(_UV[:2].T, (2, 1)), rtol=1e-12)
    steps_s = np.diff(stamps_s)
    assert np.flatnonzero(steps_s > 0.003).tolist() == [4999]
    assert steps_s[4999] == pytest.approx(1.002)
    texts, times_s = whole(made.streams[-1])
    cues_s = times_s[texts[:, 0] == "cue"]
    assert_close(cues_s, [1.0, 12.0], atol=1e-6)


def test_what_acquisition_skipped_is_left_out(tmp_path: Path) -> None:
    raw = _raw()
    raw.annotations.append(4.0, 2.0, "BAD_ACQ_SKIP")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = _save(raw, tmp_path / "a_raw.fif")
    samples, stamps_s = whole(readers.open(path).streams[0])
    kept = np.concatenate([np.arange(2000), np.arange(3000, 5000)])
    assert_close(samples, _UV[:2, kept].T, rtol=1e-12)
    assert_close(stamps_s, kept / 500.0, atol=1e-9)


def test_what_cannot_be_used_is_one_line(tmp_path: Path) -> None:
    path = _save(_raw(), tmp_path / "a_raw.fif")
    content = path.read_bytes()
    for found, problem in (
        (b"", "expected a FIF file, found an empty file"),
        (b"none at all..", "expected a FIF file, found b'none at all.'"),
        (content[:500], "expected a FIF file of raw samples, found one that MNE cannot read"),
    ):
        path.write_bytes(found)
        with pytest.raises(RecordingError, match=problem) as told:
            readers.open(path)
        assert "\n" not in str(told.value)


def test_of_a_file_that_breaks_off_the_samples_before_are_read(tmp_path: Path) -> None:
    path = _save(_raw(), tmp_path / "a_raw.fif", buffer_size_sec=1.0)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 3 // 4])
    made = readers.open(path)
    n_samples = made.streams[0].n_samples
    assert made.warnings[-1] == "it breaks off: read 3500 samples, of at least 4000"
    assert_close(whole(made.streams[0]).samples, _UV[:2, :n_samples].T, rtol=1e-12)
