"""The rig of a titration: what is given and what is measured follow from the file, or are asked."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stimloop import config as configuration
from stimloop.errors import ConfigError
from stimloop.titrating.rig import TitrationRequest, titration_rig
from stimulators.policies.titration.staircase import StaircaseConfig
from stimulators.policies.titration.step import Step
from tests.support.rig_toml import rig_file

_STEPS = [Step(amplitude_ma=each, duration_s=20.0, settle_s=5.0) for each in (0.0, 2.0, 1.0)]
_ASKED = TitrationRequest(steps=_STEPS)


def staircase(
    folder: Path, change: Callable[[dict[str, Any]], object], asked: TitrationRequest = _ASKED
) -> StaircaseConfig:
    file = rig_file(folder / "rig.toml", change)
    (policy,) = titration_rig("rig.toml", configuration.load(file), asked).policies
    assert isinstance(policy, StaircaseConfig)
    return policy


def refusal(
    folder: Path, change: Callable[[dict[str, Any]], object], asked: TitrationRequest = _ASKED
) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        staircase(folder, change, asked)
    return list(raised.value.lines)


def as_it_is(_rig: dict[str, Any]) -> None:
    """Change nothing."""


def test_what_the_bursts_of_a_threshold_rest_on_is_measured(tmp_path: Path) -> None:
    found = staircase(tmp_path, as_it_is)
    assert (found.of, found.measure, found.device, found.program) == (
        "beta",
        "power",
        "stn_left",
        "adbs",
    )
    assert found.steps == tuple(_STEPS)


def test_what_an_amplitude_policy_reads_is_measured_also_within_an_arm(tmp_path: Path) -> None:
    def change(rig: dict[str, Any]) -> None:
        within = {
            "id": "within",
            "kind": "proportional",
            "of": "beta_burst",
            "measure": "value",
            "device": "stn_left",
            "highest_ma": 3.0,
            "upper_threshold": 2.0,
            "lower_threshold": 1.0,
            "transition_up_s": 1.0,
            "transition_down_s": 1.0,
        }
        rig["policies"] = [{"id": "sham", "kind": "sham", "wraps": within}]

    found = staircase(tmp_path, change)
    assert (found.of, found.measure) == ("beta_burst", "value")


def test_a_staircase_of_the_file_is_taken_and_what_is_asked_for_goes_before(tmp_path: Path) -> None:
    steps = [{"amplitude_ma": each, "duration_s": 9.0, "settle_s": 3.0} for each in (0.0, 1.0, 2.0)]

    def change(rig: dict[str, Any]) -> None:
        table = {"id": "own", "kind": "staircase", "of": "beta", "measure": "power"}
        rig["policies"] = [{**table, "device": "stn_left", "steps": steps, "after_s": 5.0}]

    found = staircase(tmp_path, change, TitrationRequest())
    assert (found.id, found.after_s, found.steps[0].duration_s) == ("own", 5.0, 9.0)
    other = staircase(tmp_path, change, _ASKED._replace(after_s=30.0, of="beta_burst"))
    assert (other.after_s, other.steps[0].duration_s, other.of, other.measure) == (
        30.0,
        20.0,
        "beta_burst",
        "value",
    )


def test_without_steps_device_or_biomarker_the_line_says_what_to_do(tmp_path: Path) -> None:
    def without(*keys: str) -> Callable[[dict[str, Any]], object]:
        def change(rig: dict[str, Any]) -> None:
            rig |= {key: [] for key in keys}
            rig["patient"].pop("device")

        return change

    assert refusal(tmp_path, as_it_is, TitrationRequest()) == [
        (
            "rig.toml: $.policies: expected steps to titrate by, found none: give "
            "--amplitudes with "
            "--duration and --settle, --steps FILE, or a policy of kind staircase"
        )
    ]
    assert refusal(tmp_path, without("policies", "devices")) == [
        "rig.toml: $.devices: expected a device whose amplitude can be set, found none"
    ]
    assert refusal(tmp_path, without("policies", "detectors")) == [
        "rig.toml: $.detectors: expected a detector whose measure follows the amplitude, found none"
    ]
    assert refusal(tmp_path, without("policies")) == [
        (
            "rig.toml: $.detectors: expected one detector to measure with, found beta, beta_burst: "
            "name one with --of"
        )
    ]
    assert refusal(tmp_path, as_it_is, _ASKED._replace(device="other")) == [
        "rig.toml: --device: expected one of stn_left, found 'other'"
    ]


def test_steps_that_do_not_fit_the_device_are_refused_as_in_the_file(tmp_path: Path) -> None:
    steps = [*_STEPS, Step(amplitude_ma=4.0, duration_s=20.0, settle_s=5.0)]
    assert refusal(tmp_path, as_it_is, TitrationRequest(steps=steps)) == [
        (
            "rig.toml: policy 'titration': $.policies[0].steps[3].amplitude_ma: expected "
            "from 0 to 3 "
            "(the limit of device 'stn_left'), found 4"
        )
    ]
    assert refusal(tmp_path, as_it_is, _ASKED._replace(measure="phase")) == [
        (
            "rig.toml: policy 'titration': $.policies[0].of: expected a detector that gives "
            "'phase', "
            "found 'beta', which gives power"
        )
    ]
