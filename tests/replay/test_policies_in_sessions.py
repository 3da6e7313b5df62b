"""Built-in policies in whole sessions: journalled, and verified in other chunks."""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from replay.patient.patient import Patient, PatientConfig
from replay.recording import Recording
from replay.verification.verify import verify
from stimulators.decisions import StateChanged
from streamer.config import LoopConfig
from streamer.journal.reader import JournalReader
from streamer.journal.records import StepRecord
from tests.replay.recordings import markers, recording, signal
from tests.replay.rig import RATE_HZ, derive, make_session
from tests.support.rig_toml import small_rig

_STEP = {"transition_up_s": 0.0, "transition_down_s": 0.0}
_DUAL: dict[str, Any] = {
    "kind": "dual_threshold",
    "of": "burst",
    "device": "left",
    "highest_ma": 2.0,
    "upper_threshold": 20.0,
    "lower_threshold": 5.0,
    "expected_sign": "falls",
    "averaging_s": 0.0,
    "onset_upper_s": 0.0,
    "onset_lower_s": 0.0,
    "detection_blanking_s": 0.0,
    "sign_watch_s": 5.0,
    **_STEP,
}
_PI: dict[str, Any] = {
    "kind": "pi",
    "of": "burst",
    "device": "left",
    "highest_ma": 2.0,
    "set_point": 10.0,
    "expected_sign": "falls",
    "step_ma": 0.1,
    **_STEP,
}
_DISCRIMINANT: dict[str, Any] = {
    "kind": "linear_discriminant",
    "device": "left",
    "states_ma": [0.5, "hold", 2.0],
    "rise_ma_per_s": 4.0,
    "fall_ma_per_s": 4.0,
    "expected_sign": "falls",
    "discriminants": [
        {
            "features": [
                {"of": "burst", "subtrahend": 2.0},
                {"of": "burst", "measure": "threshold", "weight": -0.1},
            ],
            "lower_threshold": 5.0,
            "upper_threshold": 15.0,
            "update_features": 10,
            "termination_updates": 2,
            "blanking_features": 15,
        }
    ],
}
_ARM = {"kind": "random", "seed": 1, "block_s": 2.0, "wraps": {"id": "within", **_DUAL}}


def _recording(stronger: float) -> Recording:
    """Return 24 s of a patient, the second half stronger by a factor."""
    patient = Patient(
        PatientConfig(rate_hz=RATE_HZ, channels=("STN_1", "STN_3"), gains=(1.0, -0.3), seed=5)
    )
    samples = patient.generate(round(24.0 * RATE_HZ), 0.0)
    samples[len(samples) // 2 :] *= stronger
    return recording(
        signal(
            50.0 + np.arange(len(samples)) / RATE_HZ,
            rate_hz=RATE_HZ,
            samples=samples,
            channels=("STN_1", "STN_3"),
            units=("uV", "uV"),
            offsets=[(50.0 + k, 7.0) for k in range(1, 24)],
        ),
        markers([57.5], ["cue"]),
    )


def _run(folder: Path, table: dict[str, Any], stronger: float = 1.0) -> dict[str, Any]:
    def change(tables: dict[str, Any]) -> None:
        derive(tables)
        tables["policies"] = [{"id": "policy", **table}]

    toml = small_rig(change)
    config = msgspec.toml.decode(toml, type=LoopConfig)
    return make_session(folder, _recording(stronger), config, config_toml=toml)


def _reasons(folder: Path) -> list[str]:
    """Return the reason of each time the rig was made safe."""
    with JournalReader(folder / "journal.sqlite") as reader:
        outcomes = [
            msgspec.msgpack.decode(bytes(record.payload.outcome))
            for record in reader.records()
            if isinstance(record.payload, StepRecord)
        ]
    return [
        decision["reason"]
        for outcome in outcomes
        for decision in outcome.get("decisions", ())
        if decision["type"] == StateChanged.__name__ and decision["after"] == "safe"
    ]


@pytest.mark.parametrize(
    "table",
    [_DUAL, _PI, _ARM, pytest.param(_DISCRIMINANT, marks=pytest.mark.slow)],
    ids=lambda each: each["kind"],
)
def test_a_session_of_a_policy_is_verified(table: dict[str, Any], tmp_path: Path) -> None:
    summary = _run(tmp_path / "session", table)
    assert summary["commands"]["acked"] > 10
    assert verify(tmp_path / "session").holds
    assert _reasons(tmp_path / "session") == []


def test_a_measure_that_goes_the_wrong_way_makes_the_rig_safe_and_that_is_verified(
    tmp_path: Path,
) -> None:
    beyond = {"upper_threshold": 600.0, "lower_threshold": 300.0}
    _run(tmp_path / "session", _DUAL | beyond, stronger=10.0)
    (reason,) = _reasons(tmp_path / "session")
    assert reason.startswith("policy policy: expected_sign: expected value to fall as the amount")
    assert verify(tmp_path / "session").holds
