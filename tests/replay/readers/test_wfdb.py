"""WFDB records: samples as their bytes say, each signal at its own rate, annotations as markers."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from replay import readers
from replay.recording import RecordingError
from tests.replay.recordings import whole

wfdb: Any = pytest.importorskip("wfdb")

_STEPS = np.random.default_rng(3).integers(-2000, 2000, (5000, 2))


def write_example(path: Path) -> None:
    """Write two signals of format 16 and annotations."""
    write_record(path, fmt="16")
    with warnings.catch_warnings(action="ignore"):  # of pandas, at how wfdb calls it
        wfdb.wrann(
            path.stem,
            "atr",
            np.array([100, 2500]),
            symbol=["N", '"'],
            aux_note=["", "dorsiflexion"],
            fs=1000,
            write_dir=str(path.parent),
        )


def write_record(path: Path, *, fmt: str) -> None:
    with warnings.catch_warnings(action="ignore"):
        wfdb.wrsamp(
            path.stem,
            fs=1000,
            units=["mV", "uV"],
            sig_name=["EMG", "LFP"],
            d_signal=_STEPS,
            fmt=[fmt, fmt],
            adc_gain=[4000.0, 8.0],
            baseline=[0, 16],
            write_dir=str(path.parent),
        )


def expected_uv() -> Any:
    return np.stack((_STEPS[:, 0] / 4.0, (_STEPS[:, 1] - 16) / 8.0), axis=1)


def test_the_shared_needle_emg_is_its_bytes(data_dir: Path) -> None:
    folder = data_dir / "emg-needle-healthy"
    found = readers.open(folder / "emg_healthy.hea")
    (stream,) = found.streams
    assert (found.warnings, stream.info.rate_hz, stream.info.units) == ((), 4000.0, ("uV",))
    steps = np.fromfile(folder / "emg_healthy.dat", "<i2")
    samples: Any
    samples, stamps_s = whole(stream)
    np.testing.assert_allclose(samples[:, 0], steps / 10.0, rtol=1e-12)
    np.testing.assert_allclose(stamps_s, np.arange(len(steps)) / 4000.0, rtol=0.0, atol=1e-6)
    (same,) = readers.open(folder / "emg_healthy.dat").streams
    assert whole(same).content == whole(stream).content


@pytest.mark.parametrize("fmt", ["16", "24", "32", "61", "212"])
def test_signals_are_read_in_any_format(fmt: str, tmp_path: Path) -> None:
    if fmt == "61":  # 16 bits, high byte first
        write_record(tmp_path / "a.hea", fmt="16")
        (tmp_path / "a.dat").write_bytes(_STEPS.astype(">i2").tobytes())
        text = (tmp_path / "a.hea").read_text("utf-8").replace(".dat 16 ", ".dat 61 ")
        (tmp_path / "a.hea").write_text(text, "utf-8")
    elif fmt == "212":  # two samples of 12 bits in three bytes
        write_record(tmp_path / "a.hea", fmt="212")
        low, high = (_STEPS[:, column] & 0xFFF for column in (0, 1))
        packed = np.stack((low & 0xFF, (low >> 8) | ((high >> 8) << 4), high & 0xFF), axis=1)
        (tmp_path / "a.dat").write_bytes(packed.astype(np.uint8).tobytes())
    else:
        write_record(tmp_path / "a.hea", fmt=fmt)
    (stream,) = readers.open(tmp_path / "a.hea").streams
    assert (stream.info.channels, stream.info.units) == (("EMG", "LFP"), ("uV", "uV"))
    samples: Any = whole(stream).samples
    np.testing.assert_allclose(samples, expected_uv(), rtol=1e-12)


def test_a_sample_that_is_marked_as_invalid_is_nan(tmp_path: Path) -> None:
    write_record(tmp_path / "a.hea", fmt="16")
    steps = _STEPS.astype("<i2")
    steps[7, 1] = -(2**15)
    (tmp_path / "a.dat").write_bytes(steps.tobytes())
    (stream,) = readers.open(tmp_path / "a.hea").streams
    assert np.argwhere(np.isnan(np.asarray(whole(stream).samples, float))).tolist() == [[7, 1]]


def test_signals_of_several_rates_are_streams_of_their_own(tmp_path: Path) -> None:
    # Frames of one sample of the first and of three of the second signal.
    frames = np.arange(4000).reshape(1000, 4).astype("<i2")
    (tmp_path / "a.dat").write_bytes(frames.tobytes())
    header = "a 2 500 1000\na.dat 16 10/uV 16 0 0 0 0 FORCE\na.dat 16x3 10/uV 16 0 0 0 0 EMG\n"
    (tmp_path / "a.hea").write_text(header, "utf-8")
    slow, fast = readers.open(tmp_path / "a.hea").streams
    assert (slow.info.rate_hz, fast.info.rate_hz) == (500.0, 1500.0)
    np.testing.assert_allclose(np.asarray(whole(slow).samples, float)[:, 0], frames[:, 0] / 10.0)
    expected = frames[:, 1:].ravel() / 10.0
    np.testing.assert_allclose(np.asarray(whole(fast).samples, float)[:, 0], expected)
    part: Any = fast.read(4, 9).samples
    np.testing.assert_allclose(part[:, 0], expected[4:9])


def test_annotations_are_markers_at_their_samples(tmp_path: Path) -> None:
    write_example(tmp_path / "a.hea")
    _, markers = readers.open(tmp_path / "a.hea").streams
    texts, stamps_s = whole(markers)
    assert texts.ravel().tolist() == ["N", "dorsiflexion"]
    np.testing.assert_allclose(stamps_s, [0.1, 2.5], rtol=0.0, atol=1e-6)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("a 1 1000 5000\nmissing.dat 16 200 16 0 0 0 0 EMG\n", "missing.dat"),
        ("a 1 1000 5000\na.dat 8 200 16 0 0 0 0 EMG\n", "found format 8, of differences"),
        ("a 1 1000 0\na.dat 16 200 16 0 0 0 0 EMG\n", "expected a record of samples, found"),
        ("a 0 1000 5000\n", "one that cannot be read|of signals, found none"),
        ("no header at all", "one that cannot be read"),
        ("a 1 1000 9000\na.dat 16 200 16 0 0 0 0 EMG\n", "breaks off or cannot be read"),
    ],
)
def test_a_record_that_cannot_be_read_is_one_line(content: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "a.hea").write_text(content, "utf-8")
    (tmp_path / "a.dat").write_bytes(_STEPS[:, 0].astype("<i2").tobytes())
    with pytest.raises(RecordingError, match=told) as error:
        readers.open(tmp_path / "a.hea")
    assert "\n" not in str(error.value)


def test_annotations_that_cannot_be_read_are_left_out_and_told(tmp_path: Path) -> None:
    write_example(tmp_path / "a.hea")
    (tmp_path / "a.atr").write_bytes(b"\xff" * 7)
    found = readers.open(tmp_path / "a.hea")
    assert len(found.streams) == 1
    (told,) = found.warnings
    assert told.startswith("annotations a.atr cannot be read and are left out: ")
