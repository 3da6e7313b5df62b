"""Which boot of a device speaks, what it said it is, and each reason for which it is not driven."""

from typing import Any

import msgspec
import pytest

from stimulators.device_config import DeviceConfig
from stimulators.gate.presence import Presence
from stimulators.limits import ProgramConfig
from stimulators.wire.messages import DeviceInfo, DeviceLimits
from tests.stimulators.gate.gate_rig import (
    INSTANCE,
    SESSION,
    device_of,
    feedback_of,
    info_of,
    limits_of,
)

OLDER = "00001700000000000000-00000000"
NEWER = "00001800000000000000-00000000"


def _presence(*boots: str) -> Presence:
    """Return a device whose boots spoke a second apart, from 100 s on."""
    presence = Presence(device_of(), 5.0)
    for index, boot in enumerate(boots):
        assert presence.note_instance(boot, 100.0 + index)
    return presence


def _info(instance: str = INSTANCE, **keys: Any) -> DeviceInfo:
    return info_of(device_of(), instance=instance, **keys)


def _gone(instance: str = INSTANCE) -> DeviceInfo:
    return DeviceInfo(device="stn", instance=instance, word=0, state="offline")


# Boots.


def test_an_earlier_boot_that_speaks_within_five_seconds_of_the_newest_is_a_second_device() -> None:
    presence = _presence("a", "b")
    assert not presence.has_two_instances(101.0)
    assert not presence.note_instance("a", 106.0)
    assert presence.instance == "b"
    assert (presence.has_two_instances(106.0), presence.has_two_instances(111.0)) == (True, True)
    assert not presence.has_two_instances(111.5)


def test_an_earlier_boot_that_goes_on_alone_is_the_device_again() -> None:
    presence = _presence("a", "b")
    assert presence.note_instance("a", 106.5)
    assert presence.instance == "a"
    assert presence.note_instance("a", 107.0)
    assert not presence.note_instance("b", 108.0)
    assert presence.note_instance("a", 109.0)


def test_a_boot_may_be_of_no_name() -> None:
    presence = _presence("a")
    assert presence.note_instance("", 101.0)
    assert presence.note_instance("c", 102.0)


def test_sixteen_earlier_boots_are_known_again() -> None:
    boots = [f"boot {index}" for index in range(18)]
    assert not _presence(*boots).note_instance("boot 1", 118.0)
    assert _presence(*boots).note_instance("boot 0", 118.0)


def test_a_device_that_went_leaves_its_place_to_an_earlier_boot() -> None:
    presence = _presence("a", "b")
    assert not presence.go_offline(_gone("a"))
    assert presence.is_there
    assert presence.go_offline(_gone("b"))
    assert not presence.is_there
    assert presence.info == _gone("b")
    assert presence.note_instance("a", 102.0)
    assert Presence(device_of(), 5.0).go_offline(_gone("a"))


# What it said.


def test_what_a_broker_remembers_counts_until_the_device_says_it_itself() -> None:
    presence = _presence(INSTANCE)
    for firmware, retained in (("1", True), ("2", True), ("3", False)):
        presence.describe(_info(firmware=firmware), retained=retained)
        assert presence.info is not None
        assert presence.info.firmware == firmware
    presence.describe(_info(firmware="1"), retained=True)
    assert presence.info == _info(firmware="3")
    # What it says after another start is said by another.
    presence.note_instance("next", 101.0)
    presence.describe(_info("next", firmware="4"), retained=True)
    assert presence.info == _info("next", firmware="4")


def test_who_speaks_is_there_whatever_a_last_will_said() -> None:
    presence = _presence(INSTANCE)
    presence.describe(_info(firmware="1"), retained=False)
    presence.go_offline(_gone())
    assert presence.note_instance(INSTANCE, 101.0)
    assert presence.info == _info(firmware="1")
    # Of another boot nothing is known but what was said last.
    assert presence.note_instance("next", 102.0)
    assert presence.info == _info(firmware="1")
    presence.describe(_info("next"), retained=False)
    assert presence.note_instance("next", 102.5)
    assert presence.info == _info("next")


