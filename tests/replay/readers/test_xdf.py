"""XDF files are read unchanged, and everything missing or damaged is reported."""

import gzip
import json
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay import readers
from replay.recording import Recording, RecordingError
from tests.replay import xdf_writer as write
from tests.replay.readers.xdf_files import example as xdf_example
from tests.replay.recordings import whole
from tests.support.searching import search

#: The file that the laws of readers are tried on.
write_example = xdf_example.write_example

_VALUES = np.arange(40, dtype=np.float32).reshape(20, 2)
_STAMPS_S = [5.0 + k / 100.0 for k in range(20)]
_PARTS = {
    "start": write.file_header(),
    "header": write.header(1, labels=("STN_1", "STN_2")),
    "marker header": write.header(2, name="Events", n_channels=1, rate_hz="0", dtype="string"),
    "first": write.samples(1, _VALUES[:10], _STAMPS_S[:10]),
    "offset": write.offset(1, 5.05, -2.0),
    "boundary": write.boundary(),
    "marker": write.texts(2, ["cue µ", ""], [5.02, 5.11]),
    "second": write.samples(1, _VALUES[10:], _STAMPS_S[10:]),
    "later offset": write.offset(1, 5.15, -2.001),
    "footer": write.footer(1, 20),
    "marker footer": write.footer(2, 2),
}


def _load(tmp_path: Path, content: bytes, name: str = "made.xdf") -> Recording:
    path = tmp_path / name
    path.write_bytes(content)
    return readers.open(path)


def _whole(**replaced: bytes) -> bytes:
    parts = _PARTS | {key.replace("_", " "): part for key, part in replaced.items()}
    return b"".join(parts.values())


def test_a_whole_file_is_read_as_it_is_without_a_word(tmp_path: Path) -> None:
    made = _load(tmp_path, _whole())
    assert made.warnings == ()
    lfp, events = made.streams
    assert (lfp.info.name, lfp.info.lsl_type, lfp.info.source_id) == ("LFP", "LFP", "LFP-1")
    assert (lfp.info.uid, lfp.info.hostname) == ("u1", "rig")
    assert lfp.info.channels == ("STN_1", "STN_2")
    assert lfp.info.units == ("microvolts", "microvolts")
    assert (lfp.info.rate_hz, lfp.info.dtype, lfp.is_signal) == (100.0, "float32", True)
    np.testing.assert_array_equal(whole(lfp).samples, _VALUES)
    assert whole(lfp).samples.dtype == np.float32
    np.testing.assert_array_equal(whole(lfp).timestamps_s, _STAMPS_S)
    np.testing.assert_array_equal(lfp.clock.times_s, [5.05, 5.15])
    np.testing.assert_array_equal(lfp.clock.offsets_s, [-2.0, -2.001])
    assert (events.info.dtype, events.is_signal) == ("string", False)
    assert whole(events).samples.tolist() == [["cue µ"], [""]]
    assert whole(events).timestamps_s.tolist() == [5.02, 5.11]


@pytest.mark.parametrize("suffix", [".xdfz", ".xdf.gz", ".XDF.GZ"])
def test_a_compressed_file_is_read_like_any_other(tmp_path: Path, suffix: str) -> None:
    made = _load(tmp_path, gzip.compress(_whole()), f"made{suffix}")
    np.testing.assert_array_equal(whole(made.streams[0]).samples, _VALUES)
    assert made.warnings == ()


