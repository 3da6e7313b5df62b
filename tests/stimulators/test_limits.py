"""Limits have no defaults, and what breaks one is refused with its key."""

import math
import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stimulators.device_config import DeviceConfig
from stimulators.gate_config import GateConfig
from stimulators.limits import LimitsConfig, ProgramConfig
from tests.stimulators.gate.gate_rig import device_of, feedback_of, limits_of

_DEVICE = """
id = "stn"
simulated = true
safe_ma = 0.0
stop_ma = 0.0

[programs.adbs]
frequency_hz = 130.0
pulse_width_us = 60
contact_area_cm2 = 0.0598

[limits]
amplitude_ma_max = 3.0
slew_ma_per_s_max = 12.0
charge_density_uc_per_cm2_max = 30.0
shannon_k_max = 1.5
refractory_s = 0.05
triggers_per_min_max = 600
commands_per_s_max = 50.0
on_time_s_max = 120.0
off_time_s_min = 0.5
rises_per_min_max = 600
charge_uc_per_10_min_max = 14000.0
"""
_FEEDBACK = """
id = "band"
safe_level = 0.0

[limits]
level_max = 0.8
level_slew_per_s_max = 4.0
refractory_s = 0.05
triggers_per_min_max = 60
commands_per_s_max = 50.0
on_time_s_max = 60.0
off_time_s_min = 0.5
rises_per_min_max = 600
"""


def decoded(text: str) -> DeviceConfig:
    return msgspec.toml.decode(text, type=DeviceConfig)


def test_a_device_that_speaks_milliampere_is_read() -> None:
    device = decoded(_DEVICE)
    assert (device.unit, device.safe_amount, device.amount_max) == ("ma", 0.0, 3.0)
    assert device.slew_per_s_max == 12.0
    assert device.charge_uc("adbs") == pytest.approx(0.06)
    assert device.charge_uc_per_s("adbs") == pytest.approx(7.8)
    assert (device.charge_uc("other"), device.charge_uc_per_s("other")) == (0.0, 0.0)


def test_a_feedback_device_is_read() -> None:
    device = decoded(_FEEDBACK)
    assert (device.unit, device.amount_max, device.slew_per_s_max) == ("level", 0.8, 4.0)
    assert (device.stop_level, device.stop_ma) == (0.0, None)
    assert device.charge_uc_per_s("") == 0.0


@pytest.mark.parametrize("text", [_DEVICE, _FEEDBACK])
def test_a_device_comes_back_as_it_was(text: str) -> None:
    device = decoded(text)
    assert msgspec.json.decode(msgspec.json.encode(device), type=DeviceConfig) == device


@pytest.mark.parametrize("text", [_DEVICE, _FEEDBACK])
def test_no_limit_has_a_default(text: str) -> None:
    _, _, limits = text.partition("[limits]\n")
    for line in limits.strip().splitlines():
        key = line.split(" = ")[0]
        missing = f"missing required field `{key}`|limits.{key}: expected a number .*, found none"
        with pytest.raises(msgspec.ValidationError, match=missing):
            decoded(text.replace(line + "\n", ""))


@pytest.mark.parametrize("text", [_DEVICE, _FEEDBACK])
@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "-1.0", '"1"', "true"])
def test_no_limit_is_anything_but_a_number_in_range(text: str, value: str) -> None:
    for key in re.findall(r"^(\w+) = [\d.]+$", text, re.MULTILINE):
        if (key, value) == ("shannon_k_max", "-1.0"):
            continue
        with pytest.raises(msgspec.ValidationError):
            decoded(re.sub(rf"^{key} = .*$", f"{key} = {value}", text, flags=re.MULTILINE))


@pytest.mark.parametrize("key", [field.name for field in msgspec.structs.fields(LimitsConfig)])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_limits_made_in_python_are_held_to_numbers_too(key: str, value: float) -> None:
    make = feedback_of if key.startswith("level") else device_of
    limits = msgspec.structs.replace(make().limits, **{key: value})
    with pytest.raises(ValueError, match=rf"^limits\.{key}: expected"):
        DeviceConfig(
            **{
                name: getattr(make(), name)
                for name in DeviceConfig.__struct_fields__
                if name != "limits"
            },
            limits=limits,
        )


