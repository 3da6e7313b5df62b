"""The output of `streams` for each stream, and what looks wrong with it."""

from pathlib import Path
from typing import Any

import pytest

from stimloop.terminal.streams_text import stream_lines
from streamer.lsl.listing import ListedStream
from tests.support.programs import call
from tests.support.rig_toml import rig_file


def _stream(**changes: Any) -> ListedStream:
    usual: dict[str, Any] = {
        "name": "amp",
        "type": "LFP",
        "source_id": "serial-7",
        "hostname": "rig",
        "uid": "1",
        "dtype": "float32",
        "rate_hz": 1000.0,
        "channels": ("STN", "ECOG"),
        "units": ("uV", ""),
        "n_samples": 2000,
        "rate_measured_hz": 999.8,
        "interval_s": 0.02,
        "age_s": 0.004,
        "uncertainty_s": 0.0001,
    }
    return ListedStream(**usual | changes)


def test_a_stream_is_three_lines_that_say_what_to_write() -> None:
    assert list(stream_lines([_stream()])) == [
        'amp: match = { name = "amp", type = "LFP", source_id = "serial-7" }, on rig',
        (
            "  1000 Hz said, 999.8 Hz over its stamps, blocks every 20 ms, 4.0 ms old when it "
            "comes, clock known to 0.10 ms"
        ),
        "  2 channels of float32: STN (uV), ECOG (no unit)",
    ]


@pytest.mark.parametrize(
    ("changes", "flaw"),
    [
        ({"n_samples": 0, "rate_measured_hz": None, "age_s": None}, "NOTHING CAME"),
        ({"rate_measured_hz": 256.0}, "NOT THE NOMINAL RATE"),
        ({"age_s": -0.009}, "STAMPS AHEAD"),
        ({"age_s": 5000.0}, "OLD STAMPS"),
        ({"uncertainty_s": None}, "ITS CLOCK DOES NOT ANSWER"),
        ({"problem": "the outlet is gone"}, "DOES NOT ANSWER: the outlet is gone"),
    ],
)
def test_what_looks_wrong_is_a_line(changes: dict[str, Any], flaw: str) -> None:
    lines = list(stream_lines([_stream(**changes)]))
    assert lines[-1].startswith(f"  {flaw}")


def test_two_that_answer_to_one_match_are_told() -> None:
    lines = list(stream_lines([_stream(uid="1"), _stream(uid="2")]))
    assert sum("2 STREAMS ANSWER TO THIS MATCH" in line for line in lines) == 2


def test_markers_have_no_rate() -> None:
    cues = _stream(rate_hz=0.0, rate_measured_hz=None, channels=("cue",), units=("",), n_samples=0)
    assert "  irregular, no marker came" in list(stream_lines([cues]))


@pytest.mark.lsl
def test_a_network_without_streams_is_an_answer_with_what_to_look_at(tmp_path: Path) -> None:
    lsl = {"scope": "machine", "session_id": "nobody-is-here", "base_port": 19_000}
    config = rig_file(tmp_path / "rig.toml", lambda rig: rig.update(lsl=lsl))
    done = call("streams", config, "--seconds", "0.1")
    assert (done.returncode, done.stdout) == (1, "")
    assert "expected a stream on the network, found none" in done.stderr
    assert "no firewall holds UDP port 18999" in done.stderr