@pytest.mark.parametrize("dtype", ["float32", "float64", "int8", "int16", "int32", "int64"])
def test_every_data_type_comes_back_bit_for_bit(tmp_path: Path, dtype: str) -> None:
    values = np.array([[-100, 7], [100, -7]], dtype)
    content = (
        write.file_header()
        + write.header(9, dtype=dtype)
        + write.samples(9, values, [1.0, 1.01])
        + write.footer(9, 2)
    )
    made = _load(tmp_path, content)
    assert made.streams[0].info.dtype == dtype
    assert whole(made.streams[0]).samples.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(whole(made.streams[0]).samples, values)
    assert made.streams[0].info.channels == ("ch1", "ch2")
    assert made.streams[0].info.units == ("", "")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "expected an XDF file, beginning with 'XDF:', found an empty file"),
        (b"XXF:1234", "expected an XDF file, beginning with 'XDF:', found b'XXF:'"),
        (b"XDF:", "expected a recording of at least one stream, found an empty one"),
        (write.file_header(), "expected a recording of at least one stream, found an empty one"),
        (
            write.file_header() + _PARTS["first"],
            "found read 0 of 10 samples of stream number 1 (no footer): it has no readable header",
        ),
    ],
)
def test_a_file_without_a_stream_is_an_error(tmp_path: Path, content: bytes, problem: str) -> None:
    with pytest.raises(RecordingError, match=re.escape(problem)):
        _load(tmp_path, content)


def test_a_file_that_is_not_there_or_of_another_kind_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="expected a file that can be read"):
        readers.open(tmp_path / "none.xdf")
    with pytest.raises(RecordingError, match="beginning with 'XDF:', found b'not '"):
        _load(tmp_path, b"not compressed", "made.xdfz")
    with pytest.raises(RecordingError, match="expected a file that can be read"):
        _load(tmp_path, gzip.compress(_whole())[:-20], "cut.xdfz")


@pytest.mark.parametrize(
    ("replaced", "warnings"),
    [
        ({"footer": b""}, ["read 20 of an unknown number of samples of stream 'LFP'"]),
        ({"footer": write.footer(1, 25)}, ["read 20 of 25 samples of stream 'LFP'"]),
        ({"second": b""}, ["read 10 of 20 samples of stream 'LFP'"]),
        (
            {"footer": write.footer(1, "many")},
            ["expected a sample_count, found 'many'", "read 20 of an unknown number"],
        ),
        (
            {"marker_header": b""},
            ["read 0 of 2 samples of stream number 2 (its footer says 2)"],
        ),
        (
            {"marker_header": write.header(2, rate_hz="-1")},
            ["expected a nominal_srate of at least 0, found '-1'", "read 0 of 2 samples"],
        ),
        (
            {"marker_header": write.header(2, n_channels=0)},
            ["expected a channel_count of at least 1, found '0'", "read 0 of 2 samples"],
        ),
        (
            {"marker_header": write.header(2, dtype="complex")},
            ["expected a known channel_format, found 'complex'", "read 0 of 2 samples"],
        ),
        (
            {"second": write.header(1) + _PARTS["second"]},
            ["stream 1 has a second header"],
        ),
        (
            {"offset": write.chunk(3, b"\1\0\0\0")},
            ["a chunk of samples of stream 'LFP' does not say how many they are"],
        ),
        (
            {"offset": write.chunk(3, b"\1\0\0\0\x08" + (2**60).to_bytes(8, "little"))},
            ["a chunk of 1152921504606846976 samples of stream 'LFP' is not as long as that"],
        ),
        (
            {"offset": write.chunk(4, b"\1\0\0\0" + bytes(9))},
            ["expected a clock offset of 16 bytes, found 9"],
        ),
        (
            {"start": write.file_header().replace(b"1.0</", b"1.\xff</")},
            ["bytes skipped at byte 4: expected XML"],
        ),
        (
            {"footer": write.footer(1, 20).replace(b"</info>", b"\xff\xff\xff\xff\xff\xff\xff")},
            ["the footer of stream 1: expected XML", "read 20 of an unknown number"],
        ),
        (
            {"second": bytes(30) + write.boundary() + _PARTS["second"]},
            ["bytes skipped", "read 20 of 20 samples"],
        ),
    ],
)
def test_what_is_missing_is_told_with_how_many_samples(
    tmp_path: Path, replaced: dict[str, bytes], warnings: list[str]
) -> None:
    made = _load(tmp_path, _whole(**replaced))
    told = "\n".join(made.warnings)
    expected = [text for text in warnings if "20 of 20" not in text]
    assert all(text in told for text in expected), told
    lfp = made.streams[0]
    n_read = 10 if replaced.get("second") == b"" else 20
    np.testing.assert_array_equal(whole(lfp).samples, _VALUES[:n_read])
    np.testing.assert_array_equal(whole(lfp).timestamps_s, _STAMPS_S[:n_read])