@pytest.mark.parametrize(
    ("expected", "keys"),
    [
        ("safe_ma: expected safe_ma or safe_level, found neither", {"safe_ma": None}),
        ("safe_ma: expected safe_ma or safe_level, found both", {"safe_level": 0.0}),
        ("stop_level: expected stop_ma with safe_ma", {"stop_level": 0.0}),
        ("safe_ma: expected from 0 to 3 (the limit), found 3.5", {"safe_ma": 3.5}),
        ("safe_ma: expected from 0 to 3 (the limit), found nan", {"safe_ma": math.nan}),
        ("stop_ma: expected from 0 to 3 (the limit), found -1", {"stop_ma": -1.0}),
        ("programs: expected at least one, found none", {"programs": {}}),
        (
            "programs.a.contact_area_cm2: expected a number above 0, found none",
            {"programs": {"a": ProgramConfig(frequency_hz=130.0, pulse_width_us=60.0)}},
        ),
        (
            "limits.level_max: expected no such limit for a device with safe_ma, found 0.5",
            {"limits": limits_of(level_max=0.5)},
        ),
        (
            "amount_tolerance: expected at most 0.3, a tenth of the highest amount, found 0.31",
            {"amount_tolerance": 0.31},
        ),
        (
            "amount_tolerance: expected at most 0.3, a tenth of the highest amount, found nan",
            {"amount_tolerance": math.nan},
        ),
    ],
)
def test_what_does_not_fit_is_named_with_its_key(expected: str, keys: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}"):
        device_of(**keys)


def test_a_trigger_is_over_before_the_next_one_may_begin() -> None:
    program = ProgramConfig(
        frequency_hz=100.0, pulse_width_us=60.0, contact_area_cm2=0.06, pulses=6
    )
    assert (program.n_trigger_pulses, program.trigger_s) == (6, 0.05)
    device_of(limits=limits_of(refractory_s=0.05), programs={"a": program})
    longer = msgspec.structs.replace(program, pulses=7)
    with pytest.raises(ValueError, match=r"^programs\.a\.pulses: expected a trigger that is over"):
        device_of(limits=limits_of(refractory_s=0.05), programs={"a": longer})


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ({"pulses": 2, "duration_s": 0.5}, "duration_s: expected pulses or duration_s, found both"),
        ({"pulses": 102}, "pulses: expected a trigger of at most 1 s, found 102 pulses at 100 Hz"),
    ],
)
def test_a_trigger_says_once_how_long_it_is_and_is_short(keys: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=f"^{text}"):
        ProgramConfig(frequency_hz=100.0, pulse_width_us=60.0, contact_area_cm2=0.06, **keys)


@pytest.mark.parametrize(
    ("frequency_hz", "duration_s", "n_pulses"),
    [
        (100.0, 0.05, 6),  # one at the end of the last period still comes
        (100.0, 0.0499, 5),
        (100.0, 0.001, 1),
        (None, 1.0, 1),
    ],
)
def test_a_trigger_of_a_duration_has_a_pulse_at_once_and_one_after_each_period(
    frequency_hz: float | None, duration_s: float, n_pulses: int
) -> None:
    program = ProgramConfig(frequency_hz=frequency_hz, pulse_width_us=60.0, duration_s=duration_s)
    assert (program.n_trigger_pulses, program.trigger_s) == (n_pulses, duration_s)


def test_one_pulse_takes_no_time_and_several_need_a_frequency() -> None:
    assert ProgramConfig(frequency_hz=100.0).trigger_s == 0.0
    assert ProgramConfig(pulses=1).trigger_s == 0.0
    with pytest.raises(
        ValueError, match=r"^frequency_hz: expected one with pulses \(2\), found none"
    ):
        ProgramConfig(pulses=2)


def test_a_trigger_of_a_device_lasts_as_its_program_says() -> None:
    program = ProgramConfig(
        frequency_hz=100.0, pulse_width_us=60.0, contact_area_cm2=0.06, duration_s=0.06
    )
    device = device_of(limits=limits_of(refractory_s=0.06), programs={"adbs": program})
    assert (device.trigger_s("adbs"), device.trigger_s("other")) == (0.06, 0.0)


