"""The threshold policy, hop by hop."""

import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stimulators.device_config import DeviceConfig
from stimulators.limits import ProgramConfig
from stimulators.policies.policy import PolicyInputs, ResolvedRead
from stimulators.policies.registry import AnyPolicyConfig
from stimulators.policies.threshold import Threshold, ThresholdConfig
from stimulators.targets import DeviceEvent, Observation, Target
from tests.stimulators.gate.gate_rig import device_of, feedback_of

_HOP = 10
_RATE_HZ = 1000.0


def policy_of(*, device: DeviceConfig | None = None, **keys: Any) -> Threshold:
    settings: dict[str, Any] = {"id": "adbs", "of": "bursts", "device": "stn", "on_ma": 2.5}
    reads = tuple(
        ResolvedRead("bursts", "STN_L_13", each) for each in ("is_on", "value", "threshold")
    )
    inputs = PolicyInputs(_RATE_HZ, _HOP, reads, (device or device_of(),))
    return Threshold(ThresholdConfig(**(settings | keys)), inputs)


def hop_of(index: int, sign: str) -> Observation:
    """Return a hop: ``+`` on, ``-`` off, ``x`` not valid (and on, if it were)."""
    sample = _HOP * (index + 1) - 1
    return Observation(
        sample=sample,
        time_s=50.0 + sample / _RATE_HZ,
        valid=sign != "x",
        values=(float(sign != "-"), float(index), 1.0),
        values_valid=(sign != "x",) * 3,
    )


def targets_of(policy: Threshold, signs: str, *, first: int = 0) -> list[Target | None]:
    hops = [hop_of(first + index, sign) for index, sign in enumerate(signs)]
    return [next(iter(policy.decide(hop)), None) for hop in hops]


def picture(targets: list[Target | None]) -> str:
    """Return ``.`` where nothing is wanted, ``0`` for off and ``1`` for on or a trigger."""
    return "".join("." if each is None else "01"[each.amount > 0.0] for each in targets)


@pytest.mark.parametrize(
    ("signs", "expected"),
    [
        ("--+++++", "0000011"),
        ("++++---", "0001110"),
        ("-++-+++", "0000000"),
        ("++++--+---", "0001111110"),
        ("+++x+++", "000.000"),
        ("++++x--x---", "0001.11.110"),
        ("++++x---", "0001.110"),
        ("xx", ".."),
    ],
)
def test_onset_and_termination_last_without_a_break(signs: str, expected: str) -> None:
    policy = policy_of(onset_s=0.03, termination_s=0.02)
    assert picture(targets_of(policy, signs)) == expected


@pytest.mark.parametrize(
    ("signs", "expected"), [("-+----+++", "011100011"), ("+++-----", "11100000")]
)
def test_after_a_switch_the_detector_is_not_looked_at(signs: str, expected: str) -> None:
    policy = policy_of(onset_s=0.0, termination_s=0.0, detection_blanking_s=0.03)
    assert picture(targets_of(policy, signs)) == expected


def test_nor_before_the_startup_delay_is_over() -> None:
    policy = policy_of(onset_s=0.0, termination_s=0.0, startup_delay_s=0.03)
    policy.note(
        DeviceEvent(
            policy="adbs",
            device="stn",
            change="engaged",
            sample=10,
            lowest=0.0,
            highest=0.0,
            certain=True,
        )
    )
    assert picture(targets_of(policy, "++++++", first=1)) == "000111"


def test_amounts_are_whole_steps() -> None:
    policy = policy_of(onset_s=0.0, on_ma=1.0, step_ma=0.5, transition_up_s=0.1)
    event = DeviceEvent(
        policy="adbs",
        device="stn",
        change="engaged",
        sample=0,
        lowest=0.0,
        highest=0.0,
        certain=True,
    )
    policy.note(event)
    found = targets_of(policy, "+" * 10)
    wanted = [each.amount for each in found if each is not None]
    assert wanted == [0.0] * 4 + [0.5] * 5 + [1.0]


def test_without_durations_it_follows_the_detector() -> None:
    policy = policy_of(onset_s=0.0, termination_s=0.0)
    assert picture(targets_of(policy, "+-x++-")) == "10.110"