@pytest.mark.parametrize("said", [b"<nome>LFP</nome>", b"<name />", b"<name><of>LFP</of></name>"])
def test_a_stream_without_a_name_is_read_like_any_other(tmp_path: Path, said: bytes) -> None:
    head = write.chunk(2, _PARTS["header"][7:].replace(b"<name>LFP</name>", said))
    lfp = _load(tmp_path, _whole(header=head)).streams[0]
    assert lfp.info.lsl_name == ""
    np.testing.assert_array_equal(whole(lfp).samples, _VALUES)


def test_after_damage_the_next_boundary_is_found_wherever_it_lies(tmp_path: Path) -> None:
    for n_bytes in range(2**18 - 40, 2**18 + 20):
        damage = bytes(n_bytes) + write.boundary()
        made = _load(tmp_path, _whole(second=damage + _PARTS["second"]))
        assert made.streams[0].n_samples == 20
        assert len(made.warnings) == 1


def test_a_file_that_is_cut_while_it_is_read_is_one_line(tmp_path: Path) -> None:
    made = _load(tmp_path, _whole())
    (tmp_path / "made.xdf").write_bytes(_whole()[:900])
    with pytest.raises(RecordingError, match=r"expected .* bytes, found .*: the file was changed"):
        whole(made.streams[0])


def test_stamps_that_are_not_finite_are_told_and_kept(tmp_path: Path) -> None:
    stamps_s = [*_STAMPS_S[10:19], float("nan")]
    made = _load(tmp_path, _whole(second=write.samples(1, _VALUES[10:], stamps_s)))
    assert made.warnings == ("1 of 20 stamps of stream 'LFP' are not finite",)
    assert np.isnan(whole(made.streams[0]).timestamps_s[-1])


@given(st.integers(0, len(_whole())))
@search(200)
def test_a_file_cut_anywhere_gives_what_came_before_the_cut(
    tmp_path_factory: pytest.TempPathFactory, length: int
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    try:
        made = _load(folder, _whole()[:length])
    except RecordingError:
        assert length < len(_PARTS["start"] + _PARTS["header"])
        return
    n_read = made.streams[0].n_samples
    np.testing.assert_array_equal(whole(made.streams[0]).samples, _VALUES[:n_read])
    assert n_read in {0, 10, 20}
    assert made.warnings or length == len(_whole())


@given(index=st.integers(4, len(_whole()) - 1), flip=st.integers(1, 255))
@search(300)
def test_no_changed_byte_crashes_the_reader(
    tmp_path_factory: pytest.TempPathFactory, index: int, flip: int
) -> None:
    content = bytearray(_whole())
    content[index] ^= flip
    try:
        made = _load(tmp_path_factory.mktemp("flip"), bytes(content))
    except RecordingError:
        return
    for stream in made.streams:
        n_samples = stream.n_samples
        assert whole(stream).samples.shape == (n_samples, len(stream.info.channels))
        assert len(stream.clock.times_s) == len(stream.clock.offsets_s)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("corrupt_bad_magic", "beginning with 'XDF:', found b'XXF:'"),
        ("corrupt_header_only", "expected a recording of at least one stream"),
        ("corrupt_zero_bytes", "found an empty file"),
    ],
)
def test_a_real_file_that_cannot_be_read_is_an_error(
    data_dir: Path, name: str, problem: str
) -> None:
    with pytest.raises(RecordingError, match=re.escape(problem)):
        readers.open(data_dir / "xdf-derived" / f"{name}.xdf")


