"""A rhythm that asks for more triggers than its device may be sent is told of, with the numbers."""

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from detectors.chain import AnyDetectorConfig
from stimloop.checking.recommended_bounds import outside_recommended
from stimloop.config import Config, load
from stimulators.gate_config import GateConfig
from stimulators.policies.registry import AnyPolicyConfig
from tests.stimulators.gate.gate_rig import device_of, limits_of

_ENOUGH: dict[str, Any] = {
    "refractory_s": 0.03,
    "triggers_per_min_max": 1200,
    "commands_per_s_max": 24.0,
}
_SHAM: dict[str, Any] = {"kind": "sham", "id": "sham"}


def _warnings(
    policy: dict[str, Any] | None = None,
    *,
    gate: GateConfig = GateConfig(refusals_in_row_max=6),  # noqa: B008 it is frozen
    centre_hz: float = 20.0,
    wrapped: bool = False,
    **limits: Any,
) -> list[str]:
    gate_of = {"percentile": 50.0, "calibrate_s": 20.0}
    detectors = [
        {"kind": "oscillation", "id": "rhythm", "stream": "LFP", "centre_hz": centre_hz},
        {"kind": "target_phase", "id": "peaks", "of": "rhythm", "gate": gate_of},
    ]
    table = {"kind": "phase_lock", "id": "lock", "of": "peaks", "device": "stn", "on_ma": 1.0}
    table |= policy or {}
    rig: Config = replace(
        load(None),
        detectors=msgspec.convert(detectors, tuple[AnyDetectorConfig, ...]),
        policies=msgspec.convert(
            [_SHAM | {"wraps": table} if wrapped else table], tuple[AnyPolicyConfig, ...]
        ),
        devices=(device_of(limits=limits_of(**(_ENOUGH | limits))),),
        gate=gate,
    )
    return list(outside_recommended(rig))


def test_where_each_trigger_of_the_rhythm_fits_nothing_is_told() -> None:
    assert _warnings() == []
    assert _warnings({"kind": "on_event"}) == []


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        ({"refractory_s": 0.05}, "refractory_s: recommended less than 0.05, found 0.05: policy "),
        (
            {"triggers_per_min_max": 600},
            "triggers_per_min_max: recommended at least 1200, found 600: policy ",
        ),
        (
            # A fifth of them stays for the way down.
            {"commands_per_s_max": 20.0},
            "commands_per_s_max: recommended at least 24, found 20, of which 16 may be triggers: ",
        ),
    ],
)
@pytest.mark.parametrize("kind", ["phase_lock", "on_event"])
def test_a_limit_below_the_rate_of_the_rhythm_is_told(
    kind: str, limits: dict[str, Any], text: str
) -> None:
    (warning,) = _warnings({"kind": kind}, **limits)
    assert warning.startswith(f"$.devices[0].limits.{text}")
    assert "policy 'lock' ($.policies[0]) gives a trigger in each cycle of 20 Hz " in warning
    assert "($.detectors[0].centre_hz)" in warning


def test_a_trigger_in_each_second_cycle_needs_half_as_much() -> None:
    half: dict[str, Any] = {
        "refractory_s": 0.09,
        "triggers_per_min_max": 600,
        "commands_per_s_max": 12.0,
    }
    assert _warnings({"every_cycles": 2}, **half) == []
    (warning,) = _warnings({"every_cycles": 2}, **(half | {"triggers_per_min_max": 599}))
    assert "in one of 2 cycles ($.policies[0].every_cycles) of 20 Hz" in warning


def test_a_policy_that_another_wraps_is_looked_at_too() -> None:
    (warning,) = _warnings(wrapped=True, refractory_s=0.1)
    assert "policy 'sham' ($.policies[0].wraps) gives" in warning


def test_triggers_at_bursts_and_amplitudes_have_no_rhythm() -> None:
    assert _warnings({"kind": "on_event", "event": "onset"}, refractory_s=1.0) == []


@pytest.mark.parametrize(("centre_hz", "n_max"), [(20.0, 5), (13.0, 3), (35.0, 8)])
def test_as_many_refusals_as_come_late_within_a_lease_are_told(
    centre_hz: float, n_max: int
) -> None:
    wide: dict[str, Any] = {
        "refractory_s": 0.0,
        "triggers_per_min_max": 6000,
        "commands_per_s_max": 100.0,
    }
    lease: dict[str, Any] = {"lease_s": 0.25, "refusals_in_row_max": n_max}
    (warning,) = _warnings(gate=GateConfig(**lease), centre_hz=centre_hz, **wide)
    assert warning.startswith(
        f"$.gate.refusals_in_row_max: recommended at least {n_max + 1}, found {n_max}: policy "
    )
    assert f"{n_max} in one lease ($.gate.lease_s, 0.25)" in warning
    more = lease | {"refusals_in_row_max": n_max + 1}
    assert _warnings(gate=GateConfig(**more), centre_hz=centre_hz, **wide) == []