@pytest.mark.parametrize(
    ("signs", "expected"),
    [
        ("-+++++---+++", "...1......."),
        ("++++--++++", "........1."),
        ("-+++x+++", "...1...."),
        ("-x+++", "....1"),
        ("-+++-+++", "...1...."),
    ],
)
def test_a_trigger_marks_each_onset_that_was_seen(signs: str, expected: str) -> None:
    policy = policy_of(output="trigger", onset_s=0.02, termination_s=0.01)
    made = targets_of(policy, signs)
    assert picture(made)[: len(expected)] == expected
    assert {each.kind for each in made if each is not None} == {"trigger"}


def test_a_target_says_who_wants_what_where_and_since_when() -> None:
    policy = policy_of(onset_s=0.02, off_ma=0.5)
    off, *_, on = targets_of(policy, "--+++")
    assert off == Target(
        policy="adbs",
        device="stn",
        detector="bursts",
        channel="STN_L_13",
        program="adbs",
        kind="amplitude",
        amount=0.5,
        sample=9,
        time_s=50.009,
        onset_s=50.009,
        value=0.0,
        threshold=1.0,
    )
    assert on is not None
    assert (on.amount, on.sample, on.time_s, on.onset_s) == (2.5, 49, 50.049, 50.029)


def test_a_trigger_without_durations_is_of_the_hop_that_decided() -> None:
    policy = policy_of(output="trigger", onset_s=0.0, termination_s=0.0)
    _, trigger, _ = targets_of(policy, "-++")
    assert trigger is not None
    assert trigger.onset_s == trigger.time_s == 50.019


def test_off_is_the_safe_amount_unless_said_otherwise() -> None:
    device = device_of(safe_ma=1.5)
    (off,) = targets_of(policy_of(device=device), "-")
    assert off is not None
    assert off.amount == 1.5
    (off,) = targets_of(policy_of(device=device, off_ma=0.0), "-")
    assert off is not None
    assert off.amount == 0.0


def test_a_feedback_device_is_given_levels() -> None:
    device = feedback_of()
    policy = policy_of(device=device, on_ma=None, on_level=0.7, onset_s=0.0)
    off, on = targets_of(policy, "-+")
    assert off is not None
    assert on is not None
    assert (off.amount, on.amount, on.program) == (0.1, 0.7, "")


@given(signs=st.text("+-x", max_size=60), cut=st.integers(0, 60), output=st.booleans())
def test_reset_forgets_everything(signs: str, cut: int, *, output: bool) -> None:
    keys: dict[str, Any] = {
        "onset_s": 0.03,
        "termination_s": 0.02,
        "output": "trigger" if output else "amplitude",
    }
    used, new = policy_of(**keys), policy_of(**keys)
    targets_of(used, signs[:cut])
    used.reset()
    assert targets_of(used, signs, first=100) == targets_of(new, signs, first=100)


@given(
    signs=st.text("+-x", max_size=80),
    onset_hops=st.integers(0, 6),
    termination_hops=st.integers(0, 6),
)
def test_the_policy_is_the_plain_definition(
    signs: str, onset_hops: int, termination_hops: int
) -> None:
    """On (off) where the newest hops, without a break, all say so for as long as it takes."""
    policy = policy_of(onset_s=onset_hops * 0.01, termination_s=termination_hops * 0.01)
    made = targets_of(policy, signs)
    is_on = False
    for index, sign in enumerate(signs):
        seen = signs[: index + 1]
        if seen.endswith("+" * (onset_hops + 1)):
            is_on = True
        elif seen.endswith("-" * (termination_hops + 1)):
            is_on = False
        target = made[index]
        assert (target is None) == (sign == "x")
        assert target is None or (target.amount == 2.5) == is_on


@given(signs=st.text("+-x", max_size=80), onset_hops=st.integers(0, 4))
def test_triggers_are_the_onsets_of_the_amplitude(signs: str, onset_hops: int) -> None:
    keys: dict[str, Any] = {"onset_s": onset_hops * 0.01, "termination_s": 0.02}
    held = targets_of(policy_of(**keys), "---" + signs)
    triggers = targets_of(policy_of(**keys, output="trigger"), "---" + signs)
    onsets, is_on = [], False
    for target in held:
        was_on = is_on
        is_on = is_on if target is None else target.amount > 0.0
        onsets.append(is_on and not was_on)
    assert [each is not None for each in triggers] == onsets