@pytest.mark.parametrize(
    ("name", "warnings", "counts"),
    [
        (
            "corrupt_bad_xml_header",
            ["the header of stream 3: expected XML", "read 0 of 3 samples of stream number 3"],
            [18_251, 4751],
        ),
        (
            "corrupt_missing_header_stream2",
            ["read 0 of 4751 samples of stream number 2"],
            [18_251, 3],
        ),
        (
            "corrupt_truncated_mid_chunk",
            [
                "the file ends 618 bytes before its last chunk does",
                "read 10950 of an unknown number of samples of stream 'STN_ECOG'",
                "read 2738 of an unknown number of samples of stream 'Force'",
                "read 2 of an unknown number of samples of stream 'Events'",
            ],
            [10_950, 2738, 2],
        ),
        (
            "corrupt_zeroed_4k",
            [
                "37054 bytes skipped at byte 376290",
                "read 17351 of 18251 samples of stream 'STN_ECOG'",
                "read 4513 of 4751 samples of stream 'Force'",
            ],
            [17_351, 4513, 3],
        ),
    ],
)
def test_a_damaged_real_file_says_how_many_samples_of_how_many(
    data_dir: Path, name: str, warnings: list[str], counts: list[int]
) -> None:
    made = readers.open(data_dir / "xdf-derived" / f"{name}.xdf")
    assert len(made.warnings) == len(warnings)
    for told, expected in zip(made.warnings, warnings, strict=True):
        assert expected in told
    assert [stream.n_samples for stream in made.streams] == counts


def test_the_derived_recording_is_as_its_truth_says(data_dir: Path) -> None:
    folder = data_dir / "xdf-derived"
    made = readers.open(folder / "stn_ecog_3streams_drift_reset_gap.xdf")
    truth = json.loads((folder / "stn_ecog_3streams_truth.json").read_text(encoding="utf-8"))
    assert made.warnings == ()
    lfp, force, events = made.streams
    assert whole(lfp).samples.shape == (truth["stream1"]["samples"], 9)
    assert whole(force).samples.shape == (truth["stream2"]["samples"], 1)
    start, end = truth["stream1"]["gap_samples"]
    steps_s = np.diff(whole(lfp).timestamps_s)
    assert np.flatnonzero(steps_s > 0.1).tolist() == [start - 1]
    assert steps_s.max() == pytest.approx((end - start + 1) / 1000.0, abs=0.002)
    assert whole(events).timestamps_s.tolist() == truth["stream3"]["events_recorder_time"]
    assert np.diff(whole(force).timestamps_s).max() == pytest.approx(
        truth["stream2"]["reset_s"], abs=0.1
    )


def test_the_minimal_example_is_read_as_its_description_says(data_dir: Path) -> None:
    made = readers.open(data_dir / "xdf-real" / "minimal.xdf")
    assert made.warnings == ()
    eeg, texts = made.streams
    assert whole(eeg).samples[:3].tolist() == [[192, 255, 238], [12, 22, 32], [13, 23, 33]]
    assert whole(eeg).samples.dtype == np.int16
    np.testing.assert_allclose(whole(eeg).timestamps_s, 5.1 + np.arange(9) / 10.0)
    assert eeg.clock.times_s.tolist() == [6.1, 7.1]
    assert eeg.clock.offsets_s.tolist() == [-0.1, -0.1]
    assert [row[0] for row in whole(texts).samples[1:5]] == ["Hello", "World", "from", "LSL"]
    assert not texts.is_signal
    assert texts.clock.times_s.size == 0


def test_empty_streams_are_there_and_empty(data_dir: Path) -> None:
    made = readers.open(data_dir / "xdf-real" / "empty_streams.xdf")
    assert made.warnings == ()
    counts = {stream.info.lsl_name: whole(stream).samples.shape for stream in made.streams}
    assert counts == {
        "Empty data stream: test stream 0 counter": (0, 1),
        "Data stream: test stream 0 counter": (10, 1),
        "ctrl": (1, 1),
        "Empty marker stream: test stream 0 counter": (0, 1),
    }


def test_a_clock_reset_is_handed_on_unresolved(data_dir: Path) -> None:
    made = readers.open(data_dir / "xdf-real" / "clock_resets.xdf")
    assert made.warnings == ()
    events, eeg = made.streams
    assert (events.n_samples, eeg.n_samples) == (175, 27_815)
    assert np.diff(whole(eeg).timestamps_s).min() < -653_000.0
    assert np.count_nonzero(np.abs(np.diff(eeg.clock.offsets_s)) > 1.0) == 1
