"""A rig that cannot be armed says why, steadily, and what to do about it."""

from collections.abc import Callable

import pytest

from stimulators.gate import remedies
from stimulators.gate_config import GateConfig
from stimulators.wire.messages import Status, Stop
from stimulators.wire.received import LinkChanged, StatusHeard, StopHeard
from tests.stimulators.gate.gate_rig import GateRig

_LATER = "99991700000000000000-00000000"


def _waiting(
    hop: Callable[[GateRig], None], seconds: float = 3.0, from_s: float = 1.0
) -> tuple[GateRig, set[str]]:
    """Return a rig that was connected and then fed by `hop`, and what it waited for since."""
    rig = GateRig(arm="auto")
    rig.connect()
    said: set[str] = set()
    start_s = rig.now_s
    while rig.now_s < start_s + seconds:
        hop(rig)
        if rig.now_s > start_s + from_s:
            said.add(rig.gate.status_text)
    return rig, said


def _ahead(rig: GateRig) -> None:
    """Give samples that are 9 ms ahead as they come, and look again when they are not any more."""
    rig.now_s += 0.004
    rig.report(age_s=-0.009)
    rig.tick()
    rig.tick(0.006)


def test_stamps_that_are_ahead_as_they_come_are_told_all_the_time_with_what_to_write() -> None:
    rig, said = _waiting(_ahead)
    (told,) = said
    assert told == (
        "not armed; waits: stream LFP: data of 0.009 s ahead, good for 0.0 s since, expected data "
        "of the past: its sender's clock or stamps run ahead: let it stamp samples when they are "
        "taken, or write clock_uncertainty_s_max = 0.014 under [gate]"
    )
    # Once it is mended the row of good data is long enough after two seconds, and it arms.
    rig.run(1.9)
    assert rig.state == "idle"
    rig.run(0.2)
    assert rig.state == "active"


def test_what_was_written_is_enough() -> None:
    rig = GateRig(arm="auto", timing=GateConfig(clock_uncertainty_s_max=0.014))
    rig.connect()
    for _ in range(250):
        _ahead(rig)
    assert rig.state == "armed"


@pytest.mark.parametrize(
    ("stamp_s", "words"),
    [
        (1.78e9, "look like Unix time (seconds since 1970)"),
        (1.78e12, "look like Unix time in milliseconds"),
        (1e3, "are of another clock"),
        (-5e4, "are of another clock"),
    ],
)
def test_stamps_of_another_clock_are_named(stamp_s: float, words: str) -> None:
    def hop(rig: GateRig) -> None:
        rig.now_s += 0.01
        rig.report(newest_time_s=stamp_s if stamp_s > 1e6 else rig.now_s + stamp_s)
        rig.tick()

    _, said = _waiting(hop)
    assert all(
        f"its stamps {words}: let its sender stamp with the LSL clock" in each for each in said
    )


def test_stamps_in_milliseconds_are_named() -> None:
    said = remedies.of_future(999.0 * 4321.0, 4321.0 * 1e3, 4321.0)
    assert said.startswith("its stamps look like milliseconds: let its sender stamp with the LSL")


def test_a_sender_of_half_a_hertz_is_told_its_interval_and_what_to_write() -> None:
    def hop(rig: GateRig) -> None:
        rig.report()
        rig.live()
        for _ in range(100):
            rig.tick(0.02)

    _, said = _waiting(hop, 9.0, 3.0)
    (told,) = said
    assert told == (
        "not armed; waits: stream LFP: blocks every 2.000 s, expected at most data_age_s_max, "
        "0.1 s: let its sender send more often, or write data_age_s_max = 3 under [gate]"
    )


def test_a_wrong_unit_is_told_steadily_though_it_comes_and_goes() -> None:
    def hop(rig: GateRig) -> None:
        for problem in ("implausible", None):
            rig.now_s += 0.01
            rig.report(problem=problem)
            rig.tick()

    _, said = _waiting(hop)
    (told,) = said
    assert told == (
        "not armed; waits: stream LFP: implausible, good for 0.0 s since, expected good data: its "
        'unit is wrong: write the one that fits, as unit = "..." under [[streams]]'
    )


def test_a_second_service_is_told_with_what_ends_it() -> None:
    rig = GateRig()
    rig.connect()
    rig.run(3.0)
    status = Status(
        state="idle",
        session=_LATER,
        reason="",
        now_us=0,
        config_digest="",
        journal_head="",
        versions={},
    )
    rig.hear(StatusHeard(status))
    rig.tick(0.02)
    assert rig.gate.status_text == (
        f"not armed; not ready to be armed: service {_LATER}, expected one a rig: end one of the "
        "two; `stimloop status` shows both"
    )


def test_a_stop_that_the_broker_kept_is_told_with_how_to_remove_it() -> None:
    rig = GateRig(arm="auto")
    rig.connect()
    rig.hear(StopHeard(Stop(request_id="s", operator="o", reason="enough"), retained=True))
    assert rig.state == "safe"
    assert rig.gate.reason.startswith("stop by o: enough; the broker kept this stop, and stops")
    assert "mosquitto_pub -r -n -t stimloop/RIG/stop" in rig.gate.reason


def test_a_device_that_is_not_there_is_to_be_switched_on() -> None:
    rig = GateRig(arm="auto")
    rig.hear(LinkChanged(is_up=True))
    rig.run(0.1)
    assert rig.gate.status_text == (
        "not armed; waits: stn: nothing, expected a device that answers: switch it on, and look "
        "that its broker, rig and id are those of this file"
    )
    assert remedies.of_device("offline").startswith("switch it on")
    assert remedies.of_device("no device") == "a rig without [[devices]] only watches"


def test_an_armed_rig_counts_its_calibration_down() -> None:
    rig = GateRig(calibration_s=20.0).be_armed()

    def calibrate() -> None:
        rig.report()
        rig.observe(valid=False, calibrating=True)

    rig.run(5.0, hop=calibrate)
    assert "waits for a valid estimate (it calibrates, 15 s to go), at most" in rig.gate.status_text
    rig.run(10.0, hop=calibrate)
    assert "(it calibrates, 5 s to go)" in rig.gate.status_text
    rig.run(10.0, hop=calibrate)
    assert "(it calibrates, until enough of it is valid)" in rig.gate.status_text


@pytest.mark.parametrize(
    ("age_s", "words"),
    [
        (0.2, "write data_age_s_max = 0.3 under [gate]"),
        (9.0, "write data_age_s_max = 10 under [gate]"),
        (5000.0, "its stamps are of another clock"),
        (float("nan"), "its stamps are of another clock"),
    ],
)
def test_late_data_are_told_with_the_age_that_would_let_them_pass(age_s: float, words: str) -> None:
    assert words in remedies.of_late(age_s)


def test_data_that_may_never_be_that_old_are_not_to_be_let_pass() -> None:
    assert remedies.of_interval(12.0) == "let its sender send more often: no data may be that old"
    assert "LSL clock" in remedies.of_future(0.9, 100.9, 100.0)


@pytest.mark.parametrize(
    "problem", ["implausible", "suspect_stamp", "not_finite", "frozen", "saturated", "movement"]
)
def test_every_taint_that_spoils_has_a_remedy(problem: str) -> None:
    assert remedies.of_problem(problem) != remedies.of_problem("anything else")
    assert remedies.of_problem(f"{problem}|another") == remedies.of_problem(problem)
