"""`stimloop export`: tables from the journal, as CSV on request; output as a line or JSON."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from stimloop.__main__ import run_command
from tests.replay.rig import make_session, short_recording
from tests.support.programs import call


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "session"
    make_session(folder, short_recording(3.0))
    return folder


@pytest.fixture
def session(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "session"))


def test_it_makes_again_what_the_session_wrote(
    session: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (session / "estimates.parquet").read_bytes()
    (session / "estimates.parquet").unlink()
    (session / "events.parquet").write_bytes(b"damaged")
    assert run_command(["export", str(session)]) == 0
    assert (session / "estimates.parquet").read_bytes() == before
    n_estimates = pq.read_metadata(session / "estimates.parquet").num_rows
    n_events = pq.read_metadata(session / "events.parquet").num_rows
    said = capsys.readouterr()
    assert f"{n_estimates} rows of estimates and {n_events} of events from " in said.out
    made, therapy = said.out.splitlines()[:2]
    assert "records: estimates.parquet, events.parquet" in made
    assert therapy.startswith("left: policy adbs (threshold): adaptive for ")
    assert said.err == ""
    assert run_command(["verify", str(session)]) == 0


def test_csv_has_every_bit_of_the_tables(session: Path, tmp_path: Path) -> None:
    out = tmp_path / "elsewhere" / "tables"
    assert run_command(["export", str(session), "--csv", "--out", str(out)]) == 0
    assert sorted(path.name for path in out.iterdir()) == [
        "estimates.csv",
        "estimates.parquet",
        "events.csv",
        "events.parquet",
    ]
    for name in ("estimates", "events"):
        table = pd.read_parquet(out / f"{name}.parquet")
        read = pd.read_csv(out / f"{name}.csv")
        assert list(read.columns) == list(table.columns)
        assert len(read) == len(table)
        for column in table.columns:
            if table[column].dtype.kind in "fiub":
                np.testing.assert_array_equal(read[column], table[column])
        text = "measure" if name == "estimates" else "kind"
        assert list(read[text]) == list(table[text])


def test_a_session_that_goes_on_has_rows_up_to_its_newest_record(
    tmp_path: Path, made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def look(n_done: int, _total: int) -> None:
        if n_done > 600 and not exported:
            exported.append(call("export", tmp_path / "session", "--out", tmp_path / "now"))

    exported: list[Any] = []
    make_session(tmp_path / "session", short_recording(3.0), progress=look)
    (done,) = exported
    assert done.returncode == 0, done.stderr
    assert "the session has no end, as one that was killed or goes on" in done.stderr
    beside, now = (
        pd.read_parquet(tmp_path / name / "events.parquet") for name in ("session", "now")
    )
    assert 10 < len(now) < len(beside)
    assert now["known_s"].to_list() == beside["known_s"].to_list()[: len(now)]
    assert (tmp_path / "session" / "events.parquet").read_bytes() == (
        made / "events.parquet"
    ).read_bytes()
    capsys.readouterr()


def test_a_machine_reads_json(session: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["export", str(session / "journal.sqlite"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["files"] == [str(session / f"{name}.parquet") for name in ("estimates", "events")]
    assert (said["ended"], said["holds"]) == (True, True)


def test_what_is_no_session_and_a_folder_that_cannot_be_written_are_one_line(
    session: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["export", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert error == (
        f"stimloop: {tmp_path}: expected a session folder with a journal, found none\n"
    )
    file = tmp_path / "file"
    file.write_text("", "utf-8")
    assert run_command(["export", str(session), "--out", str(file)]) == 2
    error = capsys.readouterr().err
    assert "expected a folder that can be written (another one: --out FOLDER)" in error
    assert error.count("\n") == 1
