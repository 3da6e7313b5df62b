"""Verification: an intact session passes, and every change is found and named."""

import json
import math
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors import chain
from detectors.conditioning.artifacts.line_noise import LineNoiseConfig
from detectors.conditioning.artifacts.movement import MovementConfig
from detectors.conditioning.artifacts.stimulation_blanking import StimulationBlankingConfig
from detectors.conditioning.artifacts.stimulation_period import StimulationPeriodConfig
from detectors.detector import Input
from detectors.estimates import Seen
from detectors.power.band_power import BandPower, BandPowerConfig
from replay.recording_source import Chunking
from replay.verification.verdict import EndVerdict, Verdict
from replay.verification.verify import verify
from streamer.errors import JournalError
from streamer.events import Chunk, Tick
from streamer.journal.records import EndRecord, decode, encode
from tests.replay.rig import make_session, rig, short_recording
from tests.replay.verification import broken
from tests.support.searching import search

_LENGTH_S = 4.0


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a session of some hundred records, which must not be changed."""
    folder = tmp_path_factory.mktemp("whole") / "session"
    make_session(folder, short_recording(_LENGTH_S), chunking=Chunking(n_samples_max=10))
    return folder


@pytest.fixture
def session(whole: Path, tmp_path: Path) -> Path:
    """Return a copy of that session, to be broken."""
    return Path(shutil.copytree(whole, tmp_path / "session"))


def _found(folder: Path) -> str:
    verdict = verify(folder)
    assert not verdict.holds
    assert not verdict.passes
    assert not verdict.end.is_proven
    assert verdict.first_difference is not None
    assert "\n" not in verdict.first_difference
    return verdict.first_difference


def _first(folder: Path, wanted: Callable[[Any], bool], after: int = 0) -> int:
    """Return the number of the first step with a wanted event."""
    return next(
        row[0]
        for row in broken.rows(folder)
        if row[1] == "step" and row[0] > after and wanted(broken.step(row).event)
    )


def _is_chunk(event: object) -> bool:
    return isinstance(event, Chunk)


def test_a_whole_session_holds(whole: Path) -> None:
    told: list[int] = []
    verdict = verify(whole, told.append)
    summary = json.loads((whole / "summary.json").read_text(encoding="utf-8"))
    n_records = summary["journal"]["records"] + 1
    assert verdict == Verdict(
        session=verdict.session,
        passes=True,
        holds=True,
        first_difference=None,
        end=EndVerdict(
            is_proven=True,
            by="end record",
            proven_up_to=n_records - 1,
            is_whole=True,
            text="the whole journal is proven by an end record without a signature: whoever can "
            "write the file could have made it",
        ),
        n_records=n_records,
        n_samples=1000,
        head=broken.rows(whole)[-1][4].hex(),
        digest=summary["digest"],
        warnings=(),
    )
    assert broken.rows(whole)[-2][4].hex() == summary["journal"]["head"]
    assert told == list(range(1, verdict.n_records + 1))
    assert verify(whole / "journal.sqlite").holds


def test_a_session_whose_own_stimulation_is_taken_off_holds_in_any_chunks(
    tmp_path: Path,
) -> None:
    artifacts: tuple[Any, ...] = (
        StimulationBlankingConfig(settle_s=0.1, pulse_markers=("cue",)),
        StimulationPeriodConfig(frequency_hz=130.0, learn_s=4.0, resets_on_change=False),
        LineNoiseConfig(frequency_hz=50.0),
        MovementConfig(learn_s=1.0),
    )
    config = rig()
    stream = msgspec.structs.replace(config.streams[0], artifacts=artifacts)
    warnings: list[str] = []
    summary = make_session(
        tmp_path / "session",
        short_recording(8.0),
        rig(streams=(stream, *config.streams[1:])),
        chunking=Chunking(n_samples_max=10),
        warn=warnings.append,
    )
    assert summary["quality"]["stimulation_spoilt"] > 0
    assert summary["quality"]["stimulation_held"] > 0
    assert summary["commands"]["acked"] > 0
    assert verify(tmp_path / "session").first_difference is None
    assert not [each for each in warnings if "stimulation lies" in each]


def test_a_stimulation_in_a_band_is_a_warning(tmp_path: Path) -> None:
    warnings: list[str] = []
    make_session(tmp_path / "session", short_recording(1.0), warn=warnings.append)
    assert [each for each in warnings if "harmonic 4 at 20 Hz" in each]


def test_a_folder_without_a_journal_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="expected a session folder with a journal, found none"):
        verify(tmp_path)


def test_any_change_of_any_record_is_found_and_named(whole: Path, tmp_path: Path) -> None:
    random = np.random.default_rng(4)
    folder = tmp_path / "session"
    folder.mkdir()
    shutil.copy(whole / "config.toml", folder)
    n_tried = 0
    for number, kind, now_s, payload, link in broken.rows(whole):
        bit = 1 << int(random.integers(8))
        position = int(random.integers(len(payload)))
        flipped = payload[:position] + bytes([payload[position] ^ bit]) + payload[position + 1 :]
        changes = {
            "number": -1 if number == 0 else number + 10_000,
            "kind": kind[:-1] + chr(ord(kind[-1]) ^ 1),
            "now_s": math.nextafter(now_s, math.inf),
            "payload": flipped,
            "chain": bytes([link[0] ^ bit]) + link[1:],
        }
        # Beside its payload one column of each: all of all would take a minute.
        for column in {"payload", list(changes)[number % len(changes)]}:
            shutil.copy(whole / "journal.sqlite", folder)
            broken.change(folder, number, column, changes[column])
            assert f"record {number}" in _found(folder), column
        n_tried += 1
    assert n_tried == verify(whole).n_records


@given(
    position=st.floats(0.0, 1.0, exclude_max=True),
    flip=st.integers(1, 255),
)
@search(100)
def test_no_changed_byte_of_the_file_passes_for_the_record_it_changes(
    whole: Path, tmp_path_factory: pytest.TempPathFactory, position: float, flip: int
) -> None:
    folder = tmp_path_factory.mktemp("byte")
    content = bytearray((whole / "journal.sqlite").read_bytes())
    content[int(position * len(content))] ^= flip
    (folder / "journal.sqlite").write_bytes(content)
    (folder / "config.toml").write_bytes((whole / "config.toml").read_bytes())
    verdict = verify(folder)
    if verdict.holds:  # then it lies in none of the records
        assert broken.rows(folder) == broken.rows(whole)


@pytest.mark.parametrize(
    ("column", "kind"), [("kind", "BLOB"), ("payload", "TEXT"), ("chain", "TEXT")]
)
def test_the_same_bytes_as_another_type_are_found(session: Path, column: str, kind: str) -> None:
    with broken.opened(session) as connection:
        connection.execute(
            f"UPDATE records SET {column} = CAST({column} AS {kind}) WHERE number = 7"  # noqa: S608
        )
    assert "record 7: expected a text and bytes, found another type" in _found(session)


@pytest.mark.parametrize("position", range(4, 60, 7))
def test_a_damaged_layout_is_found(session: Path, position: int) -> None:
    journal = session / "journal.sqlite"
    content = bytearray(journal.read_bytes())
    content[content.index(b"CREATE TABLE records") + position] = 0xE5
    journal.write_bytes(content)
    assert "journal.sqlite: " in _found(session)


@pytest.mark.parametrize("n_left", [1, 2, 60, -1])
def test_a_journal_that_was_cut_is_found(session: Path, n_left: int) -> None:
    n_records = len(broken.rows(session))
    n_left = n_left if n_left > 0 else n_records + n_left
    with broken.opened(session) as connection:
        connection.execute("DELETE FROM records WHERE number >= ?", (n_left,))
    assert f"the end record is missing after record {n_left - 1}: " in _found(session)


def test_a_file_that_was_cut_is_found(session: Path) -> None:
    journal = session / "journal.sqlite"
    content = journal.read_bytes()
    for share in (0.0, 0.001, 0.3, 0.9):
        journal.write_bytes(content[: int(share * len(content))])
        assert "journal.sqlite" in _found(session)


def test_a_record_too_many_is_found(session: Path) -> None:
    last = broken.rows(session)[-1]
    with broken.opened(session) as connection:
        connection.execute("INSERT INTO records VALUES (?, ?, ?, ?, ?)", (last[0] + 1, *last[1:]))
    assert f"record {last[0] + 1}" in _found(session)


def test_events_in_another_order_are_found_though_the_chain_fits(session: Path) -> None:
    first = _first(session, _is_chunk, after=100)
    second = _first(session, _is_chunk, after=first)

    def swap(rows: list[broken.Row]) -> list[broken.Row]:
        one, other = broken.step(rows[first]).event, broken.step(rows[second]).event
        rows[first] = broken.with_event(rows[first], other)
        rows[second] = broken.with_event(rows[second], one)
        return rows

    broken.forge(session, swap)
    assert f"record {first} (10 samples of LFP from" in _found(session)


def test_a_tick_at_another_time_is_found_though_the_chain_fits(session: Path) -> None:
    number = _first(session, lambda event: isinstance(event, Tick), after=150)

    def late(rows: list[broken.Row]) -> list[broken.Row]:
        row = rows[number]
        rows[number] = (row[0], row[1], row[2] + 1.0, row[3], row[4])
        return rows

    broken.forge(session, late)
    assert "record " in _found(session)


def test_one_bit_of_one_sample_is_found_though_the_chain_fits(session: Path) -> None:
    number = _first(session, _is_chunk, after=150)

    def bend(rows: list[broken.Row]) -> list[broken.Row]:
        event = broken.step(rows[number]).event
        assert isinstance(event, Chunk)
        samples = event.samples.copy()
        samples[0, 0] = np.nextafter(samples[0, 0], np.float32(np.inf))
        rows[number] = broken.with_event(
            rows[number], msgspec.structs.replace(event, samples=samples)
        )
        return rows

    broken.forge(session, bend)
    assert "detector beta: estimates up to sample" in _found(session)


def test_a_decision_that_was_not_taken_is_found_though_the_chain_fits(session: Path) -> None:
    def decides(row: broken.Row) -> bool:
        return b"amplitude_ma" in bytes(broken.step(row).outcome)

    number = next(row[0] for row in broken.rows(session) if row[1] == "step" and decides(row))

    def raise_it(rows: list[broken.Row]) -> list[broken.Row]:
        row = rows[number]
        outcome = msgspec.msgpack.decode(bytes(broken.step(row).outcome))
        for decision in outcome["decisions"]:
            if decision.get("message", {}).get("amplitude_ma") is not None:
                decision["message"]["amplitude_ma"] += 0.25
        forged = msgspec.msgpack.encode(
            {
                **msgspec.msgpack.decode(row[3]),
                "outcome": outcome,
            }
        )
        rows[number] = (row[0], row[1], row[2], forged, row[4])
        return rows

    broken.forge(session, raise_it)
    found = _found(session)
    assert f"record {number} (" in found
    assert "message.amplitude_ma: recorded " in found


def test_a_changed_configuration_is_found(session: Path) -> None:
    path = session / "config.toml"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert "config.toml: expected sha256 " in _found(session)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("samples",), 1001),
        (("gaps",), 2),
        (("quality", "gaps"), 0),
        (("estimates",), 0),
        (("detections", "burst"), 99),
        (("commands", "issued"), 0),
        (("commands", "acked"), None),
        (("commands", "refused"), {"late": 1}),
        (("digest", "estimates"), "0" * 64),
        (("digest", "detections"), "0" * 64),
        (("digest", "targets"), "0" * 64),
        (("digest", "decisions"), "0" * 64),
        (("journal", "head"), "0" * 64),
        (("journal", "records"), 1),
        (("ended",), "duration"),
        (("versions", "numba"), "0.1"),
        (("n_valid",), 1),
        (("streams", "LFP", "rate_measured_hz"), 1.0),
        (("real_time_factor",), 1.0),
        (("commands", "unsent"), 1),
    ],
)
def test_a_changed_summary_is_found(session: Path, path: tuple[str, ...], value: object) -> None:
    file = session / "summary.json"
    summary = json.loads(file.read_text(encoding="utf-8"))
    table = summary
    for key in path[:-1]:
        table = table[key]
    table[path[-1]] = value
    file.write_text(json.dumps(summary), encoding="utf-8")
    assert f"summary.json: {'.'.join(path)}" in _found(session)


def test_a_summary_that_is_none_is_found(session: Path) -> None:
    (session / "summary.json").write_text("{", encoding="utf-8")
    assert "summary.json: expected JSON" in _found(session)


def test_a_summary_in_other_bytes_is_found(session: Path) -> None:
    file = session / "summary.json"
    file.write_text(json.dumps(json.loads(file.read_bytes())), encoding="utf-8")
    assert "summary.json: the same values in other bytes" in _found(session)


def test_a_summary_that_was_not_so_is_found_though_the_chain_fits(session: Path) -> None:
    def more(rows: list[broken.Row]) -> list[broken.Row]:
        end = decode("end", rows[-1][3])
        assert isinstance(end, EndRecord)
        summary = json.loads(end.summary_json)
        summary["detections"]["burst"] += 1
        forged = msgspec.structs.replace(end, summary_json=json.dumps(summary).encode())
        return [*rows[:-1], (*rows[-1][:3], encode(forged), b"")]

    broken.forge(session, more)
    assert "end record: summary: detections.burst: recorded " in _found(session)


def test_what_is_missing_beside_the_journal_is_a_warning(session: Path) -> None:
    (session / "config.toml").unlink()
    (session / "summary.json").unlink()
    verdict = verify(session)
    assert verdict.holds
    assert verdict.warnings == (
        "config.toml is not beside the journal",
        "summary.json is not beside the journal: the end record has its content",
    )


_KILLED = """
import os, signal, sys
from pathlib import Path
from tests.replay.rig import make_session

