"""Formats that neo reads: samples as the bytes say, stamps as stored, and damage told."""

import importlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from replay import readers
from replay.readers.neo.formats import FORMATS, format_of
from replay.recording import RecordedStream, RecordingError
from tests.replay.readers.neo_files import (
    alpha_omega,
    blackrock,
    intan,
    neuralynx,
    open_ephys,
    others,
    spikeglx,
    tdt,
)
from tests.replay.recordings import whole

neo: Any = pytest.importorskip("neo")
pq: Any = pytest.importorskip("quantities")

_STEPS = np.random.default_rng(7).integers(-3000, 3000, (8192, 2)).astype(np.int16)
_FIRST_US = 1_710_410_752_123_456


def write_example(path: Path) -> None:
    """Write two blocks of Blackrock, half a second apart."""
    blackrock.write_blocks(path, [(30_000, _STEPS[:5000]), (195_000, _STEPS[5000:])])


def streams_of(path: Path, *, warnings: tuple[str, ...] = ()) -> dict[str, RecordedStream]:
    found = readers.open(path)
    assert found.warnings == warnings
    return {each.info.lsl_name: each for each in found.streams}


def only_stream(path: Path) -> RecordedStream:
    (stream,) = streams_of(path).values()
    return stream


def expect(stream: RecordedStream, values: NDArray[Any], stamps_s: NDArray[np.float64]) -> None:
    found: Any = whole(stream)
    np.testing.assert_allclose(found.samples, values, rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(found.timestamps_s, stamps_s, rtol=0.0, atol=1e-6)


def test_blocks_of_blackrock_keep_the_time_between_them(tmp_path: Path) -> None:
    write_example(tmp_path / "a.ns2")
    stream = only_stream(tmp_path / "a.ns2")
    info = stream.info
    assert (info.channels, info.units, info.rate_hz) == (("STN_1", "STN_2"), ("uV", "uV"), 1000.0)
    stamps_s = np.concatenate((1.0 + np.arange(5000) / 1000.0, 6.5 + np.arange(3192) / 1000.0))
    expect(stream, _STEPS * 0.25, stamps_s)


def test_stamps_of_the_precision_time_protocol_are_those_of_each_sample(tmp_path: Path) -> None:
    jitter_ns = np.random.default_rng(1).integers(-900, 900, 2000)
    stamps_ns = _FIRST_US * 1000 + np.arange(2000) * 1_000_100 + jitter_ns
    stamps_ns[1200:] += 40_000_000
    blackrock.write_stamped(tmp_path / "a.ns2", stamps_ns.astype(np.uint64), _STEPS[:2000])
    stream = only_stream(tmp_path / "a.ns2")
    expect(stream, _STEPS[:2000] * 0.25, stamps_ns / 1e9)


def test_records_of_neuralynx_keep_their_stamps_and_events_stand_beside(tmp_path: Path) -> None:
    # A clock 200 ppm slow, and 300 ms lost after the sixth record.
    record_us = round(512 * 1e6 / neuralynx.RATE_HZ * 1.0002)
    stamps_us = _FIRST_US + np.arange(16) * record_us + np.where(np.arange(16) > 5, 300_000, 0)
    for number in (1, 2):
        path = tmp_path / f"CSC{number}.ncs"
        neuralynx.write_channel(path, stamps_us.tolist(), _STEPS[:, number - 1])
    neuralynx.write_events(tmp_path / "Events.nev", [(_FIRST_US + 1500, "cue")])
    signal, events = streams_of(tmp_path).values()
    assert signal.info.channels == ("CSC1", "CSC2")
    stamps_s = np.add.outer(stamps_us / 1e6, np.arange(512) / neuralynx.RATE_HZ).ravel()
    expect(signal, _STEPS * neuralynx.VOLTS_PER_STEP * 1e6, stamps_s)
    assert whole(events).samples.ravel().tolist()[0] == "cue"
    np.testing.assert_allclose(whole(events).timestamps_s[0], (_FIRST_US + 1500) / 1e6, atol=1e-6)
    one = only_stream(tmp_path / "CSC2.ncs")
    expect(one, _STEPS[:, 1:] * neuralynx.VOLTS_PER_STEP * 1e6, stamps_s)


def test_events_that_cannot_be_read_are_left_out_and_told(tmp_path: Path) -> None:
    neuralynx.write_channel(tmp_path / "CSC1.ncs", [_FIRST_US], _STEPS[:512, 0])
    neuralynx.write_events(tmp_path / "Events.nev", [(_FIRST_US, "µ")])
    found = readers.open(tmp_path)
    assert [each.info.channels for each in found.streams] == [("CSC1",)]
    (told,) = found.warnings
    assert told.startswith("1 events 'Events event_id=11 ttl=0' are left out: 'ascii' codec")


def test_what_intan_lost_is_a_gap_in_every_stream(tmp_path: Path) -> None:
    values = (_STEPS.astype(np.int32) + 32768).astype(np.uint16)
    indices = np.arange(len(values)) + np.where(np.arange(len(values)) >= 2560, 1280, 0)
    intan.write_rhd(tmp_path / "a.rhd", indices.astype(np.int32), values)
    amplifier, auxiliary = streams_of(tmp_path / "a.rhd").values()
    assert amplifier.info.channels == ("STN_0", "STN_1")
    expect(amplifier, _STEPS * 0.195, indices / 1000.0)
    assert auxiliary.info.rate_hz == 250.0
    expect(auxiliary, np.arange(2048)[:, None] * 37.4, indices[::4] / 1000.0)


def test_what_open_ephys_lost_is_a_gap_and_not_zeros(tmp_path: Path) -> None:
    starts = 5000 + 1024 * np.array([0, 1, 2, 5, 6, 7, 8, 9])
    for number in (1, 2):
        path = tmp_path / f"100_CH{number}.continuous"
        open_ephys.write_continuous(path, starts.tolist(), _STEPS[:, number - 1])
    found = readers.open(tmp_path)
    (stream,) = found.streams
    assert [each.partition("gaps")[0] for each in found.warnings] == [
        "neo: This OpenEphys dataset contains "
    ]
    assert stream.info.channels == ("CH1", "CH2")
    stamps_s = np.add.outer(starts, np.arange(1024)).ravel() / open_ephys.RATE_HZ
    expect(stream, _STEPS * open_ephys.MICROVOLTS_PER_STEP, stamps_s)


@pytest.mark.parametrize("opened", [".", "experiment1/recording1/structure.oebin"])
def test_sample_numbers_of_open_ephys_binary_are_its_clock(tmp_path: Path, opened: str) -> None:
    numbers = np.arange(8192) + 3000 + np.where(np.arange(8192) >= 4000, 500, 0)
    open_ephys.write_binary(tmp_path, numbers, _STEPS)
    signal, events = streams_of(tmp_path / opened).values()
    expect(signal, _STEPS * open_ephys.MICROVOLTS_PER_STEP, numbers / open_ephys.RATE_HZ)
    np.testing.assert_allclose(whole(events).timestamps_s, numbers[[100]] / open_ephys.RATE_HZ)


def test_spikeglx_is_read_by_its_settings(tmp_path: Path) -> None:
    spikeglx.write_nidq(tmp_path, _STEPS, first_sample=20_000)
    for path in (tmp_path, tmp_path / "rig_g0_t0.nidq.meta"):
        (stream,) = streams_of(path).values()
        assert stream.info.units == ("uV", "uV")
        expect(
            stream,
            _STEPS * spikeglx.VOLTS_PER_STEP * 1e6,
            np.arange(len(_STEPS)) / spikeglx.RATE_HZ + 2.0,
        )


def test_chunks_of_tdt_keep_their_times(tmp_path: Path) -> None:
    block = tmp_path / "tank" / "Block-1"
    block.mkdir(parents=True)
    times_s = 1.7e9 + np.arange(40) * 0.064 + np.where(np.arange(40) >= 25, 1.5, 0.0)
    values = (_STEPS[: 40 * tdt.N_CHUNK] / 8).astype(np.float32)
    tdt.write_block(block, times_s.tolist(), values)
    stamps_s = np.add.outer(times_s - times_s[0] + 0.5, np.arange(64) / tdt.RATE_HZ).ravel()
    for opened in (block, tmp_path / "tank", block / "tank_Block-1.tsq"):
        (stream,) = readers.open(opened).streams
        assert stream.info.units == ("uV", "uV")
        expect(stream, values, stamps_s)


def test_blocks_of_alpha_omega_are_one_stream_and_a_missing_one_is_told(tmp_path: Path) -> None:
    blocks = [(7000 + 1024 * number, _STEPS[1024 * number :][:1024]) for number in range(8)]
    alpha_omega.write_mpx(tmp_path / "a.mpx", blocks, start_s=7.0)
    found = readers.open(tmp_path / "a.mpx")
    (stream,) = found.streams
    assert stream.info.channels == ("LFP 01", "LFP 02")
    scale = alpha_omega.GAIN / float(np.float32(alpha_omega.RESOLUTION))
    expect(stream, _STEPS * scale, 7.0 + np.arange(8192) / alpha_omega.RATE_HZ)
    assert found.warnings[0].startswith("the scale is neo's, total gain by bit resolution")
    alpha_omega.write_mpx(tmp_path / "a.mpx", [*blocks[:3], *blocks[4:]], start_s=7.0)
    with pytest.raises(RecordingError, match="without a break in segment 0, found 7168 of 8192"):
        readers.open(tmp_path / "a.mpx")


def test_winedr_and_multi_channel_systems_are_read_by_their_text(tmp_path: Path) -> None:
    stamps_s = np.arange(len(_STEPS)) / 1000.0
    others.write_edr(tmp_path / "a.edr", _STEPS)
    expect(only_stream(tmp_path / "a.edr"), _STEPS * 0.25, stamps_s)
    others.write_mcs(tmp_path / "a.raw", (_STEPS.astype(np.int32) + 32768).astype(np.uint16))
    expect(only_stream(tmp_path / "a.raw"), _STEPS * 0.25, stamps_s)


def test_nix_as_neo_writes_it_is_read_with_its_markers(tmp_path: Path) -> None:
    segment = neo.Segment()
    segment.analogsignals.append(
        neo.AnalogSignal(
            _STEPS.astype(np.float64), units="mV", sampling_rate=500 * pq.Hz, t_start=3 * pq.s
        )
    )
    segment.events.append(
        neo.Event(np.array([3.5, 4.0]) * pq.s, labels=np.array(["cue", "go"]), name="marks")
    )
    block = neo.Block()
    block.segments.append(segment)
    with neo.NixIO(str(tmp_path / "a.nix"), mode="ow") as file:
        file.write_block(block)
    signal, events = streams_of(tmp_path / "a.nix").values()
    expect(signal, _STEPS * 1000.0, 3.0 + np.arange(8192) / 500.0)
    assert whole(events).samples.ravel().tolist() == ["cue", "go"]
    assert whole(events).timestamps_s.tolist() == [3.5, 4.0]


def test_every_format_has_a_class_of_neo_and_suffixes_of_its_own() -> None:
    for each in FORMATS:
        *inner, name = each.rawio.split(".")
        assert hasattr(importlib.import_module(".".join(["neo.rawio", *inner])), name)
    suffixes = [suffix for each in FORMATS for suffix in each.suffixes]
    assert len(suffixes) == len(set(suffixes))


@pytest.mark.parametrize(
    ("name", "first_bytes", "expected"),
    [
        ("a.nev", b"NEURALEV", "Blackrock"),
        ("a.nev", b"######## Neuralynx Data File Header", "Neuralynx"),
        ("a.smr", b"\x09\x00(C) CED 87", "Spike2"),
        ("a.wcp", b"VER=9\r\n", "WinWCP"),
        ("a.edr", b"VER=6.4\r\n", "WinEDR"),
        ("a.rec", b"0       X X X X", None),
        ("a.rec", b"<?xml?><Configuration>", "SpikeGadgets"),
        ("a.eeg", b"\x00\x01", None),
        ("a.xml", b"<note/>", None),
        ("a.json", b"{}", None),
        ("a.edf", b"0       X X X X", None),
        ("a.bin", b"\x00\x00", None),
    ],
)
def test_a_file_is_known_by_what_it_begins_with(
    name: str, first_bytes: bytes, expected: str | None, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(first_bytes)
    found = format_of(tmp_path / name, first_bytes)
    assert (found and found.name) == expected


@pytest.mark.parametrize("name", sorted({s for each in FORMATS for s in each.suffixes}))
@pytest.mark.parametrize("content", [b"", b"no recording", bytes(5000)])
def test_a_file_of_another_content_is_one_line(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / f"a{name}").write_bytes(content)
    with pytest.raises(RecordingError) as told:
        readers.open(tmp_path / f"a{name}")
    assert "\n" not in str(told.value)


def _cut(path: Path, n_bytes: int) -> None:
    path.write_bytes(path.read_bytes()[:n_bytes])


def _write_intan(path: Path) -> None:
    intan.write_rhd(path, np.arange(8192, dtype=np.int32), _STEPS.astype(np.uint16))


@pytest.mark.parametrize(
    ("name", "write"), [("a.ns2", write_example), ("a.rhd", _write_intan), ("a.edr", None)]
)
@pytest.mark.parametrize("n_bytes", [30, 400, 5001])
def test_a_file_that_breaks_off_is_salvaged_or_one_line(
    name: str, write: Callable[[Path], None] | None, n_bytes: int, tmp_path: Path
) -> None:
    path = tmp_path / name
    if write is None:
        others.write_edr(path, _STEPS)
    else:
        write(path)
    _cut(path, n_bytes)
    told = ""
    try:
        for stream in readers.open(path).streams:
            whole(stream)
    except RecordingError as error:
        told = str(error)
    assert "\n" not in told


def test_neo_is_loaded_when_a_file_of_it_is_opened_and_not_before() -> None:
    program = "import sys, replay.readers; print([each in sys.modules for each in ('neo', 'wfdb')])"
    told = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert told.stdout.strip() == "[False, False]"