def test_sixteen_descriptions_are_kept() -> None:
    for boot, found in (("boot 0", "boot 16"), ("boot 1", "boot 1")):
        presence = _presence(INSTANCE)
        for index in range(17):
            presence.describe(_info(f"boot {index}"), retained=False)
        presence.note_instance(boot, 101.0)
        assert presence.info is not None
        assert presence.info.instance == found


def test_a_link_that_was_lost_leaves_nothing() -> None:
    presence = _presence("a", INSTANCE)
    presence.describe(_info(), retained=False)
    presence.forget()
    assert (presence.info, presence.is_there) == (None, False)
    assert presence.note_instance(INSTANCE, 102.0)
    assert presence.info is None
    presence.forget()
    assert presence.note_instance("a", 103.0)
    assert presence.info is None
    presence.describe(_info(), retained=False)
    presence.forget()
    presence.describe(_info(firmware="kept"), retained=True)
    assert presence.info == _info(firmware="kept")


def test_silence_is_told_once_and_counts_from_the_last_sign_of_life() -> None:
    presence = Presence(device_of(), 5.0)
    assert not presence.lose_if_silent(1000.0)
    assert not presence.is_there
    presence.note_instance(INSTANCE, 100.0)
    presence.hear(101.0)
    assert (presence.lose_if_silent(106.0), presence.is_there) == (False, True)
    assert (presence.lose_if_silent(106.5), presence.is_there) == (True, False)
    assert not presence.lose_if_silent(107.0)


# What is wrong with it.


def _objections(config: DeviceConfig, **keys: Any) -> list[tuple[str, str, str]]:
    presence = Presence(config, 5.0)
    presence.note_instance(INSTANCE, 100.0)
    presence.describe(info_of(config, **keys), retained=False)
    found = list(presence.objections(SESSION, 100.0))
    assert all(each.device == config.id for each in found)
    return [(each.reason, each.found, each.expected) for each in found]


def test_a_device_that_does_not_answer_is_not_driven() -> None:
    presence = Presence(device_of(), 5.0)

    def found() -> list[tuple[str, str, str]]:
        objections = presence.objections(SESSION, 200.0)
        return [(each.reason, each.found, each.expected) for each in objections]

    assert found() == [("device", "nothing", "a device that answers")]
    presence.describe(_info(simulated=False), retained=True)
    assert found() == [("device", "silence", "a device that answers")]
    presence.hear(200.0)
    assert [reason for reason, *_ in found()] == ["simulated"]
    presence.describe(_gone(), retained=True)
    assert found() == [("device", "offline", "a device that answers")]


def test_two_devices_of_an_id_are_not_driven() -> None:
    presence = _presence("a", "b")
    presence.describe(_info("b"), retained=False)
    presence.note_instance("a", 102.0)
    (two,) = presence.objections(SESSION, 103.0)
    assert (two.reason, two.found, two.expected) == ("instances", "two devices of this id", "one")


@pytest.mark.parametrize("state", ["safe", "live", "stopped"])
@pytest.mark.parametrize("session", [None, OLDER, SESSION, NEWER])
def test_a_device_is_driven_by_the_session_it_holds_or_a_newer_one(
    state: str, session: str | None
) -> None:
    found = _objections(device_of(), state=state, session=session)
    if session == NEWER:
        ((reason, text, expected),) = found
        assert (reason, expected) == ("session", "2026-01-02 03:04:05 UTC")
        assert text.startswith("the device remembers a session of 2027-01-15 08:00:00 UTC")
        assert text.endswith("run `stimloop device --forget-session` at the device")
    elif state == "live" and session != SESSION:
        assert found == [("session", f"held by session {session}", SESSION)]
    else:
        assert found == []


def test_what_is_simulated_is_not_taken_for_real_nor_the_other_way() -> None:
    assert _objections(device_of(), simulated=False) == [("simulated", "real", "simulated")]
    real = device_of(simulated=False)
    assert _objections(real, simulated=True) == [("simulated", "simulated", "real")]
    assert _objections(real) == []