def end(n_done, _):
    if n_done > 900:
        os.kill(os.getpid(), signal.SIGKILL)

make_session(Path(sys.argv[1]), progress=end)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")
def test_what_a_killed_process_left_holds_but_nothing_proves_its_end(tmp_path: Path) -> None:
    folder = tmp_path / "session"
    done = subprocess.run([sys.executable, "-c", _KILLED, str(folder)], check=False)
    assert done.returncode == -signal.SIGKILL
    verdict = verify(folder)
    assert verdict.holds, verdict.first_difference
    assert not verdict.passes
    assert f"the end record is missing after record {verdict.n_records - 1}" in verdict.end.text
    assert verdict.warnings == ()
    assert verify(folder, is_unfinished=True).passes
    assert verify(folder, head=verdict.head).passes
    assert 800 < verdict.n_samples <= 910
    log = folder / "journal.sqlite-wal"
    content = bytearray(log.read_bytes())
    content[len(content) // 2] ^= 1
    log.write_bytes(content)
    assert "does not fit its checksum" in _found(folder)


class _ChunkBound(BandPower):
    """A detector that breaks the law: its values depend on the number of hops in a call."""

    def update(self, given: Input) -> Seen:
        seen = super().update(given)
        estimates = seen.estimates
        values = estimates.values + 1e-9 * (estimates.sample.size > 1)
        bound = msgspec.structs.replace(estimates, values=values)
        return Seen(bound, seen.detections)


def test_a_detector_that_sees_chunk_boundaries_breaks_the_law(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaking: dict[Any, Any] = {**chain._DETECTORS, BandPowerConfig: _ChunkBound}
    monkeypatch.setattr(chain, "_DETECTORS", breaking)
    make_session(tmp_path / "session")
    found = _found(tmp_path / "session")
    assert "the law: with the same samples in chunks of 1 to 16: estimates.beta" in found
