"""`stimloop titrate` as a user calls it: a patient in virtual time, and what is refused."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tomli_w

import stimloop as sl
from stimloop.__main__ import run_command
from stimloop.titrating.fragment import as_json
from tests.support.mosquitto import free_port
from tests.support.rig_toml import changed_file, small_rig

_STEPS = ["--amplitudes", "0,3,1,2,1.5,2.5", "--duration", "5", "--settle", "1", "--after", "5"]


def _with_patient(tables: dict[str, Any]) -> None:
    tables["rig"] |= {"arm": "auto", "tick_s": 0.1}
    tables["streams"] = [
        {"name": "LFP", "kind": "lfp", "match": {"source_id": "simulated-patient"}}
    ]
    tables["detectors"][0]["hop_s"] = 0.1
    tables["devices"][0]["simulated"] = True
    tables["gate"] |= {"data_age_s_max": 0.3, "command_valid_s": 0.3}
    tables["broker"] = {"embedded": True}
    tables["patient"] = {
        "device": "left",
        "rate_hz": 125.0,
        "chunk_samples": 5,
        "channels": ["STN"],
        "gains": [1.0],
        "pink_uv": 1.0,
        "drive_sd": 0.2,
        "seed": 6,
    }


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a rig, and a titration of it in the folder `session`."""
    folder = tmp_path_factory.mktemp("titration")
    rig = folder / "rig.toml"
    rig.write_bytes(small_rig(_with_patient))
    out = ["--session", str(folder / "session")]
    assert run_command(["titrate", str(rig), "--virtual", *_STEPS, *out]) == 0
    return folder


def changed(lab: Path, folder: Path, change: Callable[[dict[str, Any]], object]) -> str:
    return str(changed_file(folder / "changed.toml", lab / "rig.toml", change))


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run_command(["titrate", *arguments]) == 2
    return capsys.readouterr().err.removeprefix("stimloop: ").rstrip()