def test_a_device_has_every_program_that_is_named_unless_it_names_none() -> None:
    pulses = ProgramConfig(frequency_hz=130.0, pulse_width_us=60.0, contact_area_cm2=0.0598)
    config = device_of(programs=dict.fromkeys("abc", pulses), safe_program="a")
    assert _objections(config, programs=("b", "d")) == [("program", "b, d", "a, c")]
    assert _objections(config, programs=("d", "c", "b", "a")) == []
    assert _objections(config, programs=()) == []


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ({"safe_ma": 0.25}, ("safe", "0.25", "0.5")),
        ({"safe_ma": None}, None),
        ({"safe_level": 0.25}, None),
        ({"safe_program": "other"}, ("safe", "other", "adbs")),
        ({"safe_program": "adbs"}, None),
        ({"safe_program": ""}, None),
        ({"stop_ma": 0.5}, ("stop", "0.5", "0.25")),
        ({"stop_ma": 0.25}, None),
        ({"stop_ma": None}, None),
        ({"stop_level": 0.5}, None),
    ],
)
def test_the_safe_and_the_stop_amount_are_those_of_the_configuration(
    keys: dict[str, Any], found: tuple[str, str, str] | None
) -> None:
    config = device_of(safe_ma=0.5, stop_ma=0.25)
    assert _objections(config, **keys) == ([] if found is None else [found])


def test_a_feedback_device_is_held_to_its_levels() -> None:
    config = feedback_of(stop_level=0.05)
    assert _objections(config, safe_ma=3.0, stop_ma=3.0) == []
    assert _objections(config, safe_level=0.2) == [("safe", "0.2", "0.1")]
    assert _objections(config, stop_level=0.2) == [("stop", "0.2", "0.05")]


@pytest.mark.parametrize("tolerance", [-0.001, 0.0, 0.5, 0.501, float("nan")])
def test_a_tolerance_is_from_nothing_to_a_tenth_of_the_limit(tolerance: float) -> None:
    config = device_of(limits=limits_of(amplitude_ma_max=5.0))
    found = _objections(config, amount_tolerance=tolerance)
    is_well = 0.0 <= tolerance <= 0.5
    assert found == ([] if is_well else [("tolerance", f"{tolerance:g}", "from 0 to 0.5")])


_WHOLE = DeviceLimits(
    amplitude_ma_max=3.0,
    slew_ma_per_s_max=12.0,
    triggers_per_s_max=1.0,
    charge_uc_per_10_min_max=14_000.0,
    on_time_s_max=60.0,
)


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ({}, None),
        ({"amplitude_ma_max": None}, ("amount None", "at least 3")),
        ({"amplitude_ma_max": 2.5}, ("amount 2.5", "at least 3")),
        ({"slew_ma_per_s_max": None}, ("slew None", "at least 12")),
        ({"slew_ma_per_s_max": 11.5}, ("slew 11.5", "at least 12")),
        ({"triggers_per_s_max": 0.5}, ("triggers a second 0.5", "at least 1")),
        ({"triggers_per_s_max": None}, None),
        ({"charge_uc_per_10_min_max": 13_999.0}, ("charge 13999", "at least 14000")),
        ({"charge_uc_per_10_min_max": None}, None),
        ({"on_time_s_max": 59.5}, ("on-time 59.5", "at least 60")),
        ({"on_time_s_max": None}, None),
        ({"on_time_s_max": 61.0, "triggers_per_s_max": 2.0, "amplitude_ma_max": 4.0}, None),
    ],
)
def test_a_device_whose_own_limits_are_narrower_is_not_driven(
    keys: dict[str, Any], found: tuple[str, str] | None
) -> None:
    limits = msgspec.structs.replace(_WHOLE, **keys)
    objections = _objections(device_of(), limits=limits)
    assert objections == ([] if found is None else [("limits", *found)])


def test_of_a_feedback_device_no_charge_is_asked() -> None:
    limits = DeviceLimits(level_max=0.8, level_slew_per_s_max=4.0)
    for charge_uc, is_well in ((None, True), (0.0, True), (-0.5, False)):
        its = msgspec.structs.replace(limits, charge_uc_per_10_min_max=charge_uc)
        assert (_objections(feedback_of(), limits=its) == []) is is_well
    narrow = msgspec.structs.replace(limits, level_max=0.7, level_slew_per_s_max=3.0)
    found = _objections(feedback_of(), limits=narrow)
    assert found == [
        ("limits", "amount 0.7", "at least 0.8"),
        ("limits", "slew 3.0", "at least 4"),
    ]
