"""`stimloop score` and `stimloop report`, as a user calls them."""

import json
from pathlib import Path

import pytest

from replay.scoring.result import read_score
from stimloop.__main__ import run_command
from stimloop.address import DEFAULT_FILE
from tests.stimloop.library.patient_file import write_patient
from tests.stimloop.reporting.self_contained import PageParts

_RIG = """
[rig]
name = "scored"
[[streams]]
name = "LFP"
kind = "lfp"
match = { type = "LFP" }
[[detectors]]
id = "beta"
kind = "band_power"
stream = "LFP"
band_hz = [13.0, 30.0]
window_s = 0.4
"""
_BURST = """
[[detectors]]
id = "burst"
kind = "burst"
of = "beta"
threshold = { percentile = 75.0, calibrate_s = 10.0 }
"""


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_patient(tmp_path)
    (tmp_path / "rig.toml").write_text(_RIG + _BURST)
    return tmp_path


def test_a_score_is_printed_written_and_drawn(
    lab: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["score", "patient07.xdf", "rig.toml", "--surrogates", "1", "--out", "score.json"]
    assert run_command(asked) == 0
    printed = capsys.readouterr().out
    assert "sensitivity" in printed
    assert "false_positives_per_min_surrogate" in printed
    found = read_score(lab / "score.json")
    assert {each.channel for each in found.scores} == {"STN_1", "STN_3"}
    for each in found.of("burst", "STN_1")[0].metrics:
        assert each.meaning
        assert each.interval or each.null_of
        assert each.delay_s == pytest.approx(found.scores[0].delay_s)
    assert run_command(["report", "score.json"]) == 0
    assert "page: score.html" in capsys.readouterr().out
    page = PageParts((lab / "score.html").read_text("utf-8"))
    assert page.loads == []
    assert page.counts["canvas"] == 2


def test_json_is_the_same_score(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["score", "patient07.xdf", "rig.toml", "--surrogates", "0", "--json"]
    assert run_command([*asked, "--out", "score.json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads((lab / "score.json").read_bytes())


@pytest.mark.parametrize(
    ("rig", "options", "said"),
    [
        (_RIG, [], "$.detectors: expected one that detects bursts, or a phase, found none"),
        (_RIG + _BURST, ["--band", "30", "13"], "--band: expected low < high, found 30 and 13"),
        (_RIG + _BURST, ["--from", "50", "--to", "20"], "--to: expected after start_s (50)"),
        (_RIG + _BURST, ["--from", "900"], "expected a part that begins within its"),
        (_RIG + _BURST, ["--end", "stop"], "--begin: expected one with --end or --markers"),
        (_RIG + _BURST, ["--begin", "go"], "expected markers that begin with 'go', found none"),
        (_RIG.replace('"LFP" }', '"EEG" }'), [], "stream LFP: expected one stream with type"),
    ],
)
def test_what_cannot_be_scored_is_one_line_and_code_2(
    rig: str, options: list[str], said: str, lab: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (lab / "rig.toml").write_text(rig)
    assert run_command(["score", "patient07.xdf", "rig.toml", "--surrogates", "0", *options]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert said in lines[0]


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\xfe", b'{"format": 1}'])
def test_a_file_that_is_no_score_is_one_line_and_code_2(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "score.json"
    file.write_bytes(content)
    assert run_command(["report", str(file)]) == 2
    assert "expected a score, as stimloop score --out writes it" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "said"), [("none.json", "found none"), (".", "another folder")])
def test_what_has_no_page_is_one_line_and_code_2(
    name: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["report", str(tmp_path / name)]) == 2
    error = capsys.readouterr().err
    assert "expected a session folder, a sweep's folder or a score" in error
    assert said in error


def test_what_policies_make_of_a_recording_is_what_a_replay_says(
    lab: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["patient", "--record", "patient.xdf", "--duration", "40"]) == 0
    asked = ["score", "patient.xdf", str(DEFAULT_FILE), "--surrogates", "0", "--out", "score.json"]
    assert run_command(asked) == 0
    assert "device stn_left, policy adbs" in capsys.readouterr().out
    assert run_command(["replay", "patient.xdf", str(DEFAULT_FILE), "--out", "session"]) == 0
    summary = json.loads((lab / "session" / "summary.json").read_bytes())
    assert read_score(lab / "score.json").therapy == summary["therapy"]
    assert summary["therapy"]["stn_left"]["switches"] > 0
