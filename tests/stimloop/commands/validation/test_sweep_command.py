"""`stimloop sweep` and the page of a sweep, as a user calls them."""

import json
import tomllib
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from replay.sweeping.result import read_sweep
from stimloop.__main__ import run_command
from tests.replay.sweeping import sweeping_lab as lab
from tests.stimloop.reporting.self_contained import PageParts
from tests.stimloop.sweeping.test_plan_mistakes import PLAN, RIG

_TWO = """
[[parameters]]
path = "detectors[beta].window_s"
values = [0.2, 0.3]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("lab")
    lab.write(made / "one.xdf", lab.bursts_uv(1))
    lab.write(made / "short.xdf", lab.bursts_uv(2, length_s=9.0))
    (made / "rig.toml").write_text(RIG)
    (made / "plan.toml").write_text(PLAN.replace("one.xdf", "*.xdf") + _TWO)
    return made


def test_a_sweep_writes_table_pictures_configuration_and_page_and_goes_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    assert run_command(["sweep", "plan.toml", "--check"]) == 0
    assert "4 sets of parameters on 2 recordings: 8 runs" in capsys.readouterr().out
    assert not Path("plan.sweep").exists()
    assert run_command(["sweep", "plan.toml", "--workers", "0"]) == 0
    printed = capsys.readouterr().out
    assert "4 sets of parameters (grid) on 1 of 2 recordings" in printed
    assert "on the held-out parts:" in printed
    assert "4 times: " in printed
    found = read_sweep(Path("plan.sweep"))
    assert found.recommended is not None
    table = pq.read_table("plan.sweep/sweep.parquet")
    assert table.num_rows == 4
    assert {"sensitivity_low", "training_sensitivity"} <= set(table.column_names)
    for row, point in zip(table.to_pylist(), found.points, strict=True):
        assert row["balanced_accuracy"] == point.held_out["balanced_accuracy"].value
        assert row["detectors[beta].window_s"] == point.values["detectors[beta].window_s"]
    assert run_command(["config", "check", "plan.sweep/recommended.toml"]) == 0
    values = found.recommended.values
    rig = tomllib.loads(Path("plan.sweep/recommended.toml").read_text("utf-8"))
    percentile = rig["detectors"][1]["threshold"]["percentile"]
    assert percentile == values["detectors[burst].threshold.percentile"]
    for name in ("roc.png", "heat-maps.png"):
        assert (Path("plan.sweep") / name).read_bytes().startswith(b"\x89PNG")
    capsys.readouterr()
    assert run_command(["report", "plan.sweep"]) == 0
    assert "page: plan.sweep/report.html" in capsys.readouterr().out
    text = Path("plan.sweep/report.html").read_text("utf-8")
    assert PageParts(text).loads == []
    for part in ("Recommendation", "ROC and heat maps", "All sets", "Failed runs", "rig.toml"):
        assert part in text
    # Everything is kept: nothing is run, and quietly the same is said.
    assert run_command(["sweep", "plan.toml", "--workers", "0", "--json"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert json.loads(out)["points"] == json.loads(found.to_json())["points"]


def test_where_nothing_holds_the_code_is_1_and_no_configuration_is_written(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = folder / "hard.toml"
    limit = 'maximise = "sensitivity"\nfalse_positives_per_min_max = 0.0\n'
    hard = PLAN.replace("75.0]", "51.0]").replace("[score]", f"[score]\n{limit}")
    plan.write_text(hard)
    assert run_command(["sweep", str(plan), "--workers", "0", "--into", str(folder / "hard")]) == 1
    said = capsys.readouterr()
    assert "nothing is recommended: " in said.out
    assert "with at most 0 false positives a minute" in said.err
    assert not (folder / "hard" / "recommended.toml").exists()
    assert run_command(["report", str(folder / "hard" / "sweep.json")]) == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--scheduler", "tcp://127.0.0.1:1", "--workers", "2"], "--scheduler: expected no"),
        (["--memory", "lots"], "memory: expected auto, or a size as 4GB, found 'lots'"),
    ],
)
def test_options_that_cannot_be_are_one_line_and_code_2(
    options: list[str], said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["sweep", str(folder / "plan.toml"), *options]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"format": 1}'])
def test_a_file_that_is_no_sweep_is_one_line_and_code_2(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sweep.json").write_bytes(content)
    assert run_command(["report", str(tmp_path)]) == 2
    assert "expected a sweep, as stimloop sweep writes it" in capsys.readouterr().err