def test_the_result_is_in_the_session_folder_and_computed_again_it_is_the_same(
    lab: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (lab / "session" / "titration.png").stat().st_size > 10_000
    written = json.loads((lab / "session" / "titration.json").read_text("utf-8"))
    assert written["controllability"]["sign"] == "falls"
    assert [each["is_clean"] for each in written["steps"]] == [True] * 6
    assert run_command(["titrate", "--from", str(lab / "session"), "--out", str(tmp_path)]) == 0
    for name in ("titration.json", "titration.toml"):
        assert (tmp_path / name).read_bytes() == (lab / "session" / name).read_bytes()
    begins = [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()]
    assert begins == [
        "left, adbs",
        *(f"step {number}" for number in range(1, 7)),
        "after",
        "sign",
        "dose and response",
        "time constant, amount up",
        "time constant, amount down",
        "rebound with more",
        "rebound after the end",
        "thresholds",
        str(tmp_path),
    ]
    assert as_json(sl.titration(lab / "session")) == written


def test_the_fragment_is_taken_as_it_is_by_a_file_without_a_policy(
    lab: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fragment = (lab / "session" / "titration.toml").read_text("utf-8")
    tables = tomllib.loads((lab / "rig.toml").read_text("utf-8"))
    del tables["policies"]
    file = tmp_path / "rig.toml"
    file.write_text(f"{tomli_w.dumps(tables)}\n{fragment}", "utf-8")
    assert run_command(["config", "check", str(file)]) == 0
    assert "holds" in capsys.readouterr().out
    made = tomllib.loads(fragment)
    (policy,), (kept,) = made["policies"], made["titrations"]
    assert (policy["kind"], policy["expected_sign"]) == ("dual_threshold", "falls")
    assert policy["upper_threshold"] == kept["upper_threshold"] > kept["lower_threshold"]
    assert (policy["lowest_ma"], policy["highest_ma"]) == (0.0, 3.0)
    assert kept["simulated"]
    assert kept["session"].startswith("00000000000000000000-")


def real_rig(lab: Path, folder: Path, titrations: list[dict[str, Any]]) -> str:
    """Write the rig with the fragment's policy, a device that is not simulated, and titrations."""
    made = tomllib.loads((lab / "session" / "titration.toml").read_text("utf-8"))

    def change(tables: dict[str, Any]) -> None:
        tables["policies"] = made["policies"]
        tables["devices"][0]["simulated"] = False
        tables["rig"]["arm"] = "operator"
        tables["rig"]["allow"] = ["embedded_broker_with_real_device"]
        tables["broker"]["port"] = free_port()
        tables["signing"] = {"mode": "off"}
        tables["titrations"] = titrations

    return changed(lab, folder, change)


def test_a_real_rig_is_warned_of_a_sign_until_its_own_titration_is_in_the_file(
    lab: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = tomllib.loads((lab / "session" / "titration.toml").read_text("utf-8"))
    (simulated,) = made["titrations"]
    own = {**simulated, "simulated": False}
    for titrations, n_warnings in (([], 1), ([simulated], 1), ([simulated, own], 0)):
        assert run_command(["config", "check", real_rig(lab, tmp_path, titrations)]) == 0
        assert capsys.readouterr().err.count("expected_sign") == n_warnings


@pytest.mark.slow  # it waits for a broker
def test_who_arms_a_real_rig_is_warned_of_it_too(
    lab: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["arm", real_rig(lab, tmp_path, [])]) == 3
    assert "expected_sign: expected 'falls' to be supported" in capsys.readouterr().err


def test_a_patient_who_does_not_respond_ends_with_1_and_a_record_of_it(
    lab: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def change(tables: dict[str, Any]) -> None:
        tables["patient"]["damping_added_per_s_max"] = 0.0

    rig, out = changed(lab, tmp_path, change), str(tmp_path / "session")
    steps = ["--amplitudes", "0,3,1,2,1.5", "--duration", "4", "--settle", "1", "--after", "0"]
    assert run_command(["titrate", rig, "--virtual", *steps, "--session", out, "--json"]) == 1
    said = capsys.readouterr()
    assert "no sign is shown: " in said.err
    assert json.loads(said.out)["controllability"]["sign"] is None
    made = tomllib.loads((tmp_path / "session" / "titration.toml").read_text("utf-8"))
    assert "policies" not in made
    assert "expected_sign" not in made["titrations"][0]


def test_wrong_options_are_a_line_each(
    lab: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rig = str(lab / "rig.toml")
    found = [
        refusal(capsys, rig, "--amplitudes", "0,1,2", "--settle", "1"),
        refusal(capsys, rig, "--amplitudes", "0,x", "--duration", "5", "--settle", "1"),
        refusal(capsys, rig, "--duration", "5"),
        refusal(capsys, rig, "--steps", "steps.toml", "--duration", "5"),
        refusal(capsys, rig, "--from", str(lab / "session")),
        refusal(capsys, rig, "--side", "up"),
        refusal(capsys, "--from", str(tmp_path)),
        refusal(capsys, rig, "--amplitudes", "0,1", "--duration", "5", "--settle", "1"),
    ]
    assert [each.partition(": ")[0] for each in found[:6]] == [
        "--duration",
        "--amplitudes",
        "--amplitudes",
        "--steps",
        "--from",
        "--side",
    ]
    assert found[6].endswith("expected a session folder with a journal, found none")
    assert found[7].endswith("$.policies[0].steps: expected at least 3 steps, found 2")


def test_virtual_time_is_for_simulated_rigs_alone(
    lab: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def without_patient(tables: dict[str, Any]) -> None:
        del tables["patient"]

    found = refusal(capsys, changed(lab, tmp_path, without_patient), "--virtual", *_STEPS)
    assert "$.patient: expected the simulated patient as the only stream with --virtual" in found