def test_a_trigger_may_last_a_second_whatever_says_so() -> None:
    assert ProgramConfig(frequency_hz=100.0, pulses=101).trigger_s == 1.0
    assert ProgramConfig(frequency_hz=100.0, duration_s=1.0).n_trigger_pulses == 101


def test_a_trigger_whose_duration_is_longer_than_the_refractory_time_is_refused() -> None:
    program = ProgramConfig(
        frequency_hz=100.0, pulse_width_us=60.0, contact_area_cm2=0.06, duration_s=0.06
    )
    with pytest.raises(
        ValueError, match=r"^programs\.a\.duration_s: expected a trigger that is over"
    ):
        device_of(limits=limits_of(refractory_s=0.05), programs={"a": program})


def test_the_charge_of_a_trigger_is_that_of_its_pulses() -> None:
    program = ProgramConfig(
        frequency_hz=100.0, pulse_width_us=60.0, contact_area_cm2=0.06, pulses=6
    )
    device = device_of(limits=limits_of(refractory_s=0.1), programs={"a": program})
    assert device.trigger_charge_uc("a") == pytest.approx(6 * 0.06)
    assert device.trigger_charge_uc("nobody") == 0.0


def test_an_amount_has_its_unit() -> None:
    assert device_of().amount_text(1.5) == "1.5 mA"
    assert feedback_of().amount_text(0.25) == "level 0.25"


@pytest.mark.parametrize(
    ("key", "make"),
    [
        ("clinical_ma", feedback_of),
        ("clinical_share_max", feedback_of),
        ("above_mean_ma_max", feedback_of),
        ("above_mean_level_max", device_of),
    ],
)
def test_a_limit_that_may_be_left_out_has_the_unit_of_its_device(
    key: str, make: Callable[..., DeviceConfig]
) -> None:
    limits = msgspec.structs.replace(make().limits, **{key: 0.5})
    safe: dict[str, Any] = {"safe_ma": 0.0} if make is device_of else {"safe_level": 0.0}
    programs = make().programs
    with pytest.raises(ValueError, match=rf"^limits\.{key}: expected no such limit for a device"):
        DeviceConfig(id="stn", limits=limits, programs=programs, **safe)


@pytest.mark.parametrize(
    ("limits", "error"),
    [
        ({"clinical_ma": 2.0}, "limits.clinical_share_max: expected both"),
        ({"clinical_share_max": 1.1}, "limits.clinical_ma: expected both"),
        ({"clinical_ma": 0.25, "clinical_share_max": 1.9}, "limits.clinical_share_max: expected"),
        ({"clinical_ma": 0.25, "clinical_share_max": 2.0}, None),
        ({"clinical_ma": 2.0, "clinical_share_max": 0.5}, None),
        ({}, None),
    ],
)
def test_the_clinical_amount_and_its_share_go_together_and_leave_room_for_the_safe_one(
    limits: dict[str, float], error: str | None
) -> None:
    if error is None:
        device_of(safe_ma=0.5, limits=limits_of(**limits))
        return
    with pytest.raises(ValueError, match=f"^{re.escape(error)}"):
        device_of(safe_ma=0.5, limits=limits_of(**limits))


def test_a_device_has_no_steps_unless_its_table_says_so_and_they_are_of_its_unit() -> None:
    assert (device_of().amount_step, feedback_of().amount_step) == (0.0, 0.0)
    with pytest.raises(ValueError, match=r"^level_step: expected amplitude_step_ma with safe_ma"):
        device_of(level_step=0.1)
    with pytest.raises(
        ValueError, match=r"^amplitude_step_ma: expected level_step with safe_level"
    ):
        feedback_of(amplitude_step_ma=0.1)


def test_a_step_is_at_most_a_fifth_of_the_highest_amount() -> None:
    limits = limits_of(amplitude_ma_max=2.5)
    assert device_of(limits=limits, amplitude_step_ma=0.5).amount_step == 0.5
    with pytest.raises(ValueError, match=r"^amplitude_step_ma: expected at most 0\.5, a fifth"):
        device_of(limits=limits, amplitude_step_ma=0.51)


