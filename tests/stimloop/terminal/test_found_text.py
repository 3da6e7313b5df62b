"""What `replay` prints about a recording with flaws, and the remedy it names."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from replay.recording import RecordedStream
from replay.session import replay_session
from stimloop.config import to_toml
from stimloop.recording_config import config_for
from stimloop.terminal.found_text import found_lines, warnings
from tests.replay.recordings import markers, recording, signal

_RATE_HZ = 250.0
_N = 2500
_STAMPS_S = 1000.0 + np.arange(_N) / _RATE_HZ


def _noise_uv() -> NDArray[np.float64]:
    return np.random.default_rng(5).normal(0.0, 12.0, (_N, 2))


def _said(tmp_path: Path, *streams: RecordedStream) -> tuple[dict[str, Any], list[str], list[str]]:
    """Replay streams without a configuration; return summary, lines and warnings."""
    made = recording(*streams)
    rig = config_for(made).config
    summary = replay_session(made, rig.loop, config_toml=to_toml(rig), out=tmp_path / "session")
    return summary, list(found_lines(summary)), list(warnings(summary))


def _volts() -> RecordedStream:
    return signal(_STAMPS_S, rate_hz=_RATE_HZ, samples=_noise_uv() * 1e-6)


def _another_rate() -> RecordedStream:
    return signal(1000.0 + np.arange(_N) / 1024.0, rate_hz=_RATE_HZ, samples=_noise_uv())


def _a_little_off() -> RecordedStream:
    return signal(1000.0 + np.arange(_N) / 256.0, rate_hz=_RATE_HZ, samples=_noise_uv())


def _not_a_number() -> RecordedStream:
    return signal(_STAMPS_S, rate_hz=_RATE_HZ, samples=np.full((_N, 2), np.nan))


def _one_channel_dead() -> RecordedStream:
    samples = _noise_uv()
    samples[500:, 1] = 3.0
    return signal(_STAMPS_S, rate_hz=_RATE_HZ, samples=samples)


def _at_the_rail() -> RecordedStream:
    return signal(_STAMPS_S, rate_hz=_RATE_HZ, samples=np.full((_N, 2), 32767, np.int16))


def _resets() -> RecordedStream:
    stamps_s = _STAMPS_S.copy()
    for at in range(50, _N, 50):
        stamps_s[at:] -= 0.5
    return signal(stamps_s, rate_hz=_RATE_HZ, samples=_noise_uv())


def _no_stamps() -> RecordedStream:
    return signal(np.full(_N, np.nan), rate_hz=_RATE_HZ, samples=_noise_uv())


def _one_sample() -> RecordedStream:
    return signal(_STAMPS_S[:1], rate_hz=_RATE_HZ, samples=_noise_uv()[:1])


def _too_short() -> RecordedStream:
    return signal(_STAMPS_S[:60], rate_hz=_RATE_HZ, samples=_noise_uv()[:60])


@pytest.mark.parametrize(
    ("made", "kind", "line", "warned"),
    [
        (
            _volts,
            "implausible",
            "LFP: implausible: 4002 samples, 2 times on ch1, ch2, first at 2.00 s: ch1 has a",
            (
                "125 of 1250 estimates valid on ch1, ch2: implausible from 2.00 s (ch1 has a "
                "standard deviation of 1.17e-05 uV, expected 1 to 200 uV: looks like 1e6 too "
                'small, unit = "V" would fit: it cannot be in this unit, its samples are not to '
                "be used): write the unit that fits under [[streams]], or after --unit of replay"
            ),
        ),
        (
            _another_rate,
            "rate",
            "LFP: 2500 samples of 2 channels, 1024 Hz over its stamps (250 Hz nominal)",
            (
                "0 of 1244 estimates valid on ch1, ch2: rate from 0.00 s (expected 250 Hz, found "
                "1024 Hz over its stamps): give it its true nominal rate"
            ),
        ),
        (
            _a_little_off,
            "rate",
            "LFP: rate: 2500 samples, once, first at 0.00 s: expected 250 Hz, found 256 Hz",
            "LFP: expected 250 Hz, found 256 Hz over its stamps: give it its true nominal rate",
        ),
        (
            _not_a_number,
            "not_finite",
            "LFP: not finite: 5000 samples, 2 times on ch1, ch2, first at 0.00 s: ch1 is not",
            "not finite from 0.00 s (ch1 is not finite, the last good value stands in): leave",
        ),
        (
            _one_channel_dead,
            "frozen",
            "LFP: frozen: 1976 samples, once, first at 2.10 s: ch2 repeats one value",
            "138 of 1250 estimates valid on ch2: frozen from 2.10 s (ch2 repeats one value): look",
        ),
        (
            _at_the_rail,
            "saturated",
            "LFP: saturated: 4996 samples, 2 times on ch1, ch2, first at 0.01 s: ch1 sits at",
            "saturated from 0.01 s (ch1 sits at its rail): lower the amplifier's gain",
        ),
        (
            _resets,
            "clock_resets",
            "LFP: clock reset: 49 times, first at 0.30 s: stamps moved by -0.5 s at sample 50",
            "look at the sender's clock: its stamps jump",
        ),
        (
            _no_stamps,
            "not_finite_stamps",
            "LFP: 2500 samples of 2 channels, no rate can be measured over its stamps",
            "let the sender stamp every sample",
        ),
        (
            _one_sample,
            "samples",
            "LFP: 1 sample of 2 channels, no rate can be measured over its stamps",
            "no estimate: its window was never full",
        ),
        (
            _too_short,
            "samples",
            "60 samples, 60 estimates, 0 of them valid",
            "0 of 30 estimates valid on ch1, ch2: its window was seldom full",
        ),
    ],
)
def test_what_is_wrong_is_a_line_and_a_warning_says_what_to_write(
    tmp_path: Path, made: Callable[[], RecordedStream], kind: str, line: str, warned: str
) -> None:
    summary, lines, warned_of = _said(tmp_path, made())
    assert any(line in each for each in lines), lines
    assert len(warned_of) == 1, warned_of
    assert warned in warned_of[0]
    assert kind == "samples" or summary["quality"][kind] > 0


def test_a_recording_in_which_nothing_is_wrong_ends_without_a_warning(tmp_path: Path) -> None:
    stream = signal(_STAMPS_S, rate_hz=_RATE_HZ, samples=_noise_uv())
    summary, lines, warned_of = _said(tmp_path, stream)
    assert warned_of == []
    assert lines[:2] == [
        f"2500 samples, 2500 estimates, {summary['n_valid']} of them valid",
        "LFP: 2500 samples of 2 channels, 250 Hz over its stamps (250 Hz nominal)",
    ]
    assert summary["n_valid"] > 2200
    assert summary["found"] == []
    (edges,) = summary["edges"].values()
    assert lines[2:] == [f"LFP_beta_burst: {edges['onset']} onsets, {edges['offset']} offsets"]
    assert summary["detections"]["LFP_beta_burst"] == edges["onset"]


def test_a_line_names_the_streams_of_the_recording_that_were_not_used(tmp_path: Path) -> None:
    lfp = signal(_STAMPS_S, rate_hz=_RATE_HZ, samples=_noise_uv())
    slow = signal(_STAMPS_S[:40:4], name="Glove", rate_hz=20.0, lsl_type="Misc")
    _, lines, warned_of = _said(tmp_path, lfp, slow, markers([1001.0]))
    (line,) = [each for each in lines if "not used" in each]
    assert line == (
        "streams of the recording that were not used: 'Glove' (type 'Misc', source_id "
        "'Glove-1', 20 Hz, 1 channel, float32, 10 samples); 'Events' (type 'Markers', "
        "source_id 'Events-1', irregular, 1 channel, string, 1 sample)"
    )
    assert warned_of == []


def test_channels_that_the_montage_made_are_counted_apart() -> None:
    stream = {"samples": 10, "rate_hz": 5.0, "rate_measured_hz": 5.0}
    streams = {"LFP": stream | {"channels": 8, "derived_channels": 1}}
    counts = {"samples": 10, "estimates": 0, "n_valid": 0}
    rest = {"streams": streams, "found": [], "edges": {}, "therapy": {}}
    _, line, _ = found_lines(counts | rest)
    assert (
        line == "LFP: 10 samples of 8 channels and 1 derived, 5 Hz over its stamps (5 Hz nominal)"
    )


def test_a_calibration_that_never_ended_is_a_warning() -> None:
    hops = {
        "streams": ["LFP"],
        "n": 100,
        "n_valid": {"ch1": 96},
        "never_valid": ["ch1.threshold", "ch1.is_on"],
    }
    (line,) = warnings({"hops": {"burst": hops}, "found": []})
    assert line.startswith("burst: never valid: ch1.threshold, ch1.is_on: a threshold wants")


def test_stamps_in_milliseconds_are_to_be_mended_at_the_sender() -> None:
    text = "expected 250 Hz, found 0.25 Hz over its stamps: they look like milliseconds"
    rate = {"stream": "LFP", "kind": "rate", "channel": "", "first_s": 0.0, "text": text}
    gap = rate | {"kind": "gap", "text": "12987 samples are missing"}
    beyond = rate | {"kind": "not_finite_stamp", "text": "stamps are not finite"}
    hops = {"streams": ["LFP"], "n": 100, "n_valid": {"ch1": 0}, "never_valid": []}
    (line,) = warnings({"hops": {"beta": hops}, "found": [rate, gap, beyond]})
    assert line.endswith(f"({text}): let the sender stamp in seconds of the LSL clock")


@pytest.mark.parametrize("per_s", [1e3, 1e6])
@pytest.mark.parametrize("start_s", [1000.0, 1.7e9])
def test_stamps_of_another_unit_are_one_line(tmp_path: Path, per_s: float, start_s: float) -> None:
    stamps = (start_s + np.arange(_N) / _RATE_HZ) * per_s
    summary, lines, warned = _said(tmp_path, signal(stamps, rate_hz=_RATE_HZ, samples=_noise_uv()))
    assert summary["n_valid"] == 0
    (line,) = [each for each in lines[1:] if each.startswith("LFP: ") and "expected" in each]
    unit = {1e3: "milliseconds", 1e6: "microseconds"}[per_s]
    assert line.endswith(f"they look like {unit}, expected seconds")
    assert len(lines) == 4  # of the whole, of the stream, this one, and that nothing was detected
    (warning,) = warned
    assert "let the sender stamp in seconds of the LSL clock" in warning
