"""EEGLAB sets: as MNE has them, inside and beside; boundaries are the gaps they say they are."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.io

from replay import readers
from replay.readers.matlab.eeglab import open_eeglab
from replay.recording import RecordingError
from tests.replay.readers.made_files.matlab73 import write_mat73
from tests.replay.recordings import whole

assert_close: Any = np.testing.assert_allclose
mne: Any = pytest.importorskip("mne")
_UV = np.random.default_rng(5).normal(0.0, 20.0, (3, 20_000)).astype(np.float32)
_LABELS = ("STN_L", "STN_R", "EMG_arm")
#: Before sample 5000, 250 samples were cut out; before sample 12000, nobody says how many.
_EVENTS = (("cue", 1001.0, 1.0), ("boundary", 5000.5, 250.0), ("go", 6001.0, 1.0))


def _set(
    events: Any = _EVENTS, data: Any = _UV, *, is_array: bool = True, **more: Any
) -> dict[str, Any]:
    made: Any = np.zeros(len(events), dtype=[(n, object) for n in ("type", "latency", "duration")])
    places: Any = np.zeros(3, dtype=[(n, object) for n in ("labels", "type")])
    made[:] = [*events]
    places[:] = [(label, label.partition("_")[0]) for label in _LABELS]
    if not is_array:
        made = {name: _cells(made[name]) for name in made.dtype.names}
        places = {name: _cells(places[name]) for name in places.dtype.names}
    return {
        "setname": "made",
        "nbchan": 3.0,
        "pnts": 20_000.0,
        "trials": 1.0,
        "srate": 500.0,
        "xmin": 0.0,
        "xmax": 19_999 / 500.0,
        "chanlocs": places,
        "event": made,
        "data": data,
        **more,
    }


def _cells(values: Any) -> Any:
    made = np.empty((1, len(values)), object)
    made[0] = list(values)
    return made


def _beside(path: Path, **more: Any) -> Path:
    _UV.T.tofile(path.with_suffix(".fdt"))
    scipy.io.savemat(path, {"EEG": _set(data=path.with_suffix(".fdt").name, **more)})
    return path


def write_example(path: Path) -> None:
    """Write a set with its samples beside it, a boundary that says its length, and events."""
    _beside(path)


def _write_at_root(path: Path, variables: dict[str, Any]) -> None:
    scipy.io.savemat(path, variables["EEG"])


@pytest.mark.parametrize(
    "write", [scipy.io.savemat, _write_at_root, write_mat73], ids=["v5", "without EEG", "v7.3"]
)
def test_a_set_with_its_samples_inside_is_that_with_them_beside(tmp_path: Path, write: Any) -> None:
    path = tmp_path / "a.set"
    write(path, {"EEG": _set(is_array=write is not write_mat73)})
    made = readers.open(path)
    peer = readers.open(_beside(tmp_path / "b.set"))
    assert made.warnings == peer.warnings == ()
    for one, other in zip(made.streams, peer.streams, strict=True):
        assert one.info == other.info
        assert whole(one).content == whole(other).content
        np.testing.assert_array_equal(whole(one).timestamps_s, whole(other).timestamps_s)


def test_samples_are_as_mne_has_them_and_a_boundary_is_a_gap(tmp_path: Path) -> None:
    path = _beside(tmp_path / "a.set")
    brain, emg, markers = readers.open(path).streams
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the boundary
        raw = mne.io.read_raw_eeglab(path, verbose="ERROR")
    samples, stamps_s = whole(brain)
    assert (brain.info.channels, emg.info.channels) == (_LABELS[:2], _LABELS[2:])
    assert_close(samples, raw.get_data()[:2].T * 1e6, rtol=1e-9)
    np.testing.assert_array_equal(samples, _UV[:2].T)
    expected_s = raw.times + np.where(np.arange(20_000) < 5000, 0.0, 0.5)
    assert_close(stamps_s, expected_s, atol=1e-9, rtol=0)
    texts, times_s = whole(markers)
    assert texts[:, 0].tolist() == ["cue", "boundary", "go"]
    assert_close(times_s[[0, 2]], [2.0, 12.5], atol=1e-9)
    np.testing.assert_array_equal(whole(emg).samples[:, 0], _UV[2])


def test_a_boundary_that_does_not_say_its_length_is_a_gap_of_a_second_and_told(
    tmp_path: Path,
) -> None:
    scipy.io.savemat(
        tmp_path / "a.set", {"EEG": _set([("boundary", 12_000.5, np.nan), ("7", 15_001.0, 0.0)])}
    )
    made = readers.open(tmp_path / "a.set")
    assert made.warnings == (
        "1 boundaries do not say how much was cut out: a gap of 1 s is put there",
    )
    steps_s = np.diff(whole(made.streams[0]).timestamps_s)
    assert np.flatnonzero(steps_s > 0.003).tolist() == [11_999]
    assert whole(made.streams[-1]).timestamps_s[1] == pytest.approx(31.0)


def test_the_samples_beside_may_be_named_as_the_set_or_open_it(tmp_path: Path) -> None:
    path = _beside(tmp_path / "a.set")
    for old in (path, path.with_suffix(".fdt")):
        old.rename(old.with_stem("renamed"))
    for suffix in (".set", ".fdt"):
        made = readers.open(tmp_path / f"renamed{suffix}")
        assert (made.warnings, made.streams[0].n_samples) == ((), 20_000)


def test_of_samples_that_break_off_the_whole_ones_are_read(tmp_path: Path) -> None:
    path = _beside(tmp_path / "a.set")
    beside = path.with_suffix(".fdt")
    beside.write_bytes(beside.read_bytes()[: 12 * 7000 + 5])
    made = readers.open(path)
    assert made.warnings == ("read 7000 of 20000 samples: a.fdt has 7000 and 5 bytes more",)
    np.testing.assert_array_equal(whole(made.streams[0]).samples, _UV[:2, :7000].T)


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"trials": 40.0}, "expected a continuous set, found 40 epochs"),
        ({"srate": 0.0}, "expected srate, nbchan and pnts above 0, found 0, 3 and 20000"),
        ({"data": _UV[:2]}, "expected samples of 3 channels by 20000, found 2 by 20000"),
        ({"data": "none.fdt"}, "expected its samples, none.fdt, beside it, found none"),
    ],
)
def test_a_set_that_cannot_be_used_is_one_line(
    tmp_path: Path, more: dict[str, Any], problem: str
) -> None:
    scipy.io.savemat(tmp_path / "a.set", {"EEG": _set() | more})
    with pytest.raises(RecordingError, match=problem) as told:
        readers.open(tmp_path / "a.set")
    assert "\n" not in str(told.value)


def test_what_is_no_set_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.set"
    path.write_bytes(b"")
    with pytest.raises(
        RecordingError, match=r"expected a file of MATLAB 5 to 7\.3, found an empty"
    ):
        open_eeglab(path)
    scipy.io.savemat(path, {"x": 1.0})
    with pytest.raises(RecordingError, match=r"expected a structure EEG, found x"):
        open_eeglab(path)
    path.unlink()
    (tmp_path / "a.fdt").write_bytes(bytes(12))
    with pytest.raises(RecordingError, match=r"expected its set, a\.set, beside it"):
        open_eeglab(tmp_path / "a.fdt")