def test_limits_of_the_other_unit_are_refused() -> None:
    limits = msgspec.structs.replace(feedback_of().limits, amplitude_ma_max=3.0)
    with pytest.raises(ValueError, match=r"^limits\.amplitude_ma_max: expected no such limit"):
        DeviceConfig(id="band", safe_level=0.0, limits=limits)
    with pytest.raises(ValueError, match=r"^stop_ma: expected stop_level with safe_level"):
        feedback_of(stop_ma=0.0)


def test_unknown_keys_and_names_that_break_topics_are_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown field `amplitude_max`"):
        decoded(_DEVICE + "amplitude_max = 3.0\n")
    with pytest.raises(msgspec.ValidationError, match=r"\$\.id"):
        decoded(_DEVICE.replace('id = "stn"', 'id = "stn/left"'))


def test_a_device_is_real_and_has_no_contacts_in_common_unless_its_table_says_so() -> None:
    device = decoded(_DEVICE.replace("simulated = true\n", ""))
    assert not device.simulated
    assert device.programs["adbs"].contacts == ""


def test_the_safe_and_the_stop_amount_may_be_the_highest() -> None:
    highest = device_of(safe_ma=3.0, stop_ma=3.0, limits=limits_of(charge_uc_per_10_min_max=1e6))
    assert (highest.safe_amount, highest.stop_amount, highest.way_down_s()) == (3.0, 3.0, 0.0)


def test_a_budget_that_just_fits_is_taken_and_a_tolerance_of_just_a_tenth() -> None:
    """8 uC a second at 1 mA: 2400 at 0.5 mA, 32 to be armed, and 2 on the way from 2 mA down."""
    pulses = ProgramConfig(frequency_hz=128.0, pulse_width_us=62.5, contact_area_cm2=0.0598)
    limits = limits_of(amplitude_ma_max=2.0, slew_ma_per_s_max=8.0, charge_uc_per_10_min_max=2434.0)
    programs = {"a": pulses}
    device_of(safe_ma=0.5, limits=limits, programs=programs).require_way_out()
    limits = limits_of(amplitude_ma_max=1.0)
    assert device_of(amount_tolerance=0.1, limits=limits, programs=programs).amount_tolerance == 0.1


def test_a_safe_program_that_is_none_of_the_programs_is_refused_even_where_there_is_one() -> None:
    with pytest.raises(ValueError, match=r"^safe_program: expected one of adbs, found 'typo'"):
        decoded(_DEVICE.replace("safe_ma = 0.0", 'safe_ma = 0.0\nsafe_program = "typo"'))


def test_a_device_names_its_safe_program_where_it_has_several_and_none_where_it_has_none() -> None:
    with pytest.raises(ValueError, match=r"^safe_program: expected one of adbs, wide, found none"):
        device_of(programs=_BOTH)
    with pytest.raises(ValueError, match=r"^safe_program: expected none, found 'a'"):
        feedback_of(safe_program="a")
    assert feedback_of().safe_program == ""


@pytest.mark.parametrize(
    "program",
    [ProgramConfig(), ProgramConfig(frequency_hz=130.0, pulse_width_us=60.0, contact_area_cm2=1.0)],
)
def test_a_feedback_device_gives_no_charge_whatever_its_programs_say(
    program: ProgramConfig,
) -> None:
    device = feedback_of(programs={"a": program})
    assert device.safe_program == "a"
    assert (device.charge_uc("a"), device.charge_uc_per_s("a")) == (0.0, 0.0)


# The charge limits, against the figures of the literature's formulas.