@pytest.mark.parametrize(
    ("expected", "keys"),
    [
        ("on_ma: expected an amount (it has no default), found none", {"on_ma": None}),
        ("on_ma: expected from 0 to 3 (the limit of device 'stn'), found 3.5", {"on_ma": 3.5}),
        (
            "on_ma: expected from 0 to 3 (the limit of device 'stn'), found nan",
            {"on_ma": float("nan")},
        ),
        ("off_ma: expected from 0 to 3 (the limit of device 'stn'), found 4", {"off_ma": 4.0}),
        ("off_ma: expected none with triggers, found 1", {"off_ma": 1.0, "output": "trigger"}),
        ("on_level: expected on_ma for device 'stn', which speaks milliampere", {"on_level": 0.5}),
        ("off_level: expected off_ma for device 'stn'", {"off_level": 0.5}),
        ("program: expected one of adbs, found 'other'", {"program": "other"}),
        ("step_ma: expected none with triggers, found 0.1", {"step_ma": 0.1, "output": "trigger"}),
        ("step_level: expected step_ma for device 'stn', found 0.1", {"step_level": 0.1}),
        ("on_ma: expected a whole number of steps (step_ma = 0.4), found 2.5", {"step_ma": 0.4}),
    ],
)
def test_what_does_not_fit_the_device_is_named_with_its_key(
    expected: str, keys: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}"):
        policy_of(**keys)


def test_all_that_does_not_fit_is_told_at_once() -> None:
    with pytest.raises(ValueError, match="expected") as told:
        policy_of(program="other", on_ma=99.0, off_ma=98.0)
    keys = [line.partition(":")[0] for line in str(told.value).splitlines()]
    assert keys == ["program", "on_ma", "off_ma"]


def test_the_program_may_be_left_out_where_there_is_one() -> None:
    pulses = ProgramConfig(frequency_hz=130.0, pulse_width_us=60.0, contact_area_cm2=0.06)
    device = device_of(programs={"a": pulses, "b": pulses}, safe_program="a")
    with pytest.raises(ValueError, match=r"^program: expected one of a, b, found none$"):
        policy_of(device=device)
    (off,) = targets_of(policy_of(device=device, program="b"), "-")
    assert off is not None
    assert off.program == "b"
    with pytest.raises(ValueError, match=r"^program: expected none, found 'a'$"):
        policy_of(device=feedback_of(), on_ma=None, on_level=0.5, program="a")


@pytest.mark.parametrize("value", ["nan", "inf", "-1.0"])
@pytest.mark.parametrize("key", ["onset_s", "termination_s", "on_ma", "off_ma", "on_level"])
def test_a_table_is_held_to_numbers(key: str, value: str) -> None:
    table = f'kind = "threshold"\nid = "a"\nof = "b"\ndevice = "c"\n{key} = {value}\n'
    with pytest.raises(msgspec.ValidationError, match=key):
        msgspec.toml.decode(table, type=AnyPolicyConfig)


def test_a_table_names_its_kind() -> None:
    table = 'kind = "{}"\nid = "a"\nof = "b"\ndevice = "c"\n'
    config = msgspec.toml.decode(table.format("threshold"), type=AnyPolicyConfig)
    assert isinstance(config, ThresholdConfig)
    assert (config.output, config.onset_s, config.termination_s) == ("amplitude", 0.1, 0.1)
    with pytest.raises(msgspec.ValidationError, match="kind"):
        msgspec.toml.decode(table.format("dice"), type=AnyPolicyConfig)


def _two_programs(safe_ma: float, contacts: str) -> DeviceConfig:
    adbs, rest = (
        ProgramConfig(
            frequency_hz=rate_hz, pulse_width_us=60.0, contact_area_cm2=0.06, contacts=contacts
        )
        for rate_hz in (130.0, 60.0)
    )
    return device_of(safe_ma=safe_ma, programs={"adbs": adbs, "rest": rest}, safe_program="rest")


def test_triggers_of_a_program_that_is_never_in_effect_are_refused() -> None:
    keys: dict[str, Any] = {"output": "trigger", "program": "adbs"}
    with pytest.raises(ValueError, match=r"^program: expected rest \(safe_program .* found adbs$"):
        policy_of(device=_two_programs(0.5, ""), **keys)
    with pytest.raises(ValueError, match=r"^program: "):
        policy_of(device=_two_programs(0.5, ""), **keys, on_ma=1.0)
    # From 0 a device may change, and between programs of the same contacts.
    policy_of(device=_two_programs(0.0, ""), **keys)
    policy_of(device=_two_programs(0.5, "1-3"), **keys)
    policy_of(device=_two_programs(0.5, ""), output="trigger", program="rest")
    policy_of(device=_two_programs(0.5, ""), program="adbs")
