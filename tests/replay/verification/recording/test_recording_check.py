"""A recorder's file and the journal: equal where it is, and each way of not being so is named."""

import shutil
from pathlib import Path

import msgspec
import pytest

from replay.verification.recording.check import check_recording
from replay.verification.recording.result import RecordingCheck, StreamCheck
from replay.verification.verify import verify
from streamer.journal.session_folder import RECORDING_NAME
from tests.replay.rig import make_session, short_recording
from tests.replay.verification.recording.recorder_files import Recorded, Streams, streams_of, write

_BETA, _EVENTS, _DEVICE = (
    "stimloop/test/detector/beta",
    "stimloop/test/events",
    "stimloop/test/device/left",
)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recorded") / "session"
    make_session(folder, short_recording())
    return folder


@pytest.fixture(scope="module")
def recorded(session: Path) -> Streams:
    """Return what a recorder would have had; to be copied, not changed."""
    return streams_of(session)


def _check(session: Path, tmp_path: Path, streams: Streams) -> RecordingCheck:
    return check_recording(session, write(tmp_path / "of-lab.xdf", streams))


def _of(check: RecordingCheck, stream: str) -> StreamCheck:
    (found,) = (each for each in check.streams if each.stream == stream)
    assert [each.stream for each in check.streams if not each.is_equal] == [stream]
    assert not check.is_equal
    assert stream in check.text
    assert "\n" not in check.text
    return found


def test_a_whole_recording_is_equal_in_every_stream(
    session: Path, recorded: Streams, tmp_path: Path
) -> None:
    check = _check(session, tmp_path, recorded)
    assert check.text.endswith("all as in the journal")
    assert check.is_equal
    counted = {each.stream: (each.n_journal, each.n_equal) for each in check.streams}
    assert counted == {
        name: (len(stream.stamps_s),) * 2
        for name, stream in zip(counted, recorded.values(), strict=True)
    }
    assert [each.of for each in check.streams] == [
        *["rig"] * 2,
        *["estimates"] * 2,
        "events",
        "device",
    ]
    assert min(each.n_equal for each in check.streams) > 0


def test_what_the_recorder_had_before_and_after_is_no_difference(
    session: Path, recorded: Streams, tmp_path: Path
) -> None:
    lfp = recorded["LFP"]
    rows, stamps_s = lfp.rows, lfp.stamps_s
    assert not isinstance(rows, list)
    more = rows[[3, 1, *range(len(rows)), 2]]
    stamps_s = [stamps_s[0] - 0.2, stamps_s[0] - 0.1, *stamps_s, stamps_s[-1] + 0.1]
    longer = Recorded(lfp.info, more, stamps_s)
    assert _check(session, tmp_path, recorded | {"LFP": longer}).is_equal


@pytest.mark.parametrize("stream", ["LFP", "Events", _BETA, _EVENTS, _DEVICE])
def test_one_changed_sample_is_found(
    session: Path, recorded: Streams, tmp_path: Path, stream: str
) -> None:
    whole = recorded[stream]
    sample = len(whole.stamps_s) // 2
    check = _check(session, tmp_path, recorded | {stream: whole.changed(sample)})
    (found,) = (each for each in check.streams if not each.is_equal)
    assert (found.n_missing, found.n_extra) == (0, 0)
    assert 1 <= found.n_changed <= 10  # of estimates those of a step
    assert found.n_equal + found.n_changed == found.n_journal


def test_a_sample_that_was_lost_is_found_and_all_that_follows_is_compared(
    session: Path, recorded: Streams, tmp_path: Path
) -> None:
    check = _check(session, tmp_path, recorded | {"LFP": recorded["LFP"].without(700, 703)})
    found = _of(check, "LFP")
    n_samples = len(recorded["LFP"].stamps_s)
    assert (found.n_missing, found.n_changed, found.n_extra) == (3, 0, 0)
    assert found.n_equal == n_samples - 3
    assert "lacks 3 samples from sample 700" in found.first_difference


def test_a_hop_that_was_lost_is_found(session: Path, recorded: Streams, tmp_path: Path) -> None:
    check = _check(session, tmp_path, recorded | {_BETA: recorded[_BETA].without(40, 41)})
    found = _of(check, "beta")
    assert found.n_missing == 1
    assert found.n_equal + found.n_changed + found.n_missing == found.n_journal


def test_a_recording_that_ends_too_soon_is_told(
    session: Path, recorded: Streams, tmp_path: Path
) -> None:
    n_samples = len(recorded["LFP"].stamps_s)
    short = recorded["LFP"].without(n_samples - 100, n_samples)
    found = _of(_check(session, tmp_path, recorded | {"LFP": short}), "LFP")
    assert found.n_missing == 100
    assert "lacks its last 100 samples" in found.first_difference


def test_streams_that_were_swapped_are_found(
    session: Path, recorded: Streams, tmp_path: Path
) -> None:
    beta, burst = recorded[_BETA], recorded["stimloop/test/detector/burst"]
    assert not isinstance(burst.rows, list)
    columns = [1, -2, -1]  # the threshold in place of the power, with the burst's sample and taint
    swapped = Recorded(beta.info, burst.rows[:, columns], burst.stamps_s)
    check = _check(session, tmp_path, recorded | {_BETA: swapped})
    found = _of(check, "beta")
    assert found.n_changed > 0.5 * found.n_journal


def test_a_stream_that_is_missing_is_told(session: Path, recorded: Streams, tmp_path: Path) -> None:
    left = {name: stream for name, stream in recorded.items() if name != _DEVICE}
    found = _of(_check(session, tmp_path, left), "left")
    assert found.n_missing == found.n_journal
    assert found.first_difference == "the file has no such stream"


def test_a_stream_of_another_format_is_told(
    session: Path, recorded: Streams, tmp_path: Path
) -> None:
    lfp = recorded["LFP"]
    assert not isinstance(lfp.rows, list)
    info = msgspec.structs.replace(
        lfp.info, channels=lfp.info.channels[:1], units=lfp.info.units[:1]
    )
    narrow = Recorded(info, lfp.rows[:, :1], lfp.stamps_s)
    found = _of(_check(session, tmp_path, recorded | {"LFP": narrow}), "LFP")
    assert "expected 2 channels" in found.first_difference


def test_a_file_that_is_none_cannot_be_compared(session: Path, tmp_path: Path) -> None:
    file = tmp_path / "empty.xdf"
    file.write_bytes(b"")
    check = check_recording(session, file)
    assert not check.is_equal
    assert "cannot be compared" in check.text


def test_verify_takes_the_recording_beside_the_journal_or_the_one_that_is_given(
    session: Path, recorded: Streams, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(session, tmp_path / "session"))
    assert verify(folder).recording is None
    file = write(folder / RECORDING_NAME, recorded)
    verdict = verify(folder)
    assert verdict.recording is not None
    assert verdict.passes
    spoilt = write(tmp_path / "spoilt.xdf", recorded | {"LFP": recorded["LFP"].changed(7)})
    refused = verify(folder, recording=spoilt)
    assert refused.holds
    assert not refused.passes
    assert refused.recording is not None
    assert refused.recording.file == str(spoilt) != str(file)