def test_charge_and_density_of_a_deep_brain_electrode() -> None:
    """3 mA of 60 us on a 0.0598 cm2 ring: 0.18 uC, 3.0 uC/cm2, k = -0.27."""
    device_of(limits=limits_of(charge_density_uc_per_cm2_max=3.02, shannon_k_max=-0.26))
    with pytest.raises(ValueError, match=r"at most 3 uC/cm2 a phase, found 3\.01"):
        device_of(limits=limits_of(charge_density_uc_per_cm2_max=3.0))
    with pytest.raises(ValueError, match=r"a Shannon k of at most -0\.28, found -0\.266"):
        device_of(limits=limits_of(shannon_k_max=-0.28))


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("charge_density_uc_per_cm2_max", 31.0, r"`float` <= 30\.0"),
        ("shannon_k_max", 1.9, r"`float` <= 1\.85"),
    ],
)
def test_no_file_can_raise_the_ceilings(key: str, value: float, expected: str) -> None:
    text = re.sub(rf"^{key} = .*$", f"{key} = {value}", _DEVICE, flags=re.MULTILINE)
    with pytest.raises(msgspec.ValidationError, match=expected):
        decoded(text)


def test_ceilings_hold_for_limits_made_in_python() -> None:
    """450 us at 4.1 mA breaks 30 uC/cm2; a large contact breaks k = 1.85 first."""
    program = ProgramConfig(frequency_hz=1.0, pulse_width_us=450.0, contact_area_cm2=0.0598)
    limits = limits_of(amplitude_ma_max=4.1, charge_density_uc_per_cm2_max=99.0, shannon_k_max=9.0)
    with pytest.raises(ValueError, match="at most 30 uC/cm2"):
        device_of(programs={"a": program}, limits=limits)
    large = msgspec.structs.replace(program, pulse_width_us=2000.0, contact_area_cm2=0.5)
    with pytest.raises(ValueError, match=r"a Shannon k of at most 1\.85"):
        device_of(programs={"a": large}, limits=limits)


@given(
    amplitude_ma=st.floats(0.01, 30.0),
    pulse_width_us=st.floats(10.0, 1000.0),
    area_cm2=st.floats(0.001, 1.0),
)
def test_a_device_is_accepted_exactly_where_both_charge_limits_hold(
    amplitude_ma: float, pulse_width_us: float, area_cm2: float
) -> None:
    charge_uc = amplitude_ma * pulse_width_us / 1000.0
    density = charge_uc / area_cm2
    k = math.log10(charge_uc * density)
    is_allowed = density <= 20.0 and k <= 1.5
    if min(abs(density - 20.0), abs(k - 1.5)) < 1e-9:
        return
    limits = limits_of(amplitude_ma_max=amplitude_ma, charge_density_uc_per_cm2_max=20.0)
    programs = {
        "a": ProgramConfig(
            frequency_hz=130.0, pulse_width_us=pulse_width_us, contact_area_cm2=area_cm2
        )
    }
    if is_allowed:
        device_of(limits=limits, programs=programs)
    else:
        with pytest.raises(ValueError, match=r"^programs\.a: expected at "):
            device_of(limits=limits, programs=programs)


# What a budget must keep for the way out: 3 mA down at 12 mA/s takes 0.25 s and, with 7.8 uC a
# second at 1 mA, 3^2 / (2 12) * 7.8 = 2.925 uC.

_WIDE = ProgramConfig(frequency_hz=130.0, pulse_width_us=90.0, contact_area_cm2=0.0598)
_BOTH = {"adbs": device_of().programs["adbs"], "wide": _WIDE}


def way_out_limits(**limits: float) -> LimitsConfig:
    return limits_of(amplitude_ma_max=3.0, slew_ma_per_s_max=12.0, **limits)


