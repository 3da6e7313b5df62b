"""EDF and BDF: as edfio has them, one stream a rate, EDF+D with its gaps, and damage told."""

from datetime import time
from pathlib import Path
from typing import Any

import edfio
import numpy as np
import pytest

from replay import readers
from replay.recording import Recording, RecordingError
from tests.replay.readers.made_files.edf import Made, written
from tests.replay.recordings import whole

assert_close: Any = np.testing.assert_allclose
_RANDOM = np.random.default_rng(5)
_SHARED = (
    "mne_duplicate_labels.edf",
    "mne_stim_channel.bdf",
    "mne_stim_channel.edf",
    "mne_uneven_samp.edf",
    "pyedflib_test_generator.bdf",
    "short_psg.bdf",
    "short_psg.edf",
)


def write_example(path: Path) -> None:
    """Write four rates in one file, as edfio does, with annotations."""
    signals = [
        edfio.EdfSignal(
            _RANDOM.normal(0.0, 20.0, round(60 * rate_hz)),
            rate_hz,
            label=label,
            physical_dimension=unit,
        )
        for label, rate_hz, unit in (
            ("LFP L", 1000.0, "uV"),
            ("LFP R", 1000.0, "mV"),
            ("EMG arm", 500.0, "uV"),
            ("Resp", 12.8, "a.u."),
            ("Temp", 1.0, "degC"),
        )
    ]
    annotations = [edfio.EdfAnnotation(2.5, None, "cue µ"), edfio.EdfAnnotation(7.125, 1.0, "grip")]
    edfio.Edf(
        signals, starttime=time(10, 0), data_record_duration=10.0, annotations=annotations
    ).write(path)


def opened(path: Path, content: bytes) -> Recording:
    path.write_bytes(content)
    return readers.open(path)


def _ramp(n_samples: int, label: str = "LFP", unit: str = "uV") -> Made:
    return Made(label, np.arange(n_samples) % 60000 - 30000, unit)


def _read_by_edfio(path: Path) -> Any:
    with path.open("rb") as file:
        return edfio.read_bdf(path) if file.read(1) == b"\xff" else edfio.read_edf(path)


@pytest.mark.parametrize("name", _SHARED)
def test_real_files_are_as_edfio_has_them(data_dir: Path, name: str) -> None:
    path = data_dir / "edf-bdf" / name
    made = readers.open(path)
    assert made.warnings == ()
    expected = list(_read_by_edfio(path).signals)
    for stream in made.streams:
        if not stream.is_signal:
            continue
        samples, stamps_s = whole(stream)
        for column, label in enumerate(stream.info.channels):
            at = next(
                n
                for n, each in enumerate(expected)
                if label.startswith(each.label)
                and each.sampling_frequency == pytest.approx(stream.info.rate_hz)
            )
            peer = expected.pop(at)
            is_codes = peer.label == "Status"
            factor = 1e6 if peer.physical_dimension == "V" else 1.0
            values = peer.digital if is_codes else peer.data * factor
            assert_close(samples[:, column], values, rtol=1e-9, atol=1e-9)
        assert_close(stamps_s, np.arange(len(stamps_s)) / stream.info.rate_hz, atol=1e-6, rtol=0)
    assert expected == []


def test_each_rate_is_a_stream_and_units_are_microvolts(tmp_path: Path) -> None:
    write_example(tmp_path / "a.edf")
    made = readers.open(tmp_path / "a.edf")
    found = [
        (each.info.name, each.info.lsl_type, each.info.rate_hz, each.info.channels, each.info.units)
        for each in made.streams
    ]
    assert found == [
        ("LFP", "LFP", 1000.0, ("LFP L", "LFP R"), ("uV", "uV")),
        ("EMG", "EMG", 500.0, ("EMG arm",), ("uV",)),
        ("Other 12.8 Hz", "Other", 12.8, ("Resp",), ("a.u.",)),
        ("Other 1 Hz", "Other", 1.0, ("Temp",), ("degC",)),
        ("Markers", "Markers", 0.0, ("label",), ("",)),
    ]
    expected = edfio.read_edf(tmp_path / "a.edf").signals
    samples = whole(made.streams[0]).samples
    assert_close(samples[:, 0], expected[0].data, atol=1e-9)
    assert_close(samples[:, 1], expected[1].data * 1e3, atol=1e-9)
    texts, stamps_s = whole(made.streams[-1])
    assert (texts[:, 0].tolist(), stamps_s.tolist()) == (["cue µ", "grip"], [2.5, 7.125])


