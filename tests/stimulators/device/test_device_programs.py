"""A program changes at 0 only, or to one of the same contacts."""

from typing import Any

import msgspec
import pytest

from stimulators.device_config import DeviceConfig
from stimulators.limits import ProgramConfig
from tests.stimulators.device.device_bench import Bench, acks, stimulator

_PULSES = ProgramConfig(frequency_hz=130.0, pulse_width_us=60.0, contact_area_cm2=0.0598)


def _device(**changes: Any) -> DeviceConfig:
    return stimulator(
        programs={
            "safe": _PULSES,
            "a": msgspec.structs.replace(_PULSES, contacts="2-"),
            "a_fast": msgspec.structs.replace(_PULSES, contacts="2-", frequency_hz=180.0),
            "b": msgspec.structs.replace(_PULSES, contacts="3-"),
        },
        safe_program="safe",
        **changes,
    )


def _at_zero(config: DeviceConfig | None = None) -> Bench:
    bench = Bench(config or _device()).leased(valid_us=5_000_000)
    assert bench.refusal(bench.command(0.0, program="safe")) is None
    bench.wait(200_000)
    assert bench.amount == 0.0
    return bench


def test_it_begins_in_its_safe_program() -> None:
    assert Bench(_device()).device.program == "safe"


def test_at_an_amount_above_0_another_program_is_refused() -> None:
    bench = Bench(_device()).leased()
    ack = bench.ask(bench.command(0.6, program="a"))
    assert (ack.refused, ack.program, ack.applied_ma) == ("program", "safe", 0.5)
    assert bench.refusal(bench.command(0.0, program="a")) == "program"


def test_at_0_the_program_changes_with_the_command() -> None:
    bench = _at_zero()
    ack = bench.ask(bench.command(0.4, program="a"))
    assert (ack.refused, ack.program, ack.applied_ma) == (None, "a", 0.4)
    assert bench.device.program == bench.device.info.program == "a"


def test_between_programs_of_the_same_contacts_it_changes_at_any_amount() -> None:
    bench = _at_zero()
    bench.ask(bench.command(0.4, program="a"))
    assert bench.ask(bench.command(0.5, program="a_fast")).program == "a_fast"
    assert bench.refusal(bench.command(0.5, program="b")) == "program"


def test_programs_that_do_not_say_their_contacts_have_none_in_common() -> None:
    programs = {"safe": _PULSES, "other": _PULSES}
    bench = Bench(stimulator(programs=programs, safe_program="safe")).leased()
    assert bench.refusal(bench.command(0.5, program="other")) == "program"


def test_a_trigger_in_another_program_is_refused_while_something_is_given() -> None:
    bench = Bench(_device()).leased()
    assert bench.refusal(bench.command(1.0, kind="trigger", program="a")) == "program"
    bench = _at_zero()
    assert bench.refusal(bench.command(1.0, kind="trigger", program="a")) is None
    assert bench.device.program == "safe"


@pytest.mark.parametrize("ending", ["lease", "budget"])
def test_going_safe_from_another_program_it_goes_through_0_and_up_in_the_safe_one(
    ending: str,
) -> None:
    bench = _at_zero()
    bench.drive(500_000, 2.0, program="a")
    assert (bench.amount, bench.device.program) == (2.0, "a")
    if ending == "budget":
        bench.device._delivery.go_safe("test")
    path: list[tuple[float, str]] = []
    for _ in range(120):
        bench.wait(10_000)
        path.append((bench.amount, bench.device.program))
    assert path[-1] == (0.5, "safe")
    switch = next(index for index, (_, program) in enumerate(path) if program == "safe")
    assert path[switch][0] == 0.0
    assert [amount for amount, _ in path[:switch]] == sorted(
        (amount for amount, _ in path[:switch]), reverse=True
    )
    assert all(program == "a" for _, program in path[:switch])


def test_it_is_driven_again_only_in_its_safe_program() -> None:
    bench = _at_zero(_device(safe_ma=0.0))
    bench.drive(500_000, 2.0, program="a")
    bench.wait(200_000)
    bench.tell(bench.lease())
    assert (bench.state, bench.device.program) == ("safe", "a")
    bench.wait(400_000)
    bench.tell(bench.lease())
    assert (bench.state, bench.device.program, bench.amount) == ("live", "safe", 0.0)


def test_a_stop_stays_in_the_program_of_now_and_a_new_arming_goes_to_safe_through_0() -> None:
    bench = _at_zero(_device(stop_ma=0.3))
    bench.drive(500_000, 2.0, program="a")
    (ack,) = acks(bench.stop())
    assert (ack.applied_ma, ack.program) == (0.3, "a")
    bench.wait(1_000_000)
    armed_us = bench.lease().issued_us - 1_000
    for _ in range(20):
        bench.tell(bench.lease(armed_us=armed_us))
        bench.wait(10_000)
    assert (bench.state, bench.amount, bench.device.program) == ("live", 0.5, "safe")
