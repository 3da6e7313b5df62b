"""`stimloop verify` as a user types it: its three answers, and its exit code."""

import json
import shutil
from pathlib import Path

import pytest

from stimloop.__main__ import run_command
from tests.replay.rig import make_session, rig, short_recording
from tests.replay.verification import broken
from tests.replay.verification.recording.recorder_files import streams_of, write


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "session"
    make_session(folder, short_recording(2.0), rig(policies=(), devices=()))
    return folder


@pytest.fixture
def session(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "session"))


def _killed(session: Path) -> tuple[str, int]:
    """Remove the end of a journal; return its newest digest and the number of that record."""
    (session / "summary.json").unlink()
    with broken.opened(session) as connection:
        connection.execute("DELETE FROM records WHERE kind = 'end'")
        connection.commit()
        connection.execute("PRAGMA journal_mode=WAL")
    newest = broken.rows(session)[-1]
    return newest[4].hex(), newest[0]


def test_a_session_that_ended_is_told_to_hold_and_to_be_whole(
    session: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["verify", str(session)]) == 0
    holds, end = capsys.readouterr().out.splitlines()
    assert f"{session}: holds: " in holds
    assert f"{session}: the end is proven: the whole journal is proven by an end record" in end
    assert "without a signature" in end


def test_a_killed_session_passes_only_with_a_head_or_a_word(
    session: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head, newest = _killed(session)
    assert run_command(["verify", str(session)]) == 1
    said = capsys.readouterr()
    assert "holds: " in said.out
    assert f"the end is not proven: the end record is missing after record {newest}" in said.err
    assert said.err.count("\n") == 1
    assert run_command(["verify", str(session), "--unfinished"]) == 0
    assert f"unfinished: no end record; it holds up to record {newest}" in capsys.readouterr().out
    assert run_command(["verify", str(session), "--head", head.upper()]) == 0
    assert "the whole journal is proven by the head given" in capsys.readouterr().out
    assert run_command(["verify", str(session), "--head", "0" * 64]) == 1
    assert "no record has the head 000" in capsys.readouterr().err


def test_a_recording_that_differs_is_told_by_stream_and_ends_with_one(
    session: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    streams = streams_of(session)
    file = write(session / "recording.xdf", streams)
    assert run_command(["verify", str(session)]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith("all as in the journal")
    file.unlink()
    assert run_command(["verify", str(session)]) == 0
    of_lab = session.with_name("of-lab.xdf")
    write(of_lab, streams | {"LFP": streams["LFP"].without(100, 104).changed(300)})
    assert run_command(["verify", str(session), "--recording", str(of_lab)]) == 1
    said = capsys.readouterr()
    assert f"{of_lab}: LFP: 495 of 500 as in the journal, 1 changed, 4 missing: " in said.out
    assert "the file lacks 4 samples from sample 100" in said.err
    assert said.err.count("\n") == 1


@pytest.mark.parametrize("is_whole", [True, False])
def test_json_says_the_same(
    session: Path, capsys: pytest.CaptureFixture[str], *, is_whole: bool
) -> None:
    if not is_whole:
        _killed(session)
    assert run_command(["verify", str(session), "--json"]) == (0 if is_whole else 1)
    said = json.loads(capsys.readouterr().out)
    assert (said["holds"], said["passes"], said["end"]["is_proven"]) == (True, is_whole, is_whole)
    assert said["end"]["is_whole"] == is_whole
    assert said["end"]["proven_up_to"] == (said["n_records"] - 1 if is_whole else None)


def test_what_does_not_hold_says_up_to_where_the_chain_fits(
    session: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken.change(session, 7, "now_s", 1.0)
    assert run_command(["verify", str(session), "--unfinished"]) == 1
    said = capsys.readouterr()
    assert "the chain fits up to record 6; head " in said.out
    assert "does not hold: " in said.err
    assert "record 7: the chain is broken" in said.err


def test_a_changed_byte_of_any_record_is_told_with_its_number(
    session: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    n_records = len(broken.rows(session))
    for number in (0, n_records // 2, n_records - 1):
        with broken.opened(session) as connection:
            (payload,) = connection.execute(
                "SELECT payload FROM records WHERE number = ?", (number,)
            ).fetchone()
        index = len(payload) // 2
        changed = payload[:index] + bytes([payload[index] ^ 1]) + payload[index + 1 :]
        for content, code in ((changed, 1), (payload, 0)):
            with broken.opened(session) as connection:
                connection.execute(
                    "UPDATE records SET payload = ? WHERE number = ?", (content, number)
                )
                connection.commit()
            assert run_command(["verify", str(session)]) == code
            assert (f"record {number}" in capsys.readouterr().err) == (code == 1)


def test_a_folder_of_keys_is_asked_for_the_journals_key(
    session: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["verify", str(session), "--keys", str(tmp_path)]) == 2
    assert "journal.key: expected a key file" in capsys.readouterr().err
    key = tmp_path / "journal.key"
    key.write_text("0f" * 32, encoding="ascii")
    key.chmod(0o600)
    assert run_command(["verify", str(session), "--keys", str(tmp_path)]) == 1
    assert "has not the signature of this key, found none" in capsys.readouterr().err


def test_a_head_that_is_none_is_a_usage_error(
    session: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["verify", str(session), "--head", "abc"]) == 2
    assert "--head: expected 64 hexadecimal digits, found 'abc'" in capsys.readouterr().err
