"""What is within absolute bounds and outside the recommended ones is told, with why."""

from typing import Any

import pytest
from msgspec.structs import replace

from stimloop.checking.recommended_bounds import outside_recommended
from stimloop.config import load
from stimulators.limits import ProgramConfig
from tests.stimulators.gate.gate_rig import device_of, feedback_of, limits_of


def _warnings(area_cm2: float = 0.06, pulse_width_us: float = 60.0, **limits: Any) -> list[str]:
    program = ProgramConfig(
        frequency_hz=130.0, pulse_width_us=pulse_width_us, contact_area_cm2=area_cm2
    )
    device = device_of(programs={"a": program}, limits=limits_of(**limits))
    return list(outside_recommended(replace(load(None), devices=(feedback_of(), device))))


def test_the_default_rig_is_within_what_is_recommended() -> None:
    assert list(outside_recommended(load(None))) == []
    assert _warnings() == []


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (
            # 4 mA of 500 us are 2 uC; over 0.1 cm2 that is a k of 1.602, and 20 uC/cm2.
            {"amplitude_ma_max": 4.0, "pulse_width_us": 500.0, "area_cm2": 0.1},
            (
                "$.devices[1].programs.a: recommended a Shannon k of at most 1.5 at 4 mA "
                "(limits.amplitude_ma_max), found 1.6: 1.85 is the line that parts damage from none"
            ),
        ),
        (
            {"area_cm2": 0.009},
            "$.devices[1].programs.a.contact_area_cm2: recommended at least 0.01, found 0.009: ",
        ),
        (
            {"amplitude_ma_max": 26.0, "slew_ma_per_s_max": 100.0, "pulse_width_us": 20.0},
            "$.devices[1].limits.amplitude_ma_max: recommended at most 25.5, found 26: implants",
        ),
    ],
)
def test_what_is_outside_is_told_with_its_key_and_why(keys: dict[str, Any], text: str) -> None:
    wide = {"shannon_k_max": 1.85, "charge_uc_per_10_min_max": 1e6}
    (warning,) = _warnings(**(wide | keys))
    assert warning.startswith(text)