@pytest.mark.parametrize(
    ("keys", "least_uc", "why"),
    [
        ({}, 2.925, "ten minutes of safe_ma in program adbs (0) and the way down (2.925)"),
        (
            {"safe_ma": 1.5},
            7020.0 + 46.8 + 23.4 + 2.925,
            "ten minutes of safe_ma in program adbs (7020), what it needs to be armed (70.2) and",
        ),
        (
            {"safe_ma": 1.5, "stop_ma": 1.0},
            7020.0 + 46.8 + 23.4 + 2.925,
            "ten minutes of safe_ma in program adbs (7020)",
        ),
        # The dearest program is the way down's, the stop's, and not the safe amount's.
        (
            {"safe_ma": 1.5, "programs": _BOTH, "safe_program": "adbs"},
            7020.0 + 46.8 + 35.1 + 4.3875,
            "in program adbs (7020), what it needs to be armed (81.9) and the way down (4.3875)",
        ),
        (
            {"safe_ma": 1.5, "programs": _BOTH, "safe_program": "wide"},
            10530.0 + 70.2 + 35.1 + 4.3875,
            "ten minutes of safe_ma in program wide (10530)",
        ),
        (
            {"safe_ma": 1.5, "stop_ma": 1.5, "programs": _BOTH, "safe_program": "adbs"},
            10530.0 + 4.3875,
            "ten minutes of stop_ma in program wide (10530)",
        ),
    ],
)
def test_a_charge_limit_has_room_for_the_way_out_and_what_comes_after_it(
    keys: dict[str, Any], least_uc: float, why: str
) -> None:
    enough = way_out_limits(charge_uc_per_10_min_max=least_uc * (1.0 + 1e-12))
    device = device_of(limits=enough, **keys)
    with pytest.raises(ValueError, match=r"^limits\.charge_uc_per_10_min_max: expected") as told:
        device_of(limits=way_out_limits(charge_uc_per_10_min_max=least_uc * 0.999), **keys)
    assert why in str(told.value)
    # A lease more of the highest amount: 3 mA for 0.5 s.
    dearest_uc_per_s = max(device.charge_uc_per_s(each) for each in device.programs)
    with pytest.raises(ValueError, match=r"the way down and a lease of 0\.5 s") as told:
        device.require_way_out(0.5)
    with_lease_uc = least_uc + 1.5 * dearest_uc_per_s
    told_uc = float(re.search(r"at least (\S+) uC", str(told.value))[1])  # type: ignore[index]
    assert told_uc == pytest.approx(with_lease_uc, rel=1e-6)
    more = way_out_limits(charge_uc_per_10_min_max=with_lease_uc * (1.0 + 1e-12))
    device_of(limits=more, **keys).require_way_out(0.5)


@pytest.mark.parametrize(
    ("device", "way_s"),
    [
        (lambda **limits: device_of(limits=way_out_limits(**limits)), 0.25),
        (lambda **limits: device_of(limits=way_out_limits(**limits), safe_ma=1.5), 0.125),
        (
            lambda **limits: DeviceConfig(
                id="band",
                safe_level=0.1,
                limits=msgspec.structs.replace(feedback_of().limits, **limits),
            ),
            0.175,
        ),
    ],
    ids=["from zero", "from a safe amount", "level"],
)
def test_the_time_above_the_safe_amount_is_longer_than_the_way_back_to_it(
    device: Callable[..., DeviceConfig], way_s: float
) -> None:
    with pytest.raises(
        ValueError, match=rf"^limits\.on_time_s_max: .* {way_s:g} s of the way down"
    ):
        device(on_time_s_max=way_s)
    made = device(on_time_s_max=way_s + 0.5)
    assert made.way_down_s() == pytest.approx(way_s)
    assert made.way_down_s(lease_s=0.25) == pytest.approx(way_s + 0.25)
    made.require_way_out(lease_s=0.4)
    with pytest.raises(ValueError, match=r"^limits\.on_time_s_max: .* and a lease of 1 s, found"):
        made.require_way_out(lease_s=1.0)


def test_a_tolerance_of_a_tenth_of_the_maximum_is_taken() -> None:
    assert device_of(amount_tolerance=0.3).amount_tolerance == 0.3
    with pytest.raises(ValueError, match=r"^amount_tolerance: expected at most 0\.08"):
        feedback_of(amount_tolerance=0.1)


@pytest.mark.parametrize(
    ("expected", "keys"),
    [
        (r"^hold_s_max: expected more than resume_s \(0\.5\)", {"hold_s_max": 0.5}),
        (r"^ack_s_max: expected at most 1\.5 leases", {"ack_s_max": 0.4}),
        (r"^hold_s_max", {"hold_s_max": math.nan}),
        (r"^ack_s_max", {"ack_s_max": math.nan}),
    ],
)
def test_timing_that_cannot_work_is_refused(expected: str, keys: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=expected):
        GateConfig(**keys)