@pytest.mark.parametrize("n_bytes", [2, 3])
def test_time_between_the_records_of_a_discontinuous_file_is_a_gap(
    tmp_path: Path, n_bytes: int
) -> None:
    kind = {2: "EDF", 3: "BDF"}[n_bytes]
    content = written(
        [_ramp(400), _ramp(4, "slow")],
        4,
        starts_s=[0.5, 1.5, 4.25, 5.25],
        texts=["", "cue", "grip"],
        reserved=f"{kind}+D",
        n_bytes=n_bytes,
    )
    fast, slow, markers = opened(tmp_path / "a.edf", content).streams
    samples, stamps_s = whole(fast)
    assert_close(samples[:, 0], (np.arange(400) - 30000) / 10.0)
    expected_s = np.concatenate([0.5 + np.arange(200) / 100.0, 4.25 + np.arange(200) / 100.0])
    assert_close(stamps_s, expected_s, atol=1e-9)
    assert whole(slow).timestamps_s.tolist() == [0.5, 1.5, 4.25, 5.25]
    assert whole(markers).timestamps_s.tolist() == [1.75, 4.5]
    assert whole(markers).samples[:, 0].tolist() == ["cue", "grip"]


def test_24_bits_are_read_with_their_sign_and_a_status_as_codes(tmp_path: Path) -> None:
    values = np.array([-(2**23), -1, 0, 1, 2**23 - 1, 65536])
    content = written([Made("A1", values), Made("Status", values)], 1, n_bytes=3)
    brain, other = opened(tmp_path / "a.bdf", content).streams
    assert_close(whole(brain).samples[:, 0], values / 10.0)
    assert (other.info.channels, other.info.units) == (("Status",), ("",))
    assert whole(other).samples[:, 0].tolist() == values.tolist()


def test_labels_that_repeat_get_a_number(tmp_path: Path) -> None:
    content = written([_ramp(10), _ramp(10), _ramp(10, "LFP_2"), _ramp(10, "")], 1)
    (stream,) = opened(tmp_path / "a.edf", content).streams
    assert stream.info.channels == ("LFP", "LFP_3", "LFP_2", "ch4")


@pytest.mark.parametrize(
    ("cut", "n_said", "warnings"),
    [
        (
            7,
            5,
            (
                "read 4 records, where the header says 5",
                "the last 193 bytes are no whole record, and not read",
            ),
        ),
        (
            0,
            -1,
            (
                (
                    "recording was not ended: the header does not say how many records there are; "
                    "5 are whole and read"
                ),
            ),
        ),
        (200, 9, ("read 4 records, where the header says 9",)),
    ],
)
def test_of_a_file_that_breaks_off_the_whole_records_are_read(
    tmp_path: Path, cut: int, n_said: int, warnings: tuple[str, ...]
) -> None:
    content = written([_ramp(500)], 5, n_said=n_said)
    made = opened(tmp_path / "a.edf", content[: len(content) - cut])
    assert made.warnings == warnings
    n_samples = 500 if cut == 0 else 400
    assert_close(whole(made.streams[0]).samples[:, 0], (np.arange(n_samples) - 30000) / 10.0)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "expected an EDF or BDF file, .* found an empty file"),
        (b"not EDF at all", "expected an EDF or BDF file, .* found b'not EDF "),
        (written([_ramp(10)], 1)[:300], "expected a header of 512 bytes, for 1 signals, found a"),
        (written([_ramp(10)], 1)[:512], "expected at least one record, found none that is whole"),
        (
            written([_ramp(10)], 1).replace(b"30000   ", b"many    "),
            r"expected a number as digital max of signal 1 \('LFP'\), found 'many'",
        ),
        (
            written([_ramp(10)], 1).replace(b"-30000  ", b"30000   "),
            r"signal 1 \('LFP'\): expected a digital minimum below the maximum",
        ),
    ],
)
def test_what_cannot_be_used_is_one_line(tmp_path: Path, content: bytes, problem: str) -> None:
    with pytest.raises(RecordingError, match=problem) as told:
        opened(tmp_path / "a.edf", content)
    assert "\n" not in str(told.value)
    assert "a.edf" in str(told.value)
