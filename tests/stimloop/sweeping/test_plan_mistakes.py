"""Every mistake of a plan is one line, and nothing is started before there is none."""

from pathlib import Path

import numpy as np
import pytest

from stimloop.__main__ import run_command
from stimloop.errors import ConfigError
from stimloop.sweeping.plan import read_plan
from tests.replay.sweeping import sweeping_lab as lab

RIG = """
[rig]
name = "lab"
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
[[detectors]]
id = "burst"
kind = "burst"
of = "beta"
threshold = { percentile = 75.0, calibrate_s = 5.0 }
"""
PLAN = """
recordings = ["one.xdf"]
rig = "rig.toml"
[[parameters]]
path = "detectors[burst].threshold.percentile"
values = [50.0, 75.0]
[score]
detector = "burst"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("lab")
    lab.write(made / "one.xdf", lab.bursts_uv(1, length_s=30.0))
    lab.write(made / "short.xdf", lab.bursts_uv(2, length_s=9.0))
    (made / "broken.xdf").write_bytes(b"XDF:")
    (made / "empty").mkdir()
    (made / "rig.toml").write_text(RIG)
    (made / "wrong.toml").write_text(RIG.replace("window_s", "windw_s"))
    (made / "other.toml").write_text(RIG.replace('"LFP" }', '"EEG" }'))
    return made


_VALUES = "values = [50.0, 75.0]"
_SCORE = 'detector = "burst"'


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("one.xdf", "none.xdf", "$.recordings[0]: expected a file or folder with recordings, "),
        ("one.xdf", "empty", "$.recordings[0]: expected a file or folder with recordings, found"),
        ("one.xdf", "*.edf", "$.recordings[0]: expected files of this pattern with recordings, "),
        ("one.xdf", "broken.xdf", "$.recordings[0]: "),
        ("one.xdf", "short.xdf", "$.recordings[0]: "),
        ('["one.xdf"]', "[]", "$.recordings: expected at least one, found none"),
        ("recordings", "recording = 1\nrecordings", "expected one of the keys recordings, rig"),
        ("rig.toml", "none.toml", "$.rig: expected a rig's file, found none: none.toml"),
        ("rig.toml", "other.toml", "expected one stream with type = 'EEG', found none in one.xdf"),
        ("rig.toml", "wrong.toml", "wrong.toml: detector 'beta': $.detectors[0].windw_s: expected"),
        ("[burst]", "[brst]", "$.parameters[0].path: rig.toml: expected one of detectors (beta, "),
        ("percentile", "percentil", "$.parameters[0].path: rig.toml: detector 'burst': "),
        ("75.0]", "175.0]", "$.parameters[0].values[1]: expected a value that the rig takes, foun"),
        ("75.0]", '"high"]', "$.parameters[0].values[1]: expected a value that the rig takes"),
        ("75.0]", "50.0]", "$.parameters[0].values[1]: expected each value once, found 50.0 again"),
        (_VALUES, "values = []", "$.parameters[0].values: expected at least one, found none"),
        (_VALUES, "", "$.parameters[0].values: expected a list of values, or low and high"),
        (_VALUES, f"{_VALUES}\nlow = 1.0", "expected no low, high, step or log beside them"),
        (_VALUES, "low = 5.0\nhigh = 6.0", "$.parameters[0].values: expected values for a grid"),
        (_VALUES, "low = 5.0", "$.parameters[0].high: expected both ends of the range, found one"),
        (_VALUES, "low = 7.0\nhigh = 6.0", "$.parameters[0].high: expected above low (7), found 6"),
        (
            _VALUES,
            "low = 50.0\nhigh = 150.0\n[search]\nn_trials = 4",
            "$.parameters[0].high: expected a value that the rig takes, found 150",
        ),
        (_VALUES, f"{_VALUES}\n[search]\nseed = 1", "$.search.n_trials: expected a whole number"),
        (_SCORE, 'detector = "brst"', "$.score.detector: expected a detector of rig.toml (beta, "),
        (_SCORE, f'{_SCORE}\nmaximise = "all"', "$.score.maximise: expected one of"),
        (
            _SCORE,
            f'{_SCORE}\nmaximise = "sensitivity"',
            "$.score.false_positives_per_min_max: expected a limit with maximise",
        ),
        (_SCORE, f"{_SCORE}\nband_hz = [30.0, 13.0]", "$.score.band_hz: expected low < high"),
        (_SCORE, f'{_SCORE}\nreference = "markers"', "$.score.begin: expected how markers begin"),
        (_SCORE, f'{_SCORE}\nend = "off"', "$.score.end: expected none without reference"),
        ('rig = "rig.toml"', 'rig = "rig.toml"\nunit = "Hz"', "$.unit: expected a unit of voltage"),
        ('rig = "rig.toml"', 'rig = "rig.toml"\nheld_out = 1.0', "$.held_out: expected a number"),
        ("[[parameters]]", "[parameters]", "$.parameters: expected a list of tables, found one"),
    ],
)
def test_a_mistake_is_one_line_that_says_where_and_what(
    old: str, new: str, said: str, folder: Path
) -> None:
    plan = folder / "plan.toml"
    assert old in PLAN
    plan.write_text(PLAN.replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        read_plan(plan)
    lines = caught.value.lines
    assert len(lines) == 1, lines
    assert said in lines[0]
    assert "\n" not in lines[0]


def test_all_mistakes_are_told_at_once_and_nothing_is_started(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = folder / "many.toml"
    wrong = PLAN.replace("one.xdf", "none.xdf").replace("[burst]", "[brst]")
    plan.write_text(wrong.replace("score]", 'score]\nseeds = 1\nmaximise = "sensitivity"'))
    assert run_command(["sweep", str(plan)]) == 2
    told = capsys.readouterr().err.strip().splitlines()
    assert ["$.recordings[0]" in each for each in told].count(True) == 1
    assert ["$.score.seeds" in each for each in told].count(True) == 1
    assert not (folder / "many.sweep").exists()


def test_folders_and_patterns_leave_out_what_cannot_be_opened_and_what_is_there_twice(
    folder: Path, tmp_path: Path
) -> None:
    for name, seed in (("a.xdf", 1), ("b.xdf", 2), ("c.xdf", 1)):
        lab.write(tmp_path / name, lab.bursts_uv(seed, length_s=30.0))
    (tmp_path / "d.xdf").write_bytes(b"XDF:")
    (tmp_path / "rig.toml").write_text(RIG)
    plan = tmp_path / "plan.toml"
    for entry in ("*.xdf", "."):
        plan.write_text(PLAN.replace("one.xdf", entry))
        found = read_plan(plan)
        assert [each.path for each in found.inputs.recordings] == ["a.xdf", "b.xdf"]
        assert [each.recording for each in found.failures] == ["d.xdf"]
        assert "c.xdf is left out: it holds the same as a.xdf" in found.remarks
    assert folder != tmp_path


def test_a_value_that_only_fits_beside_others_is_none_that_is_refused(folder: Path) -> None:
    plan = folder / "beside.toml"
    two = 'path = "detectors[beta].hop_s"\nvalues = [0.5]\n[[parameters]]\n'
    window = 'path = "detectors[beta].window_s"\nvalues = [0.4, 0.6]\n'
    score = PLAN[PLAN.index("[score]") :]
    plan.write_text(f"{PLAN.partition('path')[0]}{two}{window}{score}")
    found = read_plan(plan)
    assert found.inputs.n_runs == 2
    hop = {"detectors[beta].hop_s": 0.5}
    assert found.inputs.config_of({**hop, "detectors[beta].window_s": 0.6})
    assert np.isfinite(found.inputs.judged.held_out)