@pytest.mark.parametrize("key", GateConfig.__struct_fields__)
@pytest.mark.parametrize("value", [math.nan, math.inf, -1.0])
def test_timing_is_finite_and_not_negative(key: str, value: float) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({key: value}, GateConfig)


#: Lowest and highest that a file may say; a third entry where the lowest itself is refused.
_RANGES: dict[type[msgspec.Struct], dict[str, tuple[Any, ...]]] = {
    ProgramConfig: {
        "frequency_hz": (0.0, 2000.0, "above"),
        "pulse_width_us": (0.0, 10_000.0, "above"),
        "contact_area_cm2": (0.0, 1000.0, "above"),
        "pulses": (1, 2000),
        "duration_s": (0.0, 1.0, "above"),
    },
    LimitsConfig: {
        "refractory_s": (0.0, 3600.0),
        "triggers_per_min_max": (0, 60_000),
        "commands_per_s_max": (2.0, 2000.0),
        "on_time_s_max": (0.0, 86_400.0, "above"),
        "off_time_s_min": (0.0, 3600.0),
        "rises_per_min_max": (0, 60_000),
        "amplitude_ma_max": (0.0, 100.0, "above"),
        "slew_ma_per_s_max": (0.0, 100_000.0, "above"),
        "charge_density_uc_per_cm2_max": (0.0, 30.0, "above"),
        "shannon_k_max": (-10.0, 1.85),
        "charge_uc_per_10_min_max": (0.0, 1e9, "above"),
        "clinical_ma": (0.0, 100.0, "above"),
        "clinical_share_max": (0.0, 100.0, "above"),
        "above_mean_ma_max": (0.0, 100.0, "above"),
        "above_mean_level_max": (0.0, 1.0, "above"),
        "level_max": (0.0, 1.0, "above"),
        "level_slew_per_s_max": (0.0, 1000.0, "above"),
    },
    DeviceConfig: {
        "amount_tolerance": (0.0, 10.0),
        "amplitude_step_ma": (0.0, 10.0, "above"),
        "level_step": (0.0, 1.0, "above"),
        "safe_ma": (0.0, 100.0),
        "stop_ma": (0.0, 100.0),
        "safe_level": (0.0, 1.0),
        "stop_level": (0.0, 1.0),
    },
    GateConfig: {
        "data_age_s_max": (0.0, 10.0, "above"),
        "resume_s": (0.0, 60.0),
        "hold_s_max": (0.0, 60.0, "above"),
        "lease_s": (0.05, 10.0),
        "command_valid_s": (0.0, 10.0, "above"),
        "ack_s_max": (0.0, 20.0, "above"),
        "device_silence_s_max": (0.0, 60.0, "above"),
        "clock_uncertainty_s_max": (0.0, 1.0, "above"),
        "clock_step_s_max": (0.0, 1.0, "above"),
        "refusals_in_row_max": (1, 100),
        "lapses_per_min_max": (0, 60),
    },
}


def test_every_number_of_these_tables_has_a_range() -> None:
    for table, ranges in _RANGES.items():
        rest = set(table.__struct_fields__) - set(ranges)
        assert rest <= {"id", "limits", "programs", "simulated", "safe_program", "contacts"}


@pytest.mark.parametrize(
    ("table", "key"), [(table, key) for table, ranges in _RANGES.items() for key in ranges]
)
def test_a_number_is_taken_from_its_lowest_to_its_highest(
    table: type[msgspec.Struct], key: str
) -> None:
    lowest, highest, *is_above = _RANGES[table][key]
    (kind,) = (each.type for each in msgspec.structs.fields(table) if each.name == key)

    def is_taken(value: float) -> bool:
        try:
            msgspec.convert(value, kind)
        except msgspec.ValidationError:
            return False
        return True

    def beside(value: float, towards: float) -> float:
        if isinstance(value, int):
            return value + int(math.copysign(1, towards))
        return math.nextafter(value, towards)

    assert is_taken(highest)
    assert not is_taken(beside(highest, math.inf))
    assert is_taken(beside(lowest, math.inf))
    assert is_taken(lowest) is not bool(is_above)
    assert not is_taken(beside(lowest, -math.inf))


