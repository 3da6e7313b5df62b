"""The two parts of a recording know nothing of each other."""

from pathlib import Path

import numpy as np
import pytest

from replay.recording import RecordingError
from replay.sweeping.parts import Parting, parts_of
from replay.sweeping.perform import perform
from replay.sweeping.task import Run, task_of
from streamer.journal.provenance import versions
from streamer.streams import Match, StreamConfig
from tests.replay.recordings import markers, recording, signal, whole
from tests.replay.sweeping import sweeping_lab as lab

_LFP = (StreamConfig(name="LFP", kind="lfp", match=Match(type="LFP")),)


def test_every_stream_is_parted_at_the_same_moment_and_nothing_is_in_both() -> None:
    lfp = signal(np.arange(2001) / 100.0 + 50.0, rate_hz=100.0)
    fast = signal(np.arange(8001) / 400.0 + 50.0, rate_hz=400.0, name="EMG", lsl_type="EMG")
    events = markers([51.0, 61.9, 62.0, 63.5, 64.0, 69.0])
    parts = parts_of(recording(lfp, fast, events), _LFP, Parting(held_out=0.4, gap_s=2.0))
    assert (parts.training_s, parts.held_out_s) == pytest.approx((12.0, 6.0))
    for whole_one, training, held_out in zip(
        (lfp, fast, events), parts.training.streams, parts.held_out.streams, strict=True
    ):
        stamps_s = whole(whole_one).timestamps_s
        assert whole(training).timestamps_s.tolist() == stamps_s[stamps_s < 62.0].tolist()
        assert whole(held_out).timestamps_s.tolist() == stamps_s[stamps_s >= 64.0].tolist()


@pytest.mark.parametrize("length_s", [0.0, 5.0, 17.0])
def test_a_recording_too_short_for_two_parts_is_an_error_that_says_how_long_they_are(
    length_s: float,
) -> None:
    short = signal(np.arange(round(length_s * 100.0) + 1) / 100.0, rate_hz=100.0)
    with pytest.raises(RecordingError, match=r"expected two parts of at least 5 s each, found"):
        parts_of(recording(short), _LFP, Parting(held_out=0.4, gap_s=2.0))


def _run(file: Path) -> Run:
    inputs = lab.inputs([file])
    task = task_of(
        recording=str(file),
        recording_sha256=inputs.recordings[0].sha256,
        config_json=lab.config_of({"percentile": 75.0, "window_s": 0.4}),
        judged=inputs.judged,
        versions=versions(),
    )
    found = perform(task)
    assert isinstance(found, Run), found
    return found


def test_scores_of_a_part_do_not_change_with_one_bit_of_the_other(tmp_path: Path) -> None:
    samples_uv = lab.bursts_uv(1)
    split = round(0.6 * lab.LENGTH_S * lab.RATE_HZ)
    other_end, other_start = samples_uv.copy(), samples_uv.copy()
    other_end[split + 1 :] = 30.0 * lab.bursts_uv(2)[split + 1 :]
    other_start[:split] = 30.0 * lab.bursts_uv(3)[:split]
    found = _run(lab.write(tmp_path / "one.xdf", samples_uv))
    with_other_end = _run(lab.write(tmp_path / "two.xdf", other_end))
    with_other_start = _run(lab.write(tmp_path / "three.xdf", other_start))
    assert lab.content(with_other_end.training) == lab.content(found.training)
    assert lab.content(with_other_start.held_out) == lab.content(found.held_out)
    assert lab.content(with_other_end.held_out) != lab.content(found.held_out)
    assert lab.content(with_other_start.training) != lab.content(found.training)
    assert found.held_out[0].metric("sensitivity").low is not None
