"""BrainVision: values by the published layout, units as said, markers, and damage told."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import stimloop as sl
from replay import readers
from replay.readers.brainvision.reader import open_brainvision
from replay.recording import RecordingError
from tests.replay.recordings import whole

assert_close: Any = np.testing.assert_allclose
mne: Any = pytest.importorskip("mne")
_VALUES = np.random.default_rng(5).normal(0.0, 200.0, (2000, 3)).round()
_CHANNELS = ("LFP L,,0.1,µV", "LFP R,,0.0001,mV", "Force,,2,N")
_MARKERS = (
    "New Segment,,1,1,0,20240101100000000000",
    "Stimulus,S  1,501,1,0",
    "Comment,a\\1b,2000,1,0",
)


def write_example(path: Path) -> None:
    """Write signals in two units, a force, and markers."""
    write(path)


def write(
    path: Path,
    *,
    channels: tuple[str, ...] = _CHANNELS,
    markers: tuple[str, ...] | None = _MARKERS,
    codepage: str = "utf-8",
    dtype: str = "INT_16",
    vectorized: bool = False,
    extra: str = "",
) -> Path:
    values: Any = _VALUES.astype({"INT_16": "<i2", "IEEE_FLOAT_32": "<f4"}[dtype])
    orientation = "VECTORIZED" if vectorized else "MULTIPLEXED"
    lines = [
        "Brain Vision Data Exchange Header File Version 1.0",
        "; a comment = no value",
        "",
        "[Common Infos]",
        "DataFile=$b.eeg",
        *(["MarkerFile=$b.vmrk"] if markers is not None else []),
        "DataFormat=BINARY",
        f"DataOrientation={orientation}",
        f"NumberOfChannels={len(channels)}",
        "SamplingInterval=2000",
        *([extra] if extra else []),
        "[Binary Infos]",
        f"BinaryFormat={dtype}",
        "[Channel Infos]",
        *(f"Ch{number}={each}" for number, each in enumerate(channels, 1)),
        "[Comment]",
        "Ch1=not this",
    ]
    path.write_bytes("\r\n".join(lines).encode(codepage))
    path.with_suffix(".eeg").write_bytes((values.T if vectorized else values).tobytes())
    if markers:
        lines = [
            "Brain Vision Data Exchange Marker File, Version 1.0",
            "[Common Infos]",
            "[Marker Infos]",
            *(f"Mk{number}={each}" for number, each in enumerate(markers, 1)),
        ]
        path.with_suffix(".vmrk").write_bytes("\r\n".join(lines).encode(codepage))
    return path


@pytest.mark.parametrize(
    "name", ["test", "testv2", "test_units", "test_old_layout_latin1_software_filter"]
)
def test_real_files_are_as_mne_has_them_and_other_units_are_their_own(
    data_dir: Path, name: str
) -> None:
    path = data_dir / "brainvision-eeg-markers" / f"{name}.vhdr"
    made = readers.open(path)
    assert made.warnings == ()
    brain, *others, markers = made.streams
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of units that it does not know
        raw = mne.io.read_raw_brainvision(path, verbose="ERROR")
    samples, stamps_s = whole(brain)
    peer = raw.get_data(picks=list(brain.info.channels)).T * 1e6
    assert_close(samples, peer, rtol=1e-9, atol=1e-9)
    assert_close(stamps_s, raw.times, atol=1e-6)
    units = {unit for each in others for unit in each.info.units}
    assert units == (
        {"BS", "µS", "ARU", "uS", "S", "C"} if name in {"test", "test_units"} else set()
    )
    found = dict(
        zip(whole(markers).timestamps_s.round(6), whole(markers).samples[:, 0], strict=True)
    )
    for each in raw.annotations:
        if each["description"] != "New Segment/":
            assert found[round(each["onset"], 6)] == each["description"]
    assert len(found) == {"test": 14, "test_units": 14, "testv2": 16}.get(name, 2)


def test_real_values_are_those_of_the_bytes_and_a_million_too_large(data_dir: Path) -> None:
    (path,) = (data_dir / "stn-ecog-pd-brainvision").rglob("*.vhdr")
    brain, other, _ = readers.open(path).streams
    stored = np.fromfile(path.with_suffix(".eeg"), "<f4").reshape(-1, 10)
    samples = whole(brain).samples
    assert (other.info.channels, brain.n_samples) == (("MOV_RIGHT",), 19_001)
    np.testing.assert_array_equal(samples, stored[:, :9].astype(np.float64) * 0.1)
    assert samples.std(axis=0)[0] == pytest.approx(18.17e6, rel=1e-3)


def test_numbers_a_million_too_large_are_told_and_usable_in_another_unit(data_dir: Path) -> None:
    (path,) = (data_dir / "stn-ecog-pd-brainvision").rglob("*.vhdr")
    recording = sl.read(path)
    beta = sl.BandPower("beta", band_hz=(13.0, 30.0), window_s=0.4)
    with pytest.warns(UserWarning, match="looks like 1e6 too large"):
        sl.detect(recording["ECOG"], beta)
    found = sl.detect(recording["ECOG"], beta, stream=sl.Stream(kind="lfp", unit="pV"))
    assert found["beta"].valid.mean() > 0.9


@pytest.mark.parametrize("codepage", ["utf-8", "utf-8-sig", "latin-1"])
@pytest.mark.parametrize("vectorized", [False, True])
@pytest.mark.parametrize("dtype", ["INT_16", "IEEE_FLOAT_32"])
def test_values_are_read_in_whatever_layout_they_are(
    tmp_path: Path, codepage: str, dtype: str, *, vectorized: bool
) -> None:
    path = write(tmp_path / "a.vhdr", codepage=codepage, dtype=dtype, vectorized=vectorized)
    made = readers.open(path)
    assert made.warnings == ()
    brain, force, markers = made.streams
    assert (brain.info.rate_hz, brain.info.channels, brain.info.units) == (
        500.0, ("LFP L", "LFP R"), ("uV", "uV"),
    )  # fmt: skip
    assert_close(whole(brain).samples, _VALUES[:, :2] * 0.1, rtol=1e-12)
    assert (force.info.name, force.info.units) == ("Other", ("N",))
    np.testing.assert_array_equal(whole(force).samples, _VALUES[:, 2:] * 2.0)
    texts, stamps_s = whole(markers)
    assert texts[:, 0].tolist() == ["New Segment", "Stimulus/S  1", "Comment/a,b"]
    assert_close(stamps_s, [0.0, 1.0, 3.998], atol=1e-9)


@pytest.mark.parametrize("suffix", [".eeg", ".vmrk"])
def test_any_file_of_a_recording_opens_it(tmp_path: Path, suffix: str) -> None:
    write(tmp_path / "a.vhdr")
    made = readers.open(tmp_path / f"a{suffix}")
    assert (made.warnings, made.streams[0].n_samples) == ((), 2000)


def test_a_channel_without_a_unit_is_in_microvolts(tmp_path: Path) -> None:
    path = write(tmp_path / "a.vhdr", channels=("A,,0.5,", "B,,0.5", "C"), markers=None)
    (stream,) = readers.open(path).streams
    assert stream.info.units == ("uV", "uV", "uV")
    np.testing.assert_array_equal(whole(stream).samples, _VALUES * [0.5, 0.5, 1.0])


def test_of_samples_that_break_off_the_whole_ones_are_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.vhdr", extra="DataPoints=2000")
    data = path.with_suffix(".eeg")
    data.write_bytes(data.read_bytes()[: 6 * 1500 + 4])
    path.with_suffix(".vmrk").unlink()
    made = readers.open(path)
    assert made.warnings == (
        "the last 4 bytes are no whole sample of all channels: left out",
        "read 1500 samples, where the header says 2000",
        "the markers, a.vmrk, are not beside it",
    )
    assert_close(whole(made.streams[0]).samples, _VALUES[:1500, :2] * 0.1, rtol=1e-12)


def test_a_marker_without_a_position_is_left_out_and_told(tmp_path: Path) -> None:
    path = write(tmp_path / "a.vhdr", markers=("Stimulus,S1,x,1,0", "Stimulus,S2,11,1,0"))
    made = readers.open(path)
    assert made.warnings == (
        "a.vmrk: mk1: expected a position, found 'Stimulus,S1,x,1,0': left out",
    )
    assert whole(made.streams[-1]).samples.tolist() == [["Stimulus/S2"]]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (b"Brain", b"Train", "expected a header that begins with 'Brain Vision Data Exchange"),
        (b"BINARY", b"ASCII", "expected DataFormat=BINARY, found ASCII: text is not read"),
        (b"INT_16", b"INT_9", "expected BinaryFormat=INT_16 or .*, found INT_9"),
        (b"=2000", b"=none", "SamplingInterval: expected a number above 0, found 'none'"),
        (b"NumberOfChannels=3", b"NumberOfChannels=4", r"expected Ch4 of \[Channel Infos\], found"),
        (b"DataFile=$b.eeg", b"DataFile=no.eeg", "expected its samples, no.eeg, beside it"),
        (b"0.0001,mV", b"tiny,mV", "Ch2: expected a resolution, found 'tiny'"),
        (b"DataFormat=BINARY", b"DataType=FREQUENCYDOMAIN", "expected DataType=TIMEDOMAIN, found"),
    ],
)
def test_a_header_that_cannot_be_used_is_one_line(
    tmp_path: Path, old: bytes, new: bytes, problem: str
) -> None:
    path = write(tmp_path / "a.vhdr")
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new))
    with pytest.raises(RecordingError, match=problem) as told:
        readers.open(path)
    assert "\n" not in str(told.value)
    assert "a.vhdr" in str(told.value)


def test_what_is_empty_or_breaks_off_between_channels_is_one_line(tmp_path: Path) -> None:
    path = write(tmp_path / "a.vhdr", vectorized=True)
    data = path.with_suffix(".eeg")
    data.write_bytes(data.read_bytes()[:-1])
    with pytest.raises(RecordingError, match=r"3 channels of as many samples each.*breaks off"):
        open_brainvision(path)
    data.write_bytes(b"")
    with pytest.raises(RecordingError, match=r"a\.eeg: expected samples, found 0 bytes"):
        open_brainvision(path)
    path.write_bytes(b"")
    with pytest.raises(RecordingError, match=r"a\.vhdr: expected a header .*found an empty file"):
        open_brainvision(path)
    path.unlink()
    with pytest.raises(RecordingError, match=r"expected its header, a\.vhdr, beside it"):
        open_brainvision(data)