def test_names_are_64_letters_at_most() -> None:
    assert device_of("x" * 64).id == "x" * 64
    for name, is_taken in (("x" * 64, True), ("x" * 65, False)):
        for text, old in ((_DEVICE, "stn"), (_DEVICE, "adbs")):
            if is_taken:
                decoded(text.replace(old, name))
            else:
                with pytest.raises(msgspec.ValidationError, match="length <= 64"):
                    decoded(text.replace(old, name))
            with_contacts = _DEVICE.replace("[limits]", f'contacts = "{name}"\n[limits]')
        if is_taken:
            assert decoded(with_contacts).programs["adbs"].contacts == name
        else:
            with pytest.raises(msgspec.ValidationError, match=r"contacts"):
                decoded(with_contacts)


def test_what_the_gate_waits_for_is_short_unless_a_file_says_otherwise() -> None:
    assert msgspec.structs.asdict(GateConfig()) == {
        "data_age_s_max": 0.1,
        "resume_s": 0.5,
        "hold_s_max": 2.0,
        "lease_s": 0.25,
        "command_valid_s": 0.1,
        "ack_s_max": 0.25,
        "device_silence_s_max": 5.0,
        "clock_uncertainty_s_max": 0.005,
        "clock_step_s_max": 0.01,
        "refusals_in_row_max": 5,
        "lapses_per_min_max": 2,
    }


def lines_of(make: Callable[[], object]) -> list[str]:
    """Return what is wrong with a device, a line each."""
    with pytest.raises(ValueError, match=": expected") as told:
        make()
    return str(told.value).splitlines()


@pytest.mark.parametrize("value", [-0.5, math.inf, -math.inf, math.nan])
def test_a_limit_that_is_no_number_from_nothing_has_a_line_of_its_own(value: float) -> None:
    lines = lines_of(lambda: device_of(limits=limits_of(refractory_s=value)))
    assert f"limits.refractory_s: expected a finite number, found {value}" in lines
    assert device_of(limits=limits_of(refractory_s=0.0)).limits.refractory_s == 0.0


def test_a_shannon_k_below_nothing_is_a_number() -> None:
    lines = lines_of(lambda: device_of(limits=limits_of(shannon_k_max=-5.0)))
    assert not any(line.startswith("limits.shannon_k_max") for line in lines)


@pytest.mark.parametrize("key", ["frequency_hz", "pulse_width_us", "contact_area_cm2"])
@pytest.mark.parametrize(
    ("value", "found"),
    [(None, "none"), (0.0, "0.0"), (-0.5, "-0.5"), (math.inf, "inf"), (math.nan, "nan")],
)
def test_pulses_are_numbers_above_nothing(key: str, value: float | None, found: str) -> None:
    pulses = {"frequency_hz": 130.0, "pulse_width_us": 60.0, "contact_area_cm2": 0.0598}
    program = ProgramConfig(**(pulses | {key: value}))  # type: ignore[arg-type]
    lines = lines_of(lambda: device_of(programs={"p": program}))
    assert f"programs.p.{key}: expected a number above 0, found {found}" in lines


def test_a_charge_limit_without_a_way_out_is_told_once() -> None:
    limits = limits_of(charge_uc_per_10_min_max=10.0)
    lines = lines_of(lambda: device_of(safe_ma=1.0, stop_ma=1.0, limits=limits))
    told = [line for line in lines if line.startswith("limits.charge_uc_per_10_min_max")]
    assert len(told) == 1


def test_density_and_k_may_be_as_high_as_their_limits() -> None:
    charge_uc = 3.0 * (60.0 / 1000.0)
    density = charge_uc / 0.0598
    k = math.log10(charge_uc * density)
    for keys in ({"charge_density_uc_per_cm2_max": density}, {"shannon_k_max": k}):
        device_of(limits=limits_of(**keys))


def test_an_answer_may_take_one_and_a_half_leases() -> None:
    assert GateConfig(lease_s=0.25, ack_s_max=0.375).ack_s_max == 0.375
