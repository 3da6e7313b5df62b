"""MATLAB files: FieldTrip's trials in their own time, matrices, of version 5 and 7.3."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.io

from replay import readers
from replay.recording import RecordingError
from tests.replay.readers.made_files.matlab73 import write_mat73
from tests.replay.recordings import whole

h5py: Any = pytest.importorskip("h5py")
assert_close: Any = np.testing.assert_allclose
_RANDOM = np.random.default_rng(5)
_TRIALS = [_RANDOM.normal(0.0, 20.0, (3, n)) for n in (12_000, 800)]
_VERSIONS = pytest.mark.parametrize("write", [scipy.io.savemat, write_mat73], ids=["v5", "v7.3"])


def _cells(values: list[Any]) -> Any:
    made = np.empty((1, len(values)), object)
    made[0] = values
    return made


def _data(times: list[Any], trials: list[Any] | None = None, **more: Any) -> dict[str, Any]:
    trials = _TRIALS if trials is None else trials
    return {
        "label": _cells(["LFP_L", "LFP_R", "EMG"]).T,
        "fsample": 500.0,
        "trial": _cells(trials),
        "time": _cells([np.asarray(each)[None, :] for each in times]),
        "hdr": {
            "label": _cells(["LFP_L", "LFP_R", "EMG", "not read"]).T,
            "chanunit": _cells(["uV", "mV", "V", "V"]).T,
        },
        **more,
    }


def _times(*starts_s: float) -> list[Any]:
    return [
        start_s + np.arange(each.shape[1]) / 500.0
        for start_s, each in zip(starts_s, _TRIALS, strict=True)
    ]


def write_example(path: Path) -> None:
    """Write two trials with a gap between them, and events."""
    event = {"type": "cue", "sample": 3001.0, "value": 7.0}
    write_mat73(path, {"data": _data(_times(2.0, 40.0)), "event": event})


@_VERSIONS
def test_trials_that_follow_each_other_keep_their_own_time(tmp_path: Path, write: Any) -> None:
    write(tmp_path / "a.mat", {"data": _data(_times(2.0, 40.0))})
    made = readers.open(tmp_path / "a.mat")
    assert made.warnings == ()
    brain, emg = made.streams
    assert (brain.info.channels, emg.info.channels) == (("LFP_L", "LFP_R"), ("EMG",))
    assert (brain.info.units, brain.info.rate_hz) == (("uV", "uV"), 500.0)
    joined = np.concatenate(_TRIALS, axis=1)
    assert_close(whole(brain).samples, joined[:2].T * np.array([1.0, 1e3]), rtol=1e-12)
    assert_close(whole(emg).samples, joined[2:].T * 1e6, rtol=1e-12)
    stamps_s = np.concatenate(_times(2.0, 40.0))
    assert_close(whole(brain).timestamps_s, stamps_s, atol=1e-9, rtol=0)


@_VERSIONS
def test_trials_that_count_from_their_cue_are_placed_by_sampleinfo(
    tmp_path: Path, write: Any
) -> None:
    info = np.array([[5001.0, 17_000.0], [20_001.0, 20_800.0]])
    event = {"type": "cue", "sample": 5251.0, "value": 7.0}
    data = _data(_times(-1.0, -1.0), sampleinfo=info)
    write(tmp_path / "a.mat", {"data": data, "event": event})
    brain, _, markers = readers.open(tmp_path / "a.mat").streams
    stamps_s = np.concatenate(_times(10.0, 40.0))
    assert_close(whole(brain).timestamps_s, stamps_s, atol=1e-9, rtol=0)
    texts, times_s = whole(markers)
    assert (texts.tolist(), times_s.tolist()) == ([["cue/7"]], [10.5])


@_VERSIONS
def test_trials_without_a_time_of_their_own_are_put_apart_and_it_is_told(
    tmp_path: Path, write: Any
) -> None:
    write(tmp_path / "a.mat", {"trials": _data(_times(0.0, 0.0))})
    made = readers.open(tmp_path / "a.mat")
    assert made.warnings == ("2 trials do not say when they were: they are put 1 s apart",)
    steps_s = np.diff(whole(made.streams[0]).timestamps_s)
    assert np.flatnonzero(steps_s > 0.003).tolist() == [11_999]


@_VERSIONS
@pytest.mark.parametrize("n_trials", [1, 2])
@pytest.mark.parametrize("n_channels", [1, 3])
def test_trials_of_one_length_and_of_one_channel_are_no_other_matrix(
    tmp_path: Path, write: Any, n_channels: int, n_trials: int
) -> None:
    trials = [_RANDOM.normal(0.0, 20.0, (n_channels, 400)) for _ in range(n_trials)]
    times = [10.0 * number + np.arange(400) / 500.0 for number in range(n_trials)]
    labels = _cells(["LFP_1", "LFP_2", "LFP_3"][:n_channels]).T
    write(tmp_path / "a.mat", {"data": _data(times, trials, label=labels)})
    samples, stamps_s = whole(readers.open(tmp_path / "a.mat").streams[0])
    np.testing.assert_array_equal(samples, np.concatenate(trials, axis=1).T)
    assert_close(stamps_s, np.concatenate(times), atol=1e-9)


@_VERSIONS
def test_one_trial_and_several_events(tmp_path: Path, write: Any) -> None:
    event: Any = {"type": _cells(["go", "stop"]), "sample": _cells([1.0, 501.0])}
    if write is scipy.io.savemat:
        event = np.array(
            [("go", 1.0), ("stop", 501.0)], dtype=[("type", object), ("sample", object)]
        )
    write(tmp_path / "a.mat", {"data": _data(_times(0.5, 0.0)[:1], _TRIALS[:1]), "event": event})
    made = readers.open(tmp_path / "a.mat")
    assert_close(whole(made.streams[0]).samples[:, 0], _TRIALS[0][0], rtol=1e-12)
    texts, times_s = whole(made.streams[-1])
    assert (texts[:, 0].tolist(), times_s.tolist()) == (["go", "stop"], [0.5, 1.5])


def test_the_rate_is_that_of_the_times_where_fsample_is_another(tmp_path: Path) -> None:
    times = [np.arange(each.shape[1]) / 480.0 + k * 60.0 for k, each in enumerate(_TRIALS)]
    scipy.io.savemat(tmp_path / "a.mat", {"data": _data(times)})
    stream = readers.open(tmp_path / "a.mat").streams[0]
    assert stream.info.rate_hz == pytest.approx(480.0)
    assert_close(whole(stream).timestamps_s, np.concatenate(times), atol=1e-6)


@pytest.mark.parametrize("name", ["stn_ecog_v5.mat", "stn_ecog_v73.mat"])
def test_a_real_matrix_is_read_as_channels_by_samples(data_dir: Path, name: str) -> None:
    made = readers.open(data_dir / "nwb-mat" / name)
    assert made.warnings == ()
    if name == "stn_ecog_v5.mat":
        expected: Any = scipy.io.loadmat(data_dir / "nwb-mat" / name)["data"].T
    else:
        with h5py.File(data_dir / "nwb-mat" / name) as file:
            expected = file["data"][:]
    found = np.concatenate([whole(each).samples for each in made.streams], axis=1)
    np.testing.assert_array_equal(found, expected)
    assert_close(whole(made.streams[0]).timestamps_s, np.arange(19_001) / 1000.0)
    units = {unit for each in made.streams for unit in each.info.units}
    assert units == ({"uV"} if name == "stn_ecog_v5.mat" else {""})


@_VERSIONS
@pytest.mark.parametrize("is_transposed", [False, True])
def test_the_longer_side_of_a_matrix_is_time(
    tmp_path: Path, write: Any, *, is_transposed: bool
) -> None:
    values = _TRIALS[0].T if is_transposed else _TRIALS[0]
    small = np.zeros((2, 2))
    write(tmp_path / "a.mat", {"x": values, "Fs": 250.0, "unit": "mV", "small": small})
    made = readers.open(tmp_path / "a.mat")
    (stream,) = made.streams
    assert made.warnings == ("matrix x is read, and small not: it is the largest",)
    assert_close(whole(stream).samples, _TRIALS[0].T * 1e3, rtol=1e-12)
    assert (stream.info.unlabelled, stream.info.rate_hz) == ((0, 1, 2), 250.0)


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        ({"x": np.zeros((3, 100))}, "found no number called fs or fsample or srate or sr among x"),
        ({"fs": 100.0, "name": "none"}, "found no matrix of samples among fs, name"),
        ({"data": _data(_times(0.0, 0.0)[:1])}, "found 2 trials and 1 times"),
        (
            {"data": _data([each[:-1] for each in _times(0.0, 9.0)])},
            r"data\.trial\{1\}: expected 3 channels, .* by 11999 samples, .* found 3 by 12000",
        ),
        ({"EEG": {"srate": 1.0}, "fs": 1.0}, "found a set of EEGLAB: name it .set"),
    ],
)
def test_what_is_no_recording_is_one_line(
    tmp_path: Path, variables: Mapping[str, Any], problem: str
) -> None:
    scipy.io.savemat(tmp_path / "a.mat", dict(variables))
    with pytest.raises(RecordingError, match=problem) as told:
        readers.open(tmp_path / "a.mat")
    assert "\n" not in str(told.value)


@_VERSIONS
def test_what_is_not_whole_is_one_line(tmp_path: Path, write: Any) -> None:
    path = tmp_path / "a.mat"
    write(path, {"data": _data(_times(0.0, 40.0))})
    content = path.read_bytes()
    for found, problem in (
        (b"", "expected a file of MATLAB 5 to 7.3, found an empty file"),
        (b"none at all", "expected a file of MATLAB 5 to 7.3, found b'none at all'"),
        (content[: len(content) // 2], "expected a whole MATLAB file, found [0-9]+ bytes that"),
    ):
        path.write_bytes(found)
        with pytest.raises(RecordingError, match=problem) as told:
            readers.open(path)
        assert "\n" not in str(told.value)
