"""Whatever is cut from the end of a session, or added there, is reported."""

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from replay.recording_source import Chunking
from replay.verification.verdict import Verdict
from replay.verification.verify import verify
from streamer.errors import LogMissingError
from streamer.journal.end_signature import signed
from streamer.journal.reader import JournalReader
from streamer.journal.records import EndRecord, Header, decode, encode
from tests.replay.rig import CONFIG_TOML, make_session, rig, short_recording
from tests.replay.verification import broken

_KEY = bytes(range(32))
_SEED = 20261130
_N_CUTS = 60


def _make(folder: Path, killed: Path | None = None, length_s: float = 2.0) -> None:
    """Run a session of some tens of records; in its middle copy what a kill would leave."""

    def advance(n_done: int, _: int) -> None:
        if killed is not None and n_done > 250 and not killed.exists():
            shutil.copytree(folder, killed)
            (killed / "journal.sqlite-shm").unlink()

    make_session(
        folder,
        short_recording(length_s),
        rig(policies=()),  # its device is looked at every tick, at which the journal is committed
        chunking=Chunking(n_samples_max=25),
        progress=advance,
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a finished session and what a kill left of it; not to be changed."""
    folder = tmp_path_factory.mktemp("made")
    _make(folder / "ended", folder / "killed")
    return folder


@pytest.fixture
def ended(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made / "ended", tmp_path / "ended"))


@pytest.fixture
def killed(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made / "killed", tmp_path / "killed"))


def _links(folder: Path) -> list[str]:
    with JournalReader(folder / "journal.sqlite") as reader:
        return [reader.head for _ in reader.records()]


def _sign(folder: Path, key: bytes = _KEY) -> None:
    """Sign the end record, as the service does where it has a key."""
    rows = broken.rows(folder)
    number, _, now_s, payload, _ = rows[-1]
    end, header = decode("end", payload), decode("header", rows[0][3])
    assert isinstance(end, EndRecord)
    assert isinstance(header, Header)
    again = signed(
        end, key, session=header.session, previous=rows[-2][4], number=number, now_s=now_s
    )
    summary = (folder / "summary.json").read_bytes()
    broken.forge(folder, lambda rows: [*rows[:-1], (number, "end", now_s, encode(again), b"")])
    (folder / "summary.json").write_bytes(summary)


def _looks_killed(folder: Path, n_left: int) -> None:
    """Cut a journal between two records, as a kill would."""
    with broken.opened(folder) as connection:
        connection.execute("DELETE FROM records WHERE number >= ?", (n_left,))
        connection.commit()
        assert connection.execute("PRAGMA journal_mode=WAL").fetchone() == ("wal",)


def _fails(verdict: Verdict) -> str:
    """Return the error, in one line."""
    assert not verdict.passes
    assert not (verdict.holds and verdict.end.is_proven)
    said = verdict.end.text if verdict.first_difference is None else verdict.first_difference
    assert said
    assert "\n" not in said
    return said


def test_what_ended_is_proven_by_its_end_record_which_says_that_it_is_not_signed(
    ended: Path,
) -> None:
    verdict = verify(ended)
    newest = verdict.n_records - 1
    assert verdict.passes
    assert (verdict.end.by, verdict.end.proven_up_to) == ("end record", newest)
    assert verdict.end.is_whole
    assert "without a signature: whoever can write the file could have made it" in verdict.end.text


def test_a_signed_end_is_proven_by_its_key_alone(ended: Path) -> None:
    _sign(ended)
    verdict = verify(ended, key=_KEY)
    assert verdict.passes
    assert (verdict.end.by, verdict.end.is_whole) == ("signature", True)
    assert "found another signature" in _fails(verify(ended, key=b"another key"))
    unchecked = verify(ended)
    assert unchecked.passes
    assert unchecked.end.by == "end record"
    assert "was not checked: give its key with --keys FOLDER" in unchecked.end.text


def test_an_end_without_a_signature_is_none_where_there_is_a_key(ended: Path) -> None:
    assert "the end record has not the signature of this key, found none" in _fails(
        verify(ended, key=_KEY)
    )
    # It has an end, so it is not unfinished.
    _fails(verify(ended, key=_KEY, is_unfinished=True))


@pytest.mark.parametrize("is_signed", [False, True])
def test_a_session_that_was_cut_and_given_an_end_anew_is_told_by_key_or_head(
    ended: Path, *, is_signed: bool
) -> None:
    _sign(ended)
    head = _links(ended)[-1]
    rows = broken.rows(ended)
    end = decode("end", rows[-1][3])
    assert isinstance(end, EndRecord)
    summary = json.loads(end.summary_json)
    # Who does it with care computes everything again; the signature is all that is missing.
    forged = msgspec.structs.replace(
        end,
        n_steps=0,
        summary_json=json.dumps({**summary, "samples": 0}).encode(),
        signature=end.signature if is_signed else "",
    )
    broken.forge(ended, lambda rows: [rows[0], (1, "end", rows[-1][2], encode(forged), b"")])
    with JournalReader(ended / "journal.sqlite") as reader:
        list(reader.records())
        assert not reader.is_end_signed_with(_KEY)
    _fails(verify(ended, key=_KEY))
    _fails(verify(ended, head=head))


def test_a_cut_between_any_two_records_is_told(made: Path, tmp_path: Path) -> None:
    n_records = len(broken.rows(made / "ended"))
    head = _links(made / "ended")[-1]
    for n_left in range(n_records):
        folder = Path(shutil.copytree(made / "ended", tmp_path / str(n_left)))
        with broken.opened(folder) as connection:
            connection.execute("DELETE FROM records WHERE number >= ?", (n_left,))
        for options in _EVERY_OPTION:
            _fails(verify(folder, **options))
        (folder / "summary.json").unlink()
        _looks_killed(folder, n_left)
        said = _fails(verify(folder))
        if n_left:
            assert f"the end record is missing after record {n_left - 1}" in said
            assert verify(folder, is_unfinished=True).passes
        _fails(verify(folder, head=head))
        _fails(verify(folder, head=head, is_unfinished=True))
        _fails(verify(folder, key=_KEY))


_EVERY_OPTION: tuple[dict[str, Any], ...] = (
    {},
    {"is_unfinished": True},
    {"key": _KEY},
    {"head": "0" * 64},
)


def test_what_looks_killed_beside_a_summary_is_told_though_it_is_called_unfinished(
    ended: Path,
) -> None:
    _looks_killed(ended, 20)
    said = _fails(verify(ended, is_unfinished=True))
    assert "summary.json: the journal has no end record" in said


def test_what_a_kill_left_needs_a_head_or_a_word(killed: Path) -> None:
    links = _links(killed)
    newest = len(links) - 1
    verdict = verify(killed)
    assert verdict.holds
    assert f"the end record is missing after record {newest}" in _fails(verdict)
    unfinished = verify(killed, is_unfinished=True)
    assert unfinished.passes
    assert not unfinished.end.is_proven
    assert unfinished.head == links[-1]


def test_looking_at_what_a_kill_left_changes_nothing(killed: Path) -> None:
    before = {each.name: each.read_bytes() for each in killed.iterdir()}
    verify(killed)
    # SQLite may keep its index of the log, which can be rebuilt from the log.
    after = {each.name: each.read_bytes() for each in killed.iterdir() if "-shm" not in each.name}
    assert after == before


def test_a_head_proves_what_leads_up_to_it(killed: Path) -> None:
    links = _links(killed)
    newest = len(links) - 1
    for number in (0, 1, newest // 2, newest - 1, newest):
        end = verify(killed, head=links[number]).end
        assert (end.is_proven, end.by, end.proven_up_to) == (True, "head", number)
        assert end.is_whole == (number == newest)
        assert (f"records {number + 1} to {newest} hold, but some may be" in end.text) == (
            number < newest
        )
    for head in ("0" * 64, links[0][::-1]):
        assert f"no record has the head {head}" in _fails(verify(killed, head=head))
        _fails(verify(killed, head=head, is_unfinished=True))


def test_the_head_of_the_end_record_proves_the_whole(ended: Path) -> None:
    links = _links(ended)
    whole = verify(ended, head=links[-1])
    assert (whole.passes, whole.end.by, whole.end.is_whole) == (True, "head", True)
    earlier = verify(ended, head=links[10])
    assert (earlier.passes, earlier.end.by) == (True, "end record")
    assert "the head given up to record 10, and from there an end record" in earlier.end.text


def _cuts(log: bytes) -> Iterator[int]:
    """Yield lengths to cut a log to: its ends, the ends of its frames, and random ones."""
    chosen = random.Random(_SEED)  # noqa: S311 no secret
    frame = 24 + 4096
    yield from (0, 1, 31, 32, 33, len(log) // 10, len(log) - 1)
    yield from (32 + frame * chosen.randrange(len(log) // frame) for _ in range(_N_CUTS // 2))
    yield from (chosen.randrange(len(log)) for _ in range(_N_CUTS // 2))


def test_a_log_that_was_cut_anywhere_proves_nothing(made: Path, tmp_path: Path) -> None:
    source = made / "killed"
    links = _links(source)
    log = (source / "journal.sqlite-wal").read_bytes()
    for n_bytes in _cuts(log):
        folder = tmp_path / str(n_bytes)
        if folder.exists():
            continue
        shutil.copytree(source, folder)
        (folder / "journal.sqlite-wal").write_bytes(log[:n_bytes])
        if not n_bytes:
            with pytest.raises(LogMissingError, match=r"its log is missing: journal\.sqlite-wal"):
                verify(folder)
            continue
        where = f"cut to {n_bytes} bytes, seed {_SEED}"
        verdict = verify(folder)
        assert not verdict.passes, where
        assert not verify(folder, head=links[-1]).passes, where
        # What is left is still a beginning of what was.
        assert verdict.n_records == 0 or verdict.head == links[verdict.n_records - 1], where
        assert verdict.n_records < len(links), where


@pytest.mark.parametrize("share", [0.0, 0.001, 0.1, 0.5, 0.9])
@pytest.mark.parametrize("name", ["ended", "killed"])
def test_a_database_that_was_cut_is_told(
    made: Path, tmp_path: Path, share: float, name: str
) -> None:
    folder = Path(shutil.copytree(made / name, tmp_path / name))
    journal = folder / "journal.sqlite"
    journal.write_bytes(journal.read_bytes()[: int(share * journal.stat().st_size)])
    for options in _EVERY_OPTION:
        verdict = verify(folder, **options)
        if verdict.passes:
            # The log of a killed session may have every page.
            assert name == "killed"
            assert options == {"is_unfinished": True}
            assert _links(folder) == _links(made / "killed")


def _paths(value: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from _paths(each, (*path, key))
    else:
        yield path


def test_every_field_of_the_summary_is_under_the_chain(ended: Path) -> None:
    file = ended / "summary.json"
    content = file.read_bytes()
    paths = list(_paths(json.loads(content)))
    assert len(paths) > 30
    assert ("quality", "implausible") in paths
    assert ("versions", "estimates") in paths
    for path in paths:
        summary = json.loads(content)
        table = summary
        for key in path[:-1]:
            table = table[key]
        before = table[path[-1]]
        table[path[-1]] = "other" if not isinstance(before, str) else f"{before} "
        file.write_text(json.dumps(summary), encoding="utf-8")
        assert f"summary.json: {'.'.join(path)}: in the journal " in _fails(verify(ended))
        del table[path[-1]]
        file.write_text(json.dumps(summary), encoding="utf-8")
        assert f"summary.json: {'.'.join(path)}: in the journal " in _fails(verify(ended))


def test_a_summary_without_the_figures_that_came_later_holds(ended: Path) -> None:
    def edit(rows: list[broken.Row]) -> list[broken.Row]:
        *before, (number, kind, now_s, payload, link) = rows
        end = decode(kind, payload)
        assert isinstance(end, EndRecord)
        summary = json.loads(end.summary_json)
        del summary["time"], summary["therapy"]
        of_then = msgspec.structs.replace(end, summary_json=json.dumps(summary).encode())
        return [*before, (number, kind, now_s, encode(of_then), link)]

    broken.forge(ended, edit)
    assert verify(ended).holds


@pytest.mark.parametrize("name", ["config.toml", "summary.json", "journal.sqlite"])
def test_a_file_of_another_session_is_told(ended: Path, tmp_path: Path, name: str) -> None:
    other = tmp_path / "other"
    make_session(
        other,
        short_recording(3.0),
        rig(policies=()),  # its device is looked at every tick, at which the journal is committed
        config_toml=CONFIG_TOML + b"# another\n",
    )
    shutil.copy(other / name, ended / name)
    _fails(verify(ended))
    _fails(verify(ended, is_unfinished=True))


def test_a_log_of_another_session_is_told(killed: Path, tmp_path: Path) -> None:
    _make(tmp_path / "o", tmp_path / "other", length_s=3.0)
    links = _links(killed)
    shutil.copy(tmp_path / "other" / "journal.sqlite-wal", killed)
    _fails(verify(killed))
    _fails(verify(killed, head=links[-1]))


def test_a_kill_after_the_end_record_and_before_the_summary_loses_nothing(ended: Path) -> None:
    (ended / "summary.json").unlink()
    verdict = verify(ended)
    assert verdict.passes
    assert "the end record has its content" in verdict.warnings[0]
